//! Order statuses and the other closed lists, which the declarations in TypeScript are held against.

use napi_derive::napi;
use paymento::{CallbackMethod, OrderStatus, Outcome, Speed};

/// A status in JavaScript: a number. An undocumented one beyond 2^53 loses digits; its text keeps them.
#[expect(clippy::cast_precision_loss, reason = "every documented code is small")]
pub(crate) fn code_to_js(status: OrderStatus) -> f64 {
    status.code() as f64
}

/// From JavaScript: whole, or none.
#[expect(clippy::cast_possible_truncation, reason = "what has no fraction and fits 2^53 fits an i64")]
pub(crate) fn status_from_js(code: f64) -> Option<OrderStatus> {
    let is_whole = code.fract() == 0.0 && code.abs() <= 9_007_199_254_740_991.0;
    is_whole.then(|| OrderStatus::from_code(code as i64))
}

/// One documented status.
#[napi(object, object_from_js = false)]
pub struct StatusEntry {
    /// The number.
    pub code: f64,
    /// The name.
    pub name: &'static str,
    /// What it means to a shop.
    pub meaning: &'static str,
}

impl From<OrderStatus> for StatusEntry {
    fn from(status: OrderStatus) -> Self {
        Self { code: code_to_js(status), name: status.name(), meaning: status.meaning().as_str() }
    }
}

/// The documented statuses.
#[napi]
pub fn order_statuses() -> Vec<StatusEntry> {
    OrderStatus::KNOWN.into_iter().map(Into::into).collect()
}

/// Any status: a number that is not documented is Unknown.
#[napi]
pub fn order_status(code: f64) -> StatusEntry {
    let unknown = || StatusEntry { code, ..OrderStatus::Unknown(i64::MAX).into() };
    status_from_js(code).map_or_else(unknown, Into::into)
}

/// Every outcome of a verify call.
#[napi]
pub fn outcomes() -> Vec<&'static str> {
    Outcome::ALL.into_iter().map(Outcome::as_str).collect()
}

/// Every speed.
#[napi]
pub fn speeds() -> Vec<&'static str> {
    [Speed::Low, Speed::High].map(Speed::as_str).to_vec()
}

/// The number on the wire; none for a method that does not exist.
#[napi]
pub fn callback_method_code(method: String) -> Option<u8> {
    CallbackMethod::parse(&method).ok().map(CallbackMethod::code)
}

/// Every callback method.
#[napi]
pub fn callback_methods() -> Vec<&'static str> {
    [CallbackMethod::Post, CallbackMethod::Put].map(CallbackMethod::as_str).to_vec()
}
