//! [`Token`]: a payment's name at the gateway, safe to put into a URL.

use crate::{
    error::{Error, ErrorCode},
    text::quote,
};

/// 16 to 128 letters, digits or hyphens. In practice a GUID without hyphens; compared ignoring case.
#[derive(Clone, Debug)]
pub(crate) struct Token(String);

impl Token {
    /// Trims, since the documentation's own example begins with a space.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        // A GUID has one spelling here, so that it can be the key of a table.
        let is_guid = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(if is_guid { text.to_ascii_lowercase() } else { text.to_owned() }))
    }

    pub(crate) fn from_input(text: &str) -> Result<Self, Error> {
        Self::parse(text).ok_or_else(|| {
            Error::new(
                ErrorCode::InputToken,
                format!("a token is 16 to 128 letters, digits or hyphens; got {}", quote(text)),
            )
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_trimmed_and_compared_ignoring_case() {
        let token = Token::parse(" 7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a").expect("valid");
        assert!(token.is("7D1C0F4AB2E94C0E8A6F5B3D2C1E0F9A "));
        assert!(!token.is("7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9b"));
        let upper = Token::parse("7D1C0F4AB2E94C0E8A6F5B3D2C1E0F9A").expect("valid");
        assert_eq!(upper.as_str(), token.as_str());
    }

    #[test]
    fn what_could_change_a_url_is_no_token() {
        for text in [
            "",
            "short",
            "7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a&status=7",
            "../../../../../etc",
            "7d1c0f4ab2e94c0é8a6f5b3d2c1e0f9a",
        ] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
        assert!(Token::parse(&"a".repeat(129)).is_none());
    }
}
