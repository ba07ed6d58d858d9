//! Whole payments, over sockets, as a shop and a browser see them.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use super::{
    EventKind, Simulator,
    testbed::{SOON, Shop, simulator_for},
};
use crate::{
    error::ErrorCode,
    secret::Secret,
    signature::{self, SIGNATURE_HEADER},
    status::OrderStatus,
};

#[test]
fn a_payment_goes_from_request_to_approve() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.create(r#","orderId":"A-578","riskSpeed":1,"returnUrl":"https://shop.test/back?x=1""#);

    let page = simulator.browse(&format!("/gateway?token={token}")).text();
    assert!(page.contains("29.99 USD") && page.contains("A-578") && page.contains("no real money"), "{page}");
    let chosen = simulator.submit("coin", &format!("token={token}&coin=Ethereum"));
    assert_eq!((chosen.status(), chosen.header("location")), (303, Some(&*format!("/gateway?token={token}"))));
    assert!(simulator.browse(&format!("/gateway?token={token}")).text().contains("0.0085074 ETH"));
    assert_eq!(simulator.verify(&token).json()["body"]["orderStatus"], "Pending");

    let back = simulator.submit("pay", &format!("token={token}"));
    let location = format!("https://shop.test/back?x=1&token={token}&orderId=A-578&status=7");
    assert_eq!((back.status(), back.header("location")), (303, Some(&*location)));

    let deliveries = simulator.wait_for_deliveries(&token, 2, SOON).expect("delivered");
    assert!(deliveries.iter().all(super::Delivery::is_delivered));
    let secret = Secret::new(simulator.secret_key()).expect("valid");
    for (message, status) in shop.received().iter().zip([3, 7]) {
        let body = format!(
            r#"{{"Token":"{token}","PaymentId":20001,"OrderId":"A-578","OrderStatus":{status},"AdditionalData":[]}}"#
        );
        assert_eq!((message.start.as_str(), message.text()), ("POST /paymento/callback?shop=1 HTTP/1.1", body));
        assert_eq!(message.header("content-type"), Some("application/json"));
        let signature = message.header(SIGNATURE_HEADER).expect("signed");
        assert!(signature::check(&message.body, signature, &secret).is_ok());
        assert_eq!(signature, signature.to_uppercase());
    }

    for _ in 0..2 {
        let answer = simulator.verify(&token).json();
        assert_eq!((&answer["success"], &answer["body"]["orderStatus"]), (&true.into(), &"Approve".into()));
        assert_eq!(answer["body"]["orderId"], "A-578");
    }
    assert_eq!(simulator.payment(&token).map(|payment| payment.status), Some(OrderStatus::Approve));
    assert_eq!(shop.received().len(), 2, "approving sends no callback");
}

#[test]
fn the_settlement_carries_exact_numbers() {
    let simulator = Simulator::start().expect("started");
    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    let answer = simulator.verify(&token).text();
    let numbers = r#""settlement":{"expectedCryptoAmount":0.00041732,"requestedFiatAmount":29.99,"receivedCryptoAmount":0.00041732,"#;
    assert!(answer.contains(numbers), "{answer}");
}

#[test]
fn at_high_speed_the_customer_returns_before_the_confirmation() {
    let simulator = Simulator::start().expect("started");
    let token = simulator.create(r#","Speed":1,"returnUrl":"http://127.0.0.1:9/back#top""#);
    let back = simulator.submit("pay", &format!("token={token}"));
    let location = format!("http://127.0.0.1:9/back?token={token}&orderId=&status=3#top");
    assert_eq!(back.header("location"), Some(&*location));
}

#[test]
fn a_canceled_payment_tells_the_shop_and_stays_canceled() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.create(r#","returnUrl":"https://shop.test/""#);
    let back = simulator.submit("cancel", &format!("token={token}"));
    assert!(back.header("location").is_some_and(|url| url.ends_with("&status=5")));

    let deliveries = simulator.wait_for_deliveries(&token, 1, SOON).expect("delivered");
    assert_eq!(deliveries[0].status, Some(OrderStatus::UserCanceled));
    assert_eq!(simulator.cancel(&token).expect_err("refused").code(), ErrorCode::ApiRejected);
    assert_eq!(simulator.submit("pay", &format!("token={token}")).status(), 303);
    assert!(simulator.browse(&format!("/gateway?token={token}")).text().contains("Payment canceled"));
    let answer = simulator.verify(&token).json();
    assert_eq!((&answer["success"], &answer["body"]["orderStatus"]), (&false.into(), &"UserCanceled".into()));
}

#[test]
fn a_wrong_or_missing_key_is_401_and_an_unknown_path_404() {
    let simulator = Simulator::start().expect("started");
    let wrong = simulator.call_with_key("wrong", "GET", "/v1/ping", b"");
    assert_eq!((wrong.status(), &wrong.json()["success"]), (401, &false.into()));
    assert_eq!(simulator.browse("/v1/ping/merchant").status(), 401);
    assert_eq!(simulator.call("GET", "/v1/payments", b"").status(), 404);
    assert_eq!(simulator.call("GET", "/v1/payment/request", b"").status(), 405);
    assert!(simulator.payments().is_empty());
}

#[test]
fn a_token_of_another_store_is_invalid() {
    let (ours, theirs) = (Simulator::start().expect("started"), Simulator::start().expect("started"));
    for token in [theirs.create(""), "7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a".to_owned(), String::new()] {
        let answer = ours.verify(&token);
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text(), r#"{"success":false,"message":"Invalid Token","body":null}"#);
    }
}

#[test]
fn an_http_return_url_is_refused_as_the_gateway_does() {
    let simulator = Simulator::start().expect("started");
    let body = br#"{"fiatAmount":"5","fiatCurrency":"EUR","returnUrl":"http://shop.test/back"}"#;
    let answer = simulator.call("POST", "/v1/payment/request", body);
    let refusal = r#"{"success":false,"message":"Only HTTPS URLs are allowed","body":null}"#;
    assert_eq!((answer.status(), answer.text().as_str()), (200, refusal));
}

#[test]
fn hostile_names_show_as_text_and_no_script_can_run() {
    let hostile = "<script>alert('1')</script>";
    let simulator = Simulator::builder().store_name("\"><img src=x onerror=alert(1)>").start().expect("started");
    let token = simulator.create(&format!(r#","orderId":"{hostile}""#));
    for step in ["coin", "cancel"] {
        let page = simulator.browse(&format!("/gateway?token={token}"));
        let own = "<script type=\"module\" src=\"/gateway/";
        assert!(page.text().matches("<script").count() == 1 && page.text().contains(own), "{}", page.text());
        assert!(!page.text().contains("<img"), "{}", page.text());
        assert!(page.text().contains("&lt;script&gt;"));
        assert!(page.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        simulator.submit(step, &format!("token={token}&coin=Bitcoin"));
    }
    let unknown = simulator.browse("/gateway?token=%3Cscript%3E");
    assert_eq!((unknown.status(), unknown.text().matches("<script").count()), (404, 1));
}

#[test]
fn stopping_frees_the_port_ends_retries_and_wakes_whoever_waits() {
    let shop = Shop::answering([503; 9]);
    let simulator = Simulator::builder().callback_url(&shop.url).start().expect("started");
    let token = simulator.create("");
    let open = TcpStream::connect((Ipv4Addr::LOCALHOST, simulator.port())).expect("connected");
    simulator.pay(&token).expect("paid");
    let began = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| simulator.wait_for_deliveries(&token, 1, SOON));
        while simulator.deliveries(&token)[0].attempts.is_empty() {
            let last = simulator.events_after(0, SOON).last().map_or(0, |event| event.sequence);
            simulator.events_after(last, Duration::from_millis(50));
        }
        simulator.stop();
        TcpListener::bind((Ipv4Addr::LOCALHOST, simulator.port())).expect("the port is free");
        let error = waiting.join().expect("no panic").expect_err("ended");
        assert_eq!(error.code(), ErrorCode::ConfigClosed);
    });
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(simulator.pay(&token).expect_err("stopped").code(), ErrorCode::ConfigClosed);
    assert_eq!(shop.received().len(), 1);
    simulator.stop();
    drop(open);
}

#[test]
fn a_taken_port_is_a_clear_error() {
    let first = Simulator::start().expect("started");
    let error = Simulator::builder().port(first.port()).start().expect_err("taken");
    assert_eq!(error.code(), ErrorCode::ConfigPort);
    assert!(error.message().contains(&first.port().to_string()) && error.hint().is_some());
}

#[test]
fn its_futures_run_on_any_runtime_and_any_thread() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let simulator = assert_send(std::sync::Arc::new(Simulator::start().expect("started")));
    let mut waiting = Box::pin(assert_send(simulator.delivered("x", 1, SOON)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    drop(waiting);
    drop(assert_send(simulator.next_events(0, SOON)));
}

#[tokio::test]
async fn it_can_be_driven_and_dropped_inside_a_runtime() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.create("");
    let (paid, deliveries) = tokio::join!(async { simulator.pay(&token) }, simulator.delivered(&token, 2, SOON));
    paid.expect("paid");
    assert_eq!(deliveries.expect("delivered").len(), 2);
    let error = simulator.delivered(&token, 3, Duration::from_millis(1)).await.expect_err("too many");
    assert_eq!(error.code(), ErrorCode::TransportTimeout);
    assert!(!simulator.next_events(0, SOON).await.is_empty());
}

#[test]
fn events_tell_the_story_in_order_and_without_secrets() {
    let shop = Shop::answering([500]);
    let simulator = simulator_for(&shop);
    simulator.call_with_key("wrong", "GET", "/v1/ping", b"");
    let token = simulator.create(r#","orderId":"A-578","returnUrl":"https://shop.test/""#);
    simulator.browse(&format!("/gateway?token={token}"));
    simulator.submit("pay", &format!("token={token}"));
    let deliveries = simulator.wait_for_deliveries(&token, 2, SOON).expect("delivered");
    simulator.verify(&token);

    let events = simulator.events_after(0, SOON);
    let first: Vec<_> = events.iter().take(6).map(|event| event.kind.as_str()).collect();
    assert_eq!(
        first,
        ["request_refused", "payment_created", "page_opened", "coin_chosen", "paid", "customer_returned"]
    );
    assert!(events.iter().map(|event| event.sequence).eq(1..=events.len() as u64));
    let last = events.last().expect("events");
    assert_eq!(
        (last.kind, last.status, last.order_id.as_str()),
        (EventKind::Verified, Some(OrderStatus::Approve), "A-578")
    );
    assert_eq!(simulator.events_after(last.sequence, Duration::ZERO), []);

    let story = format!("{events:?} {simulator:?} {deliveries:?}");
    let signature = deliveries[0].signature.clone().expect("signed");
    for secret in [simulator.api_key(), simulator.secret_key(), &signature] {
        assert!(!story.contains(secret));
    }
}
