//! Asking our own database, the browser's return, adopting and canceling.

use std::time::Duration;

use paymento::{
    Amount, ErrorCode, Price, Speed,
    checkout::{EventKind, OrderState, PaymentState, Reason},
};

use crate::{
    gateway::signed,
    shop::{Heard, On, Shop, on_both, receive, request},
};

on_both! {
    a_visit_makes_one_verify_call_due_and_shows_the_status
    visits_of_old_payments_are_asked_about_once_an_hour
    a_visit_with_a_strangers_token_does_nothing
    payments_are_listed_by_state_and_page
    a_payment_made_elsewhere_is_adopted_after_a_verify
    what_the_gateway_does_not_know_is_not_adopted
    a_callback_from_before_the_adoption_counts_however_it_is_written
    an_undocumented_status_from_before_the_adoption_is_told_of
    a_payment_made_in_coins_is_not_adopted_at_a_fiat_price
    an_order_that_needs_a_look_and_can_be_paid_has_its_page
    a_page_that_is_full_is_the_last_one_where_nothing_follows
    a_part_of_an_earlier_price_is_no_part_of_the_new_one
    a_canceled_order_that_is_paid_is_told_of_and_not_fulfilled
    a_canceled_order_can_be_opened_again
    unknown_orders_and_payments_are_their_own_errors
}

async fn a_visit_makes_one_verify_call_due_and_shows_the_status(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    let query = format!("token={token}&orderId=A-578&status=7");
    for _ in 0..5 {
        let status = shop.checkout.visit(&query).await.expect("up").expect("ours");
        assert_eq!((status.order_id.as_str(), status.state), ("A-578", OrderState::Open));
        shop.settle_down().await;
    }
    assert_eq!((shop.gateway.verifies(&token), heard.kinds()), (1, vec![]));
    shop.clock.advance(Duration::from_secs(15));
    shop.gateway.status(&token, 7);
    shop.checkout.visit(&query).await.expect("up");
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Paid]);
}

async fn visits_of_old_payments_are_asked_about_once_an_hour(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.pass(Duration::from_hours(24 * 8), Duration::from_hours(24)).await;
    let asked = shop.gateway.verifies(&token);
    for (minutes, times) in [(0, 1), (1, 1), (58, 1), (2, 2), (30, 2)] {
        shop.clock.advance(Duration::from_mins(minutes));
        shop.checkout.visit(&format!("token={token}")).await.expect("up");
        shop.settle_down().await;
        assert_eq!(shop.gateway.verifies(&token) - asked, times, "after {minutes} minutes more");
    }
}

async fn a_visit_with_a_strangers_token_does_nothing(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    for query in ["", "status=7", "token=0123456789abcdef0123456789abcdef&orderId=A-578&status=7"] {
        assert!(shop.checkout.visit(query).await.expect("up").is_none());
    }
    shop.settle_down().await;
    assert_eq!(shop.gateway.verifies(&token), 0);
}

async fn payments_are_listed_by_state_and_page(on: On) {
    let shop = Shop::open(on).await;
    for number in 0..105 {
        shop.token(&format!("A-{number}"), "29.99").await;
    }
    let first = shop.checkout.payments(Some(PaymentState::Open), None, None).await.expect("listed");
    assert_eq!(first.payments.len(), 100);
    let rest = shop.checkout.payments(None, None, first.next).await.expect("listed");
    assert_eq!((rest.payments.len(), rest.next), (5, None));
    assert_eq!(rest.payments[4].order_id, "A-104");
    let none = shop.checkout.payments(Some(PaymentState::Settled), None, None).await.expect("listed");
    assert!(none.payments.is_empty());
    let later = rest.payments[4].created_at + 1;
    assert!(shop.checkout.payments(None, Some(later), None).await.expect("listed").payments.is_empty());
    assert!(shop.checkout.payments(None, None, Some(1_000_000)).await.expect("listed").payments.is_empty());
}

fn price(amount: &str) -> Price {
    Price::Fiat { amount: Amount::parse(amount).expect("valid"), currency: "USD".to_owned() }
}

const ELSEWHERE: &str = "fe3024f2b7f64b24ad822bca22341e70";

async fn a_payment_made_elsewhere_is_adopted_after_a_verify(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    shop.gateway.made_elsewhere(ELSEWHERE, "B-1", "10", 3);
    shop.callback(ELSEWHERE, "B-1", 3).await;
    let status = shop.checkout.adopt(ELSEWHERE, "B-1", &price("10"), Speed::Low).await.expect("adopted");
    assert_eq!(status.state, OrderState::Confirming);
    assert_eq!(shop.checkout.payment(ELSEWHERE).await.expect("known").callbacks, 1);
    shop.clock.advance(Duration::from_secs(6));
    shop.pay(ELSEWHERE, "B-1").await;
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["B-1"]);
    let again = shop.checkout.adopt(ELSEWHERE, "B-1", &price("10"), Speed::Low).await.expect("known");
    assert_eq!((again.state, heard.paid().len()), (OrderState::Paid, 1));
}

/// A server of the older documentation: only the callback says that it is paid.
async fn a_callback_from_before_the_adoption_counts_however_it_is_written(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    shop.gateway.made_elsewhere(ELSEWHERE, "B-1", "10", 8);
    shop.gateway.tell(ELSEWHERE, |told| told.old_server = true);
    let body = format!(r#"{{"Token":"{ELSEWHERE}","OrderId":"B-1","OrderStatus":" PAID"}}"#);
    assert_eq!(receive(&shop.checkout, signed(body)).await.status, 200);
    shop.checkout.adopt(ELSEWHERE, "B-1", &price("10"), Speed::Low).await.expect("adopted");
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["B-1"]);
}

async fn an_undocumented_status_from_before_the_adoption_is_told_of(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    shop.gateway.made_elsewhere(ELSEWHERE, "B-1", "10", 0);
    shop.callback(ELSEWHERE, "B-1", 42).await;
    shop.checkout.adopt(ELSEWHERE, "B-1", &price("10"), Speed::Low).await.expect("adopted");
    shop.settle_down().await;
    assert_eq!(heard.reasons(), [Reason::UnknownStatus]);
}

/// The gateway then names no fiat amount to compare.
async fn a_payment_made_in_coins_is_not_adopted_at_a_fiat_price(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    shop.gateway.made_elsewhere(ELSEWHERE, "B-1", "", 8);
    let refused = shop.checkout.adopt(ELSEWHERE, "B-1", &price("5000"), Speed::Low).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::VerifyMismatch);
    assert!(refused.message().contains("coins"), "{refused}");
    shop.gateway.status(ELSEWHERE, 0);
    shop.checkout.adopt(ELSEWHERE, "B-1", &price("5000"), Speed::Low).await.expect("nobody can say yet");
    shop.pay(ELSEWHERE, "B-1").await;
    shop.settle_down().await;
    assert_eq!((heard.paid().len(), heard.reasons()), (0, vec![Reason::Mismatch]));
}

async fn an_order_that_needs_a_look_and_can_be_paid_has_its_page(on: On) {
    let shop = Shop::open(on).await;
    let first = shop.token("A-578", "1").await;
    let second = shop.token("A-578", "2").await;
    shop.pay(&first, "A-578").await;
    shop.settle_down().await;
    let status = shop.checkout.status("A-578").await.expect("known");
    assert_eq!(status.state, OrderState::Attention);
    assert!(status.url.expect("payable").contains(&second));
    assert_eq!(shop.token("A-578", "2").await, second);
}

async fn a_page_that_is_full_is_the_last_one_where_nothing_follows(on: On) {
    let shop = Shop::open(on).await;
    for number in 0..101 {
        let page = shop.checkout.payments(None, None, None).await.expect("read");
        assert_eq!((page.payments.len(), page.next), (number, None));
        shop.token(&format!("A-{number}"), "1").await;
    }
    let page = shop.checkout.payments(None, None, None).await.expect("read");
    assert_eq!(page.payments.len(), 100);
    let rest = shop.checkout.payments(None, None, page.next).await.expect("read");
    assert_eq!((rest.payments.len(), rest.next), (1, None));
}

async fn a_part_of_an_earlier_price_is_no_part_of_the_new_one(on: On) {
    let shop = Shop::open(on).await;
    let first = shop.token("A-578", "29.99").await;
    shop.gateway.tell(&first, |told| (told.status, told.received) = (2, Some(("0.2", "0.5"))));
    shop.callback(&first, "A-578", 2).await;
    shop.settle_down().await;
    let partial = shop.checkout.status("A-578").await.expect("known");
    assert_eq!((partial.state, partial.token.as_deref()), (OrderState::PartiallyPaid, Some(first.as_str())));
    let second = shop.token("A-578", "50").await;
    let all = shop.checkout.status("A-578").await.expect("known");
    assert_eq!((all.state, all.token.as_deref(), all.shortfall), (OrderState::Open, Some(second.as_str()), None));
    assert!(all.url.expect("payable").contains(&second));
    assert_eq!(shop.token("A-578", "29.99").await, first);
    let again = shop.checkout.status("A-578").await.expect("known");
    assert_eq!((again.state, again.shortfall), (OrderState::PartiallyPaid, partial.shortfall));
}

async fn what_the_gateway_does_not_know_is_not_adopted(on: On) {
    let shop = Shop::open(on).await;
    shop.gateway.made_elsewhere(ELSEWHERE, "B-1", "10", 8);
    for (token, order_id, amount, code) in [
        ("0123456789abcdef0123456789abcdef", "B-1", "10", ErrorCode::VerifyInvalidToken),
        (ELSEWHERE, "B-2", "10", ErrorCode::VerifyMismatch),
        (ELSEWHERE, "B-1", "11", ErrorCode::VerifyMismatch),
    ] {
        let refused = shop.checkout.adopt(token, order_id, &price(amount), Speed::Low).await.expect_err("refused");
        assert_eq!(refused.code(), code);
    }
    assert_eq!(shop.checkout.status("B-1").await.expect_err("unknown").code(), ErrorCode::CheckoutUnknownOrder);
}

async fn a_canceled_order_that_is_paid_is_told_of_and_not_fulfilled(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    let status = shop.checkout.cancel("A-578").await.expect("canceled");
    assert_eq!((status.state, status.url), (OrderState::Closed, None));
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!((heard.paid(), heard.reasons()), (vec![], vec![Reason::PaidAfterCancel]));
}

async fn a_canceled_order_can_be_opened_again(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.checkout.cancel("A-578").await.expect("canceled");
    let again = shop.checkout.create_payment(request("A-578", "29.99")).await.expect("opened");
    assert_eq!(again.token(), token);
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
    let refused = shop.checkout.cancel("A-578").await.expect_err("paid");
    assert_eq!(refused.code(), ErrorCode::CheckoutAlreadyPaid);
}

async fn unknown_orders_and_payments_are_their_own_errors(on: On) {
    let shop = Shop::open(on).await;
    for order_id in ["A-578", "", "A\x00578"] {
        assert_eq!(shop.checkout.history(order_id).await.expect("read"), []);
        assert_eq!(shop.checkout.verify_due(Some(order_id)).await.expect("nothing"), 0);
        assert!(shop.checkout.claim(&[EventKind::Paid], Some(order_id)).await.expect("nothing").is_none());
        let unknown = shop.checkout.status(order_id).await.expect_err("unknown");
        assert_eq!(unknown.code(), ErrorCode::CheckoutUnknownOrder);
        assert_eq!(shop.checkout.cancel(order_id).await.expect_err("unknown").code(), ErrorCode::CheckoutUnknownOrder);
    }
    let unknown = shop.checkout.payment(ELSEWHERE).await.expect_err("unknown");
    assert_eq!(unknown.code(), ErrorCode::CheckoutUnknownPayment);
}
