//! A generated walk over the simulator's API: whatever comes in, the answer is one that its description knows.

#[path = "support/openapi.rs"]
mod openapi;
#[path = "support/raw_http.rs"]
mod raw_http;
#[path = "support/walk_steps.rs"]
mod walk_steps;

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use openapi::Description;
use paymento::simulator::{
    BadKeyAnswer, BusinessErrorStatus, Profile, Simulator, SimulatorBuilder, UnknownTokenAnswer,
};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use raw_http::{Answer, Connection};
use serde_json::{Value, json};
use walk_steps::{Act, Step};

const SEED: [u8; 32] = *b"the same walk each time it is ru";

/// Walks on one simulator, and remembers what it met.
struct Walk {
    simulator: Simulator,
    description: Description,
    connection: Connection,
    tokens: Vec<String>,
    met: BTreeSet<(String, u16)>,
    done: BTreeSet<(String, String)>,
    /// Where payments stood when they were verified.
    stood: BTreeSet<String>,
}

impl Walk {
    fn on(builder: SimulatorBuilder, profile: Profile) -> Self {
        let simulator = builder.profile(profile).virtual_clock(true).start().expect("started");
        let connection = Connection::to(simulator.port());
        let description = Description::parse(profile.openapi());
        Self {
            simulator,
            description,
            connection,
            tokens: Vec::new(),
            met: BTreeSet::new(),
            done: BTreeSet::new(),
            stood: BTreeSet::new(),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        let token = self.tokens.get(step.token_index % self.tokens.len().max(1)).cloned().unwrap_or_default();
        // What a payment refuses is no concern of the walk.
        let _ = match step.act {
            Act::Pay => self.simulator.pay(&token),
            Act::Cancel => self.simulator.cancel(&token),
            Act::Underpay => self.simulator.underpay(&token),
            Act::Reject => self.simulator.reject(&token),
            Act::AnHourPasses => self.simulator.advance(Duration::from_hours(1)),
            Act::Nothing => Ok(()),
        };
        let answer = self.connection.exchange(&step.bytes(self.simulator.api_key(), &token))?;
        self.judge(step, &answer).map_err(|problem| format!("{problem}: {answer:?}"))
    }

    fn judge(&mut self, step: &Step, answer: &Answer) -> Result<(), String> {
        let method = if step.method == "HEAD" { "GET" } else { &step.method };
        let body: Value = match (step.method.as_str(), answer.body.as_slice()) {
            ("HEAD", b"") => return if answer.status < 500 { Ok(()) } else { Err("5xx".to_owned()) },
            (_, body) => serde_json::from_slice(body).map_err(|error| error.to_string())?,
        };
        self.description.check(method, &step.target, answer.status, &body)?;
        let path = self.description.path_of(&step.target);
        self.met.insert((path.clone().unwrap_or_default(), answer.status));
        if answer.status == 200 && body["success"] == true {
            self.done.extend(path.clone().map(|path| (path, method.to_owned())));
        }
        let status = &body["body"]["orderStatus"];
        self.stood.extend((!status.is_null()).then(|| status.to_string()));
        if path.as_deref() == Some("/v1/payment/request") {
            self.tokens.extend(body["body"].as_str().map(str::to_owned));
        }
        Ok(())
    }

    fn go(self, cases: u32) -> Self {
        let walk = RefCell::new(self);
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED));
        let result = runner.run(&walk_steps::step(), |step| {
            walk.borrow_mut().step(&step).map_err(|problem| TestCaseError::fail(format!("{step:?}\n{problem}")))
        });
        result.unwrap_or_else(|error| panic!("{error}"));
        walk.into_inner()
    }

    fn statuses(&self) -> BTreeSet<u16> {
        self.met.iter().map(|(_, status)| *status).collect()
    }
}

/// Every operation succeeded at least once: a walk that is refused everywhere proves nothing.
fn went_everywhere(walk: &Walk) {
    let missed: Vec<_> = walk.description.operations().filter(|operation| !walk.done.contains(operation)).collect();
    assert!(missed.is_empty(), "never done: {missed:?}");
}

#[test]
fn every_answer_of_the_current_profile_is_as_described() {
    let walk = Walk::on(Simulator::builder(), Profile::Current).go(2_500);
    went_everywhere(&walk);
    assert_eq!(walk.statuses(), [200, 400, 401, 404, 405, 413, 415].into());
    let names = ["Initialize", "PartialPaid", "Timeout", "UserCanceled", "Approve", "Reject"];
    let missed: Vec<_> = names.iter().filter(|name| !walk.stood.contains(&format!("\"{name}\""))).collect();
    assert!(missed.is_empty(), "no payment stood at {missed:?}, only at {:?}", walk.stood);
}

#[test]
fn every_answer_of_the_published_profile_is_as_published() {
    let walk = Walk::on(Simulator::builder(), Profile::Published).go(2_500);
    went_everywhere(&walk);
    assert_eq!(walk.statuses(), [200, 400, 401, 404, 405, 413, 415].into());
}

#[test]
fn every_switch_keeps_the_answers_as_described() {
    for profile in [Profile::Current, Profile::Published] {
        let builder = Simulator::builder()
            .bad_key_answer(BadKeyAnswer::Refused)
            .business_error_status(BusinessErrorStatus::BadRequest)
            .unknown_token_answer(UnknownTokenAnswer::DefaultBody);
        let walk = Walk::on(builder, profile).go(1_000);
        assert!(!walk.statuses().contains(&401));
    }
}

#[test]
fn every_answer_of_a_strict_teacher_is_as_described() {
    let mut walk = Walk::on(Simulator::builder().strict(true), Profile::Current);
    walk.description.unknown_path = 400;
    let walk = walk.go(1_000);
    assert!(walk.statuses().is_superset(&[200, 400, 401].into()));
}

/// The walk can fail: an answer of one profile is none of the other's.
#[test]
fn the_descriptions_tell_the_profiles_apart() {
    let [current, published] =
        [Profile::Current, Profile::Published].map(|profile| Description::parse(profile.openapi()));
    let verified = |status: Value, more: Value| {
        let mut body = json!({"token": "t", "orderId": "1", "orderStatus": status, "additionalData": []});
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        json!({"success": true, "message": "", "body": body})
    };
    let check = |description: &Description, body: &Value| description.check("POST", "/v1/payment/verify", 200, body);
    let (name, number) = (verified("Approve".into(), json!({})), verified(8.into(), json!({})));
    assert!(check(&current, &name).is_ok() && check(&published, &name).is_err());
    assert!(check(&published, &number).is_ok() && check(&current, &number).is_err());
    assert!(check(&published, &verified(8.into(), json!({"settlement": {}}))).is_err());
    assert!(check(&current, &verified("Approve".into(), json!({"settlement": {}}))).is_err());
    assert!(check(&current, &json!({"success": false, "body": null})).is_ok());
    assert!(check(&published, &json!({"success": false, "body": null})).is_err());
}
