//! The control API, as another process uses it, and as a web page must not.

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};

use crate::simulator::{
    Simulator,
    testbed::{Message, Shop, send, simulator_for},
};

fn post(simulator: &Simulator, path: &str, body: &Value) -> Message {
    let head = format!("POST /simulator/{path} HTTP/1.1\r\nContent-Type: application/json");
    send(simulator.port(), &head, body.to_string().as_bytes())
}

fn get(simulator: &Simulator, path: &str) -> Value {
    simulator.browse(&format!("/simulator/{path}")).json()
}

fn by_hand() -> Simulator {
    Simulator::builder().virtual_clock(true).manual_confirmation(true).start().expect("started")
}

#[test]
fn a_payment_is_moved_and_shown_as_it_then_stands() {
    let simulator = by_hand();
    let token = simulator.create("");
    let moved =
        |name: &str, token: &str| post(&simulator, name, &json!({ "token": token })).json()["statusName"].clone();
    assert_eq!(moved("underpay", &token), "PartialPaid");
    assert_eq!(moved("drop", &token), "Pending");
    assert_eq!(moved("overpay", &token), "WaitingToConfirm");
    assert_eq!(moved("confirm", &token), "Paid");
    assert_eq!(moved("reject", &token), "Reject");
    let canceled = simulator.create("");
    assert_eq!(moved("cancel", &canceled), "UserCanceled");
    let late = simulator.create("");
    assert_eq!(moved("pay", &late), "WaitingToConfirm");
    let payments = get(&simulator, "payments");
    assert_eq!(payments["payments"].as_array().map(Vec::len), Some(3));
    let shown = get(&simulator, &format!("payments/{token}"));
    assert_eq!(
        (&shown["status"], &shown["fiatAmount"], &shown["owedAmount"]),
        (&json!(9), &json!("29.99"), &json!(null))
    );
}

#[test]
fn time_moves_on_request() {
    let simulator = by_hand();
    let token = simulator.create("");
    assert_eq!(post(&simulator, "advance", &json!({"by": "29m"})).json(), json!({ "nowMs": 1_740_000 }));
    assert_eq!(get(&simulator, &format!("payments/{token}"))["statusName"], "Initialize");
    post(&simulator, "advance", &json!({"by": "1m"}));
    assert_eq!(get(&simulator, &format!("payments/{token}"))["statusName"], "Timeout");
    let answer = post(&simulator, "advance", &json!({"by": "soon"}));
    assert_eq!((answer.status(), &answer.json()["code"]), (400, &json!("input.duration")));
}

#[test]
fn faults_are_listed_armed_and_cleared() {
    let simulator = Simulator::start().expect("started");
    assert_eq!(post(&simulator, "faults", &json!({"fault": "api.bad_gateway"})).status(), 200);
    post(&simulator, "faults", &json!({"fault": "callback.drop", "times": 3, "token": "t"}));
    post(&simulator, "faults", &json!({"fault": "callback.delay", "always": true}));
    let faults = get(&simulator, "faults");
    let armed = json!([
        {"fault": "api.bad_gateway", "times": 1, "token": null},
        {"fault": "callback.drop", "times": 3, "token": "t"},
        {"fault": "callback.delay", "times": null, "token": null},
    ]);
    assert_eq!(faults["armed"], armed);
    assert!(faults["faults"].as_array().is_some_and(|all| all.iter().all(|fault| !fault["about"].is_null())));
    let unknown = post(&simulator, "faults", &json!({"fault": "nonsense"}));
    assert_eq!((unknown.status(), &unknown.json()["code"]), (400, &json!("input.fault")));
    assert_eq!(post(&simulator, "faults", &json!({"fault": "callback.drop", "times": -1})).status(), 400);
    let cleared = send(simulator.port(), "DELETE /simulator/faults HTTP/1.1", b"");
    assert_eq!((cleared.status(), cleared.json()), (200, json!({"armed": []})));
}

#[test]
fn chaos_reigns_until_it_is_ended() {
    let simulator = Simulator::start().expect("started");
    assert_eq!(post(&simulator, "chaos", &json!({"badGateway": 1, "seed": 7})).status(), 200);
    assert_eq!(simulator.call("GET", "/v1/ping", b"").status(), 502);
    assert_eq!(post(&simulator, "chaos", &json!({"drop": 1.5})).status(), 400);
    assert_eq!(send(simulator.port(), "DELETE /simulator/chaos HTTP/1.1", b"").status(), 200);
    assert_eq!(simulator.call("GET", "/v1/ping", b"").status(), 200);
}

#[test]
fn deliveries_are_shown_and_sent_again_and_what_they_bring_to_light() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    simulator.wait_for_deliveries(&token, 2, crate::simulator::testbed::SOON).expect("delivered");
    let deliveries = get(&simulator, &format!("deliveries?token={token}"));
    let statuses: Vec<_> =
        deliveries["deliveries"].as_array().into_iter().flatten().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, [3, 7]);
    assert_eq!(deliveries["deliveries"][0]["attempts"][0]["answerStatus"], 200);
    let first = &deliveries["deliveries"][0]["id"];
    for (path, body) in [
        ("resend", json!({ "delivery": first })),
        ("tamper", json!({ "delivery": first })),
        ("test-webhook", json!({})),
        ("tampered-probe", json!({ "store": "Simulated store" })),
    ] {
        let id = post(&simulator, path, &body).json()["delivery"].as_u64().unwrap_or_else(|| panic!("{path}"));
        simulator.wait_for_delivery(id, crate::simulator::testbed::SOON).expect("finished");
    }
    assert_eq!(get(&simulator, "deliveries")["deliveries"].as_array().map(Vec::len), Some(6));
    let findings = get(&simulator, "findings");
    let kinds: Vec<_> = findings["findings"].as_array().into_iter().flatten().map(|one| one["kind"].clone()).collect();
    assert!(kinds.contains(&json!("tampered_callback_accepted")), "{findings}");
    assert_eq!(post(&simulator, "resend", &json!({"delivery": 99})).status(), 409);
    assert_eq!(post(&simulator, "test-webhook", &json!({"store": "none"})).status(), 409);
}

#[test]
fn what_cannot_be_done_is_said_with_its_code() {
    let simulator = Simulator::start().expect("started");
    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    let answer = post(&simulator, "expire", &json!({ "token": token }));
    assert_eq!((answer.status(), &answer.json()["code"]), (409, &json!("api.rejected")));
    assert_eq!(post(&simulator, "pay", &json!({"token": "unknown"})).status(), 404);
    assert_eq!(simulator.browse("/simulator/payments/unknown").status(), 404);
    assert_eq!(simulator.browse("/simulator/payments/%ff").status(), 404);
    assert_eq!(simulator.browse("/simulator/pay").status(), 405);
    assert_eq!(simulator.browse("/simulator/nothing").status(), 404);
}

#[test]
fn a_web_page_cannot_drive_it() {
    let simulator = by_hand();
    let token = simulator.create("");
    let body = json!({ "token": token }).to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain; application/json"]
    {
        let head = format!("POST /simulator/pay HTTP/1.1\r\nContent-Type: {kind}");
        assert_eq!(send(simulator.port(), &head, body.as_bytes()).status(), 415, "{kind}");
    }
    assert_eq!(send(simulator.port(), "POST /simulator/pay HTTP/1.1", body.as_bytes()).status(), 415);
    let head = "POST /simulator/pay HTTP/1.1\r\nContent-Type: application/json\r\nSec-Fetch-Site: cross-site";
    assert_eq!(send(simulator.port(), head, body.as_bytes()).status(), 403);
    let asking = "OPTIONS /simulator/pay HTTP/1.1\r\nOrigin: https://evil.test\r\nAccess-Control-Request-Method: POST";
    let asked = send(simulator.port(), asking, b"");
    assert_eq!((asked.status(), asked.header("access-control-allow-origin")), (405, None));
    assert_eq!(simulator.payment(&token).map(|payment| payment.status.code()), Some(0));
}

#[test]
fn no_request_makes_it_answer_5xx() {
    let simulator = by_hand();
    let token = simulator.create("");
    let paths =
        ["pay", "underpay", "drop", "advance", "faults", "chaos", "resend", "test-webhook", "payments", "nothing"];
    let names = ["token", "by", "fault", "times", "always", "drop", "seed", "delivery", "store"];
    let values = [
        json!(token),
        json!(null),
        json!(-1),
        json!(1e300),
        json!("20m"),
        json!("api.bad_gateway"),
        json!([]),
        json!({}),
        json!("\u{0}"),
        json!(true),
    ];
    let member = (prop::sample::select(names.to_vec()), prop::sample::select(values.to_vec()));
    let strategy = (prop::sample::select(paths.to_vec()), prop::collection::hash_map(member.0, member.1, 0..4));
    proptest!(Config::with_cases(200), |((path, fields) in strategy)| {
        let answer = post(&simulator, path, &json!(fields));
        prop_assert!(matches!(answer.status(), 200 | 400 | 404 | 405 | 409), "{} {}", answer.status(), answer.text());
    });
}
