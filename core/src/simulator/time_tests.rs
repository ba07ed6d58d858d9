//! Moving the clock on, over sockets.

use std::time::{Duration, Instant};

use super::{
    EventKind, Simulator,
    testbed::{SOON, Shop},
};
use crate::{amount::Amount, error::ErrorCode, status::OrderStatus};

const DAY: Duration = Duration::from_hours(24);

#[test]
fn under_a_virtual_clock_callbacks_are_sent_again_when_time_is_moved_on() {
    let shop = Shop::answering([500, 500]);
    let waits = [Duration::from_mins(1), Duration::from_mins(10)];
    let builder = Simulator::builder().virtual_clock(true).retry_schedule(waits).callback_url(&shop.url);
    let simulator = builder.start().expect("started");
    let token = simulator.create("");
    simulator.cancel(&token).expect("canceled");
    simulator.advance(Duration::from_secs(59)).expect("moved on");
    assert_eq!(shop.received().len(), 1);
    simulator.advance(Duration::from_mins(30)).expect("moved on");
    let delivery = simulator.deliveries(&token).remove(0);
    let offsets: Vec<_> = delivery.attempts.iter().map(|attempt| (attempt.offset.as_secs(), attempt.took)).collect();
    assert_eq!(offsets, [(0, Duration::ZERO), (60, Duration::ZERO), (660, Duration::ZERO)]);
    assert!(delivery.is_delivered());
    assert_eq!(simulator.now(), Duration::from_secs(59 + 30 * 60));
}

#[test]
fn a_real_clock_can_be_moved_on_as_well() {
    let shop = Shop::answering([500]);
    let waits = [Duration::from_hours(1)];
    let simulator = Simulator::builder().retry_schedule(waits).callback_url(&shop.url).start().expect("started");
    let (unpaid, partial) = (simulator.create(""), simulator.create(""));
    simulator.underpay(&partial).expect("paid");
    let began = Instant::now();
    simulator.advance(DAY + DAY).expect("moved on");
    assert!(began.elapsed() < SOON && simulator.now() >= DAY + DAY);
    let status = |token: &str| simulator.payment(token).expect("known").status;
    assert_eq!((status(&unpaid), status(&partial)), (OrderStatus::Timeout, OrderStatus::Reject));
    let sent: Vec<_> = simulator.deliveries(&partial).iter().map(|one| (one.status, one.attempts.len())).collect();
    assert_eq!(sent, [(Some(OrderStatus::PartialPaid), 2), (Some(OrderStatus::Reject), 1)]);
    let events = simulator.events_after(0, SOON);
    assert_eq!(events.last().map(|event| event.kind), Some(EventKind::ClockAdvanced));
}

#[test]
fn time_goes_by_without_help_under_a_real_clock() {
    let builder = Simulator::builder().payment_window(Duration::from_millis(30));
    let simulator = builder.start().expect("started");
    let token = simulator.create("");
    let mut last = 0;
    while simulator.payment(&token).is_some_and(|payment| payment.status == OrderStatus::Initialize) {
        let events = simulator.events_after(last, SOON);
        last = events.last().expect("the payment expires").sequence;
    }
    assert_eq!(simulator.payment(&token).map(|payment| payment.status), Some(OrderStatus::Timeout));
}

#[test]
fn time_goes_by_from_where_the_clock_was_moved_to() {
    let window = Duration::from_mins(30);
    let simulator = Simulator::builder().payment_window(window).start().expect("started");
    let token = simulator.create("");
    simulator.advance(window.saturating_sub(Duration::from_millis(200))).expect("moved on");
    let expired = |event: &super::Event| event.kind == EventKind::Expired && event.token == token;
    let mut events = simulator.events_after(0, SOON);
    while !events.iter().any(expired) {
        let last = events.last().map_or(0, |event| event.sequence);
        events = simulator.events_after(last, SOON);
        assert!(!events.is_empty(), "the payment expires");
    }
}

#[test]
fn confirmations_come_with_time() {
    let shop = Shop::answering([]);
    let builder = Simulator::builder().confirmation_time(Duration::from_mins(20)).virtual_clock(true);
    let simulator = builder.callback_url(&shop.url).start().expect("started");
    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    simulator.advance(Duration::from_mins(10)).expect("moved on");
    let payment = simulator.payment(&token).expect("known");
    assert_eq!((payment.status, payment.confirmations), (OrderStatus::WaitingToConfirm, 1));
    simulator.advance(Duration::from_mins(10)).expect("moved on");
    let payment = simulator.payment(&token).expect("known");
    assert_eq!((payment.status, payment.confirmations), (OrderStatus::Paid, payment.required_confirmations));
    assert_eq!(shop.received().len(), 2);
}

#[tokio::test]
async fn the_clock_can_be_moved_on_without_blocking_and_by_several_at_once() {
    let shop = Shop::answering([]);
    let builder = Simulator::builder().virtual_clock(true).callback_url(&shop.url);
    let simulator = builder.start().expect("started");
    let token = simulator.create("");
    let (one, other) = tokio::join!(simulator.advanced(Duration::from_mins(10)), simulator.advanced(DAY));
    one.and(other).expect("moved on");
    assert_eq!(simulator.now(), DAY + Duration::from_mins(10));
    assert!(simulator.deliveries(&token)[0].is_delivered());
}

#[test]
fn a_stopped_simulator_says_so_to_whoever_moves_its_clock() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));
    let simulator = Simulator::builder().callback_url(url).start().expect("started");
    let token = simulator.create("");
    simulator.cancel(&token).expect("canceled");
    std::thread::scope(|scope| {
        let moving = scope.spawn(|| simulator.advance(DAY));
        silent.accept().expect("the callback");
        simulator.stop();
        let error = moving.join().expect("no panic").expect_err("stopped");
        assert_eq!(error.code(), ErrorCode::ConfigClosed);
    });
    assert_eq!(simulator.advance(DAY).expect_err("stopped").code(), ErrorCode::ConfigClosed);
}

#[test]
fn the_amounts_of_a_payment_add_up_and_show() {
    let simulator = Simulator::builder().manual_confirmation(true).start().expect("started");
    let token = simulator.create("");
    let amount = |text: &str| Amount::parse(text).expect("an amount");
    for wrong in ["0", "-1", "1000"] {
        assert_eq!(simulator.underpay_by(&token, &amount(wrong)).expect_err("refused").code(), ErrorCode::InputAmount);
    }
    simulator.underpay_by(&token, &amount("0.00000002")).expect("paid");
    simulator.underpay(&token).expect("half of the rest");
    let payment = simulator.payment(&token).expect("known");
    let expected = (OrderStatus::PartialPaid, amount("0.00041731"), Some(amount("0.00000001")));
    assert_eq!((payment.status, payment.received_amount, payment.owed_amount), expected);
    simulator.overpay(&token).expect("the rest and more");
    let answer = simulator.verify(&token).json();
    assert_eq!(answer["body"]["settlement"]["receivedCryptoAmount"].to_string(), "0.00041733");
    assert_eq!(answer["body"]["settlement"]["transactions"].as_array().map(Vec::len), Some(3));
    simulator.drop_transaction(&token).expect("dropped");
    simulator.pay(&token).expect("the rest again");
    simulator.confirm(&token).expect("confirmed");
    let payment = simulator.payment(&token).expect("known");
    assert_eq!((payment.status, payment.transactions.len()), (OrderStatus::Paid, 4));
    assert_eq!(Some(payment.received_amount), payment.crypto_amount);
    assert_eq!(simulator.confirm(&token).expect_err("nothing waits").code(), ErrorCode::ApiRejected);
}
