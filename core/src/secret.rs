//! [`Secret`] and [`ApiKey`]: never empty, never printed, wiped on drop.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

use crate::{
    error::{Error, ErrorCode},
    signature::Key,
    text::is_hidden,
};

/// The store's secret key, with which the gateway signs callbacks.
///
/// Used as its UTF-8 bytes, although it looks like base64. Only the keyed HMAC state is kept, made once; the text itself
/// is not. Neither `Debug` nor any error shows it.
#[derive(Clone)]
pub struct Secret(Key);

impl Secret {
    /// Takes the secret key as the dashboard shows it.
    ///
    /// # Errors
    /// `config.secret` when it is empty, blank or has white space around it.
    pub fn new(text: &str) -> Result<Self, Error> {
        check(text, ErrorCode::ConfigSecret, "secret key")?;
        Ok(Self(Key::new(text.as_bytes())))
    }

    /// The error where none was given at all, which is mostly a variable that is not set. For bindings.
    pub fn not_given() -> Error {
        not_given(ErrorCode::ConfigSecret, "secret key")
    }

    /// Like [`Secret::new`], and notices when the API key was pasted in its place.
    ///
    /// # Errors
    /// Also `config.secret_is_api_key`.
    pub fn beside(text: &str, api_key: &ApiKey) -> Result<Self, Error> {
        let secret = Self::new(text)?;
        if text == api_key.expose() {
            return Err(Error::new(ErrorCode::ConfigSecretIsApiKey, "the secret key is the same as the API key")
                .with_hint("the dashboard shows two values: the API key asks, the secret key signs callbacks"));
        }
        Ok(secret)
    }

    pub(crate) fn key(&self) -> &Key {
        &self.0
    }
}

/// So that one secret can be given where several may be.
impl AsRef<[Secret]> for Secret {
    fn as_ref(&self) -> &[Secret] {
        std::slice::from_ref(self)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The store's API key, sent as the `Api-Key` header.
#[derive(Clone)]
pub struct ApiKey(Arc<Zeroizing<String>>);

impl ApiKey {
    /// Takes the API key as the dashboard shows it.
    ///
    /// # Errors
    /// `config.api_key` when it is empty, blank, has white space around it or holds anything but visible ASCII.
    pub fn new(text: &str) -> Result<Self, Error> {
        check(text, ErrorCode::ConfigApiKey, "API key")?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::new(ErrorCode::ConfigApiKey, "the API key must be visible ASCII characters only"));
        }
        Ok(Self(Arc::new(Zeroizing::new(text.to_owned()))))
    }

    /// The error where none was given at all, which is mostly a variable that is not set. For bindings.
    pub fn not_given() -> Error {
        not_given(ErrorCode::ConfigApiKey, "API key")
    }

    /// The key itself. The one place to search for.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The text without the key. A key too short to be told from an ordinary word takes the whole text with it.
    #[cfg(feature = "client")]
    pub(crate) fn redact(&self, text: &str) -> String {
        const SHORTEST: usize = 8;
        if self.0.len() < SHORTEST && text.contains(self.expose()) {
            return "[redacted]".to_owned();
        }
        text.replace(self.expose(), "[redacted]")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn not_given(code: ErrorCode, what: &str) -> Error {
    Error::new(code, format!("no {what} was given"))
        .with_hint("the environment variable that should hold it may not be set")
}

fn check(text: &str, code: ErrorCode, what: &str) -> Result<(), Error> {
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || is_hidden(c));
    if trimmed.is_empty() {
        return Err(Error::new(code, format!("the {what} is empty"))
            .with_hint("an unset variable often arrives as an empty string; copy the value from the dashboard"));
    }
    if trimmed.len() != text.len() {
        return Err(Error::new(code, format!("the {what} has white space around it"))
            .with_hint("a line end or a byte order mark often comes along from a file or a copy; strip it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_blank_secret_cannot_be_made() {
        for text in ["", " ", "\n\t ", "\u{a0}"] {
            let error = Secret::new(text).expect_err("refused");
            assert_eq!(error.code(), ErrorCode::ConfigSecret);
        }
    }

    #[test]
    fn white_space_around_a_secret_is_an_error_with_a_hint_and_without_the_secret() {
        for text in ["s3cr3t\n", " s3cr3t", "\u{feff}s3cr3t", "s3cr3t\0"] {
            let error = Secret::new(text).expect_err("refused");
            assert_eq!(error.code(), ErrorCode::ConfigSecret);
            assert!(error.hint().is_some());
            assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        }
    }

    #[test]
    fn the_api_key_given_as_the_secret_is_noticed() {
        let api_key = ApiKey::new("same").expect("valid");
        let error = Secret::beside("same", &api_key).expect_err("refused");
        assert_eq!(error.code(), ErrorCode::ConfigSecretIsApiKey);
        assert!(Secret::beside("other", &api_key).is_ok());
    }

    #[test]
    fn debug_shows_neither() {
        assert_eq!(format!("{:?}", Secret::new("s3cr3t").expect("valid")), "[redacted]");
        assert_eq!(format!("{:?}", ApiKey::new("k3y").expect("valid")), "[redacted]");
    }

    #[cfg(feature = "client")]
    #[test]
    fn a_short_key_takes_the_text_with_it_and_never_grows_it() {
        let redacted = |key: &str, text: &str| ApiKey::new(key).expect("valid").redact(text);
        assert_eq!(redacted("e", "see"), "[redacted]");
        assert_eq!(redacted("redacted", "redacted"), "[redacted]");
        assert_eq!(redacted("a-longer-key", "x a-longer-key y"), "x [redacted] y");
    }

    #[test]
    fn an_api_key_that_cannot_be_a_header_is_refused() {
        for text in ["a b", "a\nb", "ключ", "a\u{7f}"] {
            assert_eq!(ApiKey::new(text).expect_err("refused").code(), ErrorCode::ConfigApiKey);
        }
    }
}
