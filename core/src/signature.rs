//! HMAC-SHA256 over the raw body: [`sign`] and [`check`]. The only file that imports `hmac` and `sha2`.
//!
//! The key is the secret's UTF-8 bytes as they are, although it looks like base64: the gateway's first plugin decoded
//! it, rejected every callback, and was corrected.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{
    error::{Error, ErrorCode},
    secret::Secret,
};

/// The header in which the gateway sends the signature.
pub const SIGNATURE_HEADER: &str = "X-HMAC-SHA256-SIGNATURE";

const SIGNATURE_BYTES: usize = 32;

/// The keyed state, made once per secret and cloned per check. Wiped on drop by `hmac`'s `zeroize`.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha256>);

impl Key {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length; the error is for other MACs")]
        Self(Hmac::new_from_slice(bytes).expect("HMAC takes a key of any length"))
    }

    fn over(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(body);
        mac
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Signs `body` as the gateway does: 64 upper-case hexadecimal characters. For tests and simulators.
pub fn sign(body: &[u8], secret: &Secret) -> String {
    hex::encode_upper(secret.key().over(body).finalize().into_bytes())
}

/// Checks that `signature` is the gateway's signature of exactly these body bytes.
///
/// Hexadecimal in either case, 64 characters. The comparison takes the same time wherever the two differ.
///
/// # Errors
/// `signature.malformed`: not 64 hexadecimal characters.
/// `signature.mismatch`: a wrong secret, a body that was parsed and written again, or a forged callback.
pub fn check(body: &[u8], signature: &str, secret: &Secret) -> Result<(), Error> {
    let expected = decode(signature)?;
    if matches(body, &expected, secret) { Ok(()) } else { Err(mismatch()) }
}

/// Checks against several secrets, and says which one matched.
pub(crate) fn check_any(body: &[u8], signature: &str, secrets: &[Secret]) -> Result<usize, Error> {
    let expected = decode(signature)?;
    secrets.iter().position(|secret| matches(body, &expected, secret)).ok_or_else(mismatch)
}

/// The SHA-256 of these bytes, which proves nothing about who made them.
pub(crate) fn digest(body: &[u8]) -> [u8; SIGNATURE_BYTES] {
    use sha2::Digest as _;
    Sha256::digest(body).into()
}

fn matches(body: &[u8], expected: &[u8; SIGNATURE_BYTES], secret: &Secret) -> bool {
    secret.key().over(body).verify_slice(expected).is_ok()
}

fn decode(signature: &str) -> Result<[u8; SIGNATURE_BYTES], Error> {
    let mut bytes = [0; SIGNATURE_BYTES];
    hex::decode_to_slice(signature, &mut bytes).map_err(|_| {
        Error::new(ErrorCode::SignatureMalformed, "the signature must be 64 hexadecimal characters")
            .with_hint("a base64 value or a `sha256=` prefix comes from another service or a proxy")
    })?;
    Ok(bytes)
}

fn mismatch() -> Error {
    Error::new(ErrorCode::SignatureMismatch, "the signature does not belong to this body and secret key").with_hint(
        "use the secret key as it is, not base64-decoded and not the API key, \
         and the body's raw bytes, before any middleware parses them; otherwise the callback is forged",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"Token":"7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a","OrderStatus":7}"#;

    fn secret() -> Secret {
        Secret::new("MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=").expect("valid")
    }

    #[test]
    fn what_is_signed_is_accepted_in_either_case() {
        let signature = sign(BODY, &secret());
        assert_eq!(signature, signature.to_uppercase());
        assert!(check(BODY, &signature, &secret()).is_ok());
        assert!(check(BODY, &signature.to_lowercase(), &secret()).is_ok());
    }

    #[test]
    fn one_changed_byte_is_a_mismatch() {
        let signature = sign(BODY, &secret());
        for position in 0..BODY.len() {
            let mut tampered = BODY.to_vec();
            tampered[position] ^= 1;
            let error = check(&tampered, &signature, &secret()).expect_err("refused");
            assert_eq!(error.code(), ErrorCode::SignatureMismatch);
        }
    }

    #[test]
    fn anything_but_64_hexadecimal_characters_is_malformed() {
        let good = sign(BODY, &secret());
        for bad in
            ["", "é", &good[1..], &format!("{good}0"), &good.replace(|_: char| true, "z"), &format!(" {}", &good[1..])]
        {
            let error = check(BODY, bad, &secret()).expect_err("refused");
            assert_eq!(error.code(), ErrorCode::SignatureMalformed, "{bad}");
        }
    }

    #[test]
    fn the_keyed_state_is_wiped_when_it_is_dropped() {
        fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
        // Hmac holds nothing but two of these, and does not carry the mark itself.
        is_wiped::<Sha256>();
    }

    #[test]
    fn the_matching_secret_is_named() {
        let (old, new) = (Secret::new("old").expect("valid"), Secret::new("new").expect("valid"));
        let signature = sign(BODY, &old);
        assert_eq!(check_any(BODY, &signature, &[new.clone(), old]).expect("matches"), 1);
        assert!(check_any(BODY, &signature, &[new]).is_err());
        assert!(check_any(BODY, &signature, &[]).is_err());
    }
}
