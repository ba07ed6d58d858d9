//! [`Shared`]: the ledger behind a lock, and waking whoever waits for it to change.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, watch};
use zeroize::Zeroizing;

use super::{ledger::Ledger, profile::ApiRules};

/// Longer waits are cut to this: the clock cannot add some durations.
const LONGEST_WAIT: Duration = Duration::from_hours(365 * 24);

/// Tokens of payments whose callbacks nobody sends yet.
pub(super) type Outbox = mpsc::UnboundedReceiver<String>;

/// Why a wait ended without what it waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    TimedOut,
    Stopped,
}

pub(super) struct Shared {
    store_name: String,
    api_key: Zeroizing<String>,
    secret_key: Zeroizing<String>,
    pub(super) api: ApiRules,
    ledger: Mutex<Ledger>,
    changed: Condvar,
    pulse: watch::Sender<()>,
    outbox: mpsc::UnboundedSender<String>,
}

impl Shared {
    pub(super) fn new(
        store_name: String,
        keys: (Zeroizing<String>, Zeroizing<String>),
        api: ApiRules,
        ledger: Ledger,
    ) -> (Self, Outbox) {
        let (outbox, due) = mpsc::unbounded_channel();
        let (pulse, _) = watch::channel(());
        let (api_key, secret_key) = keys;
        let ledger = Mutex::new(ledger);
        (Self { store_name, api_key, secret_key, api, ledger, changed: Condvar::new(), pulse, outbox }, due)
    }

    /// Whether a key stands in this text. Short keys are not looked for: they would be found in words.
    pub(super) fn holds_key(&self, text: &str) -> bool {
        [&self.api_key, &self.secret_key].into_iter().any(|key| key.len() >= 12 && text.contains(key.as_str()))
    }

    pub(super) fn store_name(&self) -> &str {
        &self.store_name
    }

    pub(super) fn is_api_key(&self, key: &[u8]) -> bool {
        self.api_key.as_bytes() == key
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the ledger, hands on the callbacks that are due now, and wakes whoever waits.
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut ledger = self.lock();
        let result = act(&mut ledger);
        let due = std::mem::take(&mut ledger.due);
        drop(ledger);
        for token in due {
            // Fails only once the server is gone, and then nothing is sent any more.
            let _ = self.outbox.send(token);
        }
        self.changed.notify_all();
        self.pulse.send_replace(());
        result
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
