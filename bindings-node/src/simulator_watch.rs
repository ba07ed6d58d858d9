//! Looking at a running simulator, and waiting for it.

use std::{sync::Arc, time::Duration};

use napi::Env;
use napi_derive::napi;
use paymento::simulator;

use crate::{
    errors::{Outcome, to_js},
    simulated::{PaymentSnapshot, SimulatorEvent, StoreSnapshot},
    simulated_delivery::Delivery,
    simulated_fault::Finding,
    simulator::{Promised, Simulator, in_future},
    simulator_options::{Span, duration},
};

#[napi]
impl Simulator {
    /// Every store as it stands.
    #[napi]
    pub fn stores(&self) -> Vec<StoreSnapshot> {
        self.running.stores().iter().map(Into::into).collect()
    }

    /// The last 10,000 payments, oldest first.
    #[napi]
    pub fn payments(&self) -> Vec<PaymentSnapshot> {
        self.running.payments().into_iter().map(Into::into).collect()
    }

    /// The payment with this token.
    #[napi]
    pub fn payment(&self, token: String) -> Option<PaymentSnapshot> {
        self.running.payment(&token).map(Into::into)
    }

    /// How many older payments are not kept any more.
    #[napi]
    pub fn forgotten_payments(&self) -> f64 {
        count(self.running.forgotten_payments())
    }

    /// The payment's callbacks so far, finished or not.
    #[napi]
    pub fn deliveries(&self, token: String) -> Vec<Delivery> {
        self.running.deliveries(&token).into_iter().map(Into::into).collect()
    }

    /// The delivery with this id.
    #[napi]
    pub fn delivery(&self, id: i64) -> Option<Delivery> {
        self.running.delivery(identifier(id)).map(Into::into)
    }

    /// The last callbacks of all payments, newest first.
    #[napi]
    pub fn recent_deliveries(&self, limit: u32) -> Vec<Delivery> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.running.recent_deliveries(limit).into_iter().map(Into::into).collect()
    }

    /// Waits until so many of the payment's callbacks are finished.
    #[napi]
    pub fn delivered<'env>(
        &self,
        env: &'env Env,
        token: String,
        count: u32,
        timeout: Span,
    ) -> Promised<'env, Vec<Delivery>> {
        let running = Arc::clone(&self.running);
        in_future(env, async move {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let deliveries = running.delivered(&token, count, duration(&timeout)?).await?;
            Ok(deliveries.into_iter().map(Into::into).collect())
        })
    }

    /// Waits until this delivery is finished.
    #[napi]
    pub fn wait_for_delivery<'env>(&self, env: &'env Env, id: i64, timeout: Span) -> Promised<'env, Delivery> {
        let running = Arc::clone(&self.running);
        in_future(env, async move {
            let delivery = running.delivery_finished(identifier(id), duration(&timeout)?).await?;
            Ok(delivery.into())
        })
    }

    /// The events that are kept.
    #[napi]
    pub fn events(&self) -> Vec<SimulatorEvent> {
        self.running.events_after(0, Duration::ZERO).into_iter().map(Into::into).collect()
    }

    /// The events after this sequence number, or the next ones.
    #[napi]
    pub fn events_after<'env>(
        &self,
        env: &'env Env,
        sequence: i64,
        timeout: Span,
    ) -> Promised<'env, Vec<SimulatorEvent>> {
        let running = Arc::clone(&self.running);
        in_future(env, async move {
            let events = running.next_events(identifier(sequence), duration(&timeout)?).await;
            Ok(events.into_iter().map(Into::into).collect())
        })
    }

    /// What is wrong with the shop.
    #[napi]
    pub fn findings(&self) -> Vec<Finding> {
        self.running.findings().into_iter().map(Into::into).collect()
    }

    /// Fails when there are findings.
    #[napi]
    pub fn check_findings(&self) -> Outcome<()> {
        to_js(self.running.check_findings())
    }
}

/// Every fault and what it does, callbacks first.
#[napi]
pub fn simulator_faults() -> Vec<(&'static str, &'static str)> {
    simulator::Fault::ALL.iter().map(|fault| (fault.as_str(), fault.about())).collect()
}

/// Ids and sequence numbers count up from 1; a negative one is none.
pub(crate) fn identifier(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Counts are small against 2^53.
#[expect(clippy::cast_precision_loss, reason = "nothing here is counted up to 2^53")]
pub(crate) fn count(number: u64) -> f64 {
    number as f64
}
