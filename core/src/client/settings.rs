//! [`Settings`]: where the gateway sends a store's callbacks. One address a store, kept by the gateway.

use url::Url;

use super::directory::FromFields;
use crate::{
    error::{Error, ErrorCode},
    json::{self, Object},
    text::{printable_url, quote},
};

/// The HTTP method of callbacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackMethod {
    /// The default.
    #[default]
    Post,
    /// For hosts that want it.
    Put,
}

impl CallbackMethod {
    /// `POST` or `PUT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// The number on the wire.
    pub const fn code(self) -> u8 {
        match self {
            Self::Post => 1,
            Self::Put => 2,
        }
    }

    /// As the gateway names it: by number, or `HttpPost`, or `Post`.
    fn from_wire(text: &str) -> Option<Self> {
        let name = text.trim().to_ascii_lowercase();
        let name = name.strip_prefix("http").unwrap_or(&name);
        match name {
            "1" | "post" => Some(Self::Post),
            "2" | "put" => Some(Self::Put),
            _ => None,
        }
    }

    /// Reads `POST` or `PUT` in any case.
    ///
    /// # Errors
    /// `input.method`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        [Self::Post, Self::Put].into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
            Error::new(
                ErrorCode::InputMethod,
                format!("the callback method is \"POST\" or \"PUT\"; got {}", quote(text)),
            )
        })
    }
}

/// Where the gateway sends a store's callbacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The address; `None` when none is set.
    pub callback_url: Option<String>,
    /// The method; `None` when none is set.
    pub callback_method: Option<CallbackMethod>,
}

/// What `ensure_callback_url` found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallbackUrlChange {
    /// Whether anything was written.
    pub changed: bool,
    /// The settings before.
    pub previous: Settings,
    /// The settings now.
    pub current: Settings,
}

const URL_NAMES: &[&str] = &["ipn_url", "apiendpointpath"];
const METHOD_NAMES: &[&str] = &["ipn_method", "ipn_httpmethod", "httpmethod"];

impl FromFields for Settings {
    /// Under each of the names that the documentation has had.
    fn from_fields(fields: &Object<'_>) -> Option<Self> {
        // Without a known name this is another shape, and not a store without a callback URL.
        fields.has_any(URL_NAMES).then_some(())?;
        let url = fields.get_any(URL_NAMES).and_then(json::text);
        let method = fields.get_any(METHOD_NAMES).and_then(json::text);
        Some(Self {
            callback_url: url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()),
            callback_method: method.as_deref().and_then(CallbackMethod::from_wire),
        })
    }
}

impl Settings {
    /// Whether these settings already are the wanted ones.
    pub(super) fn are(&self, url: &str, method: CallbackMethod) -> bool {
        let same = self.callback_url.as_deref().is_some_and(|current| same_url(current, url));
        same && self.callback_method == Some(method)
    }

    /// That another host's address must not be taken away without being told to.
    pub(super) fn check_replaceable(&self, url: &str) -> Result<(), Error> {
        let Some(current) = self.callback_url.as_deref() else { return Ok(()) };
        if origin(current) == origin(url) {
            return Ok(());
        }
        let message = format!("the store's callbacks go to {}, another host", printable_url(current));
        Err(Error::new(ErrorCode::ConfigCallbackUrlTaken, message)
            .with_hint("another deployment may use the store; pass replace to take its callbacks away"))
    }
}

fn same_url(a: &str, b: &str) -> bool {
    match (Url::parse(a), Url::parse(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

fn origin(url: &str) -> Option<url::Origin> {
    Some(Url::parse(url).ok()?.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> Settings {
        Settings::from_fields(&Object::parse(json.as_bytes()).expect("JSON")).expect("settings")
    }

    #[test]
    fn every_documented_name_is_read() {
        for json in [
            r#"{"ipN_URL":"https://a.example/x","ipN_Method":1}"#,
            r#"{"IPN_Url ":"https://a.example/x","ipN_Method":1}"#,
            r#"{"IPN_URL":"https://a.example/x","IPN_httpMethod":1}"#,
            r#"{"apiEndpointPath ":" https://a.example/x","httpMethod":"1"}"#,
            r#"{"ipN_URL":"https://a.example/x","ipN_Method":"HttpPost"}"#,
        ] {
            assert!(settings(json).are("https://A.example/x", CallbackMethod::Post), "{json}");
        }
        assert_eq!(settings(r#"{"ipN_URL":"","ipN_Method":0}"#), Settings::default());
    }

    #[test]
    fn another_shape_is_not_a_store_without_a_callback_url() {
        for json in ["{}", r#"{"callbackUrl":"https://other.example/x","ipN_Method":1}"#] {
            assert_eq!(Settings::from_fields(&Object::parse(json.as_bytes()).expect("JSON")), None);
        }
    }

    #[test]
    fn another_hosts_address_is_not_taken_silently() {
        let current = settings(r#"{"ipN_URL":"https://user:s3cr3t@other.example/x?key=s3cr3t","ipN_Method":1}"#);
        let error = current.check_replaceable("https://shop.example/x").expect_err("refused");
        assert_eq!(error.code(), ErrorCode::ConfigCallbackUrlTaken);
        assert!(error.message().contains("other.example") && !error.message().contains("s3cr3t"));
        assert!(current.check_replaceable("https://other.example/y").is_ok());
        assert!(Settings::default().check_replaceable("https://shop.example/x").is_ok());
    }
}
