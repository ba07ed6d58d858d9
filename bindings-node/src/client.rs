//! [`Client`]: one method per endpoint.

use std::sync::{Mutex, PoisonError};

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
    results::Results,
    settings::{CallbackUrlChange, Settings},
    verification::{ExpectedPayment, Verification},
};

/// Talks to the gateway for one store, until it is closed.
#[napi]
pub struct Client {
    open: Mutex<Option<paymento::Client>>,
    results: Results,
}

/// Checks the options and makes a client, whose results go to the given ones. Opens no connection.
#[napi]
pub fn open_client(options: ClientOptions, results: &Results) -> Outcome<Client> {
    to_js(options.build().map(|client| Client { open: Mutex::new(Some(client)), results: results.clone() }))
}

impl Client {
    pub(crate) fn inner(&self) -> Result<paymento::Client, Error> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.clone().ok_or_else(paymento::Client::closed_error)
    }

    fn start(&self, call: Option<&Call>) -> Started<paymento::Client> {
        Started::new(self.inner(), call, self.results.clone())
    }
}

/// The number under which the result of a call comes. Declared for TypeScript in `native-header.txt`.
type Ticket = u32;

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
    #[napi(ts_return_type = "Ticket<Payment>")]
    pub fn create_payment(&self, request: PaymentRequest, call: Option<&Call>) -> Ticket {
        self.start(call).creating().run::<Payment, _, _>(|client| async move {
            let payment = client.create_payment(request.try_into()?).await?;
            Ok(Payment::from(&payment))
        })
    }

    /// Asks whether a payment is settled.
    #[napi(ts_return_type = "Ticket<Verification>")]
    pub fn verify_payment(&self, token: String, expected: ExpectedPayment, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Verification, _, _>(|client| async move {
            let expected = Expected::try_from(expected)?;
            let verification = client.verify_payment(&token, &expected).await?;
            Ok(Verification::from(&verification))
        })
    }

    /// Where the gateway sends this store's callbacks.
    #[napi(ts_return_type = "Ticket<Settings>")]
    pub fn settings(&self, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Settings, _, _>(|client| async move { client.settings().await })
    }

    /// Sets where the gateway sends this store's callbacks.
    #[napi(ts_return_type = "Ticket<Settings>")]
    pub fn set_settings(&self, callback_url: String, method: Option<String>, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Settings, _, _>(|client| async move {
            client.set_settings(&callback_url, parse_method(method.as_deref())?).await
        })
    }

    /// Makes sure that callbacks come to this address.
    #[napi(ts_return_type = "Ticket<CallbackUrlChange>")]
    pub fn ensure_callback_url(
        &self,
        callback_url: String,
        method: Option<String>,
        replace: bool,
        call: Option<&Call>,
    ) -> Ticket {
        self.start(call).run::<CallbackUrlChange, _, _>(move |client| async move {
            client.ensure_callback_url(&callback_url, parse_method(method.as_deref())?, replace).await
        })
    }

    /// The coins that this store takes.
    #[napi(ts_return_type = "Ticket<Array<AcceptedCoin>>")]
    pub fn accepted_coins(&self, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Vec<AcceptedCoin>, _, _>(|client| async move { list(client.accepted_coins().await) })
    }

    /// Every coin that the gateway knows.
    #[napi(ts_return_type = "Ticket<Array<Coin>>")]
    pub fn coins(&self, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Vec<Coin>, _, _>(|client| async move { list(client.coins().await) })
    }

    /// How far the gateway has read a coin's chain.
    #[napi(ts_return_type = "Ticket<LastBlock>")]
    pub fn last_block(&self, coin_id: String, call: Option<&Call>) -> Ticket {
        self.start(call)
            .run::<LastBlock, _, _>(|client| async move { client.last_block(parse_coin_id(&coin_id)?).await })
    }

    /// What coins cost.
    #[napi(ts_return_type = "Ticket<Array<CoinPrice>>")]
    pub fn coin_prices(
        &self,
        coin_names: Vec<String>,
        currency: String,
        include_change: bool,
        call: Option<&Call>,
    ) -> Ticket {
        self.start(call).run::<Vec<CoinPrice>, _, _>(move |client| async move {
            list(client.coin_prices(&coin_names, &currency, include_change).await)
        })
    }

    /// The currencies that prices can be given in.
    #[napi(ts_return_type = "Ticket<Array<Currency>>")]
    pub fn currencies(&self, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Vec<Currency>, _, _>(|client| async move { list(client.currencies().await) })
    }

    /// The languages of the hosted page.
    #[napi(ts_return_type = "Ticket<Array<Language>>")]
    pub fn languages(&self, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Vec<Language>, _, _>(|client| async move { list(client.languages().await) })
    }

    /// What the gateway says of itself.
    #[napi(ts_return_type = "Ticket<Info>")]
    pub fn info(&self, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Info, _, _>(|client| async move { client.info().await })
    }

    /// Asks whether the gateway answers.
    #[napi(ts_return_type = "Ticket<null>")]
    pub fn ping(&self, call: Option<&Call>) -> Ticket {
        self.start(call).run::<(), _, _>(|client| async move { client.ping().await })
    }

    /// The merchant that the API key belongs to.
    #[napi(ts_return_type = "Ticket<Merchant>")]
    pub fn merchant(&self, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Merchant, _, _>(|client| async move { client.merchant().await })
    }
}

fn list<T, J: From<T>>(items: Result<Vec<T>, Error>) -> Result<Vec<J>, Error> {
    Ok(items?.into_iter().map(Into::into).collect())
}

fn parse_method(method: Option<&str>) -> Result<CallbackMethod, Error> {
    method.map(CallbackMethod::parse).transpose().map(Option::unwrap_or_default)
}
