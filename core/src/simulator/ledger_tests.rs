//! The ledger alone: what payments do, what is kept.

use std::time::Duration;

use super::{
    CallbackMethod, EventKind, StoreOptions, TransactionState,
    clock::Clock,
    ledger::{KEPT, Ledger},
    order,
    payment::Order,
    random::Random,
    refusal::Refusal,
    request::Fields,
    rules::{Confirmation, Rules},
    schedule::Step,
    store::StoreId,
};
use crate::status::OrderStatus;

const FIRST: StoreId = StoreId(0);
const SECOND: StoreId = StoreId(1);

/// Two stores and a clock that stands still. Nobody makes the attempts that become due.
pub(super) fn ledger(rules: Rules, url: Option<&str>) -> Ledger {
    let random = Random::seeded(1).expect("seeded");
    let mut keys = random.stream("keys").expect("a stream");
    let stores = ["one", "two"].map(|name| {
        let store = StoreOptions { callback_url: url.map(str::to_owned), ..StoreOptions::new(name) };
        store.callback_method(CallbackMethod::Post).open(&mut keys).expect("a store")
    });
    Ledger::new(random, stores.into(), rules, Clock::manual())
}

fn with_url() -> Ledger {
    ledger(Rules::default(), Some("http://127.0.0.1:9/"))
}

fn manual() -> Ledger {
    ledger(Rules { confirmation: Confirmation::Manual, ..Rules::default() }, None)
}

pub(super) fn an_order() -> Order {
    let fields = Fields::parse(br#"{"fiatAmount":"29.99","fiatCurrency":"USD"}"#).expect("an object");
    order::read(&fields, &super::coin::COINS.iter().collect::<Vec<_>>()).expect("an order")
}

fn status(ledger: &Ledger, token: &str) -> OrderStatus {
    ledger.payment(token).expect("known").status
}

fn advance(ledger: &mut Ledger, by: Duration) {
    let mut journey = ledger.set_out(by);
    while ledger.step(&mut journey) == Step::Moved {}
}

#[test]
fn memory_is_bounded_to_the_last_payments_and_events() {
    let mut ledger = with_url();
    let first = ledger.create(FIRST, an_order());
    ledger.underpay_half(&first);
    for _ in 0..KEPT {
        ledger.create(FIRST, an_order());
    }
    let events = ledger.events_after(0).expect("events");
    assert_eq!((ledger.payments().count(), ledger.forgotten(), events.len()), (KEPT, 1, KEPT));
    assert!(ledger.payment(&first).is_none() && ledger.callbacks.is_empty());
    assert_eq!(ledger.timers.len(), KEPT, "a forgotten payment's timers are gone");
    let last = events.last().expect("one").sequence;
    assert_eq!(ledger.events_after(last - 3).expect("events").len(), 3);
    assert!(ledger.events_after(last).is_none() && ledger.events_after(u64::MAX).is_none());
}

impl Ledger {
    fn underpay_half(&mut self, token: &str) {
        let half = self.owed(token).expect("owed").half(8);
        self.pay_amount(token, half).expect("paid");
    }
}

#[test]
fn a_payment_is_paid_once_and_approved_only_when_paid() {
    let mut ledger = with_url();
    let token = ledger.create(FIRST, an_order());
    assert!(ledger.verify(FIRST, &token).is_some_and(|(approved, _)| !approved));
    ledger.pay(&token).expect("paid");
    assert!(ledger.verify(FIRST, &token).is_some_and(|(approved, _)| !approved), "not confirmed yet");
    ledger.confirm(&token).expect("confirmed");
    assert_eq!(ledger.pay(&token), Err(Refusal::NotOpen(OrderStatus::Paid)));
    assert_eq!(ledger.cancel(&token), Err(Refusal::NotOpen(OrderStatus::Paid)));
    assert!(ledger.verify(FIRST, &token).is_some_and(|(approved, _)| approved));
    assert!(ledger.verify(FIRST, &token).is_some_and(|(approved, _)| approved));
    assert_eq!(ledger.deliveries(&token).count(), 2);
}

#[test]
fn an_unknown_token_or_coin_moves_nothing() {
    let mut ledger = with_url();
    let token = ledger.create(FIRST, an_order());
    assert_eq!(ledger.pay("x"), Err(Refusal::UnknownToken));
    assert!(ledger.verify(FIRST, "x").is_none());
    assert_eq!(ledger.choose_coin(&token, Some("doge")), Err(Refusal::UnknownCoin));
    assert_eq!(status(&ledger, &token), OrderStatus::Initialize);
}

#[test]
fn a_store_cannot_verify_another_stores_payment() {
    let mut ledger = manual();
    let token = ledger.create(FIRST, an_order());
    ledger.pay(&token).expect("paid");
    ledger.confirm(&token).expect("confirmed");
    assert!(ledger.verify(SECOND, &token).is_none());
    assert_eq!(status(&ledger, &token), OrderStatus::Paid);
}

#[test]
fn nothing_received_in_time_is_timeout_and_money_that_comes_late_is_still_paid() {
    let mut ledger = manual();
    let (chosen, untouched) = (ledger.create(FIRST, an_order()), ledger.create(FIRST, an_order()));
    ledger.choose_coin(&chosen, None).expect("chosen");
    advance(&mut ledger, Duration::from_secs(29 * 60 + 59));
    assert_eq!(status(&ledger, &chosen), OrderStatus::Pending);
    advance(&mut ledger, Duration::from_secs(1));
    for token in [chosen, untouched] {
        assert_eq!(status(&ledger, &token), OrderStatus::Timeout);
        ledger.pay(&token).expect("paid late");
        assert_eq!(status(&ledger, &token), OrderStatus::WaitingToConfirm);
        ledger.confirm(&token).expect("confirmed");
        assert_eq!(status(&ledger, &token), OrderStatus::Paid);
    }
    let events = ledger.events_after(0).expect("events");
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::PaidLate).count(), 2);
}

#[test]
fn late_money_that_is_not_enough_leaves_a_closed_payment_closed() {
    let mut ledger = manual();
    let token = ledger.create(FIRST, an_order());
    ledger.cancel(&token).expect("canceled");
    ledger.underpay_half(&token);
    assert_eq!(status(&ledger, &token), OrderStatus::UserCanceled);
    ledger.pay(&token).expect("the rest");
    assert_eq!(status(&ledger, &token), OrderStatus::WaitingToConfirm);
}

#[test]
fn a_partial_payment_is_completed_or_given_up() {
    let mut ledger = manual();
    let (completed, given_up) = (ledger.create(FIRST, an_order()), ledger.create(FIRST, an_order()));
    for token in [&completed, &given_up] {
        ledger.underpay_half(token);
        assert_eq!(status(&ledger, token), OrderStatus::PartialPaid);
    }
    advance(&mut ledger, Duration::from_hours(23));
    ledger.pay(&completed).expect("the rest");
    let payment = ledger.payment(&completed).expect("known");
    assert_eq!(Some(&payment.received()), payment.expected());
    advance(&mut ledger, Duration::from_hours(1));
    assert_eq!(status(&ledger, &given_up), OrderStatus::Reject);
    assert_eq!(ledger.pay(&given_up), Err(Refusal::NotOpen(OrderStatus::Reject)));
    ledger.confirm(&completed).expect("confirmed");
    assert_eq!(status(&ledger, &completed), OrderStatus::Paid);
}

#[test]
fn a_paid_payment_that_is_never_verified_is_rejected() {
    let mut ledger = manual();
    let (verified, forgotten) = (ledger.create(FIRST, an_order()), ledger.create(FIRST, an_order()));
    for token in [&verified, &forgotten] {
        ledger.pay(token).expect("paid");
        ledger.confirm(token).expect("confirmed");
    }
    ledger.verify(FIRST, &verified).expect("known");
    advance(&mut ledger, Duration::from_hours(24));
    assert_eq!((status(&ledger, &verified), status(&ledger, &forgotten)), (OrderStatus::Approve, OrderStatus::Reject));
}

#[test]
fn a_dropped_transaction_opens_the_payment_again_as_far_as_time_allows() {
    let mut ledger = manual();
    let token = ledger.create(FIRST, an_order());
    ledger.pay(&token).expect("paid");
    ledger.drop_transaction(&token).expect("dropped");
    assert_eq!(status(&ledger, &token), OrderStatus::Pending);
    assert_eq!(ledger.drop_transaction(&token), Err(Refusal::NothingToDrop));
    ledger.underpay_half(&token);
    ledger.pay(&token).expect("the rest");
    ledger.drop_transaction(&token).expect("dropped");
    assert_eq!(status(&ledger, &token), OrderStatus::PartialPaid);
    advance(&mut ledger, Duration::from_hours(1));
    ledger.drop_transaction(&token).expect("dropped");
    assert_eq!(status(&ledger, &token), OrderStatus::Timeout, "the window is over");
}

#[test]
fn confirmations_are_spread_over_the_confirmation_time() {
    let minutes = Duration::from_mins;
    let rules = Rules { confirmation: Confirmation::After(minutes(30)), required_confirmations: 3, ..Rules::default() };
    let mut ledger = ledger(rules, None);
    let token = ledger.create(FIRST, an_order());
    ledger.pay(&token).expect("paid");
    let mut seen = Vec::new();
    for _ in 0..3 {
        advance(&mut ledger, minutes(10));
        let payment = ledger.payment(&token).expect("known");
        let transaction = &payment.transfers[0].transaction;
        seen.push((transaction.confirmations, transaction.state, payment.status));
    }
    let waiting = OrderStatus::WaitingToConfirm;
    let expected = [
        (1, TransactionState::InBlock, waiting),
        (2, TransactionState::InBlock, waiting),
        (3, TransactionState::Completed, OrderStatus::Paid),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_chain_that_needs_no_confirmations_is_paid_at_once() {
    let mut ledger = ledger(Rules { required_confirmations: 0, ..Rules::default() }, Some("http://127.0.0.1:9/"));
    let (whole, halves) = (ledger.create(FIRST, an_order()), ledger.create(FIRST, an_order()));
    ledger.pay(&whole).expect("paid");
    ledger.underpay_half(&halves);
    ledger.pay(&halves).expect("paid");
    let sent = |token| ledger.deliveries(token).map(|one| one.status.map_or(-1, OrderStatus::code)).collect::<Vec<_>>();
    assert_eq!((sent(&whole), sent(&halves)), (vec![7], vec![2, 3, 7]));
    assert_eq!((status(&ledger, &whole), status(&ledger, &halves)), (OrderStatus::Paid, OrderStatus::Paid));
}

#[test]
fn more_than_enough_is_enough_and_adds_up() {
    let mut ledger = manual();
    let token = ledger.create(FIRST, an_order());
    let owed = ledger.owed(&token).expect("owed");
    let more = owed.plus(&owed.tenth(8));
    ledger.pay_amount(&token, more.clone()).expect("paid");
    ledger.pay_amount(&token, owed.clone()).expect("twice");
    let payment = ledger.payment(&token).expect("known");
    assert_eq!((payment.status, payment.received()), (OrderStatus::WaitingToConfirm, more.plus(&owed)));
    assert_eq!(ledger.pay(&token), Err(Refusal::NotOpen(OrderStatus::WaitingToConfirm)));
}

#[test]
fn while_the_clock_is_moved_on_nobody_else_lets_things_happen() {
    let mut ledger = with_url();
    let [first, second] = [(), ()].map(|()| ledger.create(FIRST, an_order()));
    let mut journey = ledger.set_out(Duration::from_hours(1));
    assert_eq!(ledger.step(&mut journey), Step::Moved);
    ledger.fire_due();
    let statuses = [&first, &second].map(|token| status(&ledger, token));
    assert_eq!(
        statuses,
        [OrderStatus::Timeout, OrderStatus::Initialize],
        "the journey would not wait for its callback"
    );
    ledger.end_journey();
    ledger.fire_due();
    assert_eq!(status(&ledger, &second), OrderStatus::Timeout);
}

#[test]
fn memory_is_bounded_for_orders_of_any_size() {
    let mut ledger = with_url();
    let large = || Order { order_id: Some("x".repeat(60_000)), ..an_order() };
    for _ in 0..2_000 {
        let token = ledger.create(FIRST, large());
        ledger.cancel(&token).expect("canceled");
    }
    let kept: usize = ledger.payments().map(|payment| payment.order_id().len()).sum();
    let told: usize = ledger.events().map(|event| event.order_id.len()).sum();
    let sent: usize = ledger.recent_deliveries().map(|delivery| delivery.body.len()).sum();
    assert!(kept + told + sent < 200_000_000, "{kept} {told} {sent}");
    assert!(ledger.payments().count() > 100 && ledger.forgotten() > 0);
}
