//! [`Callback`]: raw bytes in, an authenticated message out. There is no other way to make one.

use std::{fmt, ops::Range, sync::OnceLock};

use serde_json::value::RawValue;

use crate::{
    error::{Error, ErrorCode},
    headers::Headers,
    json::{self, Object, ReportedStatus},
    log::{self, LogRecord},
    secret::Secret,
    signature,
    status::{Meaning, OrderStatus},
    token::Token,
};

/// Longest callback body taken, in bytes.
pub const MAX_CALLBACK_BYTES: usize = 64 * 1024;

/// A callback that carries the store's signature.
///
/// It says that the gateway sent these bytes at some time, and no more: callbacks are repeated, late and out of order,
/// and may be replayed. Whether the payment is settled, only a verify call says.
#[derive(Clone)]
pub struct Callback {
    body: Box<[u8]>,
    secret_index: usize,
    token: Option<Token>,
    payment_id: Option<i64>,
    order_id: Option<String>,
    status: ReportedStatus,
    /// Where in the body the notes are; empty without any.
    notes: Range<usize>,
    /// Read when it is first asked for: most shops never do, and it may be the larger part of the body.
    additional_data: OnceLock<Vec<(String, String)>>,
}

/// Without the body and the shop's notes.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("token", &self.token())
            .field("payment_id", &self.payment_id)
            .field("order_id", &self.order_id)
            .field("status", &self.status_text())
            .finish_non_exhaustive()
    }
}

impl Callback {
    /// Checks the signature over the raw body, and only then reads it.
    ///
    /// `headers`: a `&HeaderMap`, pairs of bytes, or the one value. `secrets`: one [`Secret`], or several while the
    /// secret key is being changed.
    ///
    /// # Errors
    /// `input.body_too_large` over 64 KiB; `config.secret` without any secret; `signature.missing`,
    /// `signature.malformed`, `signature.conflicting`, `signature.mismatch`; `decode.callback` when the signature is
    /// right and the body cannot be read.
    pub fn authenticate<'a>(
        body: &[u8],
        headers: impl Into<Headers<'a>>,
        secrets: impl AsRef<[Secret]>,
    ) -> Result<Self, Error> {
        Self::authenticate_unlogged(body, headers.into(), secrets.as_ref())
            .inspect_err(|error| log::emit(&LogRecord::refused_callback(error)))
    }

    pub(crate) fn authenticate_unlogged(body: &[u8], headers: Headers<'_>, secrets: &[Secret]) -> Result<Self, Error> {
        if body.len() > MAX_CALLBACK_BYTES {
            return Err(Error::new(ErrorCode::InputBodyTooLarge, "the callback body is over 64 KiB"));
        }
        if secrets.is_empty() {
            return Err(Secret::not_given());
        }
        let signature = headers.signature()?;
        let secret_index = signature::check_any(body, signature, secrets)?;
        Self::read(body, secret_index)
    }

    fn read(body: &[u8], secret_index: usize) -> Result<Self, Error> {
        let fields = Object::parse(body).ok_or_else(|| undecodable("its body is not a JSON object"))?;
        if let Some(name) = fields.ambiguous(&["Token", "OrderId", "OrderStatus", "PaymentId"]) {
            return Err(undecodable(&format!("it names {name} twice")));
        }
        Ok(Self {
            body: body.into(),
            secret_index,
            token: read_token(&fields)?,
            payment_id: fields.get("PaymentId").and_then(json::integer),
            order_id: fields.text("OrderId").filter(|id| !id.is_empty()),
            status: ReportedStatus::read(fields.get("OrderStatus")),
            notes: fields.get("AdditionalData").map(|raw| position(raw, body)).unwrap_or_default(),
            additional_data: OnceLock::new(),
        })
    }

    /// The payment's token. `None` in the connection test that the dashboard sends.
    pub fn token(&self) -> Option<&str> {
        self.token.as_ref().map(Token::as_str)
    }

    /// The gateway's number of the payment.
    pub fn payment_id(&self) -> Option<i64> {
        self.payment_id
    }

    /// The shop's order id, as it was given to `create_payment`.
    pub fn order_id(&self) -> Option<&str> {
        self.order_id.as_deref()
    }

    /// The status when the callback was sent: a reason to verify, no proof.
    /// `None` when there is none, or one that is neither a number nor a documented name.
    pub fn status(&self) -> Option<OrderStatus> {
        self.status.status
    }

    /// What the status means to a shop. Unknown when there is none, or none that can be read.
    ///
    /// Open and Attention need no verify call: another callback comes when the payment moves.
    pub fn meaning(&self) -> Meaning {
        self.status().map_or(Meaning::Unknown, OrderStatus::meaning)
    }

    /// The status as it came, where there is one.
    pub fn status_text(&self) -> Option<&str> {
        self.status.text.as_deref()
    }

    /// The shop's own notes from `create_payment`, in their order.
    pub fn additional_data(&self) -> &[(String, String)] {
        self.additional_data.get_or_init(|| Self::read_additional_data(self.additional_data_json()))
    }

    /// The same as they came: JSON, or nothing where there are none. For bindings, which hand it over unread.
    pub fn additional_data_json(&self) -> &str {
        std::str::from_utf8(&self.body[self.notes.clone()]).unwrap_or_default()
    }

    /// Reads what [`additional_data_json`](Self::additional_data_json) gave. For bindings.
    pub fn read_additional_data(json: &str) -> Vec<(String, String)> {
        json::additional_data(serde_json::from_str(json).ok())
    }

    /// Which of the secrets matched, counted from 0.
    pub fn secret_index(&self) -> usize {
        self.secret_index
    }

    /// The body, byte for byte.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Where in `body` the value stands that was borrowed from it.
fn position(raw: &RawValue, body: &[u8]) -> Range<usize> {
    let start = raw.get().as_ptr().addr() - body.as_ptr().addr();
    start..start + raw.get().len()
}

fn read_token(fields: &Object<'_>) -> Result<Option<Token>, Error> {
    let Some(raw) = fields.get("Token") else { return Ok(None) };
    match json::text(raw).as_deref().map(str::trim) {
        Some("") => Ok(None),
        Some(text) => Token::parse(text).map(Some).ok_or_else(|| undecodable("its token has an unexpected form")),
        None => Err(undecodable("its token is not text")),
    }
}

fn undecodable(what: &str) -> Error {
    Error::new(ErrorCode::DecodeCallback, format!("the callback is authentic, but {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::sign;

    fn secret() -> Secret {
        Secret::new("a secret").expect("valid")
    }

    fn authentic(body: &[u8]) -> Result<Callback, Error> {
        Callback::authenticate(body, sign(body, &secret()).as_str(), secret())
    }

    #[test]
    fn the_documented_body_is_read() {
        let body = br#"{"Token":"fe3024f2b7f64b24ad822bca22341e70","PaymentId":244,"OrderId":"957","OrderStatus":3,"AdditionalData":[]}"#;
        let callback = authentic(body).expect("authentic");
        assert_eq!(callback.token(), Some("fe3024f2b7f64b24ad822bca22341e70"));
        assert_eq!(callback.payment_id(), Some(244));
        assert_eq!(callback.order_id(), Some("957"));
        assert_eq!(callback.status(), Some(OrderStatus::WaitingToConfirm));
        assert_eq!(callback.meaning(), Meaning::Open);
        assert_eq!(callback.body(), body);
    }

    #[test]
    fn notes_are_handed_over_as_they_came_and_read_alike_later() {
        let notes = r#"[ {"key":"a","value":"\u00e9"}, {"key":"ü","value":"2"}]"#;
        for start in ["{", "\u{feff}{", " {\"Token\":null, "] {
            let callback = authentic(format!("{start}\"AdditionalData\": {notes} }}").as_bytes()).expect("authentic");
            assert_eq!(callback.additional_data_json(), notes);
            let expected = [("a".to_owned(), "é".to_owned()), ("ü".to_owned(), "2".to_owned())];
            assert_eq!(callback.additional_data(), expected);
            assert_eq!(Callback::read_additional_data(notes), expected);
        }
        for body in [&b"{}"[..], br#"{"AdditionalData":null}"#] {
            let callback = authentic(body).expect("authentic");
            assert_eq!((callback.additional_data_json(), callback.additional_data()), ("", &[][..]));
        }
    }

    #[test]
    fn a_body_without_a_token_is_the_dashboards_probe() {
        for body in [&b"{}"[..], br#"{"Token":null}"#, br#"{"Token":" "}"#] {
            assert_eq!(authentic(body).expect("authentic").token(), None);
        }
    }

    #[test]
    fn an_authentic_body_that_cannot_be_read_is_its_own_error() {
        for body in [
            &b""[..],
            b"[]",
            b"null",
            b"\xff",
            br#"{"Token":["x"]}"#,
            br#"{"OrderStatus":7,"orderstatus":3}"#,
            br#"{"Token":"../.."}"#,
        ] {
            assert_eq!(authentic(body).expect_err("undecodable").code(), ErrorCode::DecodeCallback);
        }
    }

    #[test]
    fn nothing_is_read_before_the_signature_is_right() {
        let error = Callback::authenticate(b"[]", sign(b"{}", &secret()).as_str(), secret()).expect_err("refused");
        assert_eq!(error.code(), ErrorCode::SignatureMismatch);
    }

    #[test]
    fn a_body_over_the_limit_is_refused_before_it_is_hashed() {
        let body = vec![b' '; MAX_CALLBACK_BYTES + 1];
        assert_eq!(authentic(&body).expect_err("refused").code(), ErrorCode::InputBodyTooLarge);
    }

    #[test]
    fn without_a_secret_nothing_is_authentic() {
        let none: &[Secret] = &[];
        let error = Callback::authenticate(b"{}", "00", none).expect_err("refused");
        assert_eq!(error.code(), ErrorCode::ConfigSecret);
    }
}
