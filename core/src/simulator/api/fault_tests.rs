//! Every fault of the API, as a client meets it.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use serde_json::json;

use crate::simulator::{Fault, Profile, Simulator, api_fault};

const REQUEST: &[u8] = br#"{"fiatAmount":"29.99","fiatCurrency":"USD"}"#;

fn armed(fault: Fault) -> Simulator {
    let simulator = Simulator::start().expect("started");
    arm(&simulator, fault, None);
    simulator
}

fn arm(simulator: &Simulator, fault: Fault, token: Option<&str>) {
    simulator.arm(fault, Some(1), token);
}

fn left(simulator: &Simulator) -> usize {
    simulator.faults().len()
}

/// A payment that is paid and confirmed.
fn paid(simulator: &Simulator) -> String {
    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    token
}

#[test]
fn a_bad_gateway_is_html_and_the_request_is_not_carried_out() {
    let simulator = armed(Fault::ApiBadGateway);
    let answer = simulator.call("POST", "/v1/payment/request", REQUEST);
    assert_eq!((answer.status(), answer.header("content-type")), (502, Some("text/html")));
    assert!(answer.text().starts_with("<html>"));
    assert!(simulator.payments().is_empty());
    assert_eq!(simulator.call("POST", "/v1/payment/request", REQUEST).status(), 200);
}

#[test]
fn a_rate_limited_call_is_told_when_to_come_again() {
    let simulator = armed(Fault::ApiRateLimited);
    let answer = simulator.call("GET", "/v1/coins", b"");
    assert_eq!((answer.status(), answer.header("retry-after")), (429, Some("1")));
    assert_eq!(simulator.call("GET", "/v1/coins", b"").status(), 200);
}

#[test]
fn two_mishaps_befall_two_calls() {
    let simulator = armed(Fault::ApiRateLimited);
    arm(&simulator, Fault::ApiBadGateway, None);
    let statuses = [(); 3].map(|()| simulator.call("GET", "/v1/ping", b"").status());
    assert_eq!(statuses, [429, 502, 200]);
}

/// Sends a request and gives what came until nothing came for a while, and whether the connection is still open.
fn heard(simulator: &Simulator, path: &str, body: &[u8]) -> (String, bool) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, simulator.port())).expect("connected");
    stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a time limit");
    let (key, length) = (simulator.api_key(), body.len());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nApi-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("sent");
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return (String::from_utf8_lossy(&bytes).into_owned(), false),
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(_) => return (String::from_utf8_lossy(&bytes).into_owned(), true),
        }
    }
}

#[test]
fn a_stalled_answer_begins_and_does_not_end() {
    let simulator = armed(Fault::ApiStalledBody);
    let (answer, open) = heard(&simulator, "/v1/payment/request", REQUEST);
    assert!(open && answer.starts_with("HTTP/1.1 200") && answer.contains("application/json"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let promised =
        head.to_lowercase().split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    assert!(!body.is_empty() && promised.is_some_and(|promised: usize| promised > body.len()), "{answer}");
    assert_eq!(simulator.payments().len(), 1, "the request was carried out");
}

#[test]
fn a_lost_create_makes_the_payment_and_never_answers() {
    let simulator = armed(Fault::ApiLostCreate);
    assert_eq!(heard(&simulator, "/v1/payment/request", REQUEST), (String::new(), true));
    assert_eq!(simulator.payments().len(), 1);
    assert_eq!(simulator.call("POST", "/v1/payment/request", REQUEST).status(), 200);
}

#[test]
fn a_token_may_come_with_a_space_in_front() {
    let simulator = armed(Fault::ApiTokenWithSpace);
    let token = simulator.create("");
    assert!(token.starts_with(' ') && simulator.payment(token.trim()).is_some(), "{token:?}");
    assert!(!simulator.create("").starts_with(' '));
}

#[test]
fn the_status_comes_in_each_form_it_was_seen_in() {
    let simulator = Simulator::start().expect("started");
    let token = paid(&simulator);
    let cases = [
        (Fault::ApiStatusInteger, Some(json!(8)), true),
        (Fault::ApiStatusNumericText, Some(json!("8")), true),
        (Fault::ApiStatusAbsent, None, true),
        (Fault::ApiLegacyVerify, None, false),
    ];
    for (fault, status, settlement) in cases {
        arm(&simulator, fault, None);
        let body = simulator.verify(&token).json()["body"].clone();
        assert_eq!(
            (body.get("orderStatus"), body.get("settlement").is_some()),
            (status.as_ref(), settlement),
            "{fault}"
        );
        assert_eq!(simulator.verify(&token).json()["body"]["orderStatus"], "Approve");
    }
}

#[test]
fn a_paid_payment_may_stay_paid_and_the_fault_waits_until_it_is() {
    let simulator = Simulator::start().expect("started");
    let token = simulator.create("");
    arm(&simulator, Fault::ApiPaidNotApproved, None);
    assert_eq!(simulator.verify(&token).json()["body"]["orderStatus"], "Initialize");
    simulator.pay(&token).expect("paid");
    let answer = simulator.verify(&token).json();
    assert_eq!((&answer["success"], &answer["body"]["orderStatus"]), (&json!(false), &json!("Paid")));
    let answer = simulator.verify(&token).json();
    assert_eq!((&answer["success"], &answer["body"]["orderStatus"]), (&json!(true), &json!("Approve")));
}

#[test]
fn a_fault_is_not_used_up_by_what_it_does_not_concern() {
    let simulator = Simulator::start().expect("started");
    for fault in [Fault::ApiLostCreate, Fault::ApiTokenWithSpace, Fault::ApiStatusAbsent, Fault::ApiPaidNotApproved] {
        arm(&simulator, fault, None);
    }
    for path in ["/v1/ping", "/v1/coins", "/v1/payment/settings"] {
        assert_eq!(simulator.call("GET", path, b"").status(), 200);
    }
    assert_eq!(simulator.call("POST", "/v1/payment/request", b"{}").status(), 400);
    simulator.verify("unknown");
    assert_eq!(left(&simulator), 4);
}

#[test]
fn a_mishap_for_one_payment_befalls_its_verify_only() {
    let simulator = Simulator::start().expect("started");
    let (first, second) = (paid(&simulator), paid(&simulator));
    arm(&simulator, Fault::ApiBadGateway, Some(&second));
    assert_eq!(simulator.call("GET", "/v1/ping", b"").status(), 200);
    assert_eq!(simulator.verify(&first).status(), 200);
    assert_eq!(simulator.verify(&second).status(), 502);
    assert_eq!(simulator.payment(&second).map(|payment| payment.status.code()), Some(7), "not carried out");
    assert_eq!(simulator.verify(&second).status(), 200);
}

#[test]
fn every_fault_of_the_api_is_applied_somewhere() {
    let statuses = crate::status::OrderStatus::KNOWN;
    for fault in Fault::ALL.iter().filter(|fault| !fault.concerns_callbacks()) {
        let of_verify = statuses.into_iter().any(|status| api_fault::concerns_verify(*fault, status));
        let known = api_fault::is_mishap(*fault) || api_fault::OF_CREATE.contains(fault) || of_verify;
        assert!(known, "{fault}");
    }
}

#[test]
fn the_published_profile_has_no_settlement_and_a_number_for_a_status() {
    let simulator = Simulator::builder().profile(Profile::Published).start().expect("started");
    let token = paid(&simulator);
    let expected = json!({"token": token, "orderId": null, "orderStatus": 8, "additionalData": []});
    assert_eq!(simulator.verify(&token).json()["body"], expected);
    assert!(simulator.browse("/openapi.json").text().contains("profile published"));
}

#[test]
fn another_stores_token_is_unknown_and_uses_no_fault_up() {
    let other = crate::simulator::StoreOptions::new("Other").api_key("other-store-key");
    let simulator = Simulator::builder().store(other).start().expect("started");
    let token = paid(&simulator);
    arm(&simulator, Fault::ApiStatusAbsent, Some(&token));
    let body = format!(r#"{{"token":"{token}"}}"#);
    let answer = simulator.call_with_key("other-store-key", "POST", "/v1/payment/verify", body.as_bytes()).json();
    assert_eq!(answer, json!({"success": false, "message": "Invalid Token", "body": null}));
    assert_eq!((left(&simulator), simulator.payment(&token).map(|payment| payment.status.code())), (1, Some(7)));
}

#[test]
fn another_stores_verify_uses_up_no_mishap_of_this_payment() {
    let other = crate::simulator::StoreOptions::new("Other").api_key("other-store-key");
    let simulator = Simulator::builder().store(other).start().expect("started");
    let token = paid(&simulator);
    arm(&simulator, Fault::ApiBadGateway, Some(&token));
    let body = format!(r#"{{"token":"{token}"}}"#);
    let status = simulator.call_with_key("other-store-key", "POST", "/v1/payment/verify", body.as_bytes()).status();
    assert_eq!((status, left(&simulator)), (200, 1));
    assert_eq!(simulator.verify(&token).status(), 502);
}

#[test]
fn a_create_that_is_never_answered_uses_up_no_fault_of_the_answer() {
    let mut ledger = crate::simulator::ledger_tests::ledger(crate::simulator::rules::Rules::default(), None);
    for fault in [Fault::ApiTokenWithSpace, Fault::ApiLostCreate] {
        ledger.faults.arm(fault, Some(1), None);
    }
    assert_eq!(api_fault::of_create(&mut ledger), Some(Fault::ApiLostCreate));
    assert_eq!(api_fault::of_create(&mut ledger), Some(Fault::ApiTokenWithSpace));
    assert_eq!(api_fault::of_create(&mut ledger), None);
}
