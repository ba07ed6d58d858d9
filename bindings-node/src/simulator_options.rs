//! [`SimulatorOptions`]: what a simulator is started with.

use std::{net::IpAddr, str::FromStr, time::Duration};

use napi::Either;
use napi_derive::napi;
use paymento::{
    Error, ErrorCode,
    simulator::{Simulator, SimulatorBuilder, StoreOptions, parse_duration},
};

/// Milliseconds, or text such as `20m`.
pub(crate) type Span = Either<f64, String>;

/// Reads it. Infinity is the longest duration that there is.
pub(crate) fn duration(span: &Span) -> Result<Duration, Error> {
    match span {
        Either::A(milliseconds) if *milliseconds == f64::INFINITY => Ok(Duration::MAX),
        Either::A(milliseconds) => Duration::try_from_secs_f64(milliseconds / 1_000.0).map_err(|_| {
            let message = format!("a duration is a number of milliseconds from 0 on; got {milliseconds}");
            Error::new(ErrorCode::InputDuration, message)
        }),
        Either::B(text) => parse_duration(text),
    }
}

/// A whole number from 0 on; TypeScript has checked that it is whole.
pub(crate) fn seed(number: i64) -> Result<u64, Error> {
    u64::try_from(number)
        .map_err(|_| Error::new(ErrorCode::InputType, format!("seed is a whole number from 0 on; got {number}")))
}

/// A store to have.
#[napi(object, object_to_js = false)]
pub struct StoreParts {
    /// Shown on the checkout page.
    pub name: String,
    /// Made for this run otherwise.
    pub api_key: Option<String>,
    /// Made for this run otherwise.
    pub secret_key: Option<String>,
    /// Where callbacks go.
    pub callback_url: Option<String>,
    /// `POST` or `PUT`.
    pub callback_method: Option<String>,
    /// Names or shortcuts; all coins otherwise.
    pub coins: Option<Vec<String>>,
}

impl TryFrom<StoreParts> for StoreOptions {
    type Error = Error;

    fn try_from(parts: StoreParts) -> Result<Self, Error> {
        let mut store = Self::new(parts.name);
        store = with(store, parts.api_key, Self::api_key);
        store = with(store, parts.secret_key, Self::secret_key);
        store = with(store, parts.callback_url, Self::callback_url);
        store = with(store, parsed(parts.callback_method)?, Self::callback_method);
        Ok(with(store, parts.coins, Self::coins))
    }
}

/// Options of a simulator, each with a default.
#[napi(object, object_to_js = false)]
pub struct SimulatorOptions {
    /// `127.0.0.1` otherwise.
    pub address: Option<String>,
    /// Any free one otherwise.
    pub port: Option<u16>,
    /// In place of the one store.
    pub stores: Option<Vec<StoreParts>>,
    /// The first store's, as with the next ones.
    pub store_name: Option<String>,
    /// Where callbacks go.
    pub callback_url: Option<String>,
    /// `POST` or `PUT`.
    pub callback_method: Option<String>,
    /// Made for this run otherwise.
    pub api_key: Option<String>,
    /// Made for this run otherwise.
    pub secret_key: Option<String>,
    /// The waits between the attempts at a callback.
    pub retry_schedule: Option<Vec<Either<f64, String>>>,
    /// How long a payment can be paid.
    pub payment_window: Option<Either<f64, String>>,
    /// How long the rest of a partial payment may take.
    pub partial_window: Option<Either<f64, String>>,
    /// How long a Paid payment waits to be verified.
    pub verify_deadline: Option<Either<f64, String>>,
    /// How long the chain takes.
    pub confirmation_time: Option<Either<f64, String>>,
    /// Whether the chain confirms only when it is told to.
    pub manual_confirmation: Option<bool>,
    /// How many complete a transaction.
    pub required_confirmations: Option<u32>,
    /// Whether time stands still.
    pub virtual_clock: Option<bool>,
    /// Where everything made up comes from.
    pub seed: Option<i64>,
    /// Whether mistakes are refused.
    pub strict: Option<bool>,
    /// `current` or `published`.
    pub profile: Option<String>,
    /// `unauthorized` or `refused`.
    pub bad_key_answer: Option<String>,
    /// `200` or `400`.
    pub business_error_status: Option<String>,
    /// `no_body` or `default_body`.
    pub unknown_token_answer: Option<String>,
    /// Whether any `Host` is answered.
    pub any_host: Option<bool>,
}

impl SimulatorOptions {
    pub(crate) fn into_builder(mut self) -> Result<SimulatorBuilder, Error> {
        let builder = self.listen(Simulator::builder())?;
        let builder = self.store(builder)?;
        let builder = self.time(builder)?;
        self.answers(builder)
    }

    fn listen(&self, builder: SimulatorBuilder) -> Result<SimulatorBuilder, Error> {
        let parse = |text: &String| {
            let wrong = || Error::new(ErrorCode::InputType, "address is an IP address, like 127.0.0.1");
            text.parse::<IpAddr>().map_err(|_| wrong())
        };
        let address = self.address.as_ref().map(parse).transpose()?;
        Ok(with(with(builder, address, SimulatorBuilder::address), self.port, SimulatorBuilder::port))
    }

    /// The stores first: the other options are about the first of them.
    fn store(&mut self, mut builder: SimulatorBuilder) -> Result<SimulatorBuilder, Error> {
        if let Some(stores) = self.stores.take() {
            let stores: Vec<_> = stores.into_iter().map(StoreOptions::try_from).collect::<Result<_, _>>()?;
            builder = builder.stores(stores);
        }
        builder = with(builder, self.store_name.take(), SimulatorBuilder::store_name);
        builder = with(builder, self.callback_url.take(), SimulatorBuilder::callback_url);
        builder = with(builder, parsed(self.callback_method.take())?, SimulatorBuilder::callback_method);
        builder = with(builder, self.api_key.take(), SimulatorBuilder::api_key);
        Ok(with(builder, self.secret_key.take(), SimulatorBuilder::secret_key))
    }

    fn time(&self, mut builder: SimulatorBuilder) -> Result<SimulatorBuilder, Error> {
        let read = |span: &Option<Span>| span.as_ref().map(duration).transpose();
        if let Some(waits) = &self.retry_schedule {
            let waits: Vec<_> = waits.iter().map(duration).collect::<Result<_, _>>()?;
            builder = builder.retry_schedule(waits);
        }
        builder = with(builder, read(&self.payment_window)?, SimulatorBuilder::payment_window);
        builder = with(builder, read(&self.partial_window)?, SimulatorBuilder::partial_window);
        builder = with(builder, read(&self.verify_deadline)?, SimulatorBuilder::verify_deadline);
        builder = with(builder, read(&self.confirmation_time)?, SimulatorBuilder::confirmation_time);
        builder = with(builder, self.manual_confirmation, SimulatorBuilder::manual_confirmation);
        builder = with(builder, self.required_confirmations, SimulatorBuilder::required_confirmations);
        Ok(with(builder, self.virtual_clock, SimulatorBuilder::virtual_clock))
    }

    fn answers(self, mut builder: SimulatorBuilder) -> Result<SimulatorBuilder, Error> {
        builder = with(builder, self.seed.map(seed).transpose()?, SimulatorBuilder::seed);
        builder = with(builder, self.strict, SimulatorBuilder::strict);
        builder = with(builder, parsed(self.profile)?, SimulatorBuilder::profile);
        builder = with(builder, parsed(self.bad_key_answer)?, SimulatorBuilder::bad_key_answer);
        builder = with(builder, parsed(self.business_error_status)?, SimulatorBuilder::business_error_status);
        builder = with(builder, parsed(self.unknown_token_answer)?, SimulatorBuilder::unknown_token_answer);
        Ok(with(builder, self.any_host, SimulatorBuilder::any_host))
    }
}

/// With the value set where one is given.
fn with<B, T>(builder: B, value: Option<T>, set: impl FnOnce(B, T) -> B) -> B {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

pub(crate) fn parsed<T: FromStr<Err = Error>>(text: Option<String>) -> Result<Option<T>, Error> {
    text.map(|text| text.parse()).transpose()
}
