//! Callbacks over sockets: repeated, given up, forged.

use std::{
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

use super::{
    Attempt, AttemptOutcome, CallbackMethod, EventKind, Simulator,
    send::AT_ONCE,
    testbed::{SOON, Shop, simulator_for},
};
use crate::{error::ErrorCode, status::OrderStatus};

#[test]
fn a_store_can_ask_for_put_over_the_api() {
    let shop = Shop::answering([]);
    let simulator = Simulator::start().expect("started");
    let unset = simulator.call("GET", "/v1/payment/settings/", b"").text();
    assert_eq!(unset, r#"{"success":true,"message":"","body":{"ipN_URL":null,"ipN_Method":0}}"#);
    let body = format!(r#"{{"IPN_Url":"{}","IPN_Method":2}}"#, shop.url);
    let set = simulator.call("POST", "/v1/payment/settings", body.as_bytes()).json();
    assert_eq!((&set["body"]["ipN_URL"], &set["body"]["ipN_Method"]), (&shop.url.clone().into(), &2.into()));

    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    let deliveries = simulator.wait_for_deliveries(&token, 2, SOON).expect("delivered");
    assert_eq!(deliveries[1].method, CallbackMethod::Put);
    assert!(shop.received().iter().all(|message| message.start.starts_with("PUT ")));
}

#[test]
fn a_callback_is_repeated_until_it_is_answered_200_and_the_next_one_waits() {
    let shop = Shop::answering([500, 301, 204]);
    let simulator = simulator_for(&shop);
    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    let deliveries = simulator.wait_for_deliveries(&token, 2, SOON).expect("delivered");
    let answers: Vec<_> = deliveries[0].attempts.iter().filter_map(Attempt::answer_status).collect();
    assert_eq!(answers, [500, 301, 204, 200]);
    assert_eq!((deliveries[1].attempts.len(), deliveries[1].status), (1, Some(OrderStatus::Paid)));
    let bodies: Vec<_> = shop.received().into_iter().map(|message| message.body).collect();
    assert!(bodies[..4].iter().all(|body| *body == deliveries[0].body) && bodies[4] == deliveries[1].body);
}

#[test]
fn a_callback_that_nobody_takes_is_given_up_and_recorded() {
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).expect("free");
    let waits = [Duration::from_millis(1)];
    for (url, attempts) in [(format!("http://{gone}/"), 2), ("https://127.0.0.1/".to_owned(), 1)] {
        let simulator = Simulator::builder().callback_url(url).retry_schedule(waits).start().expect("started");
        let token = simulator.create("");
        simulator.cancel(&token).expect("canceled");
        let deliveries = simulator.wait_for_deliveries(&token, 1, SOON).expect("finished");
        assert_eq!((deliveries[0].attempts.len(), deliveries[0].is_delivered()), (attempts, false));
        assert!(deliveries[0].attempts[0].failure().is_some());
    }
}

#[test]
fn callbacks_can_be_forged_and_repeated() {
    let shop = Shop::answering([]);
    let simulator = simulator_for(&shop);
    let token = simulator.create("");
    let headers = [("X-HMAC-SHA256-SIGNATURE", "00"), ("Content-Length", "9999"), ("Transfer-Encoding", "chunked")];
    simulator.forge_callback(&token, b"{}", &headers).expect("sent");
    simulator.send_callback(&token, OrderStatus::from_code(42)).expect("sent");
    let deliveries = simulator.wait_for_deliveries(&token, 2, SOON).expect("delivered");
    assert_eq!((deliveries[0].status, deliveries[0].signature.as_deref()), (None, Some("00")));
    assert_eq!(shop.received()[0].text(), "{}");
    assert!(shop.received()[1].text().contains("\"OrderStatus\":42,"));
    assert_eq!(simulator.payment(&token).map(|payment| payment.status), Some(OrderStatus::Initialize));
    let error = simulator.forge_callback(&token, b"", &[("bad name", "x")]).expect_err("refused");
    assert_eq!(error.code(), ErrorCode::InputHeaders);
}

#[test]
fn waiting_in_vain_says_what_is_missing() {
    let simulator = Simulator::start().expect("started");
    let token = simulator.create("");
    simulator.pay(&token).expect("paid");
    let error = simulator.wait_for_deliveries(&token, 1, Duration::from_millis(1)).expect_err("nothing is sent");
    assert_eq!(
        (error.code(), error.hint()),
        (ErrorCode::TransportTimeout, Some("the simulated store has no callback URL"))
    );
    assert_eq!(
        simulator.send_callback(&token, OrderStatus::Paid).expect_err("nowhere").code(),
        ErrorCode::ConfigMissing
    );
}

#[test]
fn a_shop_that_hangs_up_is_a_failed_attempt() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    std::thread::spawn(move || drop(listener.accept()));
    let simulator = Simulator::builder().callback_url(url).retry_schedule([]).start().expect("started");
    let token = simulator.create("");
    simulator.cancel(&token).expect("canceled");
    let deliveries = simulator.wait_for_deliveries(&token, 1, SOON).expect("finished");
    assert!(matches!(deliveries[0].attempts[0].outcome, AttemptOutcome::Failed(_)));
}

#[test]
fn however_many_callbacks_are_due_only_so_many_connections_are_open() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let simulator = Simulator::builder().callback_url(url).start().expect("started");
    let tokens: Vec<_> = (0..AT_ONCE + 20).map(|_| simulator.create("")).collect();
    for token in &tokens {
        simulator.cancel(token).expect("canceled");
    }
    let held: Vec<_> = (0..AT_ONCE).map(|_| listener.accept().expect("connected").0).collect();
    listener.set_nonblocking(true).expect("set");
    assert!(listener.accept().is_err(), "one more connection than may be open");
    let begun = simulator.events_after(0, SOON).iter().filter(|event| event.kind == EventKind::CallbackSent).count();
    assert_eq!(begun, AT_ONCE);
    drop(held);
    listener.set_nonblocking(false).expect("set");
    assert!((0..20).all(|_| listener.accept().is_ok()), "the others follow");
}
