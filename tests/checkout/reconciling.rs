//! No callback comes, or it comes late: the gateway is asked all the same.

use std::time::Duration;

use paymento::checkout::{Clock, EventKind, OrderState, Reason, Worker};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    gateway::callback,
    shop::{Heard, MINUTE, On, Shop, builder, on_both, receive, request},
};

on_both! {
    an_order_ships_without_any_callback
    a_late_payment_is_paid_and_says_so
    closed_is_told_once_and_only_when_nothing_else_is_open
    an_order_with_two_prices_is_closed_once_whichever_payment_ends_last
    partial_payments_name_what_is_missing
    a_payment_that_is_not_approved_is_told_of_after_five_minutes
    a_gateway_that_fails_is_asked_again
    a_week_of_silence_is_told_of
    a_second_paid_payment_is_a_duplicate
    what_is_taken_back_is_told_of_and_undoes_nothing
    another_price_than_recorded_is_a_mismatch
    an_overpaid_order_is_paid_and_says_by_how_much
    an_excess_that_nobody_can_read_does_not_keep_an_order_from_being_paid
    the_pace_is_kept_and_callbacks_go_first
    what_customers_look_at_does_not_go_before_callbacks
    what_no_callback_tells_of_is_verified_however_many_callbacks_come
    callbacks_that_are_verified_inline_do_not_hold_up_the_others_for_ever
    an_answer_that_a_later_one_has_overtaken_changes_nothing
    a_settled_answer_counts_however_late_it_comes
    a_callback_that_comes_while_the_gateway_is_being_asked_is_asked_about_again
    a_callback_that_comes_while_the_gateway_fails_is_asked_about_all_the_same
    run_once_waits_for_the_pace
    a_clock_that_was_a_day_ahead_does_not_make_callbacks_powerless
    nothing_is_closed_while_another_payment_of_the_order_can_be_paid
}

async fn an_order_ships_without_any_callback(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 7);
    shop.settle_down().await;
    assert_eq!(heard.kinds(), []);
    shop.pass(MINUTE, MINUTE).await;
    assert_eq!(heard.paid(), ["A-578"]);
    assert_eq!(shop.checkout.health().await.expect("up").settled_without_callback, 1);
}

async fn a_late_payment_is_paid_and_says_so(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 4);
    shop.pass(MINUTE * 2, MINUTE).await;
    assert_eq!(heard.kinds(), [EventKind::Closed]);
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Closed);
    shop.gateway.status(&token, 7);
    shop.pass(MINUTE * 60, MINUTE * 15).await;
    assert_eq!(heard.kinds(), [EventKind::Closed, EventKind::Paid]);
    assert!(heard.events()[1].late);
}

async fn closed_is_told_once_and_only_when_nothing_else_is_open(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let first = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE * 11);
    shop.gateway.status(&first, 5);
    let second = shop.token("A-578", "29.99").await;
    assert_ne!(first, second);
    // The first one is closed, and the second one can be paid.
    shop.pass(MINUTE * 10, MINUTE).await;
    assert_eq!(heard.kinds(), []);
    shop.gateway.status(&second, 4);
    shop.pass(MINUTE * 30, MINUTE * 5).await;
    let tokens: Vec<_> = heard.events().iter().map(|event| event.token.clone().expect("a token")).collect();
    assert_eq!((heard.kinds(), tokens), (vec![EventKind::Closed], vec![second]));
}

async fn an_order_with_two_prices_is_closed_once_whichever_payment_ends_last(on: On) {
    for last in [0, 1] {
        let shop = Shop::open(on).await;
        let heard = Heard::by(&shop.checkout);
        let tokens = [shop.token("A-578", "29.99").await, shop.token("A-578", "35").await];
        shop.gateway.status(&tokens[1 - last], 4);
        shop.pass(MINUTE * 5, MINUTE).await;
        assert_eq!(heard.kinds(), [], "one of them can still be paid");
        shop.gateway.status(&tokens[last], 4);
        assert_eq!(shop.callback(&tokens[last], "A-578", 4).await.status, 200);
        shop.settle_down().await;
        assert_eq!(heard.kinds(), [EventKind::Closed], "at once");
        shop.pass(MINUTE * 60, MINUTE * 5).await;
        assert_eq!(heard.kinds(), [EventKind::Closed], "and once");
    }
}

async fn partial_payments_name_what_is_missing(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    for (received, missing) in [("0.1", "0.4"), ("0.1", "0.4"), ("0.3", "0.2")] {
        shop.gateway.tell(&token, |told| (told.status, told.received) = (2, Some((received, "0.5"))));
        shop.callback(&token, "A-578", 2).await;
        shop.settle_down().await;
        shop.clock.advance(Duration::from_secs(6));
        let status = shop.checkout.status("A-578").await.expect("known");
        assert_eq!(status.state, OrderState::PartiallyPaid);
        assert_eq!(status.shortfall.expect("short").amount.to_string(), missing);
        assert!(status.url.is_some());
    }
    assert_eq!(heard.kinds(), [EventKind::PartiallyPaid; 2]);
    let shortfall = heard.events()[1].shortfall.clone().expect("short");
    assert_eq!((shortfall.amount.to_string().as_str(), shortfall.coin.as_deref()), ("0.2", Some("Bitcoin")));
    assert_eq!(shortfall.fiat_estimated.expect("estimated").to_string(), "12.00");
}

async fn a_payment_that_is_not_approved_is_told_of_after_five_minutes(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.tell(&token, |told| (told.status, told.unapproved) = (7, true));
    shop.callback(&token, "A-578", 7).await;
    shop.settle_down().await;
    shop.pass(Duration::from_secs(30), Duration::from_secs(1)).await;
    assert_eq!(shop.gateway.verifies(&token), 6, "at 1, 2, 5, 10 and 30 seconds");
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Confirming);
    shop.pass(MINUTE * 6, Duration::from_secs(15)).await;
    assert_eq!(heard.reasons(), [Reason::NotApproved]);
    shop.gateway.tell(&token, |told| told.unapproved = false);
    shop.pass(MINUTE * 10, MINUTE).await;
    assert_eq!(heard.paid(), ["A-578"]);
}

async fn a_gateway_that_fails_is_asked_again(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.fail_verifying([401, 401]);
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), []);
    shop.pass(Duration::from_secs(10), Duration::from_secs(1)).await;
    assert_eq!(heard.paid(), ["A-578"]);
}

async fn a_week_of_silence_is_told_of(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.pass(MINUTE * 60, MINUTE).await;
    shop.pass(MINUTE * 60 * 24, MINUTE * 60).await;
    shop.pass(MINUTE * 60 * 24 * 8, MINUTE * 60 * 24).await;
    assert_eq!(heard.reasons(), [Reason::NothingHeard]);
    let asked = shop.gateway.verifies(&token);
    assert!((30..=37).contains(&asked), "{asked}");
    shop.pass(MINUTE * 60 * 24 * 3, MINUTE * 60 * 24).await;
    assert_eq!(shop.gateway.verifies(&token), asked);
}

async fn a_second_paid_payment_is_a_duplicate(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let first = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE * 11);
    shop.gateway.status(&first, 4);
    let second = shop.token("A-578", "29.99").await;
    shop.pay(&second, "A-578").await;
    shop.settle_down().await;
    shop.gateway.status(&first, 7);
    shop.pass(MINUTE * 60, MINUTE * 10).await;
    assert_eq!((heard.paid(), heard.reasons()), (vec!["A-578".to_owned()], vec![Reason::DuplicatePayment]));
}

async fn what_is_taken_back_is_told_of_and_undoes_nothing(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    shop.clock.advance(Duration::from_secs(6));
    // A late callback 9 alone is believed by nobody.
    shop.callback(&token, "A-578", 9).await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Paid]);
    shop.clock.advance(Duration::from_secs(6));
    shop.gateway.status(&token, 9);
    shop.callback(&token, "A-578", 9).await;
    shop.settle_down().await;
    assert_eq!(heard.reasons(), [Reason::ReversedAfterSettled]);
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Paid);
}

async fn another_price_than_recorded_is_a_mismatch(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.tell(&token, |told| told.amount = "2.99".into());
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!((heard.paid(), heard.reasons()), (vec![], vec![Reason::Mismatch]));
    assert!(heard.events()[0].detail.as_deref().is_some_and(|detail| detail.contains("2.99")));
}

async fn an_overpaid_order_is_paid_and_says_by_how_much(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.tell(&token, |told| told.received = Some(("0.75", "0.5")));
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.events()[0].overpaid_by.as_ref().map(ToString::to_string).as_deref(), Some("0.25"));
}

async fn an_excess_that_nobody_can_read_does_not_keep_an_order_from_being_paid(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.tell(&token, |told| told.received = Some(("1", "1e-130")));
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
    assert_eq!(heard.events()[0].overpaid_by, None);
}

async fn the_pace_is_kept_and_callbacks_go_first(on: On) {
    let shop = Shop::open_with(on, |builder| builder.verifies_per_second(2)).await;
    let mut tokens = vec![];
    for number in 0..8 {
        tokens.push(shop.token(&format!("A-{number}"), "29.99").await);
    }
    shop.clock.advance(MINUTE);
    shop.callback(&tokens[7], "A-7", 3).await;
    shop.checkout.verify_due(None).await.expect("up");
    let asked = |tokens: &[String]| tokens.iter().map(|token| shop.gateway.verifies(token)).sum::<usize>();
    assert_eq!(shop.gateway.verifies(&tokens[7]), 1);
    // Two at once, and what the test itself took of real time.
    assert!((1..=3).contains(&asked(&tokens)), "{}", asked(&tokens));
    shop.pass(Duration::from_secs(5), Duration::from_secs(1)).await;
    assert_eq!(asked(&tokens), 8);
}

/// Somebody asks about the payment; the answer to come is what is true now.
async fn asking(shop: &Shop, token: &str) -> (oneshot::Sender<()>, JoinHandle<usize>) {
    let release = shop.gateway.hold_back_next_answer();
    let (checkout, before) = (shop.process(), shop.gateway.verifies(token));
    let asking = tokio::spawn(async move { checkout.verify_due(Some("A-578")).await.expect("up") });
    shop.gateway.asked(token, before + 1).await;
    (release, asking)
}

async fn an_answer_that_a_later_one_has_overtaken_changes_nothing(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE);
    shop.gateway.status(&token, 4);
    let (release, first) = asking(&shop, &token).await;
    // As if the first one were dead.
    shop.clock.advance(Duration::from_secs(11));
    shop.gateway.tell(&token, |told| (told.status, told.received) = (2, Some(("0.1", "0.5"))));
    shop.checkout.verify_due(Some("A-578")).await.expect("up");
    drop(release);
    assert_eq!(first.await.expect("ran"), 1);
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::PartiallyPaid]);
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::PartiallyPaid);
}

async fn a_settled_answer_counts_however_late_it_comes(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE);
    shop.gateway.status(&token, 8);
    let (release, first) = asking(&shop, &token).await;
    shop.clock.advance(Duration::from_secs(11));
    shop.gateway.status(&token, 3);
    shop.checkout.verify_due(Some("A-578")).await.expect("up");
    drop(release);
    assert_eq!(first.await.expect("ran"), 1);
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
}

async fn a_callback_that_comes_while_the_gateway_is_being_asked_is_asked_about_again(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE);
    let (release, first) = asking(&shop, &token).await;
    shop.pay(&token, "A-578").await;
    drop(release);
    assert_eq!(first.await.expect("ran"), 1);
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [], "what was true before it");
    shop.clock.advance(Duration::from_secs(6));
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
}

async fn nothing_is_closed_while_another_payment_of_the_order_can_be_paid(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let first = shop.token("A-578", "29.99").await;
    let second = shop.token("A-578", "35").await;
    shop.gateway.tell(&second, |told| (told.status, told.received) = (2, Some(("0.1", "0.5"))));
    shop.callback(&second, "A-578", 2).await;
    shop.settle_down().await;
    shop.gateway.status(&first, 5);
    shop.callback(&first, "A-578", 5).await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::PartiallyPaid]);
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::PartiallyPaid);
}

async fn what_customers_look_at_does_not_go_before_callbacks(on: On) {
    let shop = Shop::open_with(on, |builder| builder.verifies_per_second(2)).await;
    for number in 0..40 {
        let token = shop.token(&format!("A-{number}"), "29.99").await;
        shop.checkout.visit(&format!("token={token}")).await.expect("up");
    }
    let token = shop.token("B-1", "29.99").await;
    shop.pay(&token, "B-1").await;
    shop.pass(Duration::from_secs(2), Duration::from_millis(500)).await;
    assert_eq!(shop.gateway.verifies(&token), 1);
}

async fn what_no_callback_tells_of_is_verified_however_many_callbacks_come(on: On) {
    let shop = Shop::open_with(on, |builder| builder.verifies_per_second(2)).await;
    let silent = shop.token("A-578", "29.99").await;
    shop.clock.advance(MINUTE);
    for number in 0..40 {
        let order_id = format!("B-{number}");
        let token = shop.token(&order_id, "29.99").await;
        shop.callback(&token, &order_id, 3).await;
    }
    shop.pass(Duration::from_secs(3), Duration::from_millis(500)).await;
    assert_eq!(shop.gateway.verifies(&silent), 1);
}

async fn callbacks_that_are_verified_inline_do_not_hold_up_the_others_for_ever(on: On) {
    let shop = Shop::open_with(on, |builder| builder.worker(Worker::Inline).verifies_per_second(2)).await;
    let heard = Heard::by(&shop.checkout);
    let silent = shop.token("A-578", "29.99").await;
    for number in 0..40 {
        let order_id = format!("B-{number}");
        let token = shop.token(&order_id, "29.99").await;
        shop.callback(&token, &order_id, 3).await;
    }
    shop.gateway.status(&silent, 7);
    shop.clock.advance(MINUTE);
    // A minute makes up for no more than a second's calls; without a limit, what was asked inline would count for longer.
    shop.clock.advance(Duration::from_secs(3));
    shop.settle_down().await;
    for _ in 0..8 {
        shop.clock.advance(Duration::from_millis(500));
        shop.settle_down().await;
    }
    assert_eq!(heard.paid(), ["A-578"]);
}

async fn a_callback_that_comes_while_the_gateway_fails_is_asked_about_all_the_same(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    // It has failed so often that the next time is far away.
    shop.gateway.fail_verifying([401; 500]);
    shop.pass(MINUTE * 90, MINUTE).await;
    shop.clock.advance(MINUTE * 10);
    let release = shop.gateway.hold_back_next_answer();
    let checkout = shop.process();
    let failing = tokio::spawn(async move { checkout.verify_due(Some("A-578")).await.expect("up") });
    shop.gateway.holding_back().await;
    shop.pay(&token, "A-578").await;
    drop(release);
    assert_eq!(failing.await.expect("ran"), 1);
    shop.gateway.mended();
    shop.clock.advance(Duration::from_secs(6));
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
}

async fn run_once_waits_for_the_pace(on: On) {
    let shop = Shop::open_with(on, |builder| builder.verifies_per_second(20)).await;
    let mut tokens = vec![];
    for number in 0..30 {
        tokens.push(shop.token(&format!("A-{number}"), "29.99").await);
    }
    shop.clock.advance(MINUTE);
    shop.settle_down().await;
    let asked = tokens.iter().map(|token| shop.gateway.verifies(token)).sum::<usize>();
    assert_eq!(asked, 30, "not only the burst");
}

async fn a_clock_that_was_a_day_ahead_does_not_make_callbacks_powerless(on: On) {
    let shop = Shop::open(on).await;
    let wrong = Clock::default();
    wrong.advance(MINUTE * 60 * 24);
    let early = builder(&shop.gateway, &shop.url, &wrong).build().expect("valid");
    let token = early.create_payment(request("A-578", "29.99")).await.expect("created").token().to_owned();
    receive(&early, callback(&token, "A-578", 3)).await;
    early.verify_due(None).await.expect("up");
    early.close().await;
    let heard = Heard::by(&shop.checkout);
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
}
