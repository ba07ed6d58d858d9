//! [`Call`]: the time limits of one call, and the way to give it up.

use std::{future::Future, sync::Arc, time::Duration};

use napi_derive::napi;
use paymento::{Error, ErrorCode, Limits};
use serde::Serialize;
use tokio::sync::Notify;

use crate::{errors::to_js, results::Results, runtime};

/// Time limits in milliseconds; what is missing stays as it is.
#[napi(object, object_to_js = false)]
#[derive(Clone, Copy, Default)]
pub struct LimitParts {
    /// Until a connection stands.
    pub connect_ms: Option<f64>,
    /// For one attempt.
    pub attempt_ms: Option<f64>,
    /// For all attempts.
    pub total_ms: Option<f64>,
}

impl LimitParts {
    /// These in place of the given ones.
    pub(crate) fn over(self, limits: Limits) -> Result<Limits, Error> {
        let duration = |milliseconds: Option<f64>| milliseconds.map(milliseconds_to_duration).transpose();
        Ok(limits.replaced(duration(self.connect_ms)?, duration(self.attempt_ms)?, duration(self.total_ms)?))
    }
}

pub(crate) fn milliseconds_to_duration(milliseconds: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(milliseconds / 1_000.0).map_err(|_| {
        Error::new(
            ErrorCode::ConfigTimeout,
            format!("a time limit is a number of milliseconds, more than 0; got {milliseconds}"),
        )
    })
}

/// What one call has of its own.
#[napi]
pub struct Call {
    limits: LimitParts,
    canceled: Arc<Notify>,
}

#[napi]
impl Call {
    /// Takes the limits that differ from the client's.
    #[napi(constructor)]
    pub fn new(limits: LimitParts) -> Self {
        Self { limits, canceled: Arc::default() }
    }

    /// Gives the call up: its future is dropped, and its promise gets `transport.canceled`.
    #[napi]
    pub fn cancel(&self) {
        self.canceled.notify_one();
    }
}

/// One call of a client or a checkout: what it runs with, what giving it up means, and where its result goes.
pub(crate) struct Started<C> {
    what: Result<C, Error>,
    canceled: Option<Arc<Notify>>,
    creates: bool,
    results: Results,
}

impl Started<paymento::Client> {
    pub(crate) fn new(client: Result<paymento::Client, Error>, call: Option<&Call>, results: Results) -> Self {
        let client = client.and_then(|client| match call {
            Some(call) => client.with_limits(call.limits.over(client.limits())?),
            None => Ok(client),
        });
        Self::of(client, call, results)
    }
}

impl<C: Send + 'static> Started<C> {
    /// Without limits of its own.
    pub(crate) fn of(what: Result<C, Error>, call: Option<&Call>, results: Results) -> Self {
        Self { what, canceled: call.map(|call| Arc::clone(&call.canceled)), creates: false, results }
    }

    /// That it is the call which is not repeated blindly.
    pub(crate) fn creating(self) -> Self {
        Self { creates: true, ..self }
    }

    /// Runs it on the runtime, and gives the number under which its result comes, as a `J`.
    pub(crate) fn run<J, T, F>(self, run: impl FnOnce(C) -> F + Send + 'static) -> u32
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
        J: From<T> + Serialize,
    {
        let ticket = self.results.ticket();
        let number = ticket.number();
        runtime::run(async move {
            let result = match self.what {
                Ok(what) => until_canceled(run(what), self.canceled, self.creates).await,
                Err(error) => Err(error),
            };
            ticket.end_with(&to_js(result.map(J::from)));
        });
        number
    }
}

async fn until_canceled<T>(
    work: impl Future<Output = Result<T, Error>>,
    canceled: Option<Arc<Notify>>,
    creates: bool,
) -> Result<T, Error> {
    let Some(canceled) = canceled else { return work.await };
    tokio::select! {
        biased;
        result = work => result,
        () = canceled.notified() => Err(paymento::Client::canceled_error(creates)),
    }
}
