//! [`Leases`]: what this process has been handed, renewed in the background until it is finished.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value as Json, json};

use super::{
    clock::Millis,
    database::{Database, Sql, Transaction, transact, values},
    event::{EventKind, OrderEvent, Payload, Reason},
    finish::{self, Ending, Finish},
    raise::Raised,
};
use crate::{error::Error, text::quote};

/// A lease lasts this long by the database's clock. Whoever dies is followed after it.
pub(super) const LEASE: Millis = 10_000;
/// How often leases are renewed: three times before they end.
pub(super) const RENEW: Duration = Duration::from_secs(3);

/// The orders that are leased to this process, for one checkout.
#[derive(Debug)]
pub(super) struct Leases {
    owner: Arc<str>,
    longest: Duration,
    /// So many failures of its handler make a dead letter of an event.
    most_failures: i64,
    who: String,
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

    fn too_slow(&self) -> String {
        let (kind, order) = (self.kind, quote(&self.order_id));
        format!("the handler of {kind} for the order {order} runs longer than it may; the order is handed over again")
    }
}

impl Leases {
    pub(super) fn new(owner: Arc<str>, longest: Duration, most_failures: i64, who: String) -> Self {
        Self { owner, longest, most_failures, who, held: Mutex::default(), more: AtomicBool::new(false) }
    }

    pub(super) fn most_failures(&self) -> i64 {
        self.most_failures
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

    /// The orders that this process works on, but for those whose handler runs longer than it may.
    pub(super) fn orders(&self) -> HashSet<i64> {
        let is_slow = |held: &Held| held.since.elapsed() > self.longest;
        self.lock().values().filter(|held| !is_slow(held)).map(|held| held.order_row).collect()
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

    /// Renews what is held. A handler that runs too long keeps its lease no longer and has failed, and somebody is told: also
    /// with what this gives, for the log.
    pub(super) async fn renew(&self, database: &Database) -> Result<Vec<String>, Error> {
        let held: Vec<_> = self.lock().values().cloned().collect();
        let (slow, renewed): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| held.since.elapsed() > self.longest);
        let slow: Vec<_> = slow.into_iter().filter(|held| !held.told).collect();
        if renewed.is_empty() && slow.is_empty() {
            return Ok(vec![]);
        }
        if !renewed.is_empty() {
            transact!(database, transaction => self.extend(&mut transaction, &renewed))?;
        }
        for held in &slow {
            transact!(database, transaction => self.give_up_waiting(&mut transaction, held))?;
        }
        let mut all = self.lock();
        for held in &slow {
            if let Some(held) = all.get_mut(&(held.order_row, held.fencing)) {
                held.told = true;
            }
        }
        Ok(slow.iter().map(Held::too_slow).collect())
    }

    /// In one statement. A row that somebody has locked is left to the next time: one order that is held up must not cost the
    /// others their leases.
    async fn extend(&self, transaction: &mut Transaction, renewed: &[Held]) -> Result<u64, Error> {
        let until = transaction.now() + LEASE;
        let list = renewed.iter().map(|held| json!({ "order": held.order_row, "fencing": held.fencing }));
        let list = list.collect::<Json>().to_string();
        transaction.execute(EXTEND, values![&list, until, &*self.owner]).await
    }

    /// The order's lease ends by itself, in case the handler ends meanwhile. A handler that hangs each time must not be given
    /// the same order for ever.
    async fn give_up_waiting(&self, transaction: &mut Transaction, held: &Held) -> Result<(), Error> {
        let now = transaction.now();
        let still = transaction.row(STILL_HELD, values![held.order_row, &*self.owner, held.fencing]).await?;
        if still.is_none() {
            return Ok(());
        }
        let finish = Finish {
            event: held.event,
            order_row: held.order_row,
            owner: self.owner.to_string(),
            fencing: held.fencing,
            who: self.who.clone(),
            ending: Ending::Released,
        };
        finish::failed(transaction, &finish, TOO_SLOW, self.most_failures, now).await?;
        raise_slow(transaction, held, now).await
    }
}

const TOO_SLOW: &str = "the handler runs longer than it may";

async fn raise_slow(transaction: &mut Transaction, held: &Held, now: Millis) -> Result<(), Error> {
    let detail = held.too_slow();
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

const EXTEND: Sql = Sql::each(
    "UPDATE paymento_orders SET lease_until = $2 FROM (SELECT json_extract(value, '$.order') AS held, \
     json_extract(value, '$.fencing') AS fencing FROM json_each($1)) AS h \
     WHERE paymento_orders.id = h.held AND paymento_orders.fencing = h.fencing AND lease_owner = $3",
    "UPDATE paymento_orders SET lease_until = $2 WHERE id IN (SELECT o.id FROM paymento_orders o \
     JOIN json_to_recordset($1::json) AS h(\"order\" bigint, fencing bigint) ON o.id = h.\"order\" AND o.fencing = h.fencing \
     WHERE o.lease_owner = $3 FOR UPDATE OF o SKIP LOCKED)",
);
const STILL_HELD: Sql = Sql::each(
    "SELECT id FROM paymento_orders WHERE id = $1 AND lease_owner = $2 AND fencing = $3",
    "SELECT id FROM paymento_orders WHERE id = $1 AND lease_owner = $2 AND fencing = $3 FOR UPDATE",
);

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use super::*;
    use crate::checkout::{database::Sql, fixture::Fixture};

    const EVENT: Sql = Sql::both("SELECT state, attempts, next_at FROM paymento_events WHERE id = $1");
    const ATTENTION: Sql =
        Sql::both("SELECT COUNT(*) AS count FROM paymento_events WHERE kind = 'attention' AND reason = $1");

    const LEASED: Sql = Sql::both("UPDATE paymento_orders SET lease_owner = $1, lease_until = 1 WHERE id = 1");

    fn held(order_row: i64) -> Held {
        Held {
            order_row,
            fencing: 0,
            event: 1,
            since: Instant::now(),
            account: "default".to_owned(),
            order_id: "A-578".to_owned(),
            token: None,
            kind: EventKind::Paid,
            told: false,
        }
    }

    async fn number(
        database: &Database,
        sql: Sql,
        value: impl Into<super::super::database::Value>,
        column: &'static str,
    ) -> i64 {
        let mut transaction = database.begin_read().await.expect("begun");
        transaction.row(sql, vec![value.into()]).await.expect("up").expect("a row").int(column).expect("a number")
    }

    #[tokio::test]
    async fn a_handler_that_runs_too_long_has_failed_and_is_told_of_once() {
        let fixture = Fixture::open("lease").await;
        let database = &fixture.database;
        let leases = Leases::new("this process".into(), Duration::ZERO, 2, "this process".to_owned());
        transact!(database, transaction => transaction.execute(LEASED, values!["this process"])).expect("leased");
        for (failures, state) in [(1, 0), (2, 2)] {
            leases.hold(held(1));
            let told = leases.renew(database).await.expect("up");
            assert!(told.len() == 1 && told[0].contains("A-578"), "{told:?}");
            assert!(leases.renew(database).await.expect("up").is_empty(), "told once");
            assert!(leases.orders().is_empty(), "another handler may have it");
            assert_eq!(number(database, EVENT, 1, "attempts").await, failures);
            assert_eq!(number(database, EVENT, 1, "state").await, state, "a dead letter after two");
            assert!(number(database, EVENT, 1, "next_at").await > 0, "put off");
        }
        for reason in [Reason::HandlerTooSlow, Reason::HandlerFailed] {
            assert_eq!(number(database, ATTENTION, reason.as_str(), "count").await, 1, "{reason}");
        }
        fixture.close().await;
    }
}
