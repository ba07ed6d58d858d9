//! [`Headers`]: where the signature of a callback is looked for.
//!
//! The gateway's documentation spells the header in several ways, its curl example with underscores, and web servers
//! hand it on as `HTTP_X_HMAC_SHA256_SIGNATURE`. All are found; where there are several, they must be equal.

use std::fmt;

use http::HeaderMap;

use crate::error::{Error, ErrorCode};

/// The headers of a callback: all of them, or the one value.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Headers<'a> {
    /// The value of the signature header.
    Value(&'a str),
    /// All headers.
    Map(&'a HeaderMap),
    /// All headers as pairs of name and value.
    Pairs(&'a [(&'a [u8], &'a [u8])]),
    /// All headers as pairs of name and value, as text.
    TextPairs(&'a [(&'a str, &'a str)]),
}

/// Without the values, among which is the signature.
impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headers([redacted])")
    }
}

impl<'a> From<&'a String> for Headers<'a> {
    fn from(value: &'a String) -> Self {
        Self::Value(value)
    }
}

impl<'a> From<&'a [(&'a str, &'a str)]> for Headers<'a> {
    fn from(pairs: &'a [(&'a str, &'a str)]) -> Self {
        Self::TextPairs(pairs)
    }
}

impl<'a> From<&'a str> for Headers<'a> {
    fn from(value: &'a str) -> Self {
        Self::Value(value)
    }
}

impl<'a> From<&'a HeaderMap> for Headers<'a> {
    fn from(map: &'a HeaderMap) -> Self {
        Self::Map(map)
    }
}

impl<'a> From<&'a [(&'a [u8], &'a [u8])]> for Headers<'a> {
    fn from(pairs: &'a [(&'a [u8], &'a [u8])]) -> Self {
        Self::Pairs(pairs)
    }
}

const NAME: &[u8] = b"x-hmac-sha256-signature";
const ALIAS: &[u8] = b"hmac-sha256-signature";
const PAYMENT_LINKS: &[u8] = b"x-paymento-signature";

impl<'a> Headers<'a> {
    /// Whether a header of this name is looked at, so that a binding need not convert the others.
    pub fn concerns(name: &[u8]) -> bool {
        [NAME, ALIAS, PAYMENT_LINKS].into_iter().any(|wanted| is_named(name, wanted))
    }

    /// Whether a header of this name holds the signature, so that its value may stand for all headers when no other
    /// [concerns](Self::concerns) us.
    pub fn holds_signature(name: &[u8]) -> bool {
        is_named(name, NAME) || is_named(name, ALIAS)
    }

    /// The one signature among the headers.
    pub(crate) fn signature(self) -> Result<&'a str, Error> {
        let mut found: Option<&[u8]> = None;
        let mut of_payment_links = false;
        self.for_each(|name, value| {
            of_payment_links |= is_named(name, PAYMENT_LINKS);
            if Self::holds_signature(name) {
                values(value).try_for_each(|value| one_of(&mut found, value))?;
            }
            Ok(())
        })?;
        let value = found.ok_or_else(|| missing(of_payment_links))?;
        // Not text: the caller's hex decoder says what is wrong with it.
        Ok(std::str::from_utf8(value).unwrap_or("not text"))
    }

    fn for_each(self, mut visit: impl FnMut(&'a [u8], &'a [u8]) -> Result<(), Error>) -> Result<(), Error> {
        match self {
            Self::Value(value) => visit(NAME, value.as_bytes()),
            Self::Map(map) => map.iter().try_for_each(|(name, value)| visit(name.as_ref(), value.as_bytes())),
            Self::Pairs(pairs) => pairs.iter().try_for_each(|(name, value)| visit(name, value)),
            Self::TextPairs(pairs) => {
                pairs.iter().try_for_each(|(name, value)| visit(name.as_bytes(), value.as_bytes()))
            }
        }
    }
}

/// A header that came twice is often joined with a comma.
fn values(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|value| !value.is_empty())
}

fn one_of<'a>(found: &mut Option<&'a [u8]>, value: &'a [u8]) -> Result<(), Error> {
    if found.is_some_and(|other| !other.eq_ignore_ascii_case(value)) {
        return Err(Error::new(
            ErrorCode::SignatureConflicting,
            "there are several signature headers, and they differ",
        )
        .with_hint("a proxy added one, or somebody tries what gets through"));
    }
    *found = Some(value);
    Ok(())
}

/// Ignores case, takes `_` for `-`, and the `HTTP_` that WSGI and CGI put in front.
fn is_named(name: &[u8], wanted: &[u8]) -> bool {
    let same = |name: &[u8]| name.len() == wanted.len() && name.iter().zip(wanted).all(|(a, b)| plain(*a) == *b);
    same(name) || (name.len() == wanted.len() + 5 && same(&name[5..]) && name[..5].eq_ignore_ascii_case(b"http_"))
}

fn plain(byte: u8) -> u8 {
    if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() }
}

fn missing(of_payment_links: bool) -> Error {
    let error = Error::new(ErrorCode::SignatureMissing, "the header X-HMAC-SHA256-SIGNATURE is missing");
    if of_payment_links {
        return error.with_hint("X-Paymento-Signature belongs to payment links, another product with other callbacks");
    }
    error.with_hint("a proxy may drop it; nginx drops names with underscores; or the request is not the gateway's")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature<'a>(pairs: &'a [(&'a [u8], &'a [u8])]) -> Result<&'a str, ErrorCode> {
        Headers::from(pairs).signature().map_err(|error| error.code())
    }

    #[test]
    fn every_documented_spelling_is_found() {
        for name in [
            "X-HMAC-SHA256-SIGNATURE",
            "x-hmac-sha256-signature",
            "X-Hmac-Sha256-Signature",
            "HMAC_SHA256_SIGNATURE",
            "HTTP_X_HMAC_SHA256_SIGNATURE",
            "HTTP_HMAC_SHA256_SIGNATURE",
        ] {
            assert_eq!(signature(&[(b"host", b"x"), (name.as_bytes(), b" AB ")]), Ok("AB"), "{name}");
        }
    }

    #[test]
    fn text_pairs_are_read_like_any_other_and_no_value_is_printed() {
        let pairs: &[(&str, &str)] = &[("Host", "x"), ("X-Hmac-Sha256-Signature", "AB")];
        let headers = Headers::from(pairs);
        assert_eq!(headers.signature().expect("found"), "AB");
        assert!(!format!("{headers:?}").contains("AB"));
    }

    #[test]
    fn several_must_be_equal() {
        assert_eq!(signature(&[(NAME, b"AB"), (ALIAS, b"ab")]), Ok("ab"));
        assert_eq!(signature(&[(NAME, b"AB, AB")]), Ok("AB"));
        assert_eq!(signature(&[(NAME, b"AB"), (ALIAS, b"AC")]), Err(ErrorCode::SignatureConflicting));
        assert_eq!(signature(&[(NAME, b"AB,AC")]), Err(ErrorCode::SignatureConflicting));
    }

    #[test]
    fn none_or_an_empty_one_is_missing() {
        assert_eq!(signature(&[]), Err(ErrorCode::SignatureMissing));
        assert_eq!(signature(&[(NAME, b" , ")]), Err(ErrorCode::SignatureMissing));
        assert_eq!(Headers::from("").signature().expect_err("missing").code(), ErrorCode::SignatureMissing);
    }

    #[test]
    fn only_a_name_under_which_the_signature_comes_holds_it() {
        let holds = |name: &str| (Headers::holds_signature(name.as_bytes()), Headers::concerns(name.as_bytes()));
        assert_eq!(holds("X-HMAC-SHA256-SIGNATURE"), (true, true));
        assert_eq!(holds("HTTP_HMAC_SHA256_SIGNATURE"), (true, true));
        assert_eq!(holds("X-Paymento-Signature"), (false, true));
        assert_eq!(holds("host"), (false, false));
    }

    #[test]
    fn a_payment_link_webhook_is_named_for_what_it_is() {
        let pairs: &[(&[u8], &[u8])] = &[(b"X-Paymento-Signature", b"ab")];
        let error = Headers::from(pairs).signature().expect_err("missing");
        assert!(error.hint().is_some_and(|hint| hint.contains("payment links")));
    }
}
