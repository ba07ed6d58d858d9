//! What the simulator finds wrong with a shop's callback endpoint.

use std::time::{Duration, Instant};

use super::{
    AttemptOutcome, Fault, FindingKind, Simulator, Trigger,
    attempts::Answer,
    ledger_tests::{an_order, ledger},
    rules::Rules,
    store::StoreId,
    testbed::{CAREFUL, SOON, Shop, simulator_for},
};
use crate::error::ErrorCode;

fn kinds(simulator: &Simulator) -> Vec<FindingKind> {
    simulator.findings().iter().map(|finding| finding.kind).collect()
}

#[test]
fn an_endpoint_that_does_not_answer_200_is_found_out() {
    let shop = Shop::answering([301, 204, 500]);
    let simulator = simulator_for(&shop);
    assert!(simulator.check_findings().is_ok());
    let token = simulator.create(CAREFUL);
    simulator.cancel(&token).expect("canceled");
    simulator.wait_for_deliveries(&token, 1, SOON).expect("finished");
    assert_eq!(kinds(&simulator), [FindingKind::CallbackRedirected, FindingKind::CallbackNotOk]);
    let finding = simulator.findings().remove(1);
    assert_eq!((finding.count, finding.token), (2, token));
    assert!(!finding.subject.contains('?'), "a query may hold a key");
    let error = simulator.check_findings().expect_err("found");
    assert_eq!(error.code(), ErrorCode::ConfigFindings);
    assert!(error.message().contains("callback_not_ok, callback_redirected"));
    assert!(error.hint().is_some_and(|hint| hint.contains(FindingKind::CallbackRedirected.fix())));
}

#[test]
fn an_endpoint_that_is_not_there_is_found_out() {
    let simulator =
        Simulator::builder().callback_url("http://127.0.0.1:9/").retry_schedule([]).start().expect("started");
    let token = simulator.create(CAREFUL);
    simulator.cancel(&token).expect("canceled");
    simulator.wait_for_deliveries(&token, 1, SOON).expect("given up");
    assert_eq!(kinds(&simulator), [FindingKind::CallbackUnreachable]);
}

#[test]
fn a_shop_that_takes_a_wrong_signature_is_found_out_and_one_that_refuses_it_is_not() {
    for (answer, found) in [(200, vec![FindingKind::TamperedCallbackAccepted]), (401, Vec::new())] {
        let shop = Shop::answering([200, answer, answer, answer, answer, answer, answer]);
        let simulator = Simulator::builder().callback_url(&shop.url).retry_schedule([]).start().expect("started");
        let token = simulator.create(CAREFUL);
        simulator.cancel(&token).expect("canceled");
        let first = simulator.wait_for_deliveries(&token, 1, SOON).expect("sent").remove(0);
        simulator.tamper(first.id).expect("sent");
        simulator.send_tampered_probe(None).expect("sent");
        simulator.forge_callback(&token, b"{}", &[]).expect("sent");
        simulator.arm(Fault::CallbackWrongSecret, Some(1), None);
        simulator.send_callback(&token, crate::status::OrderStatus::Paid).expect("sent");
        let deliveries = simulator.wait_for_deliveries(&token, 5, SOON).expect("sent");
        assert_eq!(kinds(&simulator), found);
        assert!(deliveries[1..].iter().all(|delivery| !delivery.is_authentic && delivery.attempts.len() == 1));
        let probe = String::from_utf8_lossy(&deliveries[2].body).into_owned();
        assert!(probe.contains(&token) && probe.contains("\"OrderStatus\":7,"), "{probe}");
    }
}

#[test]
fn probes_are_about_no_payment_and_go_out_once() {
    let shop = Shop::answering([500, 200]);
    let simulator = simulator_for(&shop);
    let test = simulator.send_test_webhook(None).expect("sent");
    let test = simulator.wait_for_delivery(test, SOON).expect("finished");
    assert_eq!((test.token.as_str(), test.attempts.len(), test.is_authentic), ("", 1, true));
    assert!(test.body.starts_with(b"{\"PaymentId\":0,"), "no token");
    let tampered = simulator.send_tampered_probe(Some("Simulated store")).expect("sent");
    let tampered = simulator.wait_for_delivery(tampered, SOON).expect("finished");
    assert!(!tampered.is_authentic && tampered.body.starts_with(b"{\"Token\":\""));
    assert_eq!(kinds(&simulator), [FindingKind::CallbackNotOk, FindingKind::TamperedCallbackAccepted]);
    assert_eq!(simulator.send_test_webhook(Some("none")).expect_err("unknown").code(), ErrorCode::ConfigMissing);
}

#[test]
fn an_endpoint_that_takes_longer_than_five_seconds_is_found_out() {
    let mut ledger = ledger(Rules::default(), Some("http://127.0.0.1:9/"));
    for (took, findings) in [(4, 0), (6, 1)] {
        let token = ledger.create(StoreId(0), an_order());
        ledger.cancel(&token).expect("canceled");
        let errand = ledger.traffic.take_due().pop().expect("due");
        ledger.begin_attempt(&errand).expect("known");
        let began = Instant::now().checked_sub(Duration::from_secs(took)).expect("the machine runs longer");
        let answer = Answer { outcome: AttemptOutcome::Answered(200), body: String::new() };
        ledger.end_attempt(&errand, began, Some(answer));
        assert_eq!(ledger.findings.list().len(), findings);
    }
    assert_eq!(ledger.findings.list()[0].kind, FindingKind::CallbackSlow);
}

#[test]
fn a_shop_that_refuses_a_spoilt_callback_is_right_when_it_is_sent_again_too() {
    let shop = Shop::answering([400, 400]);
    let simulator = Simulator::builder().callback_url(&shop.url).retry_schedule([]).start().expect("started");
    let token = simulator.create(CAREFUL);
    simulator.arm(Fault::CallbackTruncate, Some(1), None);
    simulator.cancel(&token).expect("canceled");
    let spoilt = simulator.wait_for_deliveries(&token, 1, SOON).expect("sent").remove(0);
    let again = simulator.resend(spoilt.id).expect("sent");
    let again = simulator.wait_for_delivery(again, SOON).expect("finished");
    assert_eq!((again.faults, kinds(&simulator)), (vec![Fault::CallbackTruncate], Vec::new()));
}

#[test]
fn a_shop_that_refuses_a_spoilt_trigger_is_right() {
    let shop = Shop::answering([400]);
    let simulator = simulator_for(&shop);
    let trigger = Trigger::new(crate::status::OrderStatus::Paid).fault(Fault::CallbackTruncate);
    let sent = simulator.trigger(&trigger).expect("sent");
    simulator.wait_for_delivery(sent, SOON).expect("finished");
    assert_eq!(kinds(&simulator), []);
}
