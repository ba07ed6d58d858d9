//! Client and simulator, two independent readings of the gateway, take a payment together.

use std::time::Duration;

#[path = "support/callback_route.rs"]
mod callback_route;

use callback_route::callback_route;
use paymento::{
    Amount, Callback, CallbackMethod, Client, ErrorCode, Expected, OrderStatus, Outcome, PaymentRequest, Price, Secret,
    simulator::{CallbackMethod as SentBy, Simulator},
};

const WAIT: Duration = Duration::from_secs(10);

fn client(simulator: &Simulator) -> Client {
    Client::builder(simulator.api_key())
        .secret_key(simulator.secret_key())
        .base_url(simulator.base_url())
        .gateway_url(simulator.gateway_url())
        .build()
        .expect("valid")
}

fn request() -> PaymentRequest {
    PaymentRequest::fiat(Amount::parse("29.99").expect("valid"), "USD").order_id("A-578")
}

#[tokio::test]
async fn a_payment_end_to_end() {
    for (method, sent_by) in [("POST", SentBy::Post), ("PUT", SentBy::Put)] {
        let simulator = Simulator::start().expect("started");
        let (url, mut received) = callback_route().await;
        simulator.set_callback_url(&url, sent_by).expect("set");
        let client = client(&simulator);
        let payment = client.create_payment(request().additional_data("cart", "17")).await.expect("created");
        assert_eq!(payment.live(), Some(false));
        let expected = Expected::from(&payment);
        let before = client.verify_payment(payment.token(), &expected).await.expect("an answer");
        assert_eq!(before.outcome(), Outcome::Open);
        assert_eq!(before.require_settled().expect_err("not paid").code(), ErrorCode::VerifyOpen);

        simulator.pay(payment.token()).expect("paid");
        for status in [OrderStatus::WaitingToConfirm, OrderStatus::Paid] {
            let request = received.recv().await.expect("a callback");
            assert_eq!(request.method, method);
            let callback = client.authenticate(&request.body, &request.headers).expect("authentic");
            assert_eq!((callback.token(), callback.order_id()), (Some(payment.token()), Some("A-578")));
            assert_eq!(callback.status(), Some(status));
            assert_eq!(callback.additional_data(), [("cart".to_owned(), "17".to_owned())]);
            let stranger = Secret::new("another secret").expect("valid");
            assert!(Callback::authenticate(&request.body, &request.headers, stranger).is_err());
        }
        let verification = client.verify_payment(payment.token(), &expected).await.expect("an answer");
        let settlement = verification.require_settled().expect("settled");
        assert_eq!(verification.status(), Some(OrderStatus::Approve));
        assert!(!verification.amount_unchecked());
        assert_eq!(settlement.requested_fiat_amount(), Some(&Amount::parse("29.99").expect("valid")));
        let again = client.verify_payment(payment.token(), &expected).await.expect("an answer");
        assert!(again.is_settled(), "verifying again gives the same answer");
    }
}

#[tokio::test]
async fn a_payment_settles_only_the_order_and_price_it_was_made_for() {
    let simulator = Simulator::start().expect("started");
    let client = client(&simulator);
    let payment = client.create_payment(request()).await.expect("created");
    simulator.pay(payment.token()).expect("paid");
    simulator.delivered(payment.token(), 0, WAIT).await.expect("no callback address is set");
    let amount = |text| Amount::parse(text).expect("valid");
    let order = |id| Expected::order(id).expect("valid");
    for expected in [order("B-1"), order("A-578").fiat(amount("299.90"), "USD").expect("valid")] {
        let verification = client.verify_payment(payment.token(), &expected).await.expect("an answer");
        assert_eq!(verification.outcome(), Outcome::Mismatch);
    }
}

#[tokio::test]
async fn a_price_in_coins_is_bound_too() {
    let simulator = Simulator::start().expect("started");
    let client = client(&simulator);
    let accepted = client.accepted_coins().await.expect("a list");
    let coin = accepted.first().expect("a coin").name.clone();
    let request = PaymentRequest::crypto([(coin, Amount::parse("0.01854793").expect("valid"))]).order_id("A-1");
    let payment = client.create_payment(request).await.expect("created");
    assert!(matches!(payment.price(), Price::Crypto(_)));
    simulator.pay(payment.token()).expect("paid");
    let verification = client.verify_payment(payment.token(), &Expected::from(&payment)).await.expect("an answer");
    assert!(verification.is_settled() && !verification.amount_unchecked(), "{verification:?}");
}

#[tokio::test]
async fn a_canceled_payment_is_closed_and_an_unknown_token_is_invalid() {
    let simulator = Simulator::start().expect("started");
    let client = client(&simulator);
    let payment = client.create_payment(request()).await.expect("created");
    let expected = Expected::from(&payment);
    simulator.cancel(payment.token()).expect("canceled");
    let canceled = client.verify_payment(payment.token(), &expected).await.expect("an answer");
    assert_eq!((canceled.outcome(), canceled.status()), (Outcome::Closed, Some(OrderStatus::UserCanceled)));
    let unknown = client.verify_payment(&"0".repeat(32), &expected).await.expect("an answer");
    assert_eq!(unknown.outcome(), Outcome::InvalidToken);
}

#[tokio::test]
async fn the_whole_api_answers() {
    let simulator = Simulator::start().expect("started");
    let client = client(&simulator);
    client.ping().await.expect("answered");
    assert!(client.merchant().await.expect("a merchant").is_active);
    assert!(!client.info().await.expect("info").version.is_empty());
    assert!(!client.coins().await.expect("coins").is_empty());
    assert!(client.currencies().await.expect("currencies").iter().any(|currency| currency.title == "USD"));
    assert!(client.languages().await.expect("languages").iter().any(|language| !language.culture.is_empty()));
    let accepted = client.accepted_coins().await.expect("accepted coins");
    let prices = client.coin_prices(&[&accepted[0].name], "usd", true).await.expect("prices");
    assert!(prices[0].price.is_positive() && prices[0].change_24h.is_some());
    assert_eq!(client.last_block(prices[0].id).await.expect("a block").coin_id, prices[0].id);
}

#[tokio::test]
async fn the_callback_url_is_written_only_where_it_differs_and_taken_only_when_told() {
    let simulator = Simulator::start().expect("started");
    let client = client(&simulator);
    let (post, put) = (CallbackMethod::Post, CallbackMethod::Put);
    let first = client.ensure_callback_url("https://shop.example/a", post, false).await.expect("set");
    assert!(first.changed && first.previous.callback_url.is_none());
    let again = client.ensure_callback_url("https://shop.example/a", post, false).await.expect("read");
    assert!(!again.changed);
    let other_method = client.ensure_callback_url("https://shop.example/a", put, false).await.expect("set");
    assert!(other_method.changed && other_method.current.callback_method == Some(put));
    let taken = client.ensure_callback_url("https://other.example/a", post, false).await.expect_err("refused");
    assert_eq!(taken.code(), ErrorCode::ConfigCallbackUrlTaken);
    let told = client.ensure_callback_url("https://other.example/a", post, true).await.expect("set");
    assert_eq!(told.previous.callback_url.as_deref(), Some("https://shop.example/a"));
    assert_eq!(client.settings().await.expect("settings").callback_url.as_deref(), Some("https://other.example/a"));
}

#[tokio::test]
async fn the_wrong_api_key_is_named_as_the_cause() {
    let simulator = Simulator::start().expect("started");
    let stranger = Client::builder("a-wrong-key").base_url(simulator.base_url()).build().expect("valid");
    let error = stranger.merchant().await.expect_err("refused");
    assert_eq!(error.code(), ErrorCode::ApiUnauthorized);
    assert!(error.hint().is_some_and(|hint| hint.contains("API key")));
}
