//! [`Calls`]: core's client behind `paymento.Client` and `paymento.AsyncClient`. Each method prepares one call.

use std::{
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
};

use paymento::{ApiKey, Client, ClientBuilder};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};

use crate::{
    arguments::{Options, text},
    body,
    call::Call,
    callback::Callback,
    directory::{AcceptedCoin, Coin, CoinPrice, Currency, Info, Language, LastBlock, Merchant},
    errors::raise,
    headers, limits, log,
    payment::{Payment, request},
    per_process::PerProcess,
    runtime,
    settings::{CallbackUrlChange, Settings, callback_method},
    verification::{Verification, expected},
};

/// One method per endpoint. Options are checked by name; see `paymento.Client`.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct Calls(Mutex<Option<PerProcess<Client>>>);

impl Calls {
    fn build(py: Python<'_>, builder: ClientBuilder, options: Options<'_, '_>) -> PyResult<Self> {
        let builder = configured(builder, options)?.platform(platform(py));
        let client = builder.build().map_err(raise)?;
        client.keep_log_records();
        Ok(Self(Mutex::new(Some(PerProcess::new(client)))))
    }

    /// This process's client, with the limits of one call. One inherited over a fork gets connections of its own.
    fn client(&self, options: Options<'_, '_>) -> PyResult<Client> {
        let client = self.shared()?;
        client.with_limits(limits::replaced(client.limits(), options)?).map_err(raise)
    }

    /// This process's client.
    pub(crate) fn shared(&self) -> PyResult<Client> {
        let opened = self.opened();
        let opened = opened.as_ref().ok_or_else(|| raise(Client::closed_error()))?;
        let Ok(client) = opened.get(|inherited| Ok::<_, Infallible>(reconnected(inherited)));
        Ok(client.clone())
    }

    /// Locked only while attached to Python: who forks is attached too, so a child never inherits it locked.
    fn opened(&self) -> MutexGuard<'_, Option<PerProcess<Client>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Calls {
    #[new]
    #[pyo3(signature = (api_key: "str", **options: "object"))]
    fn new(py: Python<'_>, api_key: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        if api_key.is_none() {
            return Err(raise(ApiKey::not_given()));
        }
        Self::build(py, Client::builder(&text("api_key", api_key)?), Options(options))
    }

    /// With what the environment says, where the options do not.
    #[staticmethod]
    #[pyo3(signature = (**options: "object"))]
    fn from_env(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Self::build(py, ClientBuilder::from_env().map_err(raise)?, Options(options))
    }

    /// Closes the connections. Calls under way end by themselves.
    fn close(&self, py: Python<'_>) {
        drop(self.opened().take());
        runtime::settle(py);
    }

    /// Where the API is.
    #[getter]
    fn base_url(&self) -> PyResult<String> {
        Ok(self.shared()?.base_url().to_owned())
    }

    #[pyo3(signature = (body: "bytes", headers: "Headers") -> "Callback")]
    fn authenticate(&self, py: Python<'_>, body: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<Callback> {
        let client = self.shared()?;
        let refused = |error| log::refused_callback(py, error);
        let body: &Bound<'_, PyBytes> = body::raw(body).map_err(refused)?;
        let result =
            headers::with(headers, |headers| client.authenticate(body.as_bytes(), headers)).map_err(refused)?;
        if result.is_err() {
            log::hand_over(py, &client.take_log_records())?;
        }
        result.map(|callback| Callback::new(callback, body)).map_err(raise)
    }

    #[pyo3(signature = (**options: "object"))]
    fn create_payment(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let options = Options(options);
        let (client, request) = (self.client(options)?, request(options)?);
        let call = |client: Client| async move { client.create_payment(request).await.map(Payment::from) };
        Ok(Call::new(client, call).that_creates())
    }

    #[pyo3(signature = (token: "str", **options: "object"))]
    fn verify_payment(&self, token: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let options = Options(options);
        let (client, token, expected) = (self.client(options)?, text("token", token)?, expected(options)?);
        Ok(Call::new(
            client,
            |client| async move { client.verify_payment(&token, &expected).await.map(Verification::from) },
        ))
    }

    #[pyo3(signature = (**options: "object"))]
    fn settings(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let client = self.client(Options(options))?;
        Ok(Call::new(client, |client| async move { client.settings().await.map(Settings::from) }))
    }

    #[pyo3(signature = (callback_url: "str", **options: "object"))]
    fn set_settings(&self, callback_url: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let options = Options(options);
        let (client, url) = (self.client(options)?, text("callback_url", callback_url)?);
        let method = callback_method(options, "method")?;
        Ok(Call::new(client, |client| async move { client.set_settings(&url, method).await.map(Settings::from) }))
    }

    #[pyo3(signature = (callback_url: "str", **options: "object"))]
    fn ensure_callback_url(
        &self,
        callback_url: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Call> {
        let options = Options(options);
        let (client, url) = (self.client(options)?, text("callback_url", callback_url)?);
        let (method, replace) = (callback_method(options, "method")?, options.flag("replace")?);
        Ok(Call::new(client, move |client| async move {
            client.ensure_callback_url(&url, method, replace).await.map(CallbackUrlChange::from)
        }))
    }

    #[pyo3(signature = (**options: "object"))]
    fn accepted_coins(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let client = self.client(Options(options))?;
        Ok(Call::new(client, |client| async move { client.accepted_coins().await.map(all::<_, AcceptedCoin>) }))
    }

    #[pyo3(signature = (**options: "object"))]
    fn coins(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let client = self.client(Options(options))?;
        Ok(Call::new(client, |client| async move { client.coins().await.map(all::<_, Coin>) }))
    }

    #[pyo3(signature = (**options: "object"))]
    fn last_block(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let options = Options(options);
        let (client, coin_id) = (self.client(options)?, options.coin_id("coin_id")?);
        Ok(Call::new(client, move |client| async move { client.last_block(coin_id).await.map(LastBlock::from) }))
    }

    #[pyo3(signature = (**options: "object"))]
    fn coin_prices(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let options = Options(options);
        let (client, coins) = (self.client(options)?, options.texts("coin_names")?);
        let (currency, change) = (options.required_text("currency")?, options.flag("include_change")?);
        Ok(Call::new(client, move |client| async move {
            client.coin_prices(&coins, &currency, change).await.map(all::<_, CoinPrice>)
        }))
    }

    #[pyo3(signature = (**options: "object"))]
    fn currencies(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let client = self.client(Options(options))?;
        Ok(Call::new(client, |client| async move { client.currencies().await.map(all::<_, Currency>) }))
    }

    #[pyo3(signature = (**options: "object"))]
    fn languages(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let client = self.client(Options(options))?;
        Ok(Call::new(client, |client| async move { client.languages().await.map(all::<_, Language>) }))
    }

    #[pyo3(signature = (**options: "object"))]
    fn info(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let client = self.client(Options(options))?;
        Ok(Call::new(client, |client| async move { client.info().await.map(Info::from) }))
    }

    #[pyo3(signature = (**options: "object"))]
    fn ping(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let client = self.client(Options(options))?;
        Ok(Call::new(client, |client| async move { client.ping().await }))
    }

    #[pyo3(signature = (**options: "object"))]
    fn merchant(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let client = self.client(Options(options))?;
        Ok(Call::new(client, |client| async move { client.merchant().await.map(Merchant::from) }))
    }
}

/// Everything that a client can be made with, besides its API key.
fn configured(mut builder: ClientBuilder, options: Options<'_, '_>) -> PyResult<ClientBuilder> {
    let (secret_key, previous) = (options.text("secret_key")?, options.text("previous_secret_key")?);
    builder = builder.secret_keys(secret_key.as_deref(), previous.as_deref());
    if let Some(url) = options.text("base_url")? {
        builder = builder.base_url(url);
    }
    if let Some(url) = options.text("gateway_url")? {
        builder = builder.gateway_url(url);
    }
    if let Some(url) = options.text("proxy")? {
        builder = builder.proxy(url);
    }
    if let Some(attempts) = options.integer("max_attempts")? {
        builder = builder.max_attempts(attempts);
    }
    if let Some(certificates) = options.get("ca_certificates")? {
        let pem = match certificates.cast::<PyBytes>() {
            Ok(bytes) => bytes.as_bytes().to_vec(),
            Err(_) => text("ca_certificates", &certificates)?.into_bytes(),
        };
        builder = builder.ca_certificates(pem);
    }
    Ok(builder.limits(limits::replaced(paymento::Limits::default(), options)?))
}

fn reconnected(inherited: &Client) -> Client {
    let client = inherited.reconnected();
    client.keep_log_records();
    client
}

/// `python/3.12.1`, for the `User-Agent`.
fn platform(py: Python<'_>) -> String {
    let version = py.version_info();
    format!("python/{}.{}.{}", version.major, version.minor, version.patch)
}

fn all<T, P: From<T>>(items: Vec<T>) -> Vec<P> {
    items.into_iter().map(P::from).collect()
}
