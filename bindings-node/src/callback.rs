//! `authenticate`: raw bytes in, an authenticated message out.

use napi::Either;
use napi_derive::napi;
use paymento::{Error, Headers, OrderStatus, Secret};

use crate::errors::{Outcome, to_js};

/// A callback's fields as text: one string crosses for a fraction of what an object costs, and is read only when a field
/// is asked for. The first line is a JSON array, the rest the additional data as it came, which few ask for.
///
/// Token, payment id with all 64 bits, order id, status, status as it came, what it means, which secret matched.
pub(crate) fn pack(callback: &paymento::Callback) -> String {
    let fields = (
        callback.token(),
        callback.payment_id().map(|id| id.to_string()),
        callback.order_id(),
        callback.status().map(OrderStatus::code),
        callback.status_text(),
        callback.meaning().as_str(),
        callback.secret_index(),
    );
    // Strings and numbers only: serde_json has no way to fail on these, and writes them in one line.
    let fields = serde_json::to_string(&fields).unwrap_or_default();
    [&fields, "\n", callback.additional_data_json()].concat()
}

/// Reads the additional data that stands behind a callback's first line.
#[napi]
pub fn read_additional_data(json: String) -> Vec<(String, String)> {
    paymento::Callback::read_additional_data(&json)
}

/// The one signature, or the headers that matter: name, value, name, value. Declared for TypeScript in
/// `native-header.txt`.
pub type SignatureHeaders = Either<String, Vec<String>>;

/// Names and values that came one after the other.
pub(crate) fn pairs_of(flat: &[String]) -> Vec<(&str, &str)> {
    flat.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect()
}

pub(crate) fn with_headers<T>(headers: &SignatureHeaders, use_them: impl FnOnce(Headers<'_>) -> T) -> T {
    match headers {
        Either::A(value) => use_them(Headers::Value(value)),
        Either::B(flat) => use_them(Headers::TextPairs(&pairs_of(flat))),
    }
}

/// What a header of this name is to us: 0 nothing, 1 the signature, 2 something that is looked at.
#[napi]
pub fn header_role(name: String) -> u32 {
    if Headers::holds_signature(name.as_bytes()) { 1 } else { u32::from(Headers::concerns(name.as_bytes())) * 2 }
}

/// Checks the signature over the raw body, and reads it.
#[napi]
pub fn authenticate(body: &[u8], headers: SignatureHeaders, secrets: Either<String, Vec<String>>) -> Outcome<String> {
    to_js(authenticate_with(body, &headers, &secrets).map(|callback| pack(&callback)))
}

fn authenticate_with(
    body: &[u8],
    headers: &SignatureHeaders,
    secrets: &Either<String, Vec<String>>,
) -> Result<paymento::Callback, Error> {
    let secrets = match secrets {
        Either::A(secret) => vec![Secret::new(secret)?],
        Either::B(secrets) => secrets.iter().map(|secret| Secret::new(secret)).collect::<Result<_, _>>()?,
    };
    with_headers(headers, |headers| paymento::Callback::authenticate(body, headers, &secrets))
}
