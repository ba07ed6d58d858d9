//! [`Delivery`]: one callback of a simulator and what came of it.

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use paymento::simulator;

use crate::{simulated::milliseconds, simulator_watch::count, status::code_to_js};

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
    /// The answer's body as text.
    pub answer_body: String,
}

impl From<&simulator::Attempt> for DeliveryAttempt {
    fn from(attempt: &simulator::Attempt) -> Self {
        Self {
            offset_ms: milliseconds(attempt.offset),
            took_ms: milliseconds(attempt.took),
            answer_status: attempt.answer_status(),
            failure: attempt.failure().map(str::to_owned),
            answer_body: attempt.answer_body.clone(),
        }
    }
}

/// One callback and what came of it.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Delivery {
    /// Counts up from 1.
    pub id: f64,
    /// The store's name.
    pub store_name: String,
    /// The payment's token.
    pub token: String,
    /// All 64 bits.
    pub payment_id: Option<String>,
    /// The shop's order id.
    pub order_id: Option<String>,
    /// The status that the callback carries.
    pub status: Option<f64>,
    /// When it was queued.
    pub queued_at_ms: f64,
    /// Where it goes.
    pub url: String,
    /// How it goes.
    pub method: &'static str,
    /// The headers that are about the callback.
    pub headers: Vec<(String, String)>,
    /// The exact body bytes.
    pub body: Buffer,
    /// The signature header's value.
    pub signature: Option<String>,
    /// Whether the signature is the store's own for exactly this body.
    pub is_authentic: bool,
    /// The faults that befell it.
    pub faults: Vec<&'static str>,
    /// Every attempt so far.
    pub attempts: Vec<DeliveryAttempt>,
    /// Whether it was answered 200, given up, or dropped by a fault.
    pub finished: bool,
    /// Whether it was answered 200.
    pub is_delivered: bool,
}

impl From<simulator::Delivery> for Delivery {
    fn from(delivery: simulator::Delivery) -> Self {
        Self {
            is_delivered: delivery.is_delivered(),
            attempts: delivery.attempts.iter().map(Into::into).collect(),
            faults: delivery.faults.iter().map(|fault| fault.as_str()).collect(),
            id: count(delivery.id),
            store_name: delivery.store_name,
            token: delivery.token,
            payment_id: delivery.payment_id.map(|id| id.to_string()),
            order_id: delivery.order_id,
            status: delivery.status.map(code_to_js),
            queued_at_ms: milliseconds(delivery.queued_at),
            url: delivery.url,
            method: delivery.method.as_str(),
            headers: delivery.headers,
            is_authentic: delivery.is_authentic,
            body: delivery.body.into(),
            signature: delivery.signature,
            finished: delivery.finished,
        }
    }
}
