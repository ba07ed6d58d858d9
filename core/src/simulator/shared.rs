//! [`Shared`]: the ledger behind a lock, and waking whoever waits for it to change.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, mpsc, watch};
use zeroize::Zeroizing;

use super::{
    ledger::Ledger,
    profile::ApiRules,
    schedule::{Journey, Step},
    store::{Account, StoreId},
    traffic::Errand,
};

/// Longer waits are cut to this: the clock cannot add some durations.
const LONGEST_WAIT: Duration = Duration::from_hours(365 * 24);

const SHORTEST_SOUGHT_KEY: usize = 12;

/// Attempts at callbacks that nobody makes yet.
pub(super) type Outbox = mpsc::UnboundedReceiver<Errand>;

/// Why a wait ended without what it waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    TimedOut,
    Stopped,
}

pub(super) struct Shared {
    /// The stores' keys, in the order of the ledger's stores.
    api_keys: Vec<Zeroizing<String>>,
    /// Every key of every store, to notice one where it does not belong.
    keys: Vec<Zeroizing<String>>,
    pub(super) api: ApiRules,
    ledger: Mutex<Ledger>,
    changed: Condvar,
    pulse: watch::Sender<()>,
    outbox: mpsc::UnboundedSender<Errand>,
    /// That something is due earlier than whoever keeps time expects.
    pub(super) rescheduled: Notify,
}

impl Shared {
    pub(super) fn new(ledger: Ledger, api: ApiRules) -> (Self, Outbox) {
        let (outbox, due) = mpsc::unbounded_channel();
        let (pulse, _) = watch::channel(());
        let api_keys = ledger.stores.iter().map(|store| store.api_key.clone()).collect();
        let stores = ledger.stores.iter().map(Account::snapshot);
        let keys =
            stores.flat_map(|store| [store.api_key(), store.secret_key()].map(|key| Zeroizing::new(key.to_owned())));
        let keys = keys.collect();
        let (changed, rescheduled) = (Condvar::new(), Notify::new());
        (Self { api_keys, keys, api, ledger: Mutex::new(ledger), changed, pulse, outbox, rescheduled }, due)
    }

    /// The store whose key this is.
    pub(super) fn store_of(&self, key: &[u8]) -> Option<StoreId> {
        self.api_keys.iter().position(|known| known.as_bytes() == key).map(StoreId)
    }

    /// Whether a key stands in this text. Short keys are not looked for: they would be found in words.
    pub(super) fn holds_key(&self, text: &str) -> bool {
        self.keys.iter().any(|key| key.len() >= SHORTEST_SOUGHT_KEY && text.contains(key.as_str()))
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the ledger, hands on the attempts that are due now, and wakes whoever waits.
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut ledger = self.lock();
        let result = act(&mut ledger);
        // Under the lock, so that attempts leave in the order in which they became due.
        for errand in ledger.traffic.take_due() {
            // Fails only once the server is gone, and then nothing is sent any more.
            let _ = self.outbox.send(errand);
        }
        let earlier = ledger.timers.take_earlier();
        drop(ledger);
        if earlier {
            self.rescheduled.notify_one();
        }
        self.changed.notify_all();
        self.pulse.send_replace(());
        result
    }

    /// Moves the clock on, and blocks until everything has happened that is due by then. Not for the simulator's own
    /// thread, which has to do it.
    pub(super) fn advance(&self, by: Duration) -> Result<(), Ended> {
        let mut journey = self.change(|ledger| ledger.set_out(by));
        let _under_way = UnderWay(self);
        loop {
            match self.step(&mut journey) {
                Step::Arrived => return Ok(()),
                Step::Moved => {}
                Step::Waits => self.wait(LONGEST_WAIT, |ledger| ledger.is_at_rest(&journey).then_some(()))?,
            }
            if self.read(Ledger::is_closed) {
                return Err(Ended::Stopped);
            }
        }
    }

    /// The same without blocking. On a tokio runtime only.
    pub(super) async fn advanced(&self, by: Duration) -> Result<(), Ended> {
        let mut journey = self.change(|ledger| ledger.set_out(by));
        let _under_way = UnderWay(self);
        loop {
            match self.step(&mut journey) {
                Step::Arrived => return Ok(()),
                Step::Moved => {}
                Step::Waits => {
                    self.wait_async(LONGEST_WAIT, |ledger| ledger.is_at_rest(&journey).then_some(())).await?;
                }
            }
            if self.read(Ledger::is_closed) {
                return Err(Ended::Stopped);
            }
        }
    }

    fn step(&self, journey: &mut Journey) -> Step {
        self.change(|ledger| ledger.step(journey))
    }

    pub(super) fn close(&self) {
        self.change(Ledger::close);
    }

    /// Blocks until `look` finds something.
    pub(super) fn wait<T>(&self, timeout: Duration, mut look: impl FnMut(&Ledger) -> Option<T>) -> Result<T, Ended> {
        let end = Instant::now() + timeout.min(LONGEST_WAIT);
        let mut ledger = self.lock();
        loop {
            if let Some(found) = look(&ledger) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if ledger.is_closed() {
                return Err(Ended::Stopped);
            }
            if left.is_zero() {
                return Err(Ended::TimedOut);
            }
            ledger = self.changed.wait_timeout(ledger, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The same without blocking.
    pub(super) async fn wait_async<T>(
        &self,
        timeout: Duration,
        mut look: impl FnMut(&Ledger) -> Option<T>,
    ) -> Result<T, Ended> {
        let mut pulse = self.pulse.subscribe();
        let waiting = async {
            loop {
                if let Some(found) = self.read(&mut look) {
                    return Ok(found);
                }
                if self.read(Ledger::is_closed) || pulse.changed().await.is_err() {
                    return Err(Ended::Stopped);
                }
            }
        };
        tokio::time::timeout(timeout.min(LONGEST_WAIT), waiting).await.unwrap_or(Err(Ended::TimedOut))
    }

    /// A panic elsewhere must not spread: the ledger is whole between any two statements that matter to a test.
    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A journey of the clock, which may be given up half-way.
struct UnderWay<'a>(&'a Shared);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.change(Ledger::end_journey);
        // Whoever keeps time has slept by the clock as it was.
        self.0.rescheduled.notify_one();
    }
}
