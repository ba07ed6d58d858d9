//! [`ClientOptions`]: what a client is made of.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use paymento::{ClientBuilder, Error, Limits};

use crate::call::LimitParts;

/// What a client is made of.
#[napi(object, object_to_js = false)]
pub struct ClientOptions {
    /// None: the environment's.
    pub api_key: Option<String>,
    /// The current secret key.
    pub secret_key: Option<String>,
    /// The previous one.
    pub previous_secret_key: Option<String>,
    /// Where the API is.
    pub base_url: Option<String>,
    /// The hosted page.
    pub gateway_url: Option<String>,
    /// Time limits of all calls.
    pub limits: LimitParts,
    /// Attempts of one call.
    pub max_attempts: Option<i64>,
    /// A proxy for all requests.
    pub proxy: Option<String>,
    /// More authorities, as PEM.
    pub ca_certificates: Option<Uint8Array>,
    /// The runtime and its version.
    pub platform: String,
}

impl ClientOptions {
    pub(crate) fn build(self) -> Result<paymento::Client, Error> {
        let mut builder = match &self.api_key {
            Some(api_key) => paymento::Client::builder(api_key),
            None => ClientBuilder::from_env()?,
        };
        builder = builder.secret_keys(self.secret_key.as_deref(), self.previous_secret_key.as_deref());
        builder = builder.platform(self.platform).limits(self.limits.over(Limits::default())?);
        if let Some(url) = self.base_url {
            builder = builder.base_url(url);
        }
        if let Some(url) = self.gateway_url {
            builder = builder.gateway_url(url);
        }
        if let Some(attempts) = self.max_attempts {
            builder = builder.max_attempts(attempts);
        }
        if let Some(url) = self.proxy {
            builder = builder.proxy(url);
        }
        if let Some(pem) = self.ca_certificates {
            builder = builder.ca_certificates(pem.to_vec());
        }
        builder.build()
    }
}
