//! What the control API does.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde_json::json;

use super::{Control, Posted, answer, answered, done, failed, gateway_url, unreadable, views};
use crate::{
    error::{Error, ErrorCode},
    simulator::{
        Chaos, Fault,
        drive::{DECIMALS, stopped},
        duration::parse_duration,
        ledger::Ledger,
        refusal::Refusal,
        request::{Fields, Invalid},
        shared::Shared,
    },
};

pub(super) type Move = fn(&mut Ledger, &str) -> Result<(), Refusal>;
pub(super) type Probe = fn(&mut Ledger, &Fields) -> Result<u64, Error>;

/// What can happen to a payment, as [`Simulator`](crate::simulator::Simulator) names it.
pub(super) const MOVES: [(&str, Move); 8] = [
    ("pay", Ledger::pay),
    ("underpay", underpay),
    ("overpay", overpay),
    ("confirm", Ledger::confirm),
    ("drop", Ledger::drop_transaction),
    ("expire", Ledger::expire),
    ("cancel", Ledger::cancel),
    ("reject", Ledger::reject),
];

/// Callbacks that nothing but a test asks for.
pub(super) const PROBES: [(&str, Probe); 4] = [
    ("resend", |ledger, fields| ledger.resend(delivery(fields)?)),
    ("tamper", |ledger, fields| ledger.tamper(delivery(fields)?)),
    ("test-webhook", |ledger, fields| {
        let store = ledger.store_named(store(fields)?.as_deref())?;
        ledger.send_test_webhook(store)
    }),
    ("tampered-probe", |ledger, fields| {
        let store = ledger.store_named(store(fields)?.as_deref())?;
        ledger.send_tampered_probe(store)
    }),
];

fn underpay(ledger: &mut Ledger, token: &str) -> Result<(), Refusal> {
    let half = ledger.owed(token)?.half(DECIMALS);
    ledger.pay_amount(token, half)
}

fn overpay(ledger: &mut Ledger, token: &str) -> Result<(), Refusal> {
    let owed = ledger.owed(token)?;
    let more = owed.plus(&owed.tenth(DECIMALS));
    ledger.pay_amount(token, more)
}

/// Moves the payment with this token, and shows it as it then stands.
pub(super) fn move_payment(act: Move, shared: &Shared, headers: &HeaderMap, Posted(fields): &Posted) -> Response {
    let token = match fields.text("token") {
        Ok(token) => token.unwrap_or_default(),
        Err(invalid) => return unreadable("token", invalid),
    };
    match shared.change(|ledger| act(ledger, &token)) {
        Ok(()) => answer::payment(shared, &gateway_url(headers), &token),
        Err(Refusal::UnknownToken) => answer::unknown_token(),
        Err(refusal) => failed(&refusal.into()),
    }
}

/// Sends a callback, and gives its delivery's id.
pub(super) fn send(act: Probe, shared: &Shared, Posted(fields): &Posted) -> Response {
    answered(shared.change(|ledger| act(ledger, fields)).map(|id| json!({ "delivery": id })))
}

fn delivery(fields: &Fields) -> Result<u64, Error> {
    let id = fields.integer("delivery").ok().flatten().and_then(|id| u64::try_from(id).ok());
    id.ok_or_else(|| Error::new(ErrorCode::InputType, "delivery is the number of a delivery"))
}

fn store(fields: &Fields) -> Result<Option<String>, Error> {
    fields.text("store").map_err(|_| Error::new(ErrorCode::InputType, "store is the name of a store"))
}

/// `{"by": "20m"}`
pub(super) async fn advance(State(shared): Control, Posted(fields): Posted) -> Response {
    let by = fields.text("by").ok().flatten().unwrap_or_default();
    let by = match parse_duration(&by) {
        Ok(by) => by,
        Err(error) => return failed(&error),
    };
    match shared.advanced(by).await {
        Ok(()) => done(&json!({ "nowMs": views::millis(shared.read(Ledger::now)) })),
        Err(_) => failed(&stopped()),
    }
}

/// `{"fault": "api.bad_gateway", "times": 2, "token": "…"}`; once where `times` is absent, until cleared where `always` is
/// true.
pub(super) async fn arm(State(shared): Control, Posted(fields): Posted) -> Response {
    match armed(&fields) {
        Ok((fault, times, token)) => {
            shared.change(|ledger| ledger.faults.arm(fault, times, token));
            done(&json!({ "armed": views::armed(&shared) }))
        }
        Err(error) => failed(&error),
    }
}

type Armed = (Fault, Option<u32>, Option<String>);

fn armed(fields: &Fields) -> Result<Armed, Error> {
    let wrong = |expected: &'static str| move |_: Invalid| Error::new(ErrorCode::InputType, expected);
    let name = fields.text("fault").map_err(wrong("fault is the name of a fault"))?;
    let fault = name.unwrap_or_default().parse()?;
    let token = fields.text("token").map_err(wrong("token is a payment's token"))?;
    if fields.truth("always").map_err(wrong("always is true or false"))?.unwrap_or(false) {
        return Ok((fault, None, token));
    }
    let times = fields.integer("times").map_err(wrong("times is a whole number"))?.unwrap_or(1);
    let times = u32::try_from(times).map_err(|_| Error::new(ErrorCode::InputType, "times is 0 or more"))?;
    Ok((fault, Some(times), token))
}

pub(super) async fn clear_faults(State(shared): Control) -> Response {
    shared.change(|ledger| ledger.faults.clear());
    done(&json!({ "armed": views::armed(&shared) }))
}

/// `{"duplicate": 0.3, "drop": 0.2, "seed": 7}`; what is not given does not happen.
pub(super) async fn chaos(State(shared): Control, Posted(fields): Posted) -> Response {
    let reign = |chaos: Chaos| {
        chaos.check()?;
        shared.change(|ledger| ledger.set_chaos(Some(chaos)))
    };
    answered(chaos_of(&fields).and_then(reign).map(|()| json!({ "chaos": true })))
}

fn chaos_of(fields: &Fields) -> Result<Chaos, Error> {
    let wrong = |_| Error::new(ErrorCode::InputFault, "a probability is a number from 0 to 1");
    let chance = |name: &str| -> Result<f64, Error> {
        let text = fields.text(name).map_err(wrong)?;
        text.map_or(Ok(0.0), |text| text.trim().parse().map_err(|_| wrong(Invalid("a number was expected"))))
    };
    let seed = fields.text("seed").ok().flatten().map(|seed| seed.trim().parse()).transpose();
    Ok(Chaos {
        duplicate: chance("duplicate")?,
        reorder: chance("reorder")?,
        drop: chance("drop")?,
        delay: chance("delay")?,
        stalled_body: chance("stalledBody")?,
        bad_gateway: chance("badGateway")?,
        seed: seed.map_err(|_| Error::new(ErrorCode::InputType, "seed is a whole number"))?,
    })
}

pub(super) async fn calm(State(shared): Control) -> Response {
    answered(shared.change(|ledger| ledger.set_chaos(None)).map(|()| json!({ "chaos": false })))
}
