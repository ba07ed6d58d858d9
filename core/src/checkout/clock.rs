//! [`Clock`]: the database's clock, which a test may put forward.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// How far a test has put the database's clock forward. Zero outside of tests.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Moved>);

#[derive(Debug, Default)]
struct Moved {
    by: AtomicI64,
    told: Notify,
}

impl Clock {
    /// Puts the clock of every checkout that shares it forward, at once and without waiting. For tests: schedules of days
    /// pass in milliseconds.
    #[cfg(feature = "testing")]
    pub fn advance(&self, by: Duration) {
        self.0.by.fetch_add(millis(by), Ordering::SeqCst);
        self.0.told.notify_waiters();
    }

    pub(crate) fn offset(&self) -> Millis {
        self.0.by.load(Ordering::SeqCst)
    }

    /// Returns when a test puts the clock forward. Never outside of tests.
    pub(crate) async fn moved(&self) {
        self.0.told.notified().await;
    }

    /// This machine's time. SQLite's file is on this machine, so that it is the database's as well.
    #[cfg(feature = "sqlite")]
    pub(crate) fn of_this_machine(&self) -> Millis {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        millis(since) + self.offset()
    }
}

pub(crate) fn millis(duration: Duration) -> Millis {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
