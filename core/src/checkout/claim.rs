//! Which events are due, and leasing their orders.

use std::{collections::HashSet, sync::Arc};

use super::{
    clock::Millis,
    database::{Database, Row, Sql, Transaction, transact, values},
    event::{Columns, EventKind, OrderEvent, Payload},
    history::Note,
    lease::{Held, LEASE, Leases},
    work::Work,
};
use crate::error::Error;

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

/// Takes what is due, and leases the orders to this process.
pub(super) async fn claim(database: &Database, wanted: &Wanted, leases: &Arc<Leases>) -> Result<Vec<Work>, Error> {
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
        if !due(&mut transaction, [LOOK_FOR, LOOK_FOR_OF_ORDER], wanted, *kind, now, 1).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of all orders, or of one.
async fn due(
    transaction: &mut Transaction,
    [of_all, of_order]: [Sql; 2],
    wanted: &Wanted,
    kind: EventKind,
    now: Millis,
    most: i64,
) -> Result<Vec<Row>, Error> {
    let mut values = values![&wanted.account, kind.as_str(), now, most];
    let Some(order_id) = &wanted.order_id else { return transaction.rows(of_all, values).await };
    values.push(order_id.into());
    transaction.rows(of_order, values).await
}

async fn try_claim(transaction: &mut Transaction, wanted: &Wanted, leases: &Arc<Leases>) -> Result<Vec<Work>, Error> {
    let now = transaction.now().await?;
    let (mut orders, mut events) = (HashSet::new(), Vec::new());
    for kind in &wanted.kinds {
        let left = wanted.most - i64::try_from(events.len()).unwrap_or(i64::MAX);
        if left > 0 {
            for row in due(transaction, [LOCK_DUE, LOCK_DUE_OF_ORDER], wanted, *kind, now, left).await? {
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

/// Leases the order and reads the event again: somebody may have finished or failed it before the order was locked.
async fn take(
    transaction: &mut Transaction,
    wanted: &Wanted,
    leases: &Arc<Leases>,
    event: i64,
    now: Millis,
) -> Result<Option<Work>, Error> {
    let Some(row) = transaction.row(EVENT, values![event, now]).await? else { return Ok(None) };
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
    ($where:literal, $lock:literal) => {
        concat!(
            "SELECT e.id, e.order_row FROM paymento_events e JOIN paymento_orders o ON o.id = e.order_row WHERE ",
            $where,
            " AND e.kind = $2 AND e.state = 0 AND e.next_at <= $3 AND o.lease_until <= $3 ORDER BY e.next_at LIMIT $4",
            $lock
        )
    };
}
macro_rules! of_all {
    ($lock:literal) => {
        due!("e.account = $1", $lock)
    };
}
/// By the order, which has few events: not by what is due, which may be much.
macro_rules! of_order {
    ($lock:literal) => {
        due!("o.account = $1 AND o.order_id = $5", $lock)
    };
}
const LOOK_FOR: Sql = Sql::both(of_all!(""));
const LOOK_FOR_OF_ORDER: Sql = Sql::both(of_order!(""));
const LOCK_DUE: Sql = Sql::each(of_all!(""), of_all!(" FOR UPDATE OF o SKIP LOCKED"));
const LOCK_DUE_OF_ORDER: Sql = Sql::each(of_order!(""), of_order!(" FOR UPDATE OF o SKIP LOCKED"));

const EVENT: Sql = Sql::both(
    "SELECT id, order_row, kind, reason, key, token, payload, attempts FROM paymento_events \
     WHERE id = $1 AND state = 0 AND next_at <= $2",
);
const TAKE: Sql = Sql::both(
    "UPDATE paymento_orders SET lease_owner = $2, lease_until = $3, fencing = fencing + 1 WHERE id = $1 \
     RETURNING fencing, order_id",
);
