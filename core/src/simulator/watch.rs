//! Looking at a running [`Simulator`], and waiting for it: callbacks, events.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{
    Delivery, Event, Simulator,
    drive::stopped,
    ledger::Ledger,
    refusal::Refusal,
    shared::{Ended, Shared},
};
use crate::error::{Error, ErrorCode};

impl Simulator {
    /// The payment's callbacks so far, oldest first, finished or not.
    pub fn deliveries(&self, token: &str) -> Vec<Delivery> {
        self.shared.read(|ledger| ledger.deliveries(token).cloned().collect())
    }

    /// The delivery with this id.
    pub fn delivery(&self, id: u64) -> Option<Delivery> {
        self.shared.read(|ledger| ledger.delivery(id).cloned())
    }

    /// The last callbacks of all payments and stores, probes included, newest first; at most so many.
    pub fn recent_deliveries(&self, limit: usize) -> Vec<Delivery> {
        self.shared.read(|ledger| ledger.recent_deliveries().take(limit).cloned().collect())
    }

    /// Waits until `count` of the payment's callbacks are finished, which is answered 200 or given up, and returns the
    /// finished ones, oldest first. Blocks the calling thread.
    ///
    /// # Errors
    /// `transport.timeout` when it takes longer; `config.closed` when the simulator is stopped meanwhile.
    pub fn wait_for_deliveries(&self, token: &str, count: usize, timeout: Duration) -> Result<Vec<Delivery>, Error> {
        self.shared
            .wait(timeout, |ledger| finished(ledger, token, count))
            .map_err(|ended| self.waited_in_vain(ended, token, count))
    }

    /// Waits until this delivery is finished. Blocks the calling thread.
    ///
    /// # Errors
    /// `transport.timeout` when it takes longer; `config.closed` when the simulator is stopped meanwhile; `api.rejected`
    /// when there is no such delivery, or it is not kept any more.
    pub fn wait_for_delivery(&self, id: u64, timeout: Duration) -> Result<Delivery, Error> {
        let found = self.shared.wait(timeout, |ledger| finished_one(ledger, id));
        found.map_err(|ended| not_finished(ended, id))?
    }

    /// Like [`wait_for_delivery`](Self::wait_for_delivery), without blocking. Works on any async runtime.
    ///
    /// # Errors
    /// The same.
    pub async fn delivery_finished(&self, id: u64, timeout: Duration) -> Result<Delivery, Error> {
        let found = self.wait_async(timeout, move |ledger| finished_one(ledger, id)).await;
        found.map_err(|ended| not_finished(ended, id))?
    }

    /// Like [`wait_for_deliveries`](Self::wait_for_deliveries), without blocking. Works on any async runtime.
    ///
    /// # Errors
    /// The same.
    pub async fn delivered(&self, token: &str, count: usize, timeout: Duration) -> Result<Vec<Delivery>, Error> {
        let wanted = token.to_owned();
        self.wait_async(timeout, move |ledger| finished(ledger, &wanted, count))
            .await
            .map_err(|ended| self.waited_in_vain(ended, token, count))
    }

    /// The events after this sequence number (0 for all that are kept, the last 10,000), or the next ones as soon as
    /// something happens. Empty after `timeout`, or when the simulator is stopped. Blocks the calling thread.
    pub fn events_after(&self, sequence: u64, timeout: Duration) -> Vec<Event> {
        self.shared.wait(timeout, |ledger| ledger.events_after(sequence)).unwrap_or_default()
    }

    /// Like [`events_after`](Self::events_after), without blocking. Works on any async runtime.
    pub async fn next_events(&self, sequence: u64, timeout: Duration) -> Vec<Event> {
        self.wait_async(timeout, move |ledger| ledger.events_after(sequence)).await.unwrap_or_default()
    }

    async fn wait_async<T: Send + 'static>(
        &self,
        timeout: Duration,
        look: impl FnMut(&Ledger) -> Option<T> + Send + 'static,
    ) -> Result<T, Ended> {
        self.on_own_runtime(move |shared| async move { shared.wait_async(timeout, look).await }).await
    }

    /// Runs the wait, and its timer, on the simulator's own runtime: the caller's may be another one, or have no timer.
    pub(super) async fn on_own_runtime<T, F>(&self, wait: impl FnOnce(Arc<Shared>) -> F + Send) -> Result<T, Ended>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Ended>> + Send + 'static,
    {
        // A set, so that the task ends with a caller who loses patience.
        let mut task = JoinSet::new();
        task.spawn_on(wait(Arc::clone(&self.shared)), self.server.handle());
        task.join_next().await.and_then(Result::ok).unwrap_or(Err(Ended::Stopped))
    }

    fn waited_in_vain(&self, ended: Ended, token: &str, count: usize) -> Error {
        if matches!(ended, Ended::Stopped) {
            return stopped();
        }
        let (finished, hint) = self.shared.read(|ledger| {
            (ledger.deliveries(token).filter(|delivery| delivery.finished).count(), ledger.hint_on_waiting(token))
        });
        let message = format!("{count} finished callbacks were awaited, and {finished} came in time");
        let error = Error::new(ErrorCode::TransportTimeout, message);
        if let Some(hint) = hint { error.with_hint(hint) } else { error }
    }
}

fn finished(ledger: &Ledger, token: &str, count: usize) -> Option<Vec<Delivery>> {
    let done = || ledger.deliveries(token).filter(|delivery| delivery.finished);
    (done().count() >= count).then(|| done().cloned().collect())
}

fn finished_one(ledger: &Ledger, id: u64) -> Option<Result<Delivery, Error>> {
    match ledger.delivery(id) {
        None => Some(Err(Refusal::UnknownDelivery.into())),
        Some(delivery) => delivery.finished.then(|| Ok(delivery.clone())),
    }
}

fn not_finished(ended: Ended, id: u64) -> Error {
    match ended {
        Ended::Stopped => stopped(),
        Ended::TimedOut => Error::new(ErrorCode::TransportTimeout, format!("delivery {id} did not finish in time")),
    }
}
