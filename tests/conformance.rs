//! The vectors that three languages must agree on, run against the Rust crate.

use std::{collections::BTreeMap, path::Path};

use paymento::{
    Amount, Callback, CallbackMethod, Client, Error, ErrorCode, Expected, Headers, Meaning, OrderStatus, Outcome,
    PaymentRequest, ReturnVisit, Secret, Speed, check, sign,
    simulator::{BadKeyAnswer, BusinessErrorStatus, Profile, UnknownTokenAnswer},
    testing,
};
use serde_json::Value;

fn vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    serde_json::from_slice(&std::fs::read(path).expect(name)).expect(name)
}

fn each(name: &str, mut run: impl FnMut(&Value, &Value)) {
    let file = vectors(name);
    let cases = file["cases"].as_array().expect("cases");
    assert!(!cases.is_empty(), "{name} has no cases");
    for case in cases {
        run(&file, case);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn body(case: &Value) -> Vec<u8> {
    if let Some(hex) = case["body_hex"].as_str() {
        return (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect();
    }
    match case["body_repeat"].as_array() {
        Some(repeat) => {
            let count = repeat[1].as_u64().and_then(|count| usize::try_from(count).ok()).expect("a count");
            text(&repeat[0]).repeat(count).into_bytes()
        }
        None => text(&case["body"]).as_bytes().to_vec(),
    }
}

fn secret(file: &Value) -> Secret {
    Secret::new(text(&file["secret"])).expect("valid")
}

fn code<T>(result: &Result<T, Error>) -> Option<&str> {
    result.as_ref().err().map(|error| error.code().as_str())
}

#[test]
fn signatures() {
    each("signatures.json", |file, case| {
        let (body, signature) = (body(case), text(&case["signature"]));
        let result = Callback::authenticate(&body, signature, secret(file));
        // Whether the body can be read is another table's business.
        let found = code(&result).filter(|code| *code != "decode.callback");
        assert_eq!(found, case["code"].as_str(), "{}", case["name"]);
        if found.is_none() && signature.trim() == signature && signature.len() == 64 {
            assert!(check(&body, signature, &secret(file)).is_ok());
            assert_eq!(sign(&body, &secret(file)), signature.to_uppercase());
        }
    });
}

#[test]
fn headers() {
    each("headers.json", |file, case| {
        let headers = case["headers"].as_array().expect("pairs");
        let pairs: Vec<_> = headers.iter().map(|pair| (text(&pair[0]).as_bytes(), text(&pair[1]).as_bytes())).collect();
        let result = Callback::authenticate(&body(case), Headers::from(pairs.as_slice()), secret(file));
        assert_eq!(code(&result), case["code"].as_str(), "{}", case["name"]);
    });
}

#[test]
fn secrets() {
    each("secrets.json", |_, case| {
        let texts = case["secrets"].as_array().expect("secrets");
        let secrets: Result<Vec<_>, _> = texts.iter().map(|text| Secret::new(text.as_str().expect("text"))).collect();
        let result = secrets.and_then(|secrets| Callback::authenticate(&body(case), text(&case["signature"]), secrets));
        assert_eq!(code(&result), case["code"].as_str(), "{}", case["name"]);
        let index = result.ok().map(|callback| callback.secret_index() as u64);
        assert_eq!(index, case["secret_index"].as_u64(), "{}", case["name"]);
    });
}

fn callback_as_json(callback: &Callback) -> Value {
    let data: BTreeMap<_, _> = callback.additional_data().iter().cloned().collect();
    serde_json::json!({
        "token": callback.token(),
        "payment_id": callback.payment_id().map(|id| id.to_string()),
        "order_id": callback.order_id(),
        "status": callback.status().map(OrderStatus::code),
        "status_text": callback.status_text(),
        "additional_data": data,
    })
}

#[test]
fn callbacks() {
    each("callbacks.json", |file, case| {
        let body = body(case);
        let result = Callback::authenticate(&body, text(&case["signature"]), secret(file));
        assert_eq!(code(&result), case["code"].as_str(), "{}", case["name"]);
        if let Ok(callback) = result {
            assert_eq!(callback_as_json(&callback), case["callback"], "{}", case["name"]);
            assert_eq!(callback.body(), body);
        }
    });
}

#[test]
fn statuses() {
    each("statuses.json", |_, case| {
        let status = text(&case["text"]).parse::<OrderStatus>().ok();
        assert_eq!(status.map(OrderStatus::code), case["code"].as_i64(), "{}", case["text"]);
    });
}

#[test]
fn amounts() {
    each("amounts.json", |_, case| {
        let amount = Amount::parse(text(&case["input"]));
        assert_eq!(
            amount.as_ref().ok().map(ToString::to_string).as_deref(),
            case["text"].as_str(),
            "{}",
            case["input"]
        );
        assert!(amount.is_ok() || code(&amount) == Some("input.amount"));
    });
}

fn optional_amount(value: &Value) -> Result<Option<Amount>, Error> {
    value.as_str().map(Amount::parse).transpose()
}

fn coins(value: &Value) -> Result<Vec<(String, Amount)>, Error> {
    let Some(coins) = value.as_object() else { return Ok(Vec::new()) };
    coins.iter().map(|(coin, amount)| Ok((coin.clone(), Amount::parse(text(amount))?))).collect()
}

fn owned(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn request(arguments: &Value) -> Result<PaymentRequest, Error> {
    let mut request = PaymentRequest::default().order_id(text(&arguments["order_id"]));
    request.fiat_amount = optional_amount(&arguments["fiat_amount"])?;
    request.fiat_currency = owned(&arguments["fiat_currency"]);
    request.crypto_amounts = coins(&arguments["crypto_amounts"])?;
    request.return_url = owned(&arguments["return_url"]);
    request.speed = arguments["speed"].as_str().map_or(Ok(Speed::default()), Speed::parse)?;
    request.language = owned(&arguments["language"]);
    request.email_address = owned(&arguments["email_address"]);
    let data = arguments["additional_data"].as_object().into_iter().flatten();
    request.additional_data = data.map(|(key, value)| (key.clone(), text(value).to_owned())).collect();
    Ok(request)
}

#[tokio::test]
async fn requests() {
    let client = |base_url| Client::builder("an-api-key").base_url(base_url).build().expect("valid");
    // Nothing listens on either: what is refused must be refused before anything is sent.
    let (outside, loopback) = (client("https://api.invalid"), client("http://127.0.0.1:1"));
    let file = vectors("requests.json");
    for case in file["cases"].as_array().expect("cases") {
        let client = if case["loopback"] == true { &loopback } else { &outside };
        let result = match request(&case["arguments"]) {
            Ok(request) => client.create_payment(request).await,
            Err(error) => Err(error),
        };
        assert_eq!(code(&result), case["code"].as_str(), "{}", case["name"]);
    }
}

#[test]
fn return_visits() {
    each("return_visits.json", |_, case| {
        let visit = ReturnVisit::parse(text(&case["query"]));
        let found = (visit.token(), visit.order_id());
        assert_eq!(found, (case["token"].as_str(), case["order_id"].as_str()), "{}", case["query"]);
    });
}

fn expected(file: &Value, case: &Value) -> Result<Expected, Error> {
    let given = &case["expected"];
    let order_id = given["order_id"].as_str().unwrap_or(text(&file["order_id"]));
    Expected::order(order_id)?.price_from_parts(
        optional_amount(&given["fiat_amount"])?,
        given["fiat_currency"].as_str(),
        &coins(&given["crypto_amounts"])?,
    )
}

#[test]
fn verifications() {
    each("verifications.json", |file, case| {
        let expected = expected(file, case).expect("valid");
        let (success, message) = (case["success"] == true, text(&case["message"]));
        let token = text(&file["token"]);
        let verification =
            testing::verification(success, message, text(&case["body"]), token, &expected).expect("valid");
        let name = &case["name"];
        assert_eq!(verification.outcome().as_str(), text(&case["outcome"]), "{name}");
        assert_eq!(verification.require_settled().is_ok(), verification.is_settled(), "{name}");
        if let Some(status) = case.get("status") {
            assert_eq!(verification.status().map(OrderStatus::code), status.as_i64(), "{name}");
        }
        if let Some(unchecked) = case.get("amount_unchecked") {
            assert_eq!(verification.amount_unchecked(), unchecked == true, "{name}");
        }
        if let Some(amounts) = case.get("settlement") {
            settlement_matches(verification.settlement().expect("a settlement"), amounts);
        }
    });
}

fn settlement_matches(settlement: &paymento::Settlement, expected: &Value) {
    let amount = |amount: Option<&Amount>| amount.map(ToString::to_string).into();
    let hashes: Vec<_> = settlement.transactions().iter().map(paymento::Transaction::tx_hash).collect();
    let found: [(&str, Value); 5] = [
        ("expected_crypto_amount", amount(settlement.expected_crypto_amount())),
        ("requested_fiat_amount", amount(settlement.requested_fiat_amount())),
        ("received_crypto_amount", amount(settlement.received_crypto_amount())),
        ("pending_tx_hash", settlement.pending_tx_hash().into()),
        ("tx_hashes", serde_json::json!(hashes)),
    ];
    for (name, value) in found {
        assert!(expected.get(name).is_none_or(|expected| *expected == value), "{name}: {value}");
    }
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(text).collect()
}

#[test]
fn the_tables_of_codes_statuses_and_outcomes_are_the_surfaces() {
    let surface = vectors("surface.json");
    let codes = surface["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| (text(&error["code"]), text(&error["class"]), error["is_retryable"] == true));
    let ours = ErrorCode::ALL.iter().map(|code| (code.as_str(), code.kind().class_name(), code.is_retryable()));
    assert_eq!(ours.collect::<Vec<_>>(), codes.collect::<Vec<_>>());
    let statuses = surface["statuses"].as_array().expect("statuses").iter();
    let statuses: Vec<_> =
        statuses.map(|s| (s["code"].as_i64().expect("code"), text(&s["name"]), text(&s["meaning"]))).collect();
    assert_eq!(OrderStatus::KNOWN.map(|s| (s.code(), s.name(), s.meaning().as_str())).to_vec(), statuses);
    assert_eq!(Outcome::ALL.map(Outcome::as_str).to_vec(), names(&surface["outcomes"]));
    assert_eq!([Speed::Low, Speed::High].map(Speed::as_str).to_vec(), names(&surface["speeds"]));
    let methods = [CallbackMethod::Post, CallbackMethod::Put].map(CallbackMethod::as_str);
    assert_eq!(methods.to_vec(), names(&surface["callback_methods"]));
    let meanings =
        [Meaning::Open, Meaning::Attention, Meaning::VerifyNow, Meaning::Settled, Meaning::Closed, Meaning::Unknown];
    assert_eq!(meanings.map(Meaning::as_str).to_vec(), names(&surface["meanings"]));
}

#[test]
fn the_options_of_the_simulator_that_have_names_are_the_surfaces() {
    let surface = &vectors("surface.json")["simulator"];
    assert_eq!(as_texts(Profile::ALL, Profile::as_str), names(&surface["profiles"]));
    assert_eq!(as_texts(BadKeyAnswer::ALL, BadKeyAnswer::as_str), names(&surface["bad_key_answers"]));
    assert_eq!(
        as_texts(BusinessErrorStatus::ALL, BusinessErrorStatus::as_str),
        names(&surface["business_error_statuses"])
    );
    assert_eq!(as_texts(UnknownTokenAnswer::ALL, UnknownTokenAnswer::as_str), names(&surface["unknown_token_answers"]));
}

#[test]
fn the_names_of_the_checkout_are_the_surfaces() {
    use paymento::checkout::{AnswerPolicy, EventKind, Migrate, OrderState, PaymentState, Problem, Reason, Worker};
    let surface = &vectors("surface.json")["checkout"];
    assert_eq!(as_texts(EventKind::ALL, EventKind::as_str), names(&surface["event_kinds"]));
    assert_eq!(as_texts(Reason::ALL, Reason::as_str), names(&surface["reasons"]));
    assert_eq!(as_texts(Problem::ALL, Problem::as_str), names(&surface["problems"]));
    assert_eq!(as_texts(OrderState::ALL, OrderState::as_str), names(&surface["order_states"]));
    assert_eq!(as_texts(PaymentState::ALL, PaymentState::as_str), names(&surface["payment_states"]));
    assert_eq!(as_texts(Worker::ALL, Worker::as_str), names(&surface["workers"]));
    assert_eq!(as_texts(AnswerPolicy::ALL, AnswerPolicy::as_str), names(&surface["answer_policies"]));
    assert_eq!(as_texts(Migrate::ALL, Migrate::as_str), names(&surface["migrate"]));
}

fn as_texts<T: Copy>(all: &[T], text: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().copied().map(text).collect()
}
