//! The answer to a callback.

use napi_derive::napi;
use paymento::{ErrorCode, checkout};
use serde::Serialize;

/// An answer as plain data.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Name and value.
    pub headers: Vec<(&'static str, &'static str)>,
    /// A short text.
    pub body: &'static str,
    /// The payment's token, once the callback is recorded.
    pub token: Option<String>,
    /// Why it was not taken.
    pub code: Option<&'static str>,
    /// The order whose handlers are to run before this is sent.
    pub hand_over: Option<String>,
}

impl From<checkout::Answer> for Answer {
    fn from(answer: checkout::Answer) -> Self {
        Self {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            token: answer.token,
            code: answer.code.map(ErrorCode::as_str),
            hand_over: answer.hand_over,
        }
    }
}
