//! The callback route: what is taken, what is not, and what it does to a payment.

use std::time::Duration;

use http::Method;
use paymento::{
    ErrorCode,
    checkout::{AnswerPolicy, EventKind, OrderState, Reason},
};

use crate::{
    gateway::{callback, signed},
    shop::{Heard, On, SOON, Shop, on_both, receive, request},
};

on_both! {
    a_paid_order_is_told_of_once_however_often_callbacks_come
    callbacks_in_any_order_come_to_the_same
    nothing_is_written_before_authentication
    what_cannot_be_read_is_kept_and_told_of
    a_callback_for_an_unknown_token_touches_no_order
    a_replay_is_no_amplifier
    an_undocumented_status_is_told_of
    many_callbacks_at_once_are_all_stored
    two_accounts_with_the_same_order_id_never_cross
    servers_without_a_status_need_a_callback_that_says_paid
    a_callback_while_the_gateway_is_asked_is_not_forgotten
}

async fn a_paid_order_is_told_of_once_however_often_callbacks_come(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    for _ in 0..3 {
        shop.pay(&token, "A-578").await;
        shop.settle_down().await;
        shop.clock.advance(Duration::from_secs(6));
    }
    assert_eq!(heard.kinds(), [EventKind::Paid]);
    let event = &heard.events()[0];
    assert_eq!((event.token.as_deref(), event.key.as_str()), (Some(token.as_str()), "default/A-578/paid"));
    assert_eq!(event.additional_data, [("cart".to_owned(), "17".to_owned())]);
    assert_eq!((event.live, event.late), (Some(false), false));
    assert_eq!(shop.checkout.payment(&token).await.expect("known").callbacks, 1);
    let status = shop.checkout.status("A-578").await.expect("known");
    assert_eq!((status.state, status.url), (OrderState::Paid, None));
}

async fn callbacks_in_any_order_come_to_the_same(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 7);
    for status in [8, 3, 7, 4, 1, 0] {
        assert_eq!(shop.callback(&token, "A-578", status).await.status, 200);
        shop.settle_down().await;
        shop.clock.advance(Duration::from_secs(6));
    }
    assert_eq!(heard.kinds(), [EventKind::Paid]);
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Paid);
}

async fn nothing_is_written_before_authentication(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    let (signature, body) = callback(&token, "A-578", 7);
    let forged = receive(&shop.checkout, ("0".repeat(64), body.clone())).await;
    assert_eq!((forged.status, forged.body, forged.code), (401, "unauthorized", Some(ErrorCode::SignatureMismatch)));
    let changed = receive(&shop.checkout, (signature.clone(), [&body[..], b" "].concat())).await;
    assert_eq!((changed.status, changed.body), (401, "unauthorized"));
    let got = shop.checkout.receive(&Method::GET, signature.as_str(), &body).await;
    assert_eq!((got.status, got.headers.contains(&("allow", "POST, PUT"))), (405, true));
    assert_eq!(receive(&shop.checkout, signed(vec![b' '; 65 * 1024])).await.status, 413);
    assert_eq!(shop.checkout.payment(&token).await.expect("known").callbacks, 0);
    let guided = shop.process_with(|builder| builder.answer_policy(AnswerPolicy::Guide));
    assert_eq!(receive(&guided, ("0".repeat(64), body.clone())).await.status, 200);
    assert_eq!(guided.payment(&token).await.expect("known").callbacks, 0);
    let put = shop.checkout.receive(&Method::PUT, signature.as_str(), &body).await;
    assert_eq!((put.status, put.token.as_deref()), (200, Some(token.as_str())));
}

async fn what_cannot_be_read_is_kept_and_told_of(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    for body in [&b"\0\xff not JSON"[..], b"[]", b"\0\xff not JSON"] {
        assert_eq!(receive(&shop.checkout, signed(body)).await.status, 200);
    }
    assert_eq!(receive(&shop.checkout, signed("{}")).await.status, 200);
    shop.settle_down().await;
    assert_eq!(heard.reasons(), [Reason::UndecodableCallback; 2]);
    assert_eq!(heard.events()[0].order_id, "");
    assert_eq!(shop.checkout.health().await.expect("up").probes, 1);
}

async fn a_callback_for_an_unknown_token_touches_no_order(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    let stranger = "0123456789abcdef0123456789abcdef";
    assert_eq!(shop.callback(stranger, "A-578", 7).await.status, 200);
    shop.settle_down().await;
    assert_eq!((heard.kinds(), shop.gateway.verifies(&token)), (vec![], 0));
}

async fn a_replay_is_no_amplifier(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 3);
    for _ in 0..20 {
        shop.callback(&token, "A-578", 3).await;
        shop.settle_down().await;
    }
    assert_eq!(shop.gateway.verifies(&token), 1);
    // Not forgotten: a second partial payment looks exactly like the first.
    shop.clock.advance(Duration::from_secs(5));
    shop.settle_down().await;
    assert_eq!(shop.gateway.verifies(&token), 2);
    assert_eq!(shop.checkout.payment(&token).await.expect("known").callbacks, 20);
}

async fn an_undocumented_status_is_told_of(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.callback(&token, "A-578", 6).await;
    shop.callback(&token, "A-578", 6).await;
    shop.settle_down().await;
    assert_eq!(heard.reasons(), [Reason::UnknownStatus]);
}

async fn many_callbacks_at_once_are_all_stored(on: On) {
    let shop = Shop::open(on).await;
    let receiving = (0..300).map(|number| {
        let checkout = shop.checkout.clone();
        // Every third is the same, one cannot be read, one carries a NUL.
        let body = match number {
            7 => signed(b"\0"),
            8 => {
                signed(br#"{"Token":"0123456789abcdef0123456789abcdef","OrderId":"a\u0000b","OrderStatus":"a\u0000b"}"#)
            }
            _ if number % 3 == 0 => callback("0123456789abcdef0123456789abcdef", "same", 3),
            _ => callback("0123456789abcdef0123456789abcdef", &format!("A-{number}"), 3),
        };
        tokio::spawn(async move { receive(&checkout, body).await.status })
    });
    for status in receiving.collect::<Vec<_>>() {
        assert_eq!(status.await.expect("ran"), 200);
    }
    let token = shop.token("A-578", "29.99").await;
    shop.callback(&token, "A-578", 3).await;
    assert_eq!(shop.checkout.history("A-578").await.expect("read").iter().filter(|e| e.what == "received").count(), 1);
}

async fn two_accounts_with_the_same_order_id_never_cross(on: On) {
    let shop = Shop::open(on).await;
    let other = shop.process_with(|builder| builder.account("other"));
    let (ours, theirs) = (Heard::by(&shop.checkout), Heard::by(&other));
    let token = shop.token("A-578", "29.99").await;
    let foreign = other.create_payment(request("A-578", "29.99")).await.expect("created").token().to_owned();
    assert_ne!(token, foreign);
    shop.gateway.status(&token, 7);
    shop.gateway.status(&foreign, 7);
    // Each callback at the other's path.
    receive(&other, callback(&token, "A-578", 7)).await;
    shop.callback(&foreign, "A-578", 7).await;
    shop.settle_down().await;
    other.run_once(SOON, None).await.expect("ran");
    assert_eq!((ours.kinds(), theirs.kinds()), (vec![], vec![]));
    receive(&other, callback(&foreign, "A-578", 7)).await;
    other.run_once(SOON, None).await.expect("ran");
    assert_eq!((ours.paid(), theirs.paid()), (vec![], vec!["A-578".to_owned()]));
    assert_eq!(shop.checkout.status("A-578").await.expect("known").state, OrderState::Open);
}

async fn servers_without_a_status_need_a_callback_that_says_paid(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.tell(&token, |told| (told.old_server, told.status) = (true, 8));
    shop.callback(&token, "A-578", 3).await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), []);
    shop.clock.advance(Duration::from_secs(6));
    shop.callback(&token, "A-578", 7).await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Paid]);
}

async fn a_callback_while_the_gateway_is_asked_is_not_forgotten(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.callback(&token, "A-578", 1).await;
    shop.settle_down().await;
    // Within the five seconds after a verify call that still said open.
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.kinds(), []);
    shop.clock.advance(Duration::from_secs(5));
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Paid]);
}
