//! `sign`, and the name of the header.

use napi_derive::napi;
use paymento::Secret;

use crate::errors::{Outcome, to_js};

/// The header in which the gateway sends the signature.
#[napi]
pub const SIGNATURE_HEADER: &str = paymento::SIGNATURE_HEADER;

/// The version of core and addon.
#[napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Signs a body as the gateway does.
#[napi]
pub fn sign(body: &[u8], secret: String) -> Outcome<String> {
    to_js(Secret::new(&secret).map(|secret| paymento::sign(body, &secret)))
}
