//! One exchange with the gateway. The only file that imports `reqwest`.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use reqwest::{Certificate, Proxy, redirect::Policy};
use url::Url;

use crate::{
    error::{Error, ErrorCode},
    secret::ApiKey,
    text::clean,
};

/// Longest answer taken, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// Distinct connect limits that keep their own connections; the limit is a property of the connection pool.
const MAX_POOLS: usize = 4;

/// What is needed to talk to one gateway.
#[derive(Clone)]
pub(super) struct HttpConfig {
    pub(super) base_url: Url,
    pub(super) is_loopback: bool,
    pub(super) api_key: ApiKey,
    pub(super) user_agent: HeaderValue,
    pub(super) proxy: Option<Url>,
    pub(super) ca_certificates: Option<Vec<u8>>,
}

/// Connections to one gateway, made when they are first needed.
pub(super) struct Http {
    pub(super) config: HttpConfig,
    pools: Mutex<Vec<(Duration, reqwest::Client)>>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("base_url", &self.config.base_url.as_str()).finish_non_exhaustive()
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Below the base URL, with a leading slash.
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
}

/// What came back, whatever its status.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
    pub(super) api_key: ApiKey,
}

impl Reply {
    /// The gateway's words, fit for an error: short, on one line, and without the key, which they may repeat.
    pub(super) fn printable(&self, text: &str) -> Option<String> {
        let text = clean(&self.api_key.redact(text.trim()), 200);
        (!text.is_empty()).then_some(text)
    }
}

impl Http {
    pub(super) fn new(config: HttpConfig) -> Self {
        Self { config, pools: Mutex::default() }
    }

    /// Sends once and reads the whole answer. Without a time limit of its own but the one for connecting.
    pub(super) async fn send(&self, request: &Request, connect_limit: Duration) -> Result<Reply, Error> {
        let url = format!("{}{}", self.config.base_url.as_str().trim_end_matches('/'), request.path);
        let mut builder = self.pool(connect_limit)?.request(request.method.clone(), url).headers(self.headers());
        if let Some(body) = &request.body {
            builder = builder.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let response = builder.send().await.map_err(transport_error)?;
        let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
        let body = read_body(response).await.map_err(|error| error.with_status(status))?;
        Ok(Reply { status, retry_after, body, api_key: self.config.api_key.clone() })
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(3);
        if let Ok(mut key) = HeaderValue::from_str(self.config.api_key.expose()) {
            key.set_sensitive(true);
            headers.insert(HeaderName::from_static("api-key"), key);
        }
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, self.config.user_agent.clone());
        headers
    }

    fn pool(&self, connect_limit: Duration) -> Result<reqwest::Client, Error> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = pools.iter().find(|(limit, _)| *limit == connect_limit) {
            return Ok(pool.clone());
        }
        let pool = build(&self.config, connect_limit)?;
        if pools.len() == MAX_POOLS {
            pools.remove(0);
        }
        pools.push((connect_limit, pool.clone()));
        Ok(pool)
    }
}

/// Checks what only the HTTP library can check, when the client is made instead of at its first call.
pub(super) fn check_certificates(pem: &[u8]) -> Result<(), Error> {
    certificates(pem).map(drop)
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, Error> {
    let certificates = Certificate::from_pem_bundle(pem).unwrap_or_default();
    if certificates.is_empty() {
        return Err(Error::new(ErrorCode::ConfigCertificate, "the CA certificate is not in PEM form")
            .with_hint("it begins with -----BEGIN CERTIFICATE-----"));
    }
    Ok(certificates)
}

/// With the machine's own roots; where it has none, as in slim containers, with Mozilla's.
fn build(config: &HttpConfig, connect_limit: Duration) -> Result<reqwest::Client, Error> {
    let own = config.ca_certificates.as_deref().map(certificates).transpose()?.unwrap_or_default();
    let machine = builder(config, connect_limit)?.tls_certs_merge(own.clone()).build();
    if let Ok(client) = machine {
        return Ok(client);
    }
    let mozilla = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok());
    let roots: Vec<_> = mozilla.chain(own).collect();
    builder(config, connect_limit)?
        .tls_certs_only(roots)
        .build()
        .map_err(|error| Error::new(ErrorCode::ConfigTls, "TLS could not be set up").with_source(error.without_url()))
}

fn builder(config: &HttpConfig, connect_limit: Duration) -> Result<reqwest::ClientBuilder, Error> {
    let builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(connect_limit)
        .pool_idle_timeout(Duration::from_mins(1))
        .tcp_nodelay(true);
    Ok(match &config.proxy {
        Some(proxy) => builder.proxy(Proxy::all(proxy.as_str()).map_err(|error| {
            Error::new(ErrorCode::ConfigUrl, "the proxy URL cannot be used").with_source(error.without_url())
        })?),
        // The environment's proxy also catches 127.0.0.1, unless NO_PROXY says otherwise.
        None if config.is_loopback => builder.no_proxy(),
        None => builder,
    })
}

async fn read_body(mut response: reqwest::Response) -> Result<Vec<u8>, Error> {
    // The request was carried out, whatever the answer says.
    let too_large =
        || Error::new(ErrorCode::DecodeTooLarge, "the gateway's answer is over 1 MiB").with_maybe_sent(true);
    if response.content_length().is_some_and(|length| length > MAX_ANSWER_BYTES as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Only a failure to connect is sure to have sent nothing.
fn transport_error(error: reqwest::Error) -> Error {
    let (code, maybe_sent) = match (error.is_connect(), error.is_timeout()) {
        (true, true) => (ErrorCode::TransportConnectTimeout, false),
        (true, false) => (ErrorCode::TransportConnect, false),
        (false, true) => (ErrorCode::TransportTimeout, true),
        (false, false) => (ErrorCode::TransportInterrupted, true),
    };
    let error = error.without_url();
    let message = format!("{}: {}", code.meaning(), last_cause(&error));
    Error::new(code, message).with_source(error).with_maybe_sent(maybe_sent)
}

/// The library's own text says only "error sending request"; the innermost cause says why.
fn last_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    clean(&cause.to_string(), 200)
}

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_str(text).expect("a header"));
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(wait("2"), Some(Duration::from_secs(2)));
        assert_eq!(wait("-2"), None);
        assert_eq!(wait("soon"), None);
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(90));
        assert!(wait(&date).is_some_and(|wait| wait.as_secs() > 60));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), None);
    }

    #[test]
    fn a_certificate_that_is_not_pem_is_refused() {
        assert_eq!(check_certificates(b"nonsense").expect_err("refused").code(), ErrorCode::ConfigCertificate);
    }
}
