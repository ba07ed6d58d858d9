//! [`Work`]: an event handed over, with the order leased to whoever got it.

use std::{
    collections::HashSet,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use super::{
    Checkout,
    clock::Millis,
    database::{Database, Row, Sql, Transaction, transact, values},
    event::{Columns, EventKind, OrderEvent, Payload},
    finish::{Ending, Finish},
    history::Note,
    lease::{Held, LEASE, Leases},
};
use crate::error::{Error, ErrorCode};

/// Looks again after this long, whoever wakes it or not.
const LOOK: Duration = Duration::from_secs(1);

/// An event handed over. The order is leased to the holder, and the lease renewed in the background, until the work is
/// [completed](Checkout::complete), [failed](Checkout::fail) or dropped.
#[derive(Debug)]
pub struct Work {
    event: OrderEvent,
    id: i64,
    order_row: i64,
    fencing: i64,
    attempt: i64,
    owner: Arc<str>,
    leases: Weak<Leases>,
}

impl Work {
    /// What happened.
    pub fn event(&self) -> &OrderEvent {
        &self.event
    }

    /// The event's number in the database.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Rises each time the order is handed over to somebody: where a shop's own system can check it, an earlier holder
    /// is told apart.
    pub fn fencing(&self) -> i64 {
        self.fencing
    }

    /// How often its handler has failed before.
    pub fn failures(&self) -> i64 {
        self.attempt
    }

    pub(super) fn finish(&self, who: &str, ending: Ending) -> Finish {
        Finish {
            event: self.id,
            order_row: self.order_row,
            owner: self.owner.to_string(),
            fencing: self.fencing,
            who: who.to_owned(),
            ending,
        }
    }
}

/// From now on nobody renews the lease: it ends by itself.
impl Drop for Work {
    fn drop(&mut self) {
        if let Some(leases) = self.leases.upgrade() {
            leases.let_go(self.order_row, self.fencing);
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) account: String,
    pub(super) kinds: Vec<EventKind>,
    pub(super) order_id: Option<String>,
    pub(super) most: i64,
    pub(super) owner: Arc<str>,
    pub(super) who: String,
}

impl Checkout {
    /// Hands over one event of these kinds, or `None` where none is due. The order is leased to this process.
    ///
    /// `order_id`: only of this order.
    ///
    /// # Errors
    /// `database.`.
    pub async fn claim(&self, kinds: &[EventKind], order_id: Option<&str>) -> Result<Option<Work>, Error> {
        Ok(self.claim_many(kinds, order_id, 1).await?.pop())
    }

    /// Hands over up to `most` events of as many orders, at one commit.
    ///
    /// # Errors
    /// `database.`.
    pub async fn claim_many(&self, kinds: &[EventKind], order_id: Option<&str>, most: u32) -> Result<Vec<Work>, Error> {
        let leases = self.leases()?;
        let wanted = Wanted {
            account: self.account().to_owned(),
            kinds: kinds.to_vec(),
            order_id: order_id.map(ToOwned::to_owned),
            most: i64::from(most),
            owner: leases.owner(),
            who: self.who().to_owned(),
        };
        self.with_database(async move |database| claim(&database, &wanted, &leases).await).await
    }

    /// Waits for an event of these kinds to hand over, at most as long as `patience`.
    ///
    /// # Errors
    /// `database.`.
    pub async fn next(&self, kinds: &[EventKind], patience: Duration) -> Result<Option<Work>, Error> {
        Ok(self.next_many(kinds, patience, 1).await?.pop())
    }

    /// Like [`next`](Self::next), for up to `most` events of as many orders.
    ///
    /// # Errors
    /// `database.`.
    pub async fn next_many(&self, kinds: &[EventKind], patience: Duration, most: u32) -> Result<Vec<Work>, Error> {
        let end = Instant::now() + patience;
        self.start_runner(kinds)?;
        loop {
            let engine = self.engine()?;
            let woken = Arc::clone(&engine.woken).notified_owned();
            let works = self.claim_many(kinds, None, most).await?;
            let left = end.saturating_duration_since(Instant::now());
            if !works.is_empty() || left.is_zero() {
                return Ok(works);
            }
            engine
                .run(async move {
                    let _ = tokio::time::timeout(left.min(LOOK), woken).await;
                    Ok(())
                })
                .await?;
        }
    }

    /// Records that the work is done. It is never handed over again.
    ///
    /// # Errors
    /// `checkout.lease_lost` where somebody else has got the order meanwhile, who does the work again; `database.`.
    pub async fn complete(&self, work: Work) -> Result<(), Error> {
        super::fail_point("before_complete");
        self.finish(work, Ending::Completed).await
    }

    /// Records that the handler failed. The work is handed over again after a wait that grows, and after the tenth
    /// failure it is a dead letter.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn fail(&self, work: Work, message: &str) -> Result<(), Error> {
        let most = self.most_failures();
        self.finish(work, Ending::Failed { message: message.to_owned(), most }).await
    }

    /// Gives the work back untouched: it is handed over again at once.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn release(&self, work: Work) -> Result<(), Error> {
        self.finish(work, Ending::Released).await
    }

    async fn finish(&self, work: Work, ending: Ending) -> Result<(), Error> {
        let finish = work.finish(self.who(), ending);
        let own = self.with_writer(async move |writer| writer.finish(finish).await).await?;
        drop(work);
        if own {
            return Ok(());
        }
        Err(Error::new(ErrorCode::CheckoutLeaseLost, "the order was handed over to somebody else meanwhile"))
    }
}

async fn claim(database: &Database, wanted: &Wanted, leases: &Arc<Leases>) -> Result<Vec<Work>, Error> {
    if !is_any_due(database, wanted).await? {
        return Ok(vec![]);
    }
    let works = transact!(database, transaction => try_claim(&mut transaction, wanted, leases))?;
    for work in &works {
        leases.hold(Held::new(work.order_row, work.fencing, work.id, &work.event));
    }
    Ok(works)
}

/// Looks without a lock: whoever waits for work writes nothing.
async fn is_any_due(database: &Database, wanted: &Wanted) -> Result<bool, Error> {
    let mut transaction = database.begin_read().await?;
    let now = transaction.now().await?;
    for kind in &wanted.kinds {
        if !due(&mut transaction, LOOK_FOR, wanted, *kind, now, 1).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn due(
    transaction: &mut Transaction,
    sql: Sql,
    wanted: &Wanted,
    kind: EventKind,
    now: Millis,
    most: i64,
) -> Result<Vec<Row>, Error> {
    let order_id = wanted.order_id.as_deref();
    let values = values![&wanted.account, kind.as_str(), now, most, order_id];
    transaction.rows(sql, values).await
}

async fn try_claim(transaction: &mut Transaction, wanted: &Wanted, leases: &Arc<Leases>) -> Result<Vec<Work>, Error> {
    let now = transaction.now().await?;
    let (mut orders, mut events) = (HashSet::new(), Vec::new());
    for kind in &wanted.kinds {
        let left = wanted.most - i64::try_from(events.len()).unwrap_or(i64::MAX);
        if left > 0 {
            for row in due(transaction, LOCK_DUE, wanted, *kind, now, left).await? {
                // An order is handed over once at a time.
                if orders.insert(row.int("order_row")?) {
                    events.push(row.int("id")?);
                }
            }
        }
    }
    let mut works = Vec::with_capacity(events.len());
    for event in events {
        works.extend(take(transaction, wanted, leases, event, now).await?);
    }
    Ok(works)
}

/// Leases the order and reads the event again: somebody may have finished it before the order was locked.
async fn take(
    transaction: &mut Transaction,
    wanted: &Wanted,
    leases: &Arc<Leases>,
    event: i64,
    now: Millis,
) -> Result<Option<Work>, Error> {
    let Some(row) = transaction.row(EVENT, values![event]).await? else { return Ok(None) };
    let order_row = row.int("order_row")?;
    let lease = values![order_row, &*wanted.owner, now + LEASE];
    let Some(order) = transaction.row(TAKE, lease).await? else { return Ok(None) };
    let columns = Columns {
        kind: row.text("kind")?,
        reason: row.maybe_text("reason")?,
        key: row.text("key")?,
        token: row.maybe_text("token")?,
        account: wanted.account.clone(),
        order_id: order.text("order_id")?,
    };
    let detail = columns.reason.clone().unwrap_or_else(|| columns.kind.clone());
    let note = Note { what: "handed_over", who: &wanted.who, token: columns.token.as_deref(), detail: &detail };
    note.write(transaction, order_row, now).await?;
    Ok(Some(Work {
        event: OrderEvent::new(columns, Payload::parse(&row.text("payload")?)?)?,
        id: event,
        order_row,
        fencing: order.int("fencing")?,
        attempt: row.int("attempts")?,
        owner: Arc::clone(&wanted.owner),
        leases: Arc::downgrade(leases),
    }))
}

macro_rules! due {
    ($lock:literal) => {
        concat!(
            "SELECT e.id, e.order_row FROM paymento_events e JOIN paymento_orders o ON o.id = e.order_row ",
            "WHERE e.account = $1 AND e.kind = $2 AND e.state = 0 AND e.next_at <= $3 AND o.lease_until <= $3 ",
            "AND ($5 IS NULL OR o.order_id = $5) ORDER BY e.next_at LIMIT $4",
            $lock
        )
    };
}
const LOOK_FOR: Sql = Sql::both(due!(""));
const LOCK_DUE: Sql = Sql::each(due!(""), due!(" FOR UPDATE OF o SKIP LOCKED"));

const EVENT: Sql = Sql::both(
    "SELECT id, order_row, kind, reason, key, token, payload, attempts FROM paymento_events WHERE id = $1 AND state = 0",
);
const TAKE: Sql = Sql::both(
    "UPDATE paymento_orders SET lease_owner = $2, lease_until = $3, fencing = fencing + 1 WHERE id = $1 \
     RETURNING fencing, order_id",
);
