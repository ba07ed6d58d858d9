//! The package's own client before the strict teacher, before both profiles, and in every fault of the API.

use std::time::Duration;

use paymento::{
    Amount, CallbackMethod, Client, ErrorCode, Expected, Limits, Outcome, Payment, PaymentRequest,
    simulator::{Fault, Profile, Simulator, UnknownTokenAnswer},
};

fn client(simulator: &Simulator) -> Client {
    let limits = Limits::default().replaced(None, Some(Duration::from_millis(500)), Some(Duration::from_secs(5)));
    Client::builder(simulator.api_key())
        .secret_key(simulator.secret_key())
        .base_url(simulator.base_url())
        .gateway_url(simulator.gateway_url())
        .limits(limits)
        .max_attempts(1)
        .build()
        .expect("valid")
}

fn request() -> PaymentRequest {
    PaymentRequest::fiat(Amount::parse("29.99").expect("valid"), "USD")
        .order_id("A-578")
        .return_url("https://shop.example/back")
}

async fn paid(simulator: &Simulator, client: &Client) -> Payment {
    let payment = client.create_payment(request()).await.expect("created");
    simulator.pay(payment.token()).expect("paid");
    payment
}

async fn outcome(client: &Client, payment: &Payment) -> Outcome {
    client.verify_payment(payment.token(), &Expected::from(payment)).await.expect("an answer").outcome()
}

#[tokio::test]
async fn the_client_has_nothing_to_learn_from_a_strict_teacher() {
    let simulator = Simulator::builder().strict(true).start().expect("started");
    let client = client(&simulator);
    for _ in 0..2 {
        client.ensure_callback_url("https://shop.example/callback", CallbackMethod::Post, false).await.expect("set");
    }
    let crypto = [("bitcoin", Amount::parse("0.001").expect("valid"))];
    let priced = PaymentRequest::crypto(crypto).order_id("A-579").additional_data("cart", "17");
    client.create_payment(priced).await.expect("created");
    simulator.set_callback_url("http://127.0.0.1:9/", paymento::simulator::CallbackMethod::Post).expect("set");
    let payment = client.create_payment(request()).await.expect("created");
    client.verify_payment(payment.token(), &Expected::from(&payment)).await.expect("an answer");
    for call in [client.ping().await, client.merchant().await.map(drop), client.coins().await.map(drop)] {
        call.expect("an answer");
    }
    assert_eq!(simulator.findings(), []);
    simulator.check_findings().expect("none");
}

#[tokio::test]
async fn a_payment_settles_under_either_profile() {
    for profile in Profile::ALL {
        let simulator = Simulator::builder().profile(*profile).start().expect("started");
        let client = client(&simulator);
        let payment = paid(&simulator, &client).await;
        assert_eq!(outcome(&client, &payment).await, Outcome::Settled, "{profile}");
        assert!(!client.coins().await.expect("coins").is_empty());
        assert_eq!(client.last_block(1).await.expect("a block").coin_name, "Bitcoin");
    }
}

#[tokio::test]
async fn a_settled_payment_settles_in_every_form_of_status_that_is_documented() {
    let simulator = Simulator::start().expect("started");
    let client = client(&simulator);
    let payment = paid(&simulator, &client).await;
    let cases = [
        (Fault::ApiStatusInteger, Outcome::Settled),
        (Fault::ApiStatusNumericText, Outcome::Settled),
        (Fault::ApiLegacyVerify, Outcome::Settled),
        // An answer with a settlement always has a status; one without either is of the older documentation.
        (Fault::ApiStatusAbsent, Outcome::Unknown),
    ];
    for (fault, expected) in cases {
        simulator.arm(fault, Some(1), Some(payment.token()));
        assert_eq!(outcome(&client, &payment).await, expected, "{fault}");
        assert!(simulator.faults().is_empty(), "{fault} struck");
    }
}

#[tokio::test]
async fn a_payment_that_stays_paid_is_not_settled_yet() {
    let simulator = Simulator::start().expect("started");
    let client = client(&simulator);
    let payment = paid(&simulator, &client).await;
    simulator.arm(Fault::ApiPaidNotApproved, Some(1), None);
    assert_eq!(outcome(&client, &payment).await, Outcome::PaidNotApproved);
    assert_eq!(outcome(&client, &payment).await, Outcome::Settled);
}

#[tokio::test]
async fn each_mishap_of_a_call_has_its_own_code() {
    let simulator = Simulator::start().expect("started");
    let client = client(&simulator);
    let cases = [
        (Fault::ApiBadGateway, ErrorCode::ApiUnavailable, 0),
        (Fault::ApiRateLimited, ErrorCode::ApiRateLimited, 0),
        (Fault::ApiStalledBody, ErrorCode::TransportTimeout, 1),
        (Fault::ApiLostCreate, ErrorCode::TransportTimeout, 2),
    ];
    for (fault, code, payments) in cases {
        simulator.arm(fault, Some(1), None);
        let error = client.create_payment(request()).await.expect_err("no token");
        assert_eq!((error.code(), simulator.payments().len()), (code, payments), "{fault}");
    }
    simulator.arm(Fault::ApiTokenWithSpace, Some(1), None);
    let payment = client.create_payment(request()).await.expect("created");
    assert!(simulator.payment(payment.token()).is_some());
}

#[tokio::test]
async fn an_unknown_token_is_one_whatever_the_answer_looks_like() {
    for answer in UnknownTokenAnswer::ALL {
        for profile in Profile::ALL {
            let builder = Simulator::builder().profile(*profile).unknown_token_answer(*answer);
            let simulator = builder.start().expect("started");
            let (client, other) = (client(&simulator), Simulator::start().expect("started"));
            let foreign = other_client_payment(&other).await;
            assert_eq!(outcome(&client, &foreign).await, Outcome::InvalidToken, "{answer} {profile}");
        }
    }
}

async fn other_client_payment(simulator: &Simulator) -> Payment {
    client(simulator).create_payment(request()).await.expect("created")
}
