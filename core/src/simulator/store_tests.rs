//! Several stores at one simulator.

use super::{
    Simulator, StoreOptions,
    testbed::{SOON, Shop},
};
use crate::{
    error::ErrorCode,
    secret::Secret,
    signature::{self, SIGNATURE_HEADER},
};

#[test]
fn every_store_has_its_own_key_secret_coins_and_callback_url() {
    let (first_shop, second_shop) = (Shop::answering([]), Shop::answering([]));
    let second = StoreOptions::new("Second").callback_url(&second_shop.url).coins(["btc", "Litecoin"]);
    let simulator = Simulator::builder().callback_url(&first_shop.url).store(second).start().expect("started");
    let stores = simulator.stores();
    let [first, second] = stores.as_slice() else { panic!("two stores") };
    assert_eq!((first.name(), first.api_key()), (simulator.store_name(), simulator.api_key()));
    assert_eq!((second.coins(), second.callback_url()), (&["Bitcoin", "Litecoin"][..], Some(second_shop.url.as_str())));

    let body = br#"{"fiatAmount":"5","fiatCurrency":"EUR"}"#;
    let created = simulator.call_with_key(second.api_key(), "POST", "/v1/payment/request", body).json();
    let token = created["body"].as_str().expect("a token");
    simulator.pay(token).expect("paid");
    simulator.wait_for_deliveries(token, 2, SOON).expect("delivered");
    assert_eq!((first_shop.received().len(), second_shop.received().len()), (0, 2));
    let message = second_shop.received().remove(0);
    let signed_by = |secret: &str| {
        let secret = Secret::new(secret).expect("valid");
        signature::check(&message.body, message.header(SIGNATURE_HEADER).unwrap_or_default(), &secret).is_ok()
    };
    assert!(signed_by(second.secret_key()) && !signed_by(first.secret_key()));

    assert!(simulator.verify(token).text().contains("Invalid Token"), "the first store's key");
    let verify = format!(r#"{{"token":"{token}"}}"#);
    let answer = simulator.call_with_key(second.api_key(), "POST", "/v1/payment/verify", verify.as_bytes()).json();
    assert_eq!(answer["success"], true);
    let coins = simulator.call_with_key(second.api_key(), "GET", "/v1/payment/coins", b"").json();
    assert_eq!(coins["body"].as_array().map(Vec::len), Some(2));
    let merchant = simulator.call_with_key(second.api_key(), "GET", "/v1/ping/merchant", b"").json();
    assert_eq!(merchant["body"]["name"], "Second");
    assert!(!format!("{stores:?} {simulator:?}").contains(second.api_key()));
}

#[test]
fn settings_concern_one_store_only() {
    let simulator = Simulator::builder().store(StoreOptions::new("Second")).start().expect("started");
    simulator.set_callback_url_of("Second", "http://127.0.0.1:9/", super::CallbackMethod::Put).expect("set");
    let urls: Vec<_> = simulator.stores().iter().map(|store| store.callback_url().is_some()).collect();
    assert_eq!(urls, [false, true]);
    assert!(simulator.call("GET", "/v1/payment/settings", b"").json()["body"]["ipN_URL"].is_null());
    let error = simulator.set_callback_url_of("Third", "http://127.0.0.1:9/", super::CallbackMethod::Post);
    assert_eq!(error.expect_err("unknown").code(), ErrorCode::ConfigMissing);
}

#[test]
fn stores_that_cannot_be_told_apart_or_take_no_coin_are_refused() {
    let start = |store: StoreOptions| Simulator::builder().api_key("key").store(store).start().map(drop);
    let code = |store| start(store).expect_err("refused").code();
    assert_eq!(code(StoreOptions::new("x").api_key("key")), ErrorCode::ConfigApiKey);
    assert_eq!(code(StoreOptions::new("x").coins(["doge"])), ErrorCode::InputCoin);
    assert_eq!(code(StoreOptions::new("x").coins(<[&str; 0]>::default())), ErrorCode::InputCoin);
    assert_eq!(code(StoreOptions::new("x").callback_url("shop")), ErrorCode::InputCallbackUrl);
    assert!(start(StoreOptions::new("x")).is_ok());
}

#[test]
fn no_debug_output_holds_what_a_callback_url_hides() {
    let url = "http://user:hush@127.0.0.1:9/callback?key=hush";
    let options = StoreOptions::new("A").callback_url(url);
    let printed = format!("{options:?}");
    let simulator = Simulator::builder().stores([options]).retry_schedule([]).start().expect("started");
    let id = simulator.send_test_webhook(None).expect("sent");
    let delivery = simulator.delivery(id).expect("known");
    for printed in [printed, format!("{:?}", simulator.stores()), format!("{delivery:?}")] {
        assert!(printed.contains("127.0.0.1:9/callback") && !printed.contains("hush"), "{printed}");
    }
}
