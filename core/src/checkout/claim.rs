//! Which events are due, and leasing their orders.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde_json::{Value as Json, json};

use super::{
    clock::Millis,
    database::{Database, Row, Sql, Statement, Transaction, Value, transact, values},
    event::{Columns, EventKind, OrderEvent, Payload, Reason},
    finish::{self, Ending, Finish},
    lease::{Held, LEASE, Leases},
    work::Work,
};
use crate::error::Error;

/// A process may be killed by whoever deploys; after so many deaths in a row the event itself is a suspect, and waits.
const DEATHS_AT_ONCE: i64 = 8;
/// So much longer each time.
const AFTER_DEATH: Millis = 15_000;
/// After so many it is a dead letter.
const DEATHS_IN_ALL: i64 = 20;
const DIED: &str = "the processes that were handed the order died, or lost it";

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
    if !leases.expects_more() && !is_any_due(database, wanted).await? {
        return Ok(vec![]);
    }
    let works = loop {
        let first = || first_due(database, wanted, leases);
        let taken =
            transact!(database, first(), (transaction, rows) => try_claim(&mut transaction, &rows, wanted, leases))?;
        match taken {
            // What was set aside is due no more.
            Some(works) if works.is_empty() => {}
            taken => break taken.unwrap_or_default(),
        }
    };
    for work in &works {
        leases.hold(Held::new(work.order_row, work.fencing, work.id, &work.event));
    }
    // Who got as much as was asked for does not look first the next time.
    leases.expect_more(i64::try_from(works.len()).is_ok_and(|got| got == wanted.most));
    Ok(works)
}

/// Looks without a lock: whoever waits for work writes nothing.
async fn is_any_due(database: &Database, wanted: &Wanted) -> Result<bool, Error> {
    let look = |kind: &EventKind| due([LOOK_FOR, LOOK_FOR_OF_ORDER], wanted, *kind, database.now(), 1);
    if wanted.kinds.is_empty() {
        return Ok(false);
    }
    let (_, rows) = database.look(wanted.kinds.iter().map(look).collect()).await?;
    Ok(!rows.is_empty())
}

/// Of all orders, or of one.
fn due([of_all, of_order]: [Sql; 2], wanted: &Wanted, kind: EventKind, now: Value, most: i64) -> Statement {
    let mut values = values![&wanted.account, kind.as_str(), now, most];
    let Some(order_id) = &wanted.order_id else { return (of_all, values) };
    values.push(order_id.into());
    (of_order, values)
}

/// What is due of the first kind, locked: for [`try_claim`], with BEGIN.
fn first_due(database: &Database, wanted: &Wanted, leases: &Leases) -> Vec<Statement> {
    let first = wanted.kinds.iter().take(1);
    let limit = most_rows(wanted.most, leases.orders().len());
    first.map(|kind| due([LOCK_DUE, LOCK_DUE_OF_ORDER], wanted, *kind, database.now(), limit)).collect()
}

/// As many as are wanted, and those that this process holds already.
fn most_rows(wanted: i64, held: usize) -> i64 {
    wanted.saturating_add(i64::try_from(held).unwrap_or(i64::MAX))
}

/// `None` where nothing is due; nothing at all where what was due could not be read. `of_first`: what was due of the first
/// kind.
async fn try_claim(
    transaction: &mut Transaction,
    of_first: &[Vec<Row>],
    wanted: &Wanted,
    leases: &Arc<Leases>,
) -> Result<Option<Vec<Work>>, Error> {
    let now = transaction.now();
    let mut picked = Picked { orders: leases.orders(), events: vec![], left: wanted.most };
    picked.add(transaction, wanted, leases, of_first, now).await?;
    if picked.left > 0 && wanted.kinds.len() > 1 {
        let limit = most_rows(picked.left, picked.orders.len());
        let due = |kind: &EventKind| due([LOCK_DUE, LOCK_DUE_OF_ORDER], wanted, *kind, now.into(), limit);
        let rows = transaction.rows_of_each(wanted.kinds.iter().skip(1).map(due).collect()).await?;
        picked.add(transaction, wanted, leases, &rows, now).await?;
    }
    if picked.events.is_empty() {
        return Ok(None);
    }
    let works = take(transaction, wanted, leases, &picked.events, now).await?;
    note(transaction, wanted, &works, now).await?;
    Ok(Some(works))
}

/// The events to hand over.
struct Picked {
    /// An order is handed over once at a time: also where the database was away for longer than the lease of one that this
    /// process still works on.
    orders: HashSet<i64>,
    events: Vec<i64>,
    left: i64,
}

impl Picked {
    async fn add(
        &mut self,
        transaction: &mut Transaction,
        wanted: &Wanted,
        leases: &Leases,
        rows: &[Vec<Row>],
        now: Millis,
    ) -> Result<(), Error> {
        for row in rows.iter().flatten() {
            if self.left > 0
                && self.orders.insert(row.int("order_row")?)
                && !is_deferred(transaction, wanted, leases, row, now).await?
            {
                self.events.push(row.int("id")?);
                self.left -= 1;
            }
        }
        Ok(())
    }
}

/// Whether an event is put off, or given up, because each process that was handed its order has died, or has hung. What kills
/// a process would otherwise kill one after the other, and what runs beside it with them.
async fn is_deferred(
    transaction: &mut Transaction,
    wanted: &Wanted,
    leases: &Leases,
    row: &Row,
    now: Millis,
) -> Result<bool, Error> {
    if !row.flag("abandoned")? {
        return Ok(false);
    }
    let (event, order_row, deaths) = (row.int("id")?, row.int("order_row")?, row.int("attempts")? + 1);
    if deaths < DEATHS_AT_ONCE {
        transaction.later(COUNT_DEATH, values![event]).await?;
        return Ok(false);
    }
    let (owner, who) = (wanted.owner.to_string(), wanted.who.clone());
    let finish = Finish { event, order_row, owner, fencing: 0, who, ending: Ending::Released };
    finish::failed(transaction, &finish, DIED, DEATHS_IN_ALL.max(leases.most_failures()), now).await?;
    transaction.later(FREE, values![order_row]).await?;
    // Not with the same neighbours again.
    let wait = AFTER_DEATH * (deaths - DEATHS_AT_ONCE + 1) + fastrand::i64(0..5_000);
    transaction.later(PUT_OFF, values![event, now + wait]).await?;
    Ok(true)
}

/// Leases the orders and reads the events again: somebody may have finished or failed one before its order was locked.
async fn take(
    transaction: &mut Transaction,
    wanted: &Wanted,
    leases: &Arc<Leases>,
    events: &[i64],
    now: Millis,
) -> Result<Vec<Work>, Error> {
    let list = json!(events).to_string();
    let take = (TAKE, values![&list, now, &*wanted.owner, now + LEASE]);
    let mut answered = transaction.rows_of_each(vec![take, (EVENTS, values![&list, now])]).await?.into_iter();
    let (taken, rows) = (answered.next().unwrap_or_default(), answered.next().unwrap_or_default());
    let taken = taken.iter().map(|row| Ok((row.int("id")?, (row.int("fencing")?, row.text("order_id")?))));
    let taken: HashMap<_, _> = taken.collect::<Result<_, Error>>()?;
    let mut works = Vec::with_capacity(events.len());
    for row in rows {
        let order_row = row.int("order_row")?;
        let Some((fencing, order_id)) = taken.get(&order_row) else { continue };
        match work(&row, wanted, leases, *fencing, order_id) {
            Ok(work) => works.push(work),
            Err(error) => set_aside(transaction, wanted, &row, *fencing, &error, now).await?,
        }
    }
    // As they were asked for, `paid` first.
    works.sort_by_key(|work| events.iter().position(|event| *event == work.id));
    Ok(works)
}

/// One event that cannot be read must not stand in the way of the others.
async fn set_aside(
    transaction: &mut Transaction,
    wanted: &Wanted,
    row: &Row,
    fencing: i64,
    error: &Error,
    now: Millis,
) -> Result<(), Error> {
    let ending = Ending::Failed { message: error.message().to_owned(), most: 0 };
    let (event, order_row, owner, who) = (row.int("id")?, row.int("order_row")?, wanted.owner.to_string(), &wanted.who);
    let finish = Finish { event, order_row, owner, fencing, who: who.clone(), ending };
    finish::all(transaction, &[], &[finish], now).await.map(|_| ())
}

fn work(row: &Row, wanted: &Wanted, leases: &Arc<Leases>, fencing: i64, order_id: &str) -> Result<Work, Error> {
    let columns = Columns {
        kind: row.text("kind")?,
        reason: row.maybe_text("reason")?,
        key: row.text("key")?,
        token: row.maybe_text("token")?,
        account: wanted.account.clone(),
        order_id: order_id.to_owned(),
    };
    Ok(Work {
        event: OrderEvent::new(columns, Payload::parse(&row.text("payload")?)?)?,
        id: row.int("id")?,
        order_row: row.int("order_row")?,
        fencing,
        attempt: row.int("attempts")?,
        owner: Arc::clone(&wanted.owner),
        leases: Arc::downgrade(leases),
    })
}

async fn note(transaction: &mut Transaction, wanted: &Wanted, works: &[Work], now: Millis) -> Result<(), Error> {
    let note = |work: &Work| {
        let detail = work.event.reason.map_or(work.event.kind.as_str(), Reason::as_str);
        json!({ "order": work.order_row, "token": work.event.token, "detail": detail })
    };
    let notes = works.iter().map(note).collect::<Json>().to_string();
    transaction.later(NOTE_ALL, values![now, &wanted.who, notes]).await
}

macro_rules! due {
    ($where:literal, $lock:literal) => {
        concat!(
            "SELECT e.id, e.order_row, e.attempts, CAST(CASE WHEN o.lease_owner IS NULL THEN 0 ELSE 1 END AS BIGINT) AS abandoned ",
            "FROM paymento_events e JOIN paymento_orders o ON o.id = e.order_row WHERE ",
            $where,
            " AND e.kind = $2 AND e.state = 0 AND e.next_at <= $3 AND o.lease_until <= $3 ",
            // Not while another payment of the order can be paid, or is being created.
            "AND (e.kind <> 'closed' OR o.state = 'closed') ORDER BY e.next_at LIMIT $4",
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
const LOOK_FOR: Sql = Sql::both(of_all!("")).planned_once();
const LOOK_FOR_OF_ORDER: Sql = Sql::both(of_order!("")).planned_once();
const LOCK_DUE: Sql = Sql::each(of_all!(""), of_all!(" FOR UPDATE OF o SKIP LOCKED")).planned_once();
const LOCK_DUE_OF_ORDER: Sql = Sql::each(of_order!(""), of_order!(" FOR UPDATE OF o SKIP LOCKED")).planned_once();

const COUNT_DEATH: Sql = Sql::both("UPDATE paymento_events SET attempts = attempts + 1 WHERE id = $1");
const FREE: Sql = Sql::both("UPDATE paymento_orders SET lease_owner = NULL, lease_until = 0 WHERE id = $1");
const PUT_OFF: Sql = Sql::both("UPDATE paymento_events SET next_at = $2 WHERE id = $1");

/// On PostgreSQL each event of the list is fetched by its number, behind a fence: whatever the server believes of how many are
/// due, it must not look through those.
macro_rules! listed {
    () => {
        "FROM json_array_elements_text($1::json) AS listed CROSS JOIN LATERAL \
         (SELECT * FROM paymento_events WHERE id = listed.value::bigint OFFSET 0) AS e WHERE e.state = 0 AND e.next_at <= $2"
    };
}

const TAKE: Sql = Sql::each(
    "UPDATE paymento_orders SET lease_owner = $3, lease_until = $4, fencing = fencing + 1 \
     WHERE id IN (SELECT order_row FROM paymento_events WHERE state = 0 AND next_at <= $2 \
     AND id IN (SELECT value FROM json_each($1))) RETURNING id, fencing, order_id",
    concat!(
        "UPDATE paymento_orders SET lease_owner = $3, lease_until = $4, fencing = fencing + 1 ",
        "WHERE id = ANY(ARRAY(SELECT e.order_row ",
        listed!(),
        ")) RETURNING id, fencing, order_id"
    ),
)
.planned_once();

const EVENTS: Sql = Sql::each(
    "SELECT id, order_row, kind, reason, key, token, payload, attempts FROM paymento_events \
     WHERE state = 0 AND next_at <= $2 AND id IN (SELECT value FROM json_each($1))",
    concat!("SELECT e.id, e.order_row, e.kind, e.reason, e.key, e.token, e.payload, e.attempts ", listed!()),
)
.planned_once();

const NOTE_ALL: Sql = Sql::each(
    "INSERT INTO paymento_history (order_row, at, what, who, token, detail) \
     SELECT json_extract(value, '$.order'), $1, 'handed_over', $2, json_extract(value, '$.token'), \
     json_extract(value, '$.detail') FROM json_each($3)",
    "INSERT INTO paymento_history (order_row, at, what, who, token, detail) \
     SELECT \"order\", $1, 'handed_over', $2, token, detail \
     FROM json_to_recordset($3::json) AS x(\"order\" bigint, token text, detail text)",
)
.planned_once();

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::checkout::fixture::Fixture;

    /// Between the look and the lock another process may have finished one, or failed it and put it off.
    #[tokio::test]
    async fn what_another_process_has_finished_or_put_off_meanwhile_is_not_taken() {
        let fixture = Fixture::open("claim").await;
        let mut transaction = fixture.database.begin().await.expect("begun");
        let wanted = Wanted {
            account: "default".to_owned(),
            kinds: vec![EventKind::Paid],
            order_id: None,
            most: 3,
            owner: "this process".into(),
            who: "this process".to_owned(),
        };
        let (owner, who) = (Arc::clone(&wanted.owner), wanted.who.clone());
        let leases = Arc::new(Leases::new(owner, Duration::from_mins(15), 10, who));
        let now = transaction.now();
        for (event, taken) in [(2, vec![]), (3, vec![]), (1, vec![1])] {
            let works = take(&mut transaction, &wanted, &leases, &[event], now).await.expect("up");
            assert_eq!(works.iter().map(|work| work.id).collect::<Vec<_>>(), taken, "event {event}");
        }
        transaction.roll_back().await;
        fixture.close().await;
    }
}
