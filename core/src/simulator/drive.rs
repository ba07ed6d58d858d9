//! What a test does to a running [`Simulator`]: pay, cancel, wait, look.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::task::JoinSet;

use super::{
    CallbackMethod, Delivery, Event, PaymentSnapshot, Simulator, ledger::Ledger, outbox::Target, shared::Ended,
};
use crate::{
    error::{Error, ErrorCode},
    status::OrderStatus,
};

impl Simulator {
    /// Sets where callbacks go, as the store's settings would, and plain http to any host is taken.
    ///
    /// # Errors
    /// `input.callback_url` when it is not an http or https URL.
    pub fn set_callback_url(&self, url: &str, method: CallbackMethod) -> Result<(), Error> {
        let target = Target::new(url, method)?;
        self.shared.change(|ledger| ledger.set_target(Some(target)));
        Ok(())
    }

    /// Pays: the payment waits for its confirmation when this returns, and callback 3 is on its way. As soon as its
    /// first attempt has ended, well or badly, the payment is Paid; callback 7 follows once callback 3 is answered or
    /// given up. Without a callback URL the payment is Paid at once. A coin is chosen where the customer has chosen none.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown or the payment is not open.
    pub fn pay(&self, token: &str) -> Result<(), Error> {
        self.running()?;
        self.shared.change(|ledger| ledger.pay(token)).map_err(Into::into)
    }

    /// Cancels, as the customer does on the checkout page; callback 5 is on its way when this returns.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown or the payment is not open.
    pub fn cancel(&self, token: &str) -> Result<(), Error> {
        self.running()?;
        self.shared.change(|ledger| ledger.cancel(token)).map_err(Into::into)
    }

    /// Sends a signed callback with any status, without moving the payment: a repeated, late or undocumented one.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown; `config.missing` when no callback URL is set.
    pub fn send_callback(&self, token: &str, status: OrderStatus) -> Result<(), Error> {
        self.running()?;
        self.shared.change(|ledger| ledger.send_callback(token, status))
    }

    /// Sends these bytes with exactly these headers, unsigned unless a header holds a signature. Recorded among the
    /// payment's deliveries, and retried like any.
    ///
    /// # Errors
    /// As [`send_callback`](Self::send_callback), and `input.headers` for a header that HTTP does not allow.
    pub fn forge_callback(&self, token: &str, body: &[u8], headers: &[(&str, &str)]) -> Result<(), Error> {
        self.running()?;
        let headers = header_map(headers)?;
        self.shared.change(|ledger| ledger.forge_callback(token, body.to_vec(), headers))
    }

    /// The last 10,000 payments, oldest first.
    pub fn payments(&self) -> Vec<PaymentSnapshot> {
        let gateway = self.gateway_url();
        self.shared.read(|ledger| ledger.payments().map(|payment| payment.snapshot(&gateway)).collect())
    }

    /// The payment with this token.
    pub fn payment(&self, token: &str) -> Option<PaymentSnapshot> {
        let gateway = self.gateway_url();
        self.shared.read(|ledger| ledger.payment(token).map(|payment| payment.snapshot(&gateway)))
    }

    /// The payment's callbacks so far, oldest first, finished or not.
    pub fn deliveries(&self, token: &str) -> Vec<Delivery> {
        self.shared.read(|ledger| ledger.deliveries(token).cloned().collect())
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

    /// Runs the wait, and its timer, on the simulator's own runtime: the caller's may be another one, or have no timer.
    async fn wait_async<T: Send + 'static>(
        &self,
        timeout: Duration,
        look: impl FnMut(&Ledger) -> Option<T> + Send + 'static,
    ) -> Result<T, Ended> {
        let shared = Arc::clone(&self.shared);
        // A set, so that the task ends with a caller who loses patience.
        let mut task = JoinSet::new();
        task.spawn_on(async move { shared.wait_async(timeout, look).await }, self.server.handle());
        task.join_next().await.and_then(Result::ok).unwrap_or(Err(Ended::Stopped))
    }

    fn running(&self) -> Result<(), Error> {
        if self.shared.read(Ledger::is_closed) { Err(stopped()) } else { Ok(()) }
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

fn stopped() -> Error {
    Error::new(ErrorCode::ConfigClosed, "the simulator is stopped")
}

fn header_map(headers: &[(&str, &str)]) -> Result<HeaderMap, Error> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let pair = HeaderName::try_from(*name).ok().zip(HeaderValue::try_from(*value).ok());
        let (name, value) =
            pair.ok_or_else(|| Error::new(ErrorCode::InputHeaders, "a header name or value is not allowed in HTTP"))?;
        map.append(name, value);
    }
    Ok(map)
}
