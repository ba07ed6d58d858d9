//! What the gateway writes: answers in camelCase, callbacks in `PascalCase`, numbers digit for digit.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::{
    TransactionState,
    coin::Coin,
    payment::{Entry, Payment},
    profile::{ApiRules, BusinessErrorStatus, Profile, UnknownTokenAnswer},
    target::Target,
    verify_shape::VerifyShape,
};
use crate::{amount::Amount, status::OrderStatus};

/// `success`, `message` and `body`, around nearly every answer.
#[derive(Serialize)]
pub(super) struct Envelope<T> {
    success: bool,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<T>,
}

pub(super) fn success<T: Serialize>(body: T) -> Response {
    json(StatusCode::OK, &Envelope { success: true, message: "", body: Some(body) })
}

/// The gateway understood, and says no. The published schema allows no null for most bodies, so there it is left out.
pub(super) fn refused(rules: ApiRules, message: &'static str) -> Response {
    let null = (rules.profile == Profile::Current).then_some(());
    json(refusal_status(rules), &Envelope { success: false, message, body: null })
}

fn refusal_status(rules: ApiRules) -> StatusCode {
    match rules.business_error {
        BusinessErrorStatus::Ok => StatusCode::OK,
        BusinessErrorStatus::BadRequest => StatusCode::BAD_REQUEST,
    }
}

/// verify's answer to a token that the store does not have.
pub(super) fn unknown_token(rules: ApiRules) -> Response {
    const MESSAGE: &str = "Invalid Token";
    match rules.unknown_token {
        UnknownTokenAnswer::NoBody => refused(rules, MESSAGE),
        UnknownTokenAnswer::DefaultBody => {
            let order_status = VerifyShape::new(rules.profile, &[]).status(OrderStatus::Initialize);
            let body = Verification { order_id: Some(""), order_status, ..Verification::default() };
            json(refusal_status(rules), &Envelope { success: false, message: MESSAGE, body: Some(body) })
        }
    }
}

/// For an answer without a `body` member.
#[derive(Serialize)]
pub(super) struct Simple {
    pub(super) success: bool,
    pub(super) message: &'static str,
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
}

/// The documented answer to a request that cannot be read, and the same shape for the other client errors.
pub(super) fn failure(status: StatusCode) -> Response {
    let error = if status == StatusCode::BAD_REQUEST { "Invalid request" } else { reason(status) };
    failure_because(status, error)
}

pub(super) fn failure_because(status: StatusCode, error: &str) -> Response {
    json(status, &Failure { error })
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let mut response = Response::new(Body::from(serde_json::to_vec(value).unwrap_or_default()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// A JSON number with exactly these digits.
pub(super) fn number(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[derive(Serialize)]
struct KeyValue<'a> {
    key: Option<&'a str>,
    value: Option<&'a str>,
}

fn key_values(entries: &[Entry]) -> Vec<KeyValue<'_>> {
    entries.iter().map(|(key, value)| KeyValue { key: key.as_deref(), value: value.as_deref() }).collect()
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verification<'a> {
    token: Option<&'a str>,
    order_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_status: Option<Value>,
    additional_data: Option<Vec<KeyValue<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settlement: Option<Settlement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Settlement<'a> {
    expected_crypto_amount: Box<RawValue>,
    requested_fiat_amount: Option<Box<RawValue>>,
    received_crypto_amount: Box<RawValue>,
    pending_tx_hash: Option<&'a str>,
    transactions: Vec<Transaction<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transaction<'a> {
    tx_hash: &'a str,
}

/// The answer to verify; `success` only when the payment is approved after the call.
pub(super) fn verification(payment: &Payment, approved: bool, shape: VerifyShape) -> Response {
    let body = Verification {
        token: Some(&payment.token),
        order_id: payment.order.order_id.as_deref(),
        order_status: shape.status(payment.status),
        additional_data: Some(key_values(&payment.order.additional_data)),
        settlement: shape.settlement.then(|| settlement(payment)),
    };
    json(StatusCode::OK, &Envelope { success: approved, message: "", body: Some(body) })
}

fn settlement(payment: &Payment) -> Settlement<'_> {
    let amount = |amount: &Amount| number(amount.to_string());
    let counted = || payment.transactions().filter(|transaction| transaction.counts());
    let mut pending = counted().filter(|transaction| transaction.state == TransactionState::Mempool);
    Settlement {
        expected_crypto_amount: payment.expected().map_or_else(|| number("0".to_owned()), amount),
        requested_fiat_amount: payment.order.fiat.as_ref().map(|(fiat, _)| amount(fiat)),
        received_crypto_amount: amount(&payment.received()),
        pending_tx_hash: pending.next().map(|transaction| transaction.hash.as_str()),
        transactions: counted().map(|transaction| Transaction { tx_hash: &transaction.hash }).collect(),
    }
}

/// The store's settings, with the odd capitals that the gateway's serializer makes.
#[derive(Serialize)]
pub(super) struct Settings {
    #[serde(rename = "ipN_URL")]
    url: Option<String>,
    #[serde(rename = "ipN_Method")]
    method: i64,
}

/// No URL comes with method 0, the value of a setting never made.
pub(super) fn settings(target: Option<&Target>) -> Settings {
    Settings { url: target.map(|target| target.text.clone()), method: target.map_or(0, |target| target.method.code()) }
}

#[derive(Serialize)]
pub(super) struct AcceptedCoin {
    name: String,
    shortcut: String,
}

pub(super) fn accepted_coin(coin: &Coin) -> AcceptedCoin {
    AcceptedCoin { name: coin.name.to_lowercase(), shortcut: coin.shortcut.to_lowercase() }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CoinDetails {
    name: &'static str,
    shortcut: &'static str,
    contract_address: Option<&'static str>,
    chain_id: Option<i32>,
    network: &'static str,
    is_test: bool,
}

pub(super) fn coin_details(coin: &'static Coin) -> CoinDetails {
    CoinDetails {
        name: coin.name,
        shortcut: coin.shortcut,
        contract_address: coin.contract,
        chain_id: coin.chain_id,
        network: coin.network,
        is_test: true,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LastBlock {
    coin_id: i64,
    coin_name: &'static str,
    last_receive_block_height: i64,
    last_receive_block_time: &'static str,
}

/// Height and time stand still: nothing is mined here.
pub(super) fn last_block(coin: &Coin) -> LastBlock {
    LastBlock {
        coin_id: coin.id,
        coin_name: coin.name,
        last_receive_block_height: coin.last_block,
        last_receive_block_time: "2026-01-01T00:00:00Z",
    }
}

#[derive(Serialize)]
pub(super) struct CoinPrice {
    id: i64,
    name: &'static str,
    shortcut: &'static str,
    price: Box<RawValue>,
    currency: String,
    #[serde(rename = "change24H")]
    change: Option<Box<RawValue>>,
}

/// None when the currency is not one of the gateway's.
pub(super) fn coin_price(coin: &Coin, currency: &str, with_change: bool) -> Option<CoinPrice> {
    Some(CoinPrice {
        id: coin.id,
        name: coin.name,
        shortcut: coin.shortcut,
        price: number(coin.price_text(currency)?),
        currency: currency.to_uppercase(),
        change: with_change.then(|| number(coin.change_text())),
    })
}
