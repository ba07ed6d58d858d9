//! [`Client`]: one method per endpoint.

use std::sync::{Mutex, PoisonError};

use napi::{Env, bindgen_prelude::PromiseRaw};
use napi_derive::napi;
use paymento::{CallbackMethod, Error, Expected, parse_coin_id};

use crate::{
    call::{Call, Started},
    callback::{SignatureHeaders, pack, with_headers},
    client_options::ClientOptions,
    directory::{AcceptedCoin, Coin, CoinPrice, Currency, Info, Language, LastBlock, Merchant},
    errors::{Outcome, to_js},
    log::LogRecord,
    payment::{Payment, PaymentRequest},
    settings::{CallbackUrlChange, Settings},
    verification::{ExpectedPayment, Verification},
};

/// Talks to the gateway for one store, until it is closed.
#[napi]
pub struct Client {
    open: Mutex<Option<paymento::Client>>,
}

/// Checks the options and makes a client. Opens no connection.
#[napi]
pub fn open_client(options: ClientOptions) -> Outcome<Client> {
    to_js(options.build().map(|client| Client { open: Mutex::new(Some(client)) }))
}

impl Client {
    fn inner(&self) -> Result<paymento::Client, Error> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.clone().ok_or_else(paymento::Client::closed_error)
    }

    fn start(&self, call: Option<&Call>) -> Started {
        Started::new(self.inner(), call)
    }
}

/// What a call over the network gives. Declared for TypeScript in `native-header.txt`.
type Promised<'env, T> = napi::Result<PromiseRaw<'env, Outcome<T>>>;

#[napi]
impl Client {
    /// From now on every call fails with `config.closed`.
    #[napi]
    pub fn close(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// From now on log records are kept.
    #[napi]
    pub fn keep_log_records(&self) {
        if let Ok(client) = self.inner() {
            client.keep_log_records();
        }
    }

    /// The log records since the last time.
    #[napi]
    pub fn take_log_records(&self) -> Vec<LogRecord> {
        let records = self.inner().map(|client| client.take_log_records()).unwrap_or_default();
        records.into_iter().map(Into::into).collect()
    }

    /// Authenticates a callback with this client's secret keys.
    #[napi]
    pub fn authenticate(&self, body: &[u8], headers: SignatureHeaders) -> Outcome<String> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let client = open.as_ref().ok_or_else(paymento::Client::closed_error);
        let authenticated = client
            .and_then(|client| with_headers(&headers, |headers| client.authenticate(body, headers)))
            .map(|callback| pack(&callback));
        to_js(authenticated)
    }

    /// Asks for a payment.
    #[napi]
    pub fn create_payment<'env>(
        &self,
        env: &'env Env,
        request: PaymentRequest,
        call: Option<&Call>,
    ) -> Promised<'env, Payment> {
        let started = Started { creates: true, ..self.start(call) };
        started.run(env, |client| async move {
            let payment = client.create_payment(request.try_into()?).await?;
            Ok(Payment::from(&payment))
        })
    }

    /// Asks whether a payment is settled.
    #[napi]
    pub fn verify_payment<'env>(
        &self,
        env: &'env Env,
        token: String,
        expected: ExpectedPayment,
        call: Option<&Call>,
    ) -> Promised<'env, Verification> {
        self.start(call).run(env, |client| async move {
            let expected = Expected::try_from(expected)?;
            let verification = client.verify_payment(&token, &expected).await?;
            Ok(Verification::from(&verification))
        })
    }

    /// Where the gateway sends this store's callbacks.
    #[napi]
    pub fn settings<'env>(&self, env: &'env Env, call: Option<&Call>) -> Promised<'env, Settings> {
        self.start(call).run(env, |client| async move { client.settings().await })
    }

    /// Sets where the gateway sends this store's callbacks.
    #[napi]
    pub fn set_settings<'env>(
        &self,
        env: &'env Env,
        callback_url: String,
        method: Option<String>,
        call: Option<&Call>,
    ) -> Promised<'env, Settings> {
        self.start(call).run(env, |client| async move {
            client.set_settings(&callback_url, parse_method(method.as_deref())?).await
        })
    }

    /// Makes sure that callbacks come to this address.
    #[napi]
    pub fn ensure_callback_url<'env>(
        &self,
        env: &'env Env,
        callback_url: String,
        method: Option<String>,
        replace: bool,
        call: Option<&Call>,
    ) -> Promised<'env, CallbackUrlChange> {
        self.start(call).run(env, move |client| async move {
            client.ensure_callback_url(&callback_url, parse_method(method.as_deref())?, replace).await
        })
    }

    /// The coins that this store takes.
    #[napi]
    pub fn accepted_coins<'env>(&self, env: &'env Env, call: Option<&Call>) -> Promised<'env, Vec<AcceptedCoin>> {
        self.start(call).run(env, |client| async move { list(client.accepted_coins().await) })
    }

    /// Every coin that the gateway knows.
    #[napi]
    pub fn coins<'env>(&self, env: &'env Env, call: Option<&Call>) -> Promised<'env, Vec<Coin>> {
        self.start(call).run(env, |client| async move { list(client.coins().await) })
    }

    /// How far the gateway has read a coin's chain.
    #[napi]
    pub fn last_block<'env>(&self, env: &'env Env, coin_id: String, call: Option<&Call>) -> Promised<'env, LastBlock> {
        self.start(call).run(env, |client| async move { client.last_block(parse_coin_id(&coin_id)?).await })
    }

    /// What coins cost.
    #[napi]
    pub fn coin_prices<'env>(
        &self,
        env: &'env Env,
        coin_names: Vec<String>,
        currency: String,
        include_change: bool,
        call: Option<&Call>,
    ) -> Promised<'env, Vec<CoinPrice>> {
        self.start(call).run(env, move |client| async move {
            list(client.coin_prices(&coin_names, &currency, include_change).await)
        })
    }

    /// The currencies that prices can be given in.
    #[napi]
    pub fn currencies<'env>(&self, env: &'env Env, call: Option<&Call>) -> Promised<'env, Vec<Currency>> {
        self.start(call).run(env, |client| async move { list(client.currencies().await) })
    }

    /// The languages of the hosted page.
    #[napi]
    pub fn languages<'env>(&self, env: &'env Env, call: Option<&Call>) -> Promised<'env, Vec<Language>> {
        self.start(call).run(env, |client| async move { list(client.languages().await) })
    }

    /// What the gateway says of itself.
    #[napi]
    pub fn info<'env>(&self, env: &'env Env, call: Option<&Call>) -> Promised<'env, Info> {
        self.start(call).run(env, |client| async move { client.info().await })
    }

    /// Asks whether the gateway answers.
    #[napi]
    pub fn ping<'env>(&self, env: &'env Env, call: Option<&Call>) -> Promised<'env, ()> {
        self.start(call).run(env, |client| async move { client.ping().await })
    }

    /// The merchant that the API key belongs to.
    #[napi]
    pub fn merchant<'env>(&self, env: &'env Env, call: Option<&Call>) -> Promised<'env, Merchant> {
        self.start(call).run(env, |client| async move { client.merchant().await })
    }
}

fn list<T, J: From<T>>(items: Result<Vec<T>, Error>) -> Result<Vec<J>, Error> {
    Ok(items?.into_iter().map(Into::into).collect())
}

fn parse_method(method: Option<&str>) -> Result<CallbackMethod, Error> {
    method.map(CallbackMethod::parse).transpose().map(Option::unwrap_or_default)
}
