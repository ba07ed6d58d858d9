//! [`ClientBuilder`]: settings, checked before the first call. Nothing is opened here.

use std::{env, fmt, sync::Arc};

use http::HeaderValue;
use url::{Host, Url};

use super::{
    Client, Shared,
    http::{Http, HttpConfig, check_certificates},
    limits::Limits,
};
use crate::{
    error::{Error, ErrorCode},
    secret::{ApiKey, Secret},
    text::printable_url,
};

const BASE_URL: &str = "https://api.paymento.io";
const GATEWAY_URL: &str = "https://app.paymento.io/gateway";
const MAX_ATTEMPTS: i64 = 3;

/// Settings of a [`Client`]. Begin with [`Client::builder`] or [`ClientBuilder::from_env`].
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    api_key: zeroize::Zeroizing<String>,
    secret_keys: Vec<zeroize::Zeroizing<String>>,
    /// The environment should have held one and did not.
    lacks_secret_key: bool,
    base_url: Option<String>,
    gateway_url: Option<String>,
    limits: Limits,
    max_attempts: i64,
    proxy: Option<String>,
    ca_certificates: Option<Vec<u8>>,
    platform: String,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("base_url", &self.base_url.as_deref().map(printable_url))
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    pub(super) fn new(api_key: &str) -> Self {
        Self {
            api_key: api_key.to_owned().into(),
            secret_keys: Vec::new(),
            lacks_secret_key: false,
            base_url: None,
            gateway_url: None,
            limits: Limits::default(),
            max_attempts: MAX_ATTEMPTS,
            proxy: None,
            ca_certificates: None,
            platform: "rust".to_owned(),
        }
    }

    /// Reads `PAYMENTO_API_KEY` and `PAYMENTO_SECRET_KEY`, and where they are set `PAYMENTO_SECRET_KEY_PREVIOUS`,
    /// `PAYMENTO_BASE_URL` and `PAYMENTO_GATEWAY_URL`.
    ///
    /// A secret key that is given afterwards goes before the environment's.
    ///
    /// # Errors
    /// `config.missing` names a required variable that is not set or empty; for the secret key, when it is
    /// [built](Self::build) and none was given.
    pub fn from_env() -> Result<Self, Error> {
        let mut builder = Self::new(&required("PAYMENTO_API_KEY")?);
        match optional("PAYMENTO_SECRET_KEY")? {
            Some(current) => builder = builder.secret_key(&current),
            None => builder.lacks_secret_key = true,
        }
        if let Some(previous) = optional("PAYMENTO_SECRET_KEY_PREVIOUS")? {
            builder.secret_keys.push(previous.into());
        }
        builder.base_url = optional("PAYMENTO_BASE_URL")?;
        builder.gateway_url = optional("PAYMENTO_GATEWAY_URL")?;
        Ok(builder)
    }

    /// The secret key that signs callbacks. Call again with the previous one while it is being changed.
    pub fn secret_key(mut self, secret_key: &str) -> Self {
        self.secret_keys.push(secret_key.to_owned().into());
        self.lacks_secret_key = false;
        self
    }

    /// The secret keys that are given, in place of those so far: with a current key all of them, with a previous one the
    /// previous ones. For bindings, whose options go before the environment.
    pub fn secret_keys(mut self, current: Option<&str>, previous: Option<&str>) -> Self {
        if let Some(current) = current {
            self.secret_keys = vec![current.to_owned().into()];
            self.lacks_secret_key = false;
        }
        if let Some(previous) = previous {
            self.secret_keys.truncate(1);
            self.secret_keys.push(previous.to_owned().into());
        }
        self
    }

    /// Where the API is. Default `https://api.paymento.io`; https, or http to a loopback address.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The hosted page. Default `https://app.paymento.io/gateway`; with a base URL on loopback, `/gateway` there.
    pub fn gateway_url(mut self, url: impl Into<String>) -> Self {
        self.gateway_url = Some(url.into());
        self
    }

    /// How long calls may take. See [`Limits`] for the defaults.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How often one call may be attempted, the first time included. Default 3; at least 1, at most 10.
    pub fn max_attempts(mut self, attempts: impl Into<i64>) -> Self {
        self.max_attempts = attempts.into();
        self
    }

    /// A proxy for all requests, instead of the one the environment names.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// More certificate authorities to trust, as PEM, besides the machine's.
    pub fn ca_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificates = Some(pem.into());
        self
    }

    /// The language and its version for the `User-Agent`, for instance `python/3.12.1`. For bindings.
    pub fn platform(mut self, platform: impl Into<String>) -> Self {
        self.platform = platform.into();
        self
    }

    /// Checks everything and makes the client. Opens no connection.
    ///
    /// # Errors
    /// `config.` and what is wrong.
    pub fn build(self) -> Result<Client, Error> {
        let api_key = ApiKey::new(&self.api_key)?;
        if self.lacks_secret_key {
            return Err(not_set("PAYMENTO_SECRET_KEY"));
        }
        let secrets = self.secret_keys.iter().map(|text| Secret::beside(text, &api_key)).collect::<Result<_, _>>()?;
        let base_url = base_url(self.base_url.as_deref().unwrap_or(BASE_URL))?;
        let is_loopback = is_loopback(&base_url);
        let gateway_url = gateway_url(self.gateway_url.as_deref(), &base_url, is_loopback)?;
        self.ca_certificates.as_deref().map_or(Ok(()), check_certificates)?;
        let max_attempts = attempts(self.max_attempts)?;
        let proxy = self.proxy.as_deref().map(|text| proxy_url(text, &base_url)).transpose()?;
        let http = Http::new(HttpConfig {
            base_url,
            is_loopback,
            api_key,
            user_agent: user_agent(&self.platform),
            proxy,
            ca_certificates: self.ca_certificates,
        });
        let shared = Shared { http, gateway_url, secrets, max_attempts, log: Arc::default() };
        Ok(Client { shared: Arc::new(shared), limits: self.limits.checked()? })
    }
}

fn attempts(wanted: i64) -> Result<u32, Error> {
    u32::try_from(wanted)
        .ok()
        .filter(|wanted| (1..=10).contains(wanted))
        .ok_or_else(|| Error::new(ErrorCode::ConfigTimeout, format!("the number of attempts is 1 to 10; got {wanted}")))
}

fn required(name: &str) -> Result<String, Error> {
    optional(name)?.ok_or_else(|| not_set(name))
}

fn not_set(name: &str) -> Error {
    Error::new(ErrorCode::ConfigMissing, format!("the environment variable {name} is not set"))
        .with_hint("the dashboard shows an API key and a secret key for each store")
}

/// An empty variable counts as one that is not set.
fn optional(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Error::new(ErrorCode::ConfigMissing, format!("the environment variable {name} is not UTF-8 text")))
        }
    }
}

/// Tolerates a slash or `/v1` at the end, which the paths bring along.
fn base_url(text: &str) -> Result<Url, Error> {
    let mut url = service_url(text, "the base URL")?;
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/v1").unwrap_or(path).to_owned();
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

fn gateway_url(given: Option<&str>, base_url: &Url, is_loopback: bool) -> Result<String, Error> {
    let mut url = match given {
        Some(text) => service_url(text, "the gateway URL")?,
        None if is_loopback => base_url.join("/gateway").map_err(|_| unusable("the gateway URL", base_url.as_str()))?,
        None => return Ok(GATEWAY_URL.to_owned()),
    };
    url.set_query(None);
    url.set_fragment(None);
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn service_url(text: &str, name: &str) -> Result<Url, Error> {
    let url = Url::parse(text.trim()).map_err(|_| unusable(name, text))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::new(ErrorCode::ConfigUrl, format!("{name} carries a user name or password"))
            .with_hint("URLs end up in logs; the API key goes into its own setting"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(Error::new(
            ErrorCode::ConfigInsecureUrl,
            format!("{name} must begin with https://; got {}", printable_url(text)),
        )
        .with_hint("plain http is for a simulator on 127.0.0.1, [::1] or localhost")),
        _ => Err(unusable(name, text)),
    }
}

/// A proxy URL may carry a password: it is not repeated.
fn proxy_url(text: &str, base_url: &Url) -> Result<Url, Error> {
    let message = "the proxy URL must begin with http:// or https:// and name a host";
    let url = Url::parse(text.trim()).map_err(|_| Error::new(ErrorCode::ConfigUrl, message))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(Error::new(ErrorCode::ConfigUrl, message));
    }
    if base_url.scheme() == "http" && !is_loopback(&url) {
        let message = "plain http to a loopback address does not go through a proxy elsewhere";
        return Err(Error::new(ErrorCode::ConfigInsecureUrl, message)
            .with_hint("the API key would leave the machine in the clear"));
    }
    Ok(url)
}

fn unusable(name: &str, text: &str) -> Error {
    Error::new(ErrorCode::ConfigUrl, format!("{name} is not a web address; got {}", printable_url(text)))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn user_agent(platform: &str) -> HeaderValue {
    let platform = platform.replace(|c: char| !c.is_ascii_graphic(), "");
    let text = format!("paymento/{} ({platform})", env!("CARGO_PKG_VERSION"));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("paymento"))
}

impl Default for ClientBuilder {
    /// Without an API key, which [`build`](Self::build) then asks for.
    fn default() -> Self {
        Self::new("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(builder: ClientBuilder) -> ErrorCode {
        builder.build().expect_err("refused").code()
    }

    fn builder() -> ClientBuilder {
        ClientBuilder::new("an-api-key")
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert_eq!(refused(builder().base_url("http://api.paymento.io")), ErrorCode::ConfigInsecureUrl);
        assert_eq!(refused(builder().base_url("http://127.0.0.1.evil.example")), ErrorCode::ConfigInsecureUrl);
        for url in
            ["http://127.0.0.1:9", "http://127.8.8.8", "http://[::1]:9", "http://localhost", "https://api.paymento.io"]
        {
            assert!(builder().base_url(url).build().is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_not_a_web_address_is_refused() {
        for url in ["", "api.paymento.io", "ftp://x", "https://", "https://user:pass@host"] {
            assert_eq!(refused(builder().base_url(url)), ErrorCode::ConfigUrl, "{url}");
        }
        assert_eq!(refused(builder().proxy("socks")), ErrorCode::ConfigUrl);
        let loopback = builder().base_url("http://127.0.0.1:1").proxy("http://proxy.example");
        assert_eq!(refused(loopback), ErrorCode::ConfigInsecureUrl);
    }

    #[test]
    fn the_end_of_the_base_url_does_not_matter() {
        for url in ["https://x.example", "https://x.example/", "https://x.example/v1", "https://x.example/v1/"] {
            let client = builder().base_url(url).build().expect("valid");
            assert_eq!(client.shared.http.config.base_url.as_str(), "https://x.example/", "{url}");
        }
    }

    #[test]
    fn the_hosted_page_of_a_simulator_is_beside_its_api() {
        let client = builder().base_url("http://127.0.0.1:9000").build().expect("valid");
        assert_eq!(client.shared.gateway_url, "http://127.0.0.1:9000/gateway");
        assert_eq!(builder().build().expect("valid").shared.gateway_url, GATEWAY_URL);
    }

    #[test]
    fn no_key_shows_in_debug() {
        let builder = builder().secret_key("s3cr3t").proxy("http://user:passw0rd@proxy");
        let text = format!("{builder:?} {:?}", builder.clone().build().expect("valid"));
        assert!(!text.contains("s3cr3t") && !text.contains("an-api-key") && !text.contains("passw0rd"), "{text}");
    }

    #[test]
    fn a_client_is_refused_for_each_bad_key() {
        assert_eq!(refused(ClientBuilder::new(" ")), ErrorCode::ConfigApiKey);
        assert_eq!(refused(builder().secret_key("")), ErrorCode::ConfigSecret);
        assert_eq!(refused(builder().secret_key("an-api-key")), ErrorCode::ConfigSecretIsApiKey);
    }

    #[test]
    fn an_environment_without_a_secret_key_is_made_up_for_by_a_given_one() {
        let mut builder = builder();
        builder.lacks_secret_key = true;
        assert_eq!(refused(builder.clone()), ErrorCode::ConfigMissing);
        assert!(builder.secret_keys(Some("given"), None).build().is_ok());
    }

    #[test]
    fn attempts_are_one_to_ten() {
        for attempts in [0, 11, -1, i64::MAX] {
            assert_eq!(refused(builder().max_attempts(attempts)), ErrorCode::ConfigTimeout);
        }
    }

    #[test]
    fn given_secret_keys_replace_the_environments() {
        let of_the_environment = builder().secret_key("current").secret_key("previous");
        let keys = |builder: ClientBuilder| builder.secret_keys.iter().map(|key| key.to_string()).collect::<Vec<_>>();
        assert_eq!(keys(of_the_environment.clone().secret_keys(None, None)), ["current", "previous"]);
        assert_eq!(keys(of_the_environment.clone().secret_keys(Some("new"), None)), ["new"]);
        assert_eq!(keys(of_the_environment.clone().secret_keys(None, Some("old"))), ["current", "old"]);
        assert_eq!(keys(of_the_environment.secret_keys(Some("new"), Some("old"))), ["new", "old"]);
    }
}
