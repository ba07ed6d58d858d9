//! Faults of callbacks over sockets: what the shop sees of each.

use std::time::Duration;

use super::{
    Chaos, Delivery, Fault, Simulator,
    testbed::{Message, SOON, Shop},
};
use crate::{
    error::ErrorCode,
    secret::Secret,
    signature::{self, SIGNATURE_HEADER},
    status::OrderStatus,
};

/// Time stands still, so that only what is told to happens.
fn simulator_for(shop: &Shop) -> Simulator {
    Simulator::builder().callback_url(&shop.url).virtual_clock(true).seed(1).start().expect("started")
}

/// Cancels a payment with this fault armed, and gives what the shop saw and whether the signature is right.
fn seen_with(fault: Fault) -> (Message, bool) {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.create(r#","orderId":"A-578","additionalData":[{"key":"a","value":"b"}]"#);
    simulator.arm(fault, Some(1), None);
    simulator.cancel(&token).expect("canceled");
    let deliveries = simulator.wait_for_deliveries(&token, 1, SOON).expect("sent");
    assert_eq!(deliveries[0].faults, [fault]);
    assert!(simulator.faults().is_empty(), "used up");
    let message = shop.received().remove(0);
    let secret = Secret::new(simulator.secret_key()).expect("valid");
    let signature = message.header(SIGNATURE_HEADER).or(message.header("HMAC_SHA256_SIGNATURE")).expect("signed");
    let authentic = signature::check(&message.body, signature, &secret).is_ok();
    assert_eq!(deliveries[0].is_authentic, authentic);
    (message, authentic)
}

#[test]
fn a_body_is_changed_as_the_fault_says_and_signed_as_changed() {
    let notes = r#""AdditionalData":[{"Key":"a","Value":"b"}]"#;
    let cases = [
        (Fault::CallbackStatus6, r#""OrderStatus":6,"#),
        (Fault::CallbackStatus10, r#""OrderStatus":10,"#),
        (Fault::CallbackStatus42, r#""OrderStatus":42,"#),
        (Fault::CallbackUnknownFields, r#""Confirmations":1,"#),
        (Fault::CallbackLargePaymentId, r#""PaymentId":9007199254760994,"#),
        (Fault::CallbackTextPaymentId, r#""PaymentId":"20001","#),
        (Fault::CallbackNullAdditionalData, r#""AdditionalData":null}"#),
        (Fault::CallbackNoAdditionalData, r#""OrderStatus":5}"#),
        (Fault::CallbackByteOrderMark, "\u{feff}{\"Token\""),
        (Fault::CallbackTruncate, r#""AdditionalData":[{"Key":"a","Val"#),
        (Fault::CallbackLowerCaseSignature, notes),
        (Fault::CallbackUnderscoreHeader, notes),
    ];
    for (fault, part) in cases {
        let (message, authentic) = seen_with(fault);
        assert!(authentic && message.text().contains(part), "{fault}: {}", message.text());
    }
}

#[test]
fn a_signature_is_changed_as_the_fault_says() {
    let (message, authentic) = seen_with(Fault::CallbackWrongSecret);
    assert!(!authentic && message.header(SIGNATURE_HEADER).is_some_and(|signature| signature.len() == 64));
    let (message, _) = seen_with(Fault::CallbackLowerCaseSignature);
    assert!(message.header(SIGNATURE_HEADER).is_some_and(|signature| signature == signature.to_lowercase()));
    let (message, _) = seen_with(Fault::CallbackUnderscoreHeader);
    assert!(message.header(SIGNATURE_HEADER).is_none());
}

/// The statuses that the shop has seen, in order.
fn statuses(shop: &Shop) -> Vec<i64> {
    shop.received().iter().filter_map(|message| message.json()["OrderStatus"].as_i64()).collect()
}

#[test]
fn a_duplicated_callback_comes_twice() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.create("");
    simulator.arm(Fault::CallbackDuplicate, None, None);
    simulator.pay(&token).expect("paid");
    simulator.advance(Duration::ZERO).expect("sent");
    assert_eq!(statuses(&shop), [3, 3, 7, 7]);
    simulator.clear_faults();
    assert!(simulator.faults().is_empty());
}

#[test]
fn a_dropped_callback_never_comes_and_the_chain_does_not_wait_for_it() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let (other, token) = (simulator.create(""), simulator.create(""));
    simulator.arm(Fault::CallbackDrop, Some(1), Some(&token));
    for token in [&other, &token] {
        simulator.pay(token).expect("paid");
        simulator.advance(Duration::ZERO).expect("sent");
    }
    simulator.advance(Duration::from_hours(1)).expect("moved on");
    assert_eq!(statuses(&shop), [3, 7, 7]);
    let deliveries = simulator.deliveries(&token);
    assert!(deliveries[0].finished && deliveries[0].attempts.is_empty() && deliveries[1].is_delivered());
}

#[test]
fn a_delayed_callback_comes_a_minute_late_and_after_the_next() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.create("");
    simulator.arm(Fault::CallbackDelay, Some(1), None);
    simulator.pay(&token).expect("paid");
    simulator.advance(Duration::from_secs(59)).expect("moved on");
    assert_eq!(statuses(&shop), [7]);
    simulator.advance(Duration::from_secs(1)).expect("moved on");
    assert_eq!(statuses(&shop), [7, 3]);
    assert_eq!(simulator.deliveries(&token)[0].attempts[0].offset, Duration::from_mins(1));
}

#[test]
fn a_reordered_callback_comes_after_the_next_or_half_a_minute_late() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let (paid, canceled) = (simulator.create(""), simulator.create(""));
    simulator.arm(Fault::CallbackReorder, Some(1), Some(&paid));
    simulator.pay(&paid).expect("paid");
    simulator.advance(Duration::ZERO).expect("sent");
    assert_eq!(statuses(&shop), [7, 3]);
    simulator.arm(Fault::CallbackReorder, None, Some(&canceled));
    simulator.cancel(&canceled).expect("canceled");
    simulator.advance(Duration::from_secs(29)).expect("moved on");
    assert_eq!(statuses(&shop), [7, 3]);
    simulator.advance(Duration::from_secs(1)).expect("moved on");
    assert_eq!(statuses(&shop), [7, 3, 5]);
}

#[test]
fn chaos_reigns_until_it_is_calmed() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let error = simulator.chaos(Chaos { drop: 1.5, ..Chaos::default() }).expect_err("refused");
    assert_eq!(error.code(), ErrorCode::InputFault);
    simulator.chaos(Chaos { drop: 1.0, ..Chaos::default() }).expect("set");
    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    simulator.advance(Duration::ZERO).expect("nothing to wait for");
    assert!(shop.received().is_empty() && simulator.deliveries(&token).iter().all(|delivery| delivery.finished));
    simulator.calm();
    simulator.send_callback(&token, OrderStatus::Paid).expect("sent");
    simulator.advance(Duration::ZERO).expect("sent");
    assert_eq!(statuses(&shop), [7]);
}

#[test]
fn a_delivery_is_sent_again_byte_for_byte() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.create("");
    simulator.cancel(&token).expect("canceled");
    let first = simulator.wait_for_deliveries(&token, 1, SOON).expect("sent").remove(0);
    let again = simulator.resend(first.id).expect("sent");
    let again = simulator.wait_for_delivery(again, SOON).expect("finished");
    assert!(again.is_delivered() && again.id != first.id && again.status == first.status);
    assert_eq!((&again.body, &again.headers), (&first.body, &first.headers));
    assert_eq!(shop.received()[0].body, shop.received()[1].body);
    assert_eq!(again.attempts[0].answer_body, "ok");
    assert_eq!(simulator.resend(999).expect_err("unknown").code(), ErrorCode::ApiRejected);
    assert_eq!(simulator.wait_for_delivery(999, SOON).expect_err("unknown").code(), ErrorCode::ApiRejected);
    let ids = |all: Vec<Delivery>| all.iter().map(|delivery| delivery.id).collect::<Vec<_>>();
    assert_eq!(ids(simulator.recent_deliveries(1)), [again.id]);
}
