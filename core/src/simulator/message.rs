//! [`Message`]: a callback's bytes and headers, as they should be or as a fault makes them.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{Fault, notice, payment::Payment};
use crate::{
    secret::Secret,
    signature::{self, SIGNATURE_HEADER},
    status::OrderStatus,
};

/// The name that the documentation's curl example gives the signature's header.
const UNDERSCORE_HEADER: HeaderName = HeaderName::from_static("hmac_sha256_signature");
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// So much is missing at the end of a truncated body.
const CUT: usize = 10;

pub(super) struct Message {
    pub(super) body: Vec<u8>,
    pub(super) headers: HeaderMap,
}

impl Message {
    /// A payment's callback with this status, altered by these faults, and signed as altered.
    pub(super) fn of(payment: &Payment, status: OrderStatus, faults: &[Fault], secret: &Secret) -> Self {
        let mut body = notice::body(payment, status, faults);
        if faults.contains(&Fault::CallbackByteOrderMark) {
            body.splice(..0, BYTE_ORDER_MARK.iter().copied());
        }
        if faults.contains(&Fault::CallbackTruncate) {
            body.truncate(body.len().saturating_sub(CUT));
        }
        Self::signed(body, faults, secret)
    }

    /// These bytes with the store's signature, unless a fault spoils it.
    pub(super) fn signed(body: Vec<u8>, faults: &[Fault], secret: &Secret) -> Self {
        let mut signature = signature::sign(&body, secret);
        if faults.contains(&Fault::CallbackWrongSecret) {
            signature = Secret::new("another store's secret key")
                .map_or_else(|_| "0".repeat(signature.len()), |other| signature::sign(&body, &other));
        }
        if faults.contains(&Fault::CallbackLowerCaseSignature) {
            signature.make_ascii_lowercase();
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Ok(value) = HeaderValue::try_from(signature) {
            if faults.contains(&Fault::CallbackUnderscoreHeader) {
                headers.insert(UNDERSCORE_HEADER, value);
            } else {
                headers.insert(SIGNATURE_HEADER, value);
            }
        }
        Self { body, headers }
    }

    /// The signature that it carries, under either name.
    pub(super) fn signature(&self) -> Option<&str> {
        let value = self.headers.get(SIGNATURE_HEADER).or_else(|| self.headers.get(UNDERSCORE_HEADER));
        value.and_then(|value| value.to_str().ok())
    }

    /// Whether a careful shop takes it for the gateway's.
    pub(super) fn is_authentic(&self, secret: &Secret) -> bool {
        self.signature().is_some_and(|signature| signature::check(&self.body, signature, secret).is_ok())
    }

    /// The same, with its status changed to Paid, or from Paid to Approve, after it was signed.
    pub(super) fn tampered(mut self) -> Self {
        let marker = b"\"OrderStatus\":";
        let status = self.body.windows(marker.len()).position(|window| window == marker).map(|at| at + marker.len());
        match status.and_then(|at| self.body.get_mut(at)) {
            Some(digit) => *digit = if *digit == b'7' { b'8' } else { b'7' },
            None => self.body.push(b' '),
        }
        self
    }
}
