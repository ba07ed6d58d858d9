//! The gateway, played on loopback.

use std::{future::Future, sync::Arc};

use napi::{
    Env,
    bindgen_prelude::{PromiseRaw, ToNapiValue},
};
use napi_derive::napi;
use paymento::{
    CallbackMethod, Error, ErrorCode,
    simulator::{self, SimulatorBuilder},
};
use tokio::task::spawn_blocking;

use crate::{
    call::milliseconds_to_duration,
    errors::{Outcome, to_js},
    simulated::{Delivery, PaymentSnapshot, SimulatorEvent},
};

/// Options of a simulator, each with a default.
#[napi(object, object_to_js = false)]
pub struct SimulatorOptions {
    /// Shown on the checkout page.
    pub store_name: Option<String>,
    /// Any free one otherwise.
    pub port: Option<u16>,
    /// Where callbacks go.
    pub callback_url: Option<String>,
    /// `POST` or `PUT`.
    pub callback_method: Option<String>,
    /// Made for this run otherwise.
    pub api_key: Option<String>,
    /// Made for this run otherwise.
    pub secret_key: Option<String>,
}

impl SimulatorOptions {
    fn into_builder(self) -> Result<SimulatorBuilder, Error> {
        let mut builder = simulator::Simulator::builder().port(self.port.unwrap_or_default());
        if let Some(name) = self.store_name {
            builder = builder.store_name(name);
        }
        if let Some(url) = self.callback_url {
            builder = builder.callback_url(url);
        }
        if let Some(key) = self.api_key {
            builder = builder.api_key(key);
        }
        if let Some(key) = self.secret_key {
            builder = builder.secret_key(key);
        }
        Ok(builder.callback_method(callback_method(self.callback_method.as_deref())?))
    }
}

fn callback_method(text: Option<&str>) -> Result<simulator::CallbackMethod, Error> {
    let method = text.map(CallbackMethod::parse).transpose()?.unwrap_or_default();
    Ok(match method {
        CallbackMethod::Put => simulator::CallbackMethod::Put,
        _ => simulator::CallbackMethod::Post,
    })
}

/// A running simulator. Ends when it is collected, or stopped.
#[napi]
pub struct Simulator {
    running: Arc<simulator::Simulator>,
}

/// Where it is and its keys.
#[napi(object, object_from_js = false)]
pub struct SimulatorAddress {
    /// The API.
    pub base_url: String,
    /// The checkout page.
    pub gateway_url: String,
    /// The key that the API asks for.
    pub api_key: String,
    /// The key that signs callbacks.
    pub secret_key: String,
}

/// Starts a simulator off the JavaScript thread.
#[napi]
pub fn start_simulator(env: &Env, options: SimulatorOptions) -> napi::Result<PromiseRaw<'_, Outcome<Simulator>>> {
    off_thread(env, || {
        let running = Arc::new(options.into_builder()?.start()?);
        Ok(Simulator { running })
    })
}

/// The simulator waits for its own thread when it starts and stops: not on the thread of JavaScript.
fn off_thread<T: ToNapiValue + Send + 'static>(
    env: &Env,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> napi::Result<PromiseRaw<'_, Outcome<T>>> {
    in_future(env, async {
        let unfinished = |_| Err(Error::new(ErrorCode::ConfigPort, "the simulator's thread ended early"));
        spawn_blocking(work).await.unwrap_or_else(unfinished)
    })
}

fn in_future<T: ToNapiValue + Send + 'static>(
    env: &Env,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> napi::Result<PromiseRaw<'_, Outcome<T>>> {
    env.spawn_future(async { Ok(to_js(work.await)) })
}

#[napi]
impl Simulator {
    /// Where it is and its keys.
    #[napi]
    pub fn address(&self) -> SimulatorAddress {
        SimulatorAddress {
            base_url: self.running.base_url(),
            gateway_url: self.running.gateway_url(),
            api_key: self.running.api_key().to_owned(),
            secret_key: self.running.secret_key().to_owned(),
        }
    }

    /// Sets where callbacks go.
    #[napi]
    pub fn set_callback_url(&self, url: String, method: Option<String>) -> Outcome<()> {
        to_js(callback_method(method.as_deref()).and_then(|method| self.running.set_callback_url(&url, method)))
    }

    /// Pays.
    #[napi]
    pub fn pay(&self, token: String) -> Outcome<()> {
        to_js(self.running.pay(&token))
    }

    /// Cancels.
    #[napi]
    pub fn cancel(&self, token: String) -> Outcome<()> {
        to_js(self.running.cancel(&token))
    }

    /// The payments, oldest first.
    #[napi]
    pub fn payments(&self) -> Vec<PaymentSnapshot> {
        self.running.payments().into_iter().map(Into::into).collect()
    }

    /// The payment with this token.
    #[napi]
    pub fn payment(&self, token: String) -> Option<PaymentSnapshot> {
        self.running.payment(&token).map(Into::into)
    }

    /// The payment's callbacks so far, finished or not.
    #[napi]
    pub fn deliveries(&self, token: String) -> Vec<Delivery> {
        self.running.deliveries(&token).into_iter().map(Into::into).collect()
    }

    /// Waits until so many of the payment's callbacks are finished.
    #[napi]
    pub fn delivered<'env>(
        &self,
        env: &'env Env,
        token: String,
        count: u32,
        timeout_ms: f64,
    ) -> napi::Result<PromiseRaw<'env, Outcome<Vec<Delivery>>>> {
        let running = Arc::clone(&self.running);
        in_future(env, async move {
            let timeout = milliseconds_to_duration(timeout_ms)?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let deliveries = running.delivered(&token, count, timeout).await?;
            Ok(deliveries.into_iter().map(Into::into).collect())
        })
    }

    /// The events after this sequence number, or the next ones.
    #[napi]
    pub fn events_after<'env>(
        &self,
        env: &'env Env,
        sequence: u32,
        timeout_ms: f64,
    ) -> napi::Result<PromiseRaw<'env, Outcome<Vec<SimulatorEvent>>>> {
        let running = Arc::clone(&self.running);
        in_future(env, async move {
            let timeout = milliseconds_to_duration(timeout_ms)?;
            let events = running.next_events(u64::from(sequence), timeout).await;
            Ok(events.into_iter().map(Into::into).collect())
        })
    }

    /// Ends it; its port is free afterwards.
    #[napi]
    pub fn stop<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, Outcome<()>>> {
        let running = Arc::clone(&self.running);
        off_thread(env, move || {
            running.stop();
            Ok(())
        })
    }
}
