//! The gateway, played on loopback: starting it, driving payments, ending it.

use std::{future::Future, sync::Arc, time::UNIX_EPOCH};

use napi::{
    Env,
    bindgen_prelude::{PromiseRaw, ToNapiValue},
};
use napi_derive::napi;
use paymento::{Amount, Error, ErrorCode, simulator};
use tokio::task::spawn_blocking;

use crate::{
    errors::{Outcome, to_js},
    simulated::milliseconds,
    simulator_options::{SimulatorOptions, Span, duration},
};

/// A running simulator. Ends when it is collected, or stopped.
#[napi]
pub struct Simulator {
    pub(crate) running: Arc<simulator::Simulator>,
}

/// Where it is, and the first store's keys.
#[napi(object, object_from_js = false)]
pub struct SimulatorAddress {
    /// The API.
    pub base_url: String,
    /// The checkout page.
    pub gateway_url: String,
    /// Where it listens.
    pub port: u16,
    /// Shown on the checkout page.
    pub store_name: String,
    /// The key that the API asks for.
    pub api_key: String,
    /// The key that signs callbacks.
    pub secret_key: String,
    /// When its clock began, since 1970.
    pub started_at_ms: f64,
}

/// What waits. Never rejected.
pub(crate) type Promised<'env, T> = napi::Result<PromiseRaw<'env, Outcome<T>>>;

/// Starts a simulator off the JavaScript thread.
#[napi]
pub fn start_simulator(env: &Env, options: SimulatorOptions) -> Promised<'_, Simulator> {
    off_thread(env, || {
        let running = Arc::new(options.into_builder()?.start()?);
        Ok(Simulator { running })
    })
}

/// The simulator waits for its own thread when it starts and stops: not on the thread of JavaScript.
fn off_thread<T: ToNapiValue + Send + 'static>(
    env: &Env,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Promised<'_, T> {
    in_future(env, async {
        let unfinished = |_| Err(Error::new(ErrorCode::ConfigPort, "the simulator's thread ended early"));
        spawn_blocking(work).await.unwrap_or_else(unfinished)
    })
}

pub(crate) fn in_future<T: ToNapiValue + Send + 'static>(
    env: &Env,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Promised<'_, T> {
    env.spawn_future(async { Ok(to_js(work.await)) })
}

#[napi]
impl Simulator {
    /// Where it is, and the first store's keys.
    #[napi]
    pub fn address(&self) -> SimulatorAddress {
        let started_at = self.running.started_at().duration_since(UNIX_EPOCH).unwrap_or_default();
        SimulatorAddress {
            base_url: self.running.base_url(),
            gateway_url: self.running.gateway_url(),
            port: self.running.port(),
            store_name: self.running.store_name().to_owned(),
            api_key: self.running.api_key().to_owned(),
            secret_key: self.running.secret_key().to_owned(),
            started_at_ms: milliseconds(started_at),
        }
    }

    /// Pays what is owed.
    #[napi]
    pub fn pay(&self, token: String) -> Outcome<()> {
        to_js(self.running.pay(&token))
    }

    /// Pays this much of the chosen coin.
    #[napi]
    pub fn pay_amount(&self, token: String, amount: String) -> Outcome<()> {
        to_js(Amount::parse(&amount).and_then(|amount| self.running.pay_amount(&token, &amount)))
    }

    /// Pays half of what is owed.
    #[napi]
    pub fn underpay(&self, token: String) -> Outcome<()> {
        to_js(self.running.underpay(&token))
    }

    /// Pays so much less than what is owed.
    #[napi]
    pub fn underpay_by(&self, token: String, amount: String) -> Outcome<()> {
        to_js(Amount::parse(&amount).and_then(|amount| self.running.underpay_by(&token, &amount)))
    }

    /// Pays a tenth more than what is owed.
    #[napi]
    pub fn overpay(&self, token: String) -> Outcome<()> {
        to_js(self.running.overpay(&token))
    }

    /// The chain confirms all money that it has seen.
    #[napi]
    pub fn confirm(&self, token: String) -> Outcome<()> {
        to_js(self.running.confirm(&token))
    }

    /// The newest transaction disappears from the mempool.
    #[napi]
    pub fn drop_transaction(&self, token: String) -> Outcome<()> {
        to_js(self.running.drop_transaction(&token))
    }

    /// Cancels.
    #[napi]
    pub fn cancel(&self, token: String) -> Outcome<()> {
        to_js(self.running.cancel(&token))
    }

    /// Ends the time to pay.
    #[napi]
    pub fn expire(&self, token: String) -> Outcome<()> {
        to_js(self.running.expire(&token))
    }

    /// Rejects.
    #[napi]
    pub fn reject(&self, token: String) -> Outcome<()> {
        to_js(self.running.reject(&token))
    }

    /// Moves the clock on; done when all that is due by then has happened.
    #[napi]
    pub fn advance<'env>(&self, env: &'env Env, by: Span) -> Promised<'env, ()> {
        let running = Arc::clone(&self.running);
        in_future(env, async move { running.advanced(duration(&by)?).await })
    }

    /// Milliseconds by its clock, since its start.
    #[napi]
    pub fn now(&self) -> f64 {
        milliseconds(self.running.now())
    }

    /// Whether it was stopped.
    #[napi]
    pub fn is_stopped(&self) -> bool {
        self.running.is_stopped()
    }

    /// Ends it; its port is free afterwards.
    #[napi]
    pub fn stop<'env>(&self, env: &'env Env) -> Promised<'env, ()> {
        let running = Arc::clone(&self.running);
        off_thread(env, move || {
            running.stop();
            Ok(())
        })
    }
}
