//! The body of a callback: compact JSON in `PascalCase`, in the documented order, or as a fault makes it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Fault,
    payment::{Entry, Payment},
};
use crate::status::OrderStatus;

/// The first number that a double cannot hold. Added to a payment's own.
const BEYOND_DOUBLES: i64 = (1 << 53) + 1;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Callback<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    payment_id: PaymentId,
    order_id: &'a str,
    order_status: i64,
    #[serde(skip_serializing_if = "Notes::are_missing")]
    additional_data: Notes<'a>,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    undocumented: Option<Undocumented>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PaymentId {
    Number(i64),
    Text(String),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Notes<'a> {
    List(Vec<Note<'a>>),
    Null,
    Missing,
}

impl Notes<'_> {
    fn are_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

/// An entry of a callback's additional data. No source shows one; the rest of the body is Pascal-cased.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Note<'a> {
    key: Option<&'a str>,
    value: Option<&'a str>,
}

impl<'a> Note<'a> {
    fn new((key, value): &'a Entry) -> Self {
        Self { key: key.as_deref(), value: value.as_deref() }
    }
}

/// Fields that nobody has documented, one of each kind.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Undocumented {
    network: &'static str,
    confirmations: i64,
    hints: BTreeMap<&'static str, bool>,
}

/// A callback's body.
pub(super) fn body(payment: &Payment, status: OrderStatus, faults: &[Fault]) -> Vec<u8> {
    let has = |fault| faults.contains(&fault);
    let id = payment.payment_id + if has(Fault::CallbackLargePaymentId) { BEYOND_DOUBLES } else { 0 };
    let notes = || payment.order.additional_data.iter().map(Note::new).collect();
    json(&Callback {
        token: Some(&payment.token),
        payment_id: if has(Fault::CallbackTextPaymentId) {
            PaymentId::Text(id.to_string())
        } else {
            PaymentId::Number(id)
        },
        order_id: payment.order_id(),
        order_status: status.code(),
        additional_data: match (has(Fault::CallbackNoAdditionalData), has(Fault::CallbackNullAdditionalData)) {
            (true, _) => Notes::Missing,
            (false, true) => Notes::Null,
            (false, false) => Notes::List(notes()),
        },
        undocumented: has(Fault::CallbackUnknownFields).then(|| Undocumented {
            network: "nobody has documented this",
            confirmations: 1,
            hints: [("Documented", false)].into(),
        }),
    })
}

/// The dashboard's probe. No source shows one; integrators expect it to carry no token.
pub(super) fn test_webhook() -> Vec<u8> {
    json(&plain(None, 0, OrderStatus::Initialize))
}

/// A callback for a payment that nobody has made.
pub(super) fn made_up(token: &str) -> Vec<u8> {
    json(&plain(Some(token), 1, OrderStatus::WaitingToConfirm))
}

fn plain(token: Option<&str>, id: i64, status: OrderStatus) -> Callback<'_> {
    Callback {
        token,
        payment_id: PaymentId::Number(id),
        order_id: "",
        order_status: status.code(),
        additional_data: Notes::List(Vec::new()),
        undocumented: None,
    }
}

fn json(callback: &Callback<'_>) -> Vec<u8> {
    serde_json::to_vec(callback).unwrap_or_default()
}
