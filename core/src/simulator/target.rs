//! [`Target`]: where a store's callbacks go, and how.

use url::Url;

use super::CallbackMethod;
use crate::error::{Error, ErrorCode};

/// Where callbacks go, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) url: Url,
    /// As it was given: the settings answer with the same text.
    pub(super) text: String,
    pub(super) method: CallbackMethod,
}

impl Target {
    pub(super) fn new(url: &str, method: CallbackMethod) -> Result<Self, Error> {
        let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let parsed = parsed.ok_or_else(|| {
            Error::new(ErrorCode::InputCallbackUrl, "the callback URL must be an absolute http or https URL")
        })?;
        Ok(Self { url: parsed, text: url.to_owned(), method })
    }

    /// The URL for events and findings.
    pub(super) fn without_query(&self) -> String {
        without_query(self.url.clone())
    }
}

/// A query may hold a key of the shop's own, and so may what stands before the host.
fn without_query(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.into()
}

/// A URL for `Debug`: without what may be a key, and not at all where it is none.
pub(super) fn shown(url: &str) -> String {
    Url::parse(url).map_or_else(|_| "[not a URL]".to_owned(), without_query)
}
