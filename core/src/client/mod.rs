//! [`Client`]: the gateway's API, one method per endpoint.

mod builder;
mod call;
mod directory;
mod envelope;
mod http;
mod limits;
mod retry;
mod settings;
mod wire;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ::http::Method;
use serde_json::{json, value::RawValue};

pub(crate) use self::directory::FromFields;
pub use self::{
    builder::ClientBuilder,
    directory::{AcceptedCoin, Coin, CoinPrice, Currency, Info, Language, LastBlock, Merchant, parse_coin_id},
    limits::Limits,
    settings::{CallbackMethod, CallbackUrlChange, Settings},
};
use self::{
    envelope::Envelope,
    http::{Http, Reply, Request},
    retry::Repeat,
};
#[cfg(feature = "checkout")]
use crate::price::Price;
use crate::{
    callback::Callback,
    decide::{Answer, decide},
    error::{Error, ErrorCode, ErrorKind},
    expected::Expected,
    headers::Headers,
    json as read,
    log::{LogQueue, LogRecord},
    payment::Payment,
    price::{check_coin, check_currency},
    request::{PaymentRequest, check_web_url},
    secret::Secret,
    token::Token,
    verification::Verification,
};

/// Talks to the gateway for one store. Cheap to clone; clones share their connections.
///
/// Making one opens nothing. Calls run on the tokio runtime they are awaited on. Dropping a call cancels it; a
/// `create_payment` that is canceled may have been sent.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
    limits: Limits,
}

#[derive(Debug)]
struct Shared {
    http: Http,
    gateway_url: String,
    secrets: Vec<Secret>,
    max_attempts: u32,
    log: Arc<LogQueue>,
}

impl Client {
    /// A client with default settings, without a secret key: it can ask, and not authenticate callbacks.
    ///
    /// # Errors
    /// `config.api_key`.
    pub fn new(api_key: &str) -> Result<Self, Error> {
        Self::builder(api_key).build()
    }

    /// Settings to start from.
    pub fn builder(api_key: &str) -> ClientBuilder {
        ClientBuilder::new(api_key)
    }

    /// A client from `PAYMENTO_API_KEY`, `PAYMENTO_SECRET_KEY` and the rest; see [`ClientBuilder::from_env`].
    ///
    /// # Errors
    /// `config.missing` names what is not set; other `config.` codes what cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// The same client with other time limits, sharing its connections.
    ///
    /// # Errors
    /// `config.timeout`.
    pub fn with_limits(&self, limits: Limits) -> Result<Self, Error> {
        Ok(Self { shared: Arc::clone(&self.shared), limits: limits.checked()? })
    }

    /// The time limits of this client's calls.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The same settings with connections of its own. For bindings, whose process may have been forked: connections
    /// and the tasks that drive them do not survive that.
    #[must_use]
    pub fn reconnected(&self) -> Self {
        let old = &self.shared;
        let shared = Shared {
            http: Http::new(old.http.config.clone()),
            gateway_url: old.gateway_url.clone(),
            secrets: old.secrets.clone(),
            max_attempts: old.max_attempts,
            log: Arc::default(),
        };
        Self { shared: Arc::new(shared), limits: self.limits }
    }

    /// The same, telling what it logs to this client.
    #[cfg(feature = "checkout")]
    pub(crate) fn reconnected_beside(&self) -> Self {
        let mut client = self.reconnected();
        if let Some(shared) = Arc::get_mut(&mut client.shared) {
            shared.log = Arc::clone(&self.shared.log);
        }
        client
    }

    #[cfg(feature = "checkout")]
    pub(crate) fn log(&self, record: LogRecord) {
        self.shared.log.push(record);
    }

    #[cfg(feature = "checkout")]
    pub(crate) fn authenticate_unlogged(&self, body: &[u8], headers: Headers<'_>) -> Result<Callback, Error> {
        Callback::authenticate_unlogged(body, headers, &self.shared.secrets)
    }

    /// The gateway, as a database remembers it: a simulator's port changes from run to run.
    #[cfg(feature = "checkout")]
    pub(crate) fn gateway(&self) -> String {
        let config = &self.shared.http.config;
        if config.is_loopback { "simulator".to_owned() } else { config.base_url.origin().ascii_serialization() }
    }

    /// The hosted page of a payment.
    #[cfg(feature = "checkout")]
    pub(crate) fn payment(&self, token: &Token, order_id: String, price: Price) -> Payment {
        let live = self.shared.http.config.is_loopback.then_some(false);
        Payment::new(token, &self.shared.gateway_url, order_id, price, live)
    }

    /// Checks a request as [`create_payment`](Self::create_payment) does, before anything is recorded.
    #[cfg(feature = "checkout")]
    pub(crate) fn check_request(&self, request: &PaymentRequest) -> Result<Price, Error> {
        request.check(self.shared.http.config.is_loopback)
    }

    /// The error of a client that was closed. For bindings: in Rust, a client is dropped.
    pub fn closed_error() -> Error {
        Error::new(ErrorCode::ConfigClosed, "the client is closed")
    }

    /// Where the API is.
    pub fn base_url(&self) -> &str {
        self.shared.http.config.base_url.as_str()
    }

    /// From now on log records are also kept for [`take_log_records`](Self::take_log_records), the last 1,000. For bindings.
    pub fn keep_log_records(&self) {
        self.shared.log.keep();
    }

    /// The log records since the last time. For bindings, which hand them to the host's own logger.
    pub fn take_log_records(&self) -> Vec<LogRecord> {
        self.shared.log.take()
    }

    /// Authenticates a callback with this client's secret keys. See [`Callback::authenticate`].
    ///
    /// # Errors
    /// As [`Callback::authenticate`]; `config.secret` when the client has no secret key.
    pub fn authenticate<'a>(&self, body: &[u8], headers: impl Into<Headers<'a>>) -> Result<Callback, Error> {
        let result = Callback::authenticate_unlogged(body, headers.into(), &self.shared.secrets);
        result.inspect_err(|error| self.shared.log.push(LogRecord::refused_callback(error)))
    }

    /// Asks for a payment: gives its token and the address to send the customer to.
    ///
    /// Keep the token beside the order before the customer is redirected.
    ///
    /// # Errors
    /// `input.` for what is wrong in the request, before anything is sent. Where the request may have been carried out
    /// (a time-out, a broken connection, a 5xx), [`Error::maybe_sent`] says so and it was not repeated: the gateway
    /// knows no idempotency key. `api.` and `decode.` otherwise.
    pub async fn create_payment(&self, request: PaymentRequest) -> Result<Payment, Error> {
        let is_loopback = self.shared.http.config.is_loopback;
        let price = request.check(is_loopback)?;
        let http_request = post("/v1/payment/request", wire::payment_request(&request, &price));
        let reply = self.call(&http_request, Repeat::OnlyUnsent).await?;
        let token = read_token(&reply).map_err(maybe_created)?;
        let live = is_loopback.then_some(false);
        Ok(Payment::new(&token, &self.shared.gateway_url, request.order_id, price, live))
    }

    /// Asks the gateway whether this payment is settled, and holds the answer against what the shop recorded.
    ///
    /// **This moves a Paid payment to Approve at the gateway.** It is no status poll: call it after a callback, for a
    /// returning customer with an open order, or to reconcile; show customers your own records.
    ///
    /// The currency is not compared, since the gateway does not report it; the token binds it.
    ///
    /// # Errors
    /// `input.token`; `transport.`, `api.` and `decode.` when there is no answer to decide on, which never means
    /// "not paid". That a payment is not settled is no error here; see [`Verification::require_settled`].
    pub async fn verify_payment(&self, token: &str, expected: &Expected) -> Result<Verification, Error> {
        let token = Token::from_input(token)?;
        let request = post("/v1/payment/verify", to_json(&json!({ "token": token.as_str() })));
        let reply = self.call(&request, Repeat::Freely).await?;
        let answer = read_verify_answer(&reply).map_err(passing)?;
        Ok(decide(&answer, &token, expected))
    }

    /// Where the gateway sends this store's callbacks.
    pub async fn settings(&self) -> Result<Settings, Error> {
        // A store for which nothing was ever set may answer without a body.
        let read = |reply: &Reply, body: Option<&RawValue>| body.map_or(Ok(Settings::default()), |_| one(reply, body));
        self.get("/v1/payment/settings", read).await
    }

    /// Sets where the gateway sends this store's callbacks, for good. Prefer
    /// [`ensure_callback_url`](Self::ensure_callback_url), which takes nothing away from another deployment.
    ///
    /// # Errors
    /// `input.callback_url`: it must be https, and may be http only while the client talks to a loopback address.
    pub async fn set_settings(&self, callback_url: &str, method: CallbackMethod) -> Result<Settings, Error> {
        let http_allowed = self.shared.http.config.is_loopback;
        check_web_url(callback_url, http_allowed, ErrorCode::InputCallbackUrl, "the callback URL")?;
        let body = json!({ "IPN_Url": callback_url, "IPN_Method": method.code() });
        let reply = self.call(&post("/v1/payment/settings", to_json(&body)), Repeat::Freely).await?;
        let envelope = accepted(&reply)?;
        // An answer without the settings still accepted these.
        let answered = envelope.body.and_then(read::object).and_then(|fields| Settings::from_fields(&fields));
        let sent = Settings { callback_url: Some(callback_url.to_owned()), callback_method: Some(method) };
        Ok(answered.filter(|settings| settings.callback_url.is_some()).unwrap_or(sent))
    }

    /// Makes sure that callbacks come to this address: reads, compares, and writes only a difference.
    ///
    /// A store has one callback address. Another host's is replaced only with `replace`.
    ///
    /// # Errors
    /// `config.callback_url_taken`; `input.callback_url`.
    pub async fn ensure_callback_url(
        &self,
        callback_url: &str,
        method: CallbackMethod,
        replace: bool,
    ) -> Result<CallbackUrlChange, Error> {
        let http_allowed = self.shared.http.config.is_loopback;
        check_web_url(callback_url, http_allowed, ErrorCode::InputCallbackUrl, "the callback URL")?;
        let begun = Instant::now();
        let previous = self.settings().await?;
        if previous.are(callback_url, method) {
            return Ok(CallbackUrlChange { changed: false, current: previous.clone(), previous });
        }
        if !replace {
            previous.check_replaceable(callback_url)?;
        }
        // Reading and writing share one time limit.
        let total = self.limits.total.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
        let rest = self.with_limits(Limits { total, ..self.limits })?;
        let current = rest.set_settings(callback_url, method).await?;
        Ok(CallbackUrlChange { changed: true, previous, current })
    }

    /// The coins that this store takes.
    pub async fn accepted_coins(&self) -> Result<Vec<AcceptedCoin>, Error> {
        self.get("/v1/payment/coins", list).await
    }

    /// Every coin that the gateway knows, those of test networks included.
    pub async fn coins(&self) -> Result<Vec<Coin>, Error> {
        self.get("/v1/coins", list).await
    }

    /// How far the gateway has read a coin's chain.
    pub async fn last_block(&self, coin_id: i64) -> Result<LastBlock, Error> {
        self.get(&format!("/v1/coins/{coin_id}/last-block"), one).await
    }

    /// What coins cost in a currency; with `include_change` also how that changed over 24 hours.
    ///
    /// # Errors
    /// `input.coin` for no name or a malformed one; `input.currency`.
    pub async fn coin_prices<C: AsRef<str>>(
        &self,
        coins: &[C],
        currency: &str,
        include_change: bool,
    ) -> Result<Vec<CoinPrice>, Error> {
        if coins.is_empty() {
            return Err(Error::new(ErrorCode::InputCoin, "name at least one coin"));
        }
        coins.iter().try_for_each(|coin| check_coin(coin.as_ref()))?;
        let currency = check_currency(currency)?;
        let names: Vec<_> = coins.iter().map(AsRef::as_ref).collect();
        let body = json!({ "coinNames": names, "currency": currency, "include24HrChange": include_change });
        let reply = self.call(&post("/v1/coins/price", to_json(&body)), Repeat::Freely).await?;
        list(&reply, accepted(&reply)?.body)
    }

    /// The currencies that prices can be given in.
    pub async fn currencies(&self) -> Result<Vec<Currency>, Error> {
        self.get("/v1/currencies", list).await
    }

    /// The languages of the hosted page.
    pub async fn languages(&self) -> Result<Vec<Language>, Error> {
        self.get("/v1/languages", list).await
    }

    /// What the gateway says of itself.
    pub async fn info(&self) -> Result<Info, Error> {
        self.get("/v1/info", one).await
    }

    /// Asks whether the gateway answers. Says nothing about the API key; see [`merchant`](Self::merchant).
    pub async fn ping(&self) -> Result<(), Error> {
        self.get("/v1/ping", |_, _| Ok(())).await
    }

    /// The merchant that the API key belongs to.
    pub async fn merchant(&self) -> Result<Merchant, Error> {
        self.get("/v1/ping/merchant", one).await
    }

    async fn get<T>(&self, path: &str, read: fn(&Reply, Option<&RawValue>) -> Result<T, Error>) -> Result<T, Error> {
        let request = Request { method: Method::GET, path: path.to_owned(), body: None };
        let reply = self.call(&request, Repeat::Freely).await?;
        accepted(&reply).and_then(|envelope| read(&reply, envelope.body)).map_err(passing)
    }
}

fn post(path: &str, body: Vec<u8>) -> Request {
    Request { method: Method::POST, path: path.to_owned(), body: Some(body) }
}

fn to_json(value: &serde_json::Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// The envelope, if it says success.
fn accepted(reply: &Reply) -> Result<Envelope<'_>, Error> {
    let envelope = envelope::read(reply)?;
    if envelope.success { Ok(envelope) } else { Err(envelope::rejected(reply)) }
}

fn one<T: FromFields>(reply: &Reply, body: Option<&RawValue>) -> Result<T, Error> {
    let fields = body.and_then(read::object);
    fields
        .and_then(|fields| T::from_fields(&fields))
        .ok_or_else(|| envelope::unexpected(reply, "lacks what was asked for"))
}

/// Items that cannot be read are an error: a shop must not take a shortened list for the whole one.
fn list<T: FromFields>(reply: &Reply, body: Option<&RawValue>) -> Result<Vec<T>, Error> {
    let unexpected = || envelope::unexpected(reply, "is not the list that was asked for");
    let items = body.and_then(read::array).ok_or_else(unexpected)?;
    let item = |raw| read::object(raw).and_then(|fields| T::from_fields(&fields)).ok_or_else(unexpected);
    items.into_iter().map(item).collect()
}

fn read_token(reply: &Reply) -> Result<Token, Error> {
    let text = accepted(reply)?.body.and_then(read::text).unwrap_or_default();
    Token::parse(&text).ok_or_else(|| envelope::unexpected(reply, "carries no token"))
}

/// An answer that says success, or nothing readable, may stand for a payment whose token is lost.
fn maybe_created(error: Error) -> Error {
    if error.kind() == ErrorKind::Decode { error.with_maybe_sent(true).with_hint(call::TOKEN_IS_LOST) } else { error }
}

/// For verify, "no" is an answer to decide on, whatever its HTTP status, if it is about the payment. A refusal about
/// anything else is an error: an API key that is not accepted is often called an invalid token too.
fn read_verify_answer(reply: &Reply) -> Result<Answer<'_>, Error> {
    if matches!(reply.status, 400 | 404 | 422)
        && let Some(answer) = refusal_to_decide_on(reply)
    {
        return Ok(answer);
    }
    let envelope = envelope::read(reply)?;
    let message = envelope.message.as_deref().and_then(|text| reply.printable(text));
    let answer = Answer { success: envelope.success, message, body: envelope.body.and_then(read::object) };
    if answer.success || answer.body.is_some() || answer.names_invalid_token() {
        return Ok(answer);
    }
    // Such as "too many requests": nothing was said about the payment.
    Err(envelope::rejected(reply).with_retryable(true))
}

fn refusal_to_decide_on(reply: &Reply) -> Option<Answer<'_>> {
    let fields = read::Object::parse(&reply.body)?;
    let success = fields.get("success").and_then(read::boolean) == Some(true);
    let message = fields.text("message").or_else(|| fields.text("error"));
    let message = message.as_deref().and_then(|text| reply.printable(text));
    let answer = Answer { success, message, body: fields.object("body") };
    (!success && (answer.names_invalid_token() || answer.body.is_some())).then_some(answer)
}

/// Noise in the place of an answer passes; asking again does no harm.
fn passing(error: Error) -> Error {
    let is_noise = error.kind() == ErrorKind::Decode && error.code() != ErrorCode::DecodeTooLarge;
    if is_noise { error.with_retryable(true) } else { error }
}
