//! Making a running simulator misbehave.

use napi_derive::napi;
use paymento::{
    Error, ErrorCode,
    simulator::{CallbackMethod, Chaos, Fault, Trigger},
};

use crate::{
    errors::{Outcome, to_js},
    simulated_fault::ArmedFault,
    simulator::Simulator,
    simulator_options::{parsed, seed},
    simulator_watch::{count, identifier},
    status::status_from_js,
};

/// How likely each fault is, from 0 to 1.
#[napi(object, object_to_js = false)]
pub struct ChaosParts {
    /// A callback is sent twice.
    pub duplicate: Option<f64>,
    /// A callback is sent after the next one.
    pub reorder: Option<f64>,
    /// A callback is never sent.
    pub drop: Option<f64>,
    /// A callback is sent late.
    pub delay: Option<f64>,
    /// An API answer never ends.
    pub stalled_body: Option<f64>,
    /// An API answer is HTTP 502.
    pub bad_gateway: Option<f64>,
    /// What decides.
    pub seed: Option<i64>,
}

impl TryFrom<ChaosParts> for Chaos {
    type Error = Error;

    fn try_from(parts: ChaosParts) -> Result<Self, Error> {
        Ok(Self {
            duplicate: parts.duplicate.unwrap_or_default(),
            reorder: parts.reorder.unwrap_or_default(),
            drop: parts.drop.unwrap_or_default(),
            delay: parts.delay.unwrap_or_default(),
            stalled_body: parts.stalled_body.unwrap_or_default(),
            bad_gateway: parts.bad_gateway.unwrap_or_default(),
            seed: parts.seed.map(seed).transpose()?,
        })
    }
}

/// A callback that no payment stands behind.
#[napi(object, object_to_js = false)]
pub struct TriggerParts {
    /// The status that it carries.
    pub status: f64,
    /// Made up otherwise.
    pub token: Option<String>,
    /// `A-578` otherwise.
    pub order_id: Option<String>,
    /// What spoils it.
    pub faults: Option<Vec<String>>,
}

impl TryFrom<TriggerParts> for Trigger {
    type Error = Error;

    fn try_from(parts: TriggerParts) -> Result<Self, Error> {
        let mut trigger = Self::new(whole_status(parts.status)?);
        if let Some(token) = parts.token {
            trigger = trigger.token(token);
        }
        if let Some(order_id) = parts.order_id {
            trigger = trigger.order_id(order_id);
        }
        let faults = parts.faults.unwrap_or_default();
        faults.iter().try_fold(trigger, |trigger, fault| Ok(trigger.fault(fault.parse()?)))
    }
}

fn whole_status(code: f64) -> Result<paymento::OrderStatus, Error> {
    status_from_js(code).ok_or_else(|| Error::new(ErrorCode::InputType, "status is a whole number"))
}

#[napi]
impl Simulator {
    /// Sets where a store's callbacks go: the one with this name, or the first.
    #[napi]
    pub fn set_callback_url(&self, url: String, method: Option<String>, store: Option<String>) -> Outcome<()> {
        let method = parsed(method).map(|method| method.unwrap_or(CallbackMethod::Post));
        to_js(method.and_then(|method| match store {
            Some(store) => self.running.set_callback_url_of(&store, &url, method),
            None => self.running.set_callback_url(&url, method),
        }))
    }

    /// Sends a signed callback with any status.
    #[napi]
    pub fn send_callback(&self, token: String, status: f64) -> Outcome<()> {
        to_js(whole_status(status).and_then(|status| self.running.send_callback(&token, status)))
    }

    /// Sends these bytes with exactly these headers.
    #[napi]
    pub fn forge_callback(&self, token: String, body: &[u8], headers: Vec<(String, String)>) -> Outcome<()> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        to_js(self.running.forge_callback(&token, body, &headers))
    }

    /// Sends a callback that no payment stands behind.
    #[napi]
    pub fn trigger(&self, parts: TriggerParts) -> Outcome<f64> {
        let trigger = Trigger::try_from(parts);
        to_js(trigger.and_then(|trigger| self.running.trigger(&trigger)).map(count))
    }

    /// Sends a delivery again.
    #[napi]
    pub fn resend(&self, delivery: i64) -> Outcome<f64> {
        to_js(self.running.resend(identifier(delivery)).map(count))
    }

    /// Sends a delivery again, changed after it was signed.
    #[napi]
    pub fn tamper(&self, delivery: i64) -> Outcome<f64> {
        to_js(self.running.tamper(identifier(delivery)).map(count))
    }

    /// Sends what the dashboard's test sends.
    #[napi]
    pub fn send_test_webhook(&self, store: Option<String>) -> Outcome<f64> {
        to_js(self.running.send_test_webhook(store.as_deref()).map(count))
    }

    /// Sends what a thief would.
    #[napi]
    pub fn send_tampered_probe(&self, store: Option<String>) -> Outcome<f64> {
        to_js(self.running.send_tampered_probe(store.as_deref()).map(count))
    }

    /// Arms a fault.
    #[napi]
    pub fn arm(&self, fault: String, times: Option<u32>, token: Option<String>) -> Outcome<()> {
        let fault = fault.parse::<Fault>();
        to_js(fault.map(|fault| self.running.arm(fault, times, token.as_deref())))
    }

    /// The faults that are armed.
    #[napi]
    pub fn faults(&self) -> Vec<ArmedFault> {
        self.running.faults().into_iter().map(Into::into).collect()
    }

    /// Disarms every fault.
    #[napi]
    pub fn clear_faults(&self) {
        self.running.clear_faults();
    }

    /// Lets faults strike by chance.
    #[napi]
    pub fn chaos(&self, parts: ChaosParts) -> Outcome<()> {
        to_js(Chaos::try_from(parts).and_then(|chaos| self.running.chaos(chaos)))
    }

    /// Ends the chaos, and disarms every fault.
    #[napi]
    pub fn calm(&self) {
        self.running.calm();
    }
}
