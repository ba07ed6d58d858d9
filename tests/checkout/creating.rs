//! Creating payments: the same again, a new price, races, and what may go wrong on the way.

use std::time::Duration;

use paymento::{
    Error, ErrorCode, OrderStatus, Payment,
    checkout::{EventKind, OrderState, Reason},
};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::postgres;
use crate::shop::{Heard, MINUTE, On, SOON, Shop, on_both, request};

on_both! {
    a_double_click_gives_the_same_payment
    pay_the_first_of_two_prices_and_nothing_is_fulfilled
    a_confirming_order_gets_no_second_payment
    a_paid_order_gets_no_second_payment
    what_is_not_confirmed_in_a_week_keeps_nobody_from_paying
    who_pays_an_old_payment_is_offered_no_second_one
    two_processes_at_once_ask_the_gateway_once
    a_dead_creators_intent_is_taken_over
    an_older_payment_is_asked_about_first
    an_older_payment_is_asked_about_at_each_visit_and_not_at_each_click
    who_gets_no_answer_about_an_older_payment_has_not_heard_of_it
    an_older_call_does_not_take_the_price_back
    a_call_that_waits_does_not_open_a_canceled_order_again
    a_customer_who_comes_back_late_finds_nothing_closed_behind_the_new_payment
    closed_is_not_told_any_more_once_the_order_can_be_paid_again
    closed_is_told_where_no_new_payment_came_of_it
    closed_is_told_where_the_last_payment_closes_and_the_next_one_is_refused
    closed_is_told_where_the_last_payment_closes_while_the_gateway_is_asked_for_the_next_one
    who_has_paid_an_earlier_price_is_not_asked_to_pay_again_when_it_comes_back
    a_lost_answer_is_asked_for_once_more
    a_refused_request_leaves_nothing_behind
    what_the_shop_writes_comes_back_as_it_was
    an_answer_of_a_creator_who_lost_its_lease_is_not_used
}

async fn a_double_click_gives_the_same_payment(on: On) {
    let shop = Shop::open(on).await;
    let first = shop.checkout.create_payment(request("A-578", "29.90")).await.expect("created");
    let again = shop.checkout.create_payment(request("A-578", "29.9")).await.expect("known");
    assert_eq!((first.token(), first.url()), (again.token(), again.url()));
    let elsewhere = shop.process().create_payment(request("A-578", "29.90")).await.expect("known");
    assert_eq!(elsewhere.token(), first.token());
    assert_eq!(elsewhere.live(), Some(false));
    assert_eq!(shop.gateway.created(), 1);
}

async fn pay_the_first_of_two_prices_and_nothing_is_fulfilled(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let cheap = shop.token("A-578", "1").await;
    let dear = shop.token("A-578", "1000").await;
    assert_ne!(cheap, dear);
    shop.pay(&cheap, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.paid(), [""; 0]);
    assert_eq!(heard.reasons(), [Reason::SupersededPrice]);
    let event = &heard.events()[0];
    let shown = format!("{:?} {:?}", event.price, event.current_price);
    assert!(shown.contains("Amount(1)") && shown.contains("Amount(1000)"), "{shown}");
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Attention);
    // The one that is asked for now can still be paid.
    shop.pay(&dear, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
}

async fn a_confirming_order_gets_no_second_payment(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 3);
    shop.callback(&token, "A-578", 3).await;
    shop.settle_down().await;
    for amount in ["29.99", "30"] {
        let refused = shop.checkout.create_payment(request("A-578", amount)).await.expect_err("confirming");
        assert_eq!(refused.code(), ErrorCode::CheckoutPaymentInProgress);
        let order = refused.order().expect("where it stands");
        assert_eq!((order.state, order.token.as_deref()), (OrderState::Confirming, Some(token.as_str())));
    }
    shop.checkout.cancel("A-578").await.expect("canceled");
    let refused = shop.checkout.create_payment(request("A-578", "29.99")).await.expect_err("confirming");
    assert_eq!(refused.order().map(|order| order.state), Some(OrderState::Confirming), "the money is on its way");
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Closed);
}

async fn a_paid_order_gets_no_second_payment(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    for amount in ["29.99", "30"] {
        let refused = shop.checkout.create_payment(request("A-578", amount)).await.expect_err("paid");
        assert_eq!(refused.code(), ErrorCode::CheckoutAlreadyPaid);
        let order = refused.order().expect("where it stands");
        assert_eq!((order.state, order.token.as_deref()), (OrderState::Paid, Some(token.as_str())));
        assert!(order.paid_at.is_some());
    }
    let refused = shop.checkout.cancel("A-578").await.expect_err("paid");
    assert_eq!(refused.code(), ErrorCode::CheckoutAlreadyPaid);
    assert_eq!(refused.order().expect("where it stands").state, OrderState::Paid);
    assert_eq!(shop.gateway.created(), 1);
}

async fn what_is_not_confirmed_in_a_week_keeps_nobody_from_paying(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 3);
    shop.callback(&token, "A-578", 3).await;
    shop.settle_down().await;
    shop.pass(MINUTE * 60 * 24 * 6, MINUTE * 60 * 24).await;
    let refused = shop.checkout.create_payment(request("A-578", "29.99")).await.expect_err("confirming");
    assert_eq!(refused.code(), ErrorCode::CheckoutPaymentInProgress);
    shop.pass(MINUTE * 60 * 24 * 2, MINUTE * 60 * 24).await;
    let fresh = shop.token("A-578", "29.99").await;
    assert_ne!(fresh, token);
    let heard = Heard::by(&shop.checkout);
    shop.pay(&fresh, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
}

async fn who_pays_an_old_payment_is_offered_no_second_one(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.pass(MINUTE * 60 * 24 * 8, MINUTE * 60 * 24).await;
    assert_eq!(shop.token("A-578", "29.99").await, token, "it can still be paid");
    shop.gateway.status(&token, 3);
    shop.callback(&token, "A-578", 3).await;
    shop.pass(MINUTE, Duration::from_secs(10)).await;
    let refused = shop.checkout.create_payment(request("A-578", "29.99")).await.expect_err("confirming");
    assert_eq!(refused.code(), ErrorCode::CheckoutPaymentInProgress);
    let heard = Heard::by(&shop.checkout);
    shop.gateway.status(&token, 7);
    shop.pass(MINUTE * 10, MINUTE).await;
    assert_eq!(heard.paid(), ["A-578"], "although no further callback came");
}

async fn two_processes_at_once_ask_the_gateway_once(on: On) {
    let shop = Shop::open(on).await;
    let checkouts = [shop.checkout.clone(), shop.checkout.clone(), shop.process(), shop.process()];
    let creating = checkouts.map(|checkout| {
        tokio::spawn(async move { checkout.create_payment(request("A-578", "29.99")).await.expect("created") })
    });
    let mut tokens = vec![];
    for created in creating {
        tokens.push(created.await.expect("ran").token().to_owned());
    }
    tokens.dedup();
    assert_eq!((tokens.len(), shop.gateway.created()), (1, 1));
}

async fn a_dead_creators_intent_is_taken_over(on: On) {
    let shop = Shop::open(on).await;
    let held = shop.gateway.creating.clone().lock_owned().await;
    let dying = shop.process();
    let creating = tokio::spawn({
        let dying = dying.clone();
        async move { dying.create_payment(request("A-578", "29.99")).await }
    });
    // Its intent is there as soon as others are told to wait.
    let patient = shop.process();
    while patient.status("A-578").await.is_err() {
        tokio::task::yield_now().await;
    }
    dying.close().await;
    creating.abort();
    shop.clock.advance(Duration::from_secs(11));
    drop(held);
    let payment = shop.checkout.create_payment(request("A-578", "29.99")).await.expect("created");
    assert_eq!(shop.checkout.status("A-578").await.expect("known").token.as_deref(), Some(payment.token()));
}

async fn an_answer_of_a_creator_who_lost_its_lease_is_not_used(on: On) {
    let shop = Shop::open(on).await;
    let held = shop.gateway.creating.clone().lock_owned().await;
    let slow = tokio::spawn({
        let slow = shop.process();
        async move { slow.create_payment(request("A-578", "29.99")).await }
    });
    while shop.checkout.status("A-578").await.is_err() {
        tokio::task::yield_now().await;
    }
    shop.clock.advance(Duration::from_secs(11));
    let quick = tokio::spawn({
        let quick = shop.process();
        async move { quick.create_payment(request("A-578", "29.99")).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(held);
    let slow = slow.await.expect("ran").expect("the other's payment");
    let quick = quick.await.expect("ran").expect("created");
    assert_eq!(slow.token(), quick.token());
    let page = shop.checkout.payments(None, None, None).await.expect("listed");
    assert_eq!(page.payments.len(), 1);
}

async fn an_older_payment_is_asked_about_first(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE * 11);
    assert_eq!(shop.token("A-578", "29.99").await, token);
    assert_eq!(shop.gateway.verifies(&token), 1);
    shop.clock.advance(MINUTE * 11);
    shop.gateway.status(&token, OrderStatus::Timeout.code());
    let fresh = shop.token("A-578", "29.99").await;
    assert_ne!(fresh, token);
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Open);
}

async fn an_older_payment_is_asked_about_at_each_visit_and_not_at_each_click(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE * 11);
    for _ in 0..3 {
        assert_eq!(shop.token("A-578", "29.99").await, token);
        assert_eq!(shop.gateway.verifies(&token), 1);
    }
    shop.clock.advance(MINUTE);
    shop.gateway.status(&token, OrderStatus::Timeout.code());
    assert_ne!(shop.token("A-578", "29.99").await, token, "it is closed at the gateway");
}

async fn who_gets_no_answer_about_an_older_payment_has_not_heard_of_it(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE * 11);
    shop.gateway.fail_verifying([502; 20]);
    assert_eq!(shop.token("A-578", "29.99").await, token, "as far as anybody knows, it is open");
    shop.gateway.mended();
    shop.gateway.status(&token, OrderStatus::Timeout.code());
    assert_ne!(shop.token("A-578", "29.99").await, token);
}

async fn a_lost_answer_is_asked_for_once_more(on: On) {
    let shop = Shop::open(on).await;
    shop.gateway.fail_creating([None]);
    let token = shop.token("A-578", "29.99").await;
    assert_eq!(shop.gateway.created(), 2);
    assert_eq!(shop.checkout.status("A-578").await.expect("known").token, Some(token));
}

async fn a_refused_request_leaves_nothing_behind(on: On) {
    let shop = Shop::open(on).await;
    shop.gateway.fail_creating([Some(400)]);
    let refused = shop.checkout.create_payment(request("A-578", "29.99")).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::ApiRejected);
    let token = tokio::time::timeout(SOON, shop.token("A-578", "29.99")).await.expect("at once");
    let heard = Heard::by(&shop.checkout);
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Paid]);
}

/// After these a payment may be asked about again.
const SECONDS: Duration = Duration::from_secs(6);

/// A call for an older payment at 1 USD, which waits for what the gateway says of it.
async fn waiting_call(shop: &Shop) -> (String, oneshot::Sender<()>, JoinHandle<Result<Payment, Error>>) {
    let first = shop.token("A-578", "1").await;
    shop.clock.advance(MINUTE * 11);
    let release = shop.gateway.hold_back_next_answer();
    let checkout = shop.process();
    let creating = tokio::spawn(async move { checkout.create_payment(request("A-578", "1")).await });
    shop.gateway.asked(&first, 1).await;
    (first, release, creating)
}

async fn an_older_call_does_not_take_the_price_back(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let (first, release, creating) = waiting_call(&shop).await;
    let second = shop.token("A-578", "1000").await;
    drop(release);
    let error = creating.await.expect("ran").expect_err("overtaken");
    // Not to be tried again by itself: the next call would take the price back.
    assert_eq!((error.code(), error.is_retryable()), (ErrorCode::CheckoutSuperseded, false));
    shop.clock.advance(SECONDS);
    shop.pay(&first, "A-578").await;
    shop.settle_down().await;
    assert_eq!((heard.paid(), heard.reasons()), (vec![], vec![Reason::SupersededPrice]));
    shop.pay(&second, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
}

async fn a_call_that_waits_does_not_open_a_canceled_order_again(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let (first, release, creating) = waiting_call(&shop).await;
    shop.checkout.cancel("A-578").await.expect("canceled");
    drop(release);
    let error = creating.await.expect("ran").expect_err("canceled");
    assert_eq!((error.code(), error.is_retryable()), (ErrorCode::CheckoutSuperseded, false));
    shop.clock.advance(SECONDS);
    shop.pay(&first, "A-578").await;
    shop.settle_down().await;
    assert_eq!((heard.paid(), heard.reasons()), (vec![], vec![Reason::PaidAfterCancel]));
    // Nothing of the call is left: the next one need not wait for it.
    assert_eq!(shop.gateway.created(), 1);
    let second = shop.checkout.create_payment(request("A-578", "2")).await.expect("at once");
    assert_ne!(second.token(), first);
}

async fn a_customer_who_comes_back_late_finds_nothing_closed_behind_the_new_payment(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let first = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE * 11);
    shop.gateway.status(&first, 4);
    // As other processes do meanwhile: while the gateway is asked, and while it makes the new payment.
    let creating = shop.gateway.creating.lock().await;
    let checkout = shop.process();
    let call = tokio::spawn(async move { checkout.create_payment(request("A-578", "29.99")).await });
    shop.gateway.asked(&first, 1).await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), []);
    drop(creating);
    let second = call.await.expect("ran").expect("created").token().to_owned();
    assert_ne!(first, second);
    shop.pass(MINUTE * 8, MINUTE).await;
    assert_eq!(heard.kinds(), [], "the new payment can be paid");
    shop.clock.advance(SECONDS);
    shop.pay(&second, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Paid]);
}

async fn closed_is_not_told_any_more_once_the_order_can_be_paid_again(on: On) {
    let shop = Shop::open(on).await;
    let first = shop.token("A-578", "29.99").await;
    shop.gateway.status(&first, 4);
    shop.callback(&first, "A-578", 4).await;
    // It is due, and nobody has come for it.
    shop.checkout.verify_due(None).await.expect("up");
    assert_eq!(shop.checkout.health().await.expect("up").events_due, 1);
    let second = shop.token("A-578", "29.99").await;
    let heard = Heard::by(&shop.checkout);
    shop.pass(MINUTE * 5, MINUTE).await;
    assert_eq!(heard.kinds(), []);
    shop.gateway.status(&second, 5);
    shop.pass(MINUTE * 5, MINUTE).await;
    assert_eq!(heard.kinds(), [EventKind::Closed]);
    assert_eq!(heard.events()[0].token.as_deref(), Some(second.as_str()));
}

async fn closed_is_told_where_no_new_payment_came_of_it(on: On) {
    let shop = Shop::open(on).await;
    let first = shop.token("A-578", "29.99").await;
    shop.gateway.status(&first, 4);
    shop.callback(&first, "A-578", 4).await;
    shop.checkout.verify_due(None).await.expect("up");
    shop.gateway.fail_creating([Some(401)]);
    shop.checkout.create_payment(request("A-578", "29.99")).await.expect_err("refused");
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Closed);
    let heard = Heard::by(&shop.checkout);
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Closed]);
}

async fn closed_is_told_where_the_last_payment_closes_and_the_next_one_is_refused(on: On) {
    let shop = Shop::open(on).await;
    let first = shop.token("A-578", "29.99").await;
    let heard = Heard::by(&shop.checkout);
    shop.clock.advance(MINUTE * 20);
    shop.gateway.status(&first, 4);
    shop.gateway.fail_creating([Some(401)]);
    shop.checkout.create_payment(request("A-578", "29.99")).await.expect_err("refused");
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Closed]);
    assert_eq!(heard.events()[0].token.as_deref(), Some(first.as_str()));
    shop.pass(MINUTE * 30, MINUTE).await;
    assert_eq!(heard.kinds(), [EventKind::Closed], "once");
}

async fn closed_is_told_where_the_last_payment_closes_while_the_gateway_is_asked_for_the_next_one(on: On) {
    let shop = Shop::open(on).await;
    let first = shop.token("A-578", "1").await;
    let heard = Heard::by(&shop.checkout);
    shop.gateway.fail_creating([Some(401)]);
    let creating = shop.gateway.creating.lock().await;
    let checkout = shop.process();
    let call = tokio::spawn(async move { checkout.create_payment(request("A-578", "2")).await });
    while !format!("{:?}", shop.checkout.status("A-578").await.expect("known").price).contains("Amount(2)") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    shop.gateway.status(&first, 4);
    shop.callback(&first, "A-578", 4).await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [], "another payment is on its way");
    drop(creating);
    call.await.expect("ran").expect_err("refused");
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Closed]);
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Closed);
}

async fn who_has_paid_an_earlier_price_is_not_asked_to_pay_again_when_it_comes_back(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let first = shop.token("A-578", "29.99").await;
    let _ = shop.token("A-578", "35").await;
    shop.pay(&first, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.reasons(), [Reason::SupersededPrice]);
    let error = shop.checkout.create_payment(request("A-578", "29.99")).await.expect_err("it is paid for");
    assert_eq!((error.code(), shop.gateway.created()), (ErrorCode::CheckoutAlreadyPaid, 2));
    assert!(error.hint().expect("what to do").contains("attention"));
    assert_eq!(error.order().expect("where it stands").state, OrderState::Attention);
}

async fn what_the_shop_writes_comes_back_as_it_was(on: On) {
    let shop = Shop::open(on).await;
    if on == On::Postgres {
        // A setting of old databases: a backslash in a text then means something.
        let sql = format!("ALTER DATABASE {} SET standard_conforming_strings = off", postgres::name(&shop.url));
        let url = shop.url.clone();
        tokio::task::spawn_blocking(move || postgres::psql(&url, &sql)).await.expect("ran");
    }
    let heard = Heard::by(&shop.checkout);
    let notes = [
        r"it's",
        r"\'; DROP TABLE paymento_orders; --",
        "$1 $2",
        "\u{1f600} \u{e9}\u{301}",
        "E'\\\\x41'",
        "a\tb\nc",
        "",
    ];
    for (number, note) in notes.into_iter().enumerate() {
        let order_id = format!("it's $1 -- {number}");
        let request = request(&order_id, "29.99").additional_data("note", note);
        let token = shop.checkout.create_payment(request).await.expect("created").token().to_owned();
        shop.pay(&token, &order_id).await;
        shop.settle_down().await;
        let event = heard.events().pop().expect("paid");
        assert_eq!(event.order_id, order_id);
        assert_eq!(event.additional_data.last(), Some(&("note".to_owned(), note.to_owned())));
        assert_eq!(shop.checkout.status(&order_id).await.expect("known").state, OrderState::Paid);
    }
    assert_eq!(heard.paid().len(), notes.len());
}
