//! Values that only the gateway can make otherwise, for the tests of a shop. Behind the feature `testing`.
//!
//! ```
//! # use paymento::{Callback, Secret, testing};
//! # fn main() -> Result<(), paymento::Error> {
//! let secret = Secret::new("a secret key")?;
//! let (headers, body) = testing::signed_callback(&testing::CallbackFields::paid("A-578"), &secret);
//! let callback = Callback::authenticate(&body, &headers, &secret)?;
//! assert_eq!(callback.order_id(), Some("A-578"));
//! # Ok(()) }
//! ```

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{json, value::RawValue};

use crate::{
    amount::Amount,
    decide::{Answer, decide},
    error::Error,
    expected::Expected,
    json::Object,
    payment::Payment,
    price::Price,
    secret::Secret,
    settlement::Settlement,
    signature::{SIGNATURE_HEADER, sign},
    status::OrderStatus,
    token::Token,
    verification::Verification,
};

#[cfg(feature = "checkout")]
pub use crate::checkout::testing::{
    answer, dead_letter, health, history_entry, order_event, order_record, payment_record, payments_page, shortfall,
};

/// The token used where none is given.
pub const TOKEN: &str = "7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a";

/// What a callback says.
#[derive(Clone, Debug)]
pub struct CallbackFields {
    /// Default [`TOKEN`].
    pub token: String,
    /// Default 20417.
    pub payment_id: i64,
    /// The shop's order id.
    pub order_id: String,
    /// Default Paid.
    pub status: OrderStatus,
    /// Default none.
    pub additional_data: Vec<(String, String)>,
}

impl CallbackFields {
    /// That the order's payment is Paid.
    pub fn paid(order_id: impl Into<String>) -> Self {
        Self {
            token: TOKEN.to_owned(),
            payment_id: 20_417,
            order_id: order_id.into(),
            status: OrderStatus::Paid,
            additional_data: Vec::new(),
        }
    }

    /// The body as the gateway writes it.
    fn to_body(&self) -> Vec<u8> {
        let text = |text: &str| json!(text).to_string();
        let pairs: Vec<_> =
            self.additional_data.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        format!(
            r#"{{"Token":{},"PaymentId":{},"OrderId":{},"OrderStatus":{},"AdditionalData":{}}}"#,
            text(&self.token),
            self.payment_id,
            text(&self.order_id),
            self.status.code(),
            json!(pairs),
        )
        .into_bytes()
    }
}

/// Headers and body of a callback, signed as the gateway signs.
pub fn signed_callback(fields: &CallbackFields, secret: &Secret) -> (HeaderMap, Vec<u8>) {
    let body = fields.to_body();
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let name = HeaderName::from_bytes(SIGNATURE_HEADER.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&sign(&body, secret))) {
        headers.insert(name, value);
    }
    (headers, body)
}

/// A price, checked as `create_payment` checks it.
///
/// # Errors
/// `input.price_missing`, `input.price_ambiguous`, `input.amount`, `input.currency`, `input.coin`.
pub fn price(amount: Option<Amount>, currency: Option<&str>, coins: &[(String, Amount)]) -> Result<Price, Error> {
    Price::required(amount, currency, coins)
}

/// A payment as `create_payment` gives it.
///
/// # Errors
/// `input.token`.
pub fn payment(
    token: &str,
    gateway_url: &str,
    order_id: &str,
    price: Price,
    live: Option<bool>,
) -> Result<Payment, Error> {
    Ok(Payment::new(&Token::from_input(token)?, gateway_url, order_id.to_owned(), price, live))
}

/// A verification as `verify_payment` gives it for this answer of the gateway: the real decision, without the gateway.
///
/// `body` is the JSON object in the answer's `body`; anything else counts as none.
///
/// # Errors
/// `input.token`.
pub fn verification(
    success: bool,
    message: &str,
    body: &str,
    token: &str,
    expected: &Expected,
) -> Result<Verification, Error> {
    let answer = Answer { success, message: Some(message.to_owned()), body: Object::parse(body.as_bytes()) };
    Ok(decide(&answer, &Token::from_input(token)?, expected))
}

/// A settlement from the gateway's JSON; without amounts where it is no JSON object.
pub fn settlement(json: &str) -> Settlement {
    Settlement::read(serde_json::from_str(json).unwrap_or(RawValue::NULL))
}

/// A value of one of the API's small types, from the JSON object that the gateway would send for it.
///
/// # Errors
/// `decode.unexpected` when the object lacks what the type is about.
#[cfg(feature = "client")]
pub fn from_json<T: crate::client::FromFields>(json: &str) -> Result<T, Error> {
    let read = Object::parse(json.as_bytes()).and_then(|fields| T::from_fields(&fields));
    read.ok_or_else(|| Error::new(crate::ErrorCode::DecodeUnexpected, "the JSON lacks what the type is about"))
}

/// What `ensure_callback_url` gives.
#[cfg(feature = "client")]
pub fn callback_url_change(
    changed: bool,
    previous: crate::Settings,
    current: crate::Settings,
) -> crate::CallbackUrlChange {
    crate::CallbackUrlChange { changed, previous, current }
}
