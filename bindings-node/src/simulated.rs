//! What a simulator shows: payments, deliveries, events.

use std::time::Duration;

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use paymento::simulator;

use crate::status::code_to_js;

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// A payment as it stands.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct PaymentSnapshot {
    /// The token.
    pub token: String,
    /// All 64 bits.
    pub payment_id: String,
    /// The shop's order id.
    pub order_id: Option<String>,
    /// Where it stands.
    pub status: f64,
    /// The fiat price.
    pub fiat_amount: Option<String>,
    /// As the shop wrote it.
    pub fiat_currency: Option<String>,
    /// The chosen coin's name.
    pub coin: Option<String>,
    /// How much of the chosen coin.
    pub crypto_amount: Option<String>,
    /// Where the customer returns to.
    pub return_url: Option<String>,
    /// 0 high, 1 low.
    pub risk_speed: u8,
    /// The culture name.
    pub language: Option<String>,
    /// The customer's address.
    pub email_address: Option<String>,
    /// What travels with the order.
    pub additional_data: Vec<(String, String)>,
    /// The checkout page.
    pub url: String,
}

impl From<simulator::PaymentSnapshot> for PaymentSnapshot {
    fn from(payment: simulator::PaymentSnapshot) -> Self {
        Self {
            token: payment.token,
            payment_id: payment.payment_id.to_string(),
            order_id: payment.order_id,
            status: code_to_js(payment.status),
            fiat_amount: payment.fiat_amount.map(|amount| amount.to_string()),
            fiat_currency: payment.fiat_currency,
            coin: payment.coin,
            crypto_amount: payment.crypto_amount.map(|amount| amount.to_string()),
            return_url: payment.return_url,
            risk_speed: payment.risk_speed,
            language: payment.language,
            email_address: payment.email_address,
            additional_data: payment.additional_data,
            url: payment.url,
        }
    }
}

/// One attempt to deliver a callback.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DeliveryAttempt {
    /// When it began, counted from the moment the callback was due.
    pub offset_ms: f64,
    /// How long the answer took, or the failure.
    pub took_ms: f64,
    /// The answer's HTTP status.
    pub answer_status: Option<u16>,
    /// Why there was no answer.
    pub failure: Option<String>,
}

impl From<&simulator::Attempt> for DeliveryAttempt {
    fn from(attempt: &simulator::Attempt) -> Self {
        Self {
            offset_ms: milliseconds(attempt.offset),
            took_ms: milliseconds(attempt.took),
            answer_status: attempt.answer_status(),
            failure: attempt.failure().map(str::to_owned),
        }
    }
}

/// One callback and what came of it.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Delivery {
    /// The payment's token.
    pub token: String,
    /// The status that the callback carries.
    pub status: Option<f64>,
    /// Where it goes.
    pub url: String,
    /// How it goes.
    pub method: &'static str,
    /// The exact body bytes.
    pub body: Buffer,
    /// The signature header's value.
    pub signature: Option<String>,
    /// Every attempt so far.
    pub attempts: Vec<DeliveryAttempt>,
    /// Whether it was answered 200, or given up.
    pub finished: bool,
    /// Whether it was answered 200.
    pub is_delivered: bool,
}

impl From<simulator::Delivery> for Delivery {
    fn from(delivery: simulator::Delivery) -> Self {
        Self {
            is_delivered: delivery.is_delivered(),
            attempts: delivery.attempts.iter().map(Into::into).collect(),
            token: delivery.token,
            status: delivery.status.map(code_to_js),
            url: delivery.url,
            method: delivery.method.as_str(),
            body: delivery.body.into(),
            signature: delivery.signature,
            finished: delivery.finished,
        }
    }
}

/// One thing that happened.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct SimulatorEvent {
    /// Counts up from 1 without gaps.
    pub sequence: u32,
    /// How long the simulator had been running.
    pub at_ms: f64,
    /// For instance `payment_created`.
    pub kind: &'static str,
    /// The payment's token, or empty.
    pub token: String,
    /// The shop's order id, or empty.
    pub order_id: String,
    /// The payment's status after it.
    pub status: Option<f64>,
    /// The rest, in words.
    pub detail: String,
}

impl From<simulator::Event> for SimulatorEvent {
    fn from(event: simulator::Event) -> Self {
        Self {
            sequence: u32::try_from(event.sequence).unwrap_or(u32::MAX),
            at_ms: milliseconds(event.at),
            kind: event.kind.as_str(),
            token: event.token,
            order_id: event.order_id,
            status: event.status.map(code_to_js),
            detail: event.detail,
        }
    }
}
