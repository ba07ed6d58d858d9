//! [`Leases`]: what this process has been handed, renewed in the background until it is finished.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    clock::Millis,
    database::{Database, Sql, Transaction, transact, values},
    event::{EventKind, OrderEvent, Payload, Reason},
    raise::Raised,
};
use crate::error::Error;

/// A lease lasts this long by the database's clock. Whoever dies is followed after it.
pub(super) const LEASE: Millis = 10_000;
/// How often leases are renewed: three times before they end.
pub(super) const RENEW: Duration = Duration::from_secs(3);

/// The orders that are leased to this process, for one checkout.
#[derive(Debug)]
pub(super) struct Leases {
    owner: Arc<str>,
    longest: Duration,
    held: Mutex<HashMap<(i64, i64), Held>>,
    /// The last time there was as much as was asked for.
    more: AtomicBool,
}

/// One order that is leased to this process.
#[derive(Clone, Debug)]
pub(super) struct Held {
    order_row: i64,
    fencing: i64,
    event: i64,
    since: Instant,
    account: String,
    order_id: String,
    token: Option<String>,
    kind: EventKind,
    told: bool,
}

impl Held {
    pub(super) fn new(order_row: i64, fencing: i64, event: i64, what: &OrderEvent) -> Self {
        Self {
            order_row,
            fencing,
            event,
            since: Instant::now(),
            account: what.account.clone(),
            order_id: what.order_id.clone(),
            token: what.token.clone(),
            kind: what.kind,
            told: false,
        }
    }
}

impl Leases {
    pub(super) fn new(owner: Arc<str>, longest: Duration) -> Self {
        Self { owner, longest, held: Mutex::default(), more: AtomicBool::new(false) }
    }

    pub(super) fn owner(&self) -> Arc<str> {
        Arc::clone(&self.owner)
    }

    pub(super) fn hold(&self, held: Held) {
        self.lock().insert((held.order_row, held.fencing), held);
    }

    pub(super) fn let_go(&self, order_row: i64, fencing: i64) {
        self.lock().remove(&(order_row, fencing));
    }

    pub(super) fn is_any_held(&self) -> bool {
        !self.lock().is_empty()
    }

    pub(super) fn expects_more(&self) -> bool {
        self.more.load(Ordering::Relaxed)
    }

    pub(super) fn expect_more(&self, more: bool) {
        self.more.store(more, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(i64, i64), Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews what is held. A handler that runs too long keeps its lease no longer, and somebody is told.
    pub(super) async fn renew(&self, database: &Database) -> Result<(), Error> {
        let held: Vec<_> = self.lock().values().cloned().collect();
        let (slow, renewed): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| held.since.elapsed() > self.longest);
        let slow: Vec<_> = slow.into_iter().filter(|held| !held.told).collect();
        if renewed.is_empty() && slow.is_empty() {
            return Ok(());
        }
        transact!(database, transaction => self.try_renew(&mut transaction, &renewed, &slow))?;
        let mut all = self.lock();
        for held in slow {
            if let Some(held) = all.get_mut(&(held.order_row, held.fencing)) {
                held.told = true;
            }
        }
        Ok(())
    }

    async fn try_renew(&self, transaction: &mut Transaction, renewed: &[Held], slow: &[Held]) -> Result<(), Error> {
        let now = transaction.now();
        // In one order, so that two processes never wait for each other in a circle.
        let mut renewed: Vec<_> = renewed.iter().map(|held| (held.order_row, held.fencing)).collect();
        renewed.sort_unstable();
        for (order_row, fencing) in renewed {
            transaction.execute(EXTEND, values![order_row, &*self.owner, fencing, now + LEASE]).await?;
        }
        for held in slow {
            raise_slow(transaction, held, now).await?;
        }
        Ok(())
    }
}

async fn raise_slow(transaction: &mut Transaction, held: &Held, now: Millis) -> Result<(), Error> {
    let detail = format!("the handler of {} runs longer than it may; the order is handed over again", held.kind);
    let raised = Raised {
        account: &held.account,
        order_row: held.order_row,
        order_id: &held.order_id,
        kind: EventKind::Attention,
        reason: Some(Reason::HandlerTooSlow),
        token: held.token.as_deref(),
        distinct: &held.event.to_string(),
        payload: &Payload { detail: Some(detail), ..Payload::default() },
    };
    raised.put(transaction, now).await.map(|_| ())
}

const EXTEND: Sql =
    Sql::both("UPDATE paymento_orders SET lease_until = $4 WHERE id = $1 AND lease_owner = $2 AND fencing = $3");
