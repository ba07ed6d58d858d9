//! Where the gateway sends a store's callbacks.

use napi_derive::napi;
use paymento::CallbackMethod;
use serde::Serialize;

/// Settings as plain data.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The address.
    pub callback_url: Option<String>,
    /// `POST` or `PUT`.
    pub callback_method: Option<&'static str>,
}

impl From<paymento::Settings> for Settings {
    fn from(settings: paymento::Settings) -> Self {
        Self {
            callback_url: settings.callback_url,
            callback_method: settings.callback_method.map(CallbackMethod::as_str),
        }
    }
}

/// What `ensureCallbackUrl` found and did.
#[napi(object, object_from_js = false)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallbackUrlChange {
    /// Whether anything was written.
    pub changed: bool,
    /// The settings before.
    pub previous: Settings,
    /// The settings now.
    pub current: Settings,
}

impl From<paymento::CallbackUrlChange> for CallbackUrlChange {
    fn from(change: paymento::CallbackUrlChange) -> Self {
        Self { changed: change.changed, previous: change.previous.into(), current: change.current.into() }
    }
}
