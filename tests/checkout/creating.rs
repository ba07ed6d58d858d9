//! Creating payments: the same again, a new price, races, and what may go wrong on the way.

use std::time::Duration;

use paymento::{
    ErrorCode, OrderStatus,
    checkout::{EventKind, OrderState, Reason},
};

use crate::shop::{Heard, MINUTE, On, SOON, Shop, on_both, request};

on_both! {
    a_double_click_gives_the_same_payment
    pay_the_first_of_two_prices_and_nothing_is_fulfilled
    a_paid_or_confirming_order_gets_no_second_payment
    two_processes_at_once_ask_the_gateway_once
    a_dead_creators_intent_is_taken_over
    an_older_payment_is_asked_about_first
    a_lost_answer_is_asked_for_once_more
    a_refused_request_leaves_nothing_behind
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

async fn a_paid_or_confirming_order_gets_no_second_payment(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 3);
    shop.callback(&token, "A-578", 3).await;
    shop.settle_down().await;
    for amount in ["29.99", "30"] {
        let refused = shop.checkout.create_payment(request("A-578", amount)).await.expect_err("confirming");
        assert_eq!(refused.code(), ErrorCode::CheckoutPaymentInProgress);
    }
    shop.clock.advance(Duration::from_secs(6));
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    for amount in ["29.99", "30"] {
        let refused = shop.checkout.create_payment(request("A-578", amount)).await.expect_err("paid");
        assert_eq!(refused.code(), ErrorCode::CheckoutAlreadyPaid);
    }
    assert_eq!(shop.gateway.created(), 1);
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
