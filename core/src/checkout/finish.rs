//! Work that was done, or failed: recorded many at a time, and only for whoever still holds the order.

use serde_json::{Value as Json, json};

use super::{
    clock::Millis,
    database::{Row, Sql, Statement, Transaction, values},
    event::{EventKind, Payload, Reason},
    history::Note,
    raise::Raised,
};
use crate::{error::Error, text::clean};

/// Who finishes which event, and how.
#[derive(Clone, Debug)]
pub(super) struct Finish {
    pub(super) event: i64,
    pub(super) order_row: i64,
    pub(super) owner: String,
    /// Rises each time the order is handed over: an earlier holder finishes nothing.
    pub(super) fencing: i64,
    pub(super) who: String,
    pub(super) ending: Ending,
}

impl Finish {
    fn is_completed(&self) -> bool {
        matches!(self.ending, Ending::Completed)
    }

    /// Of one event there may be an earlier holder and a later one.
    fn hold(&self) -> (i64, i64) {
        (self.event, self.fencing)
    }
}

#[derive(Clone, Debug)]
pub(super) enum Ending {
    Completed,
    /// The handler failed; as many failures make a dead letter.
    Failed {
        message: String,
        most: i64,
    },
    /// The holder gives it back untouched.
    Released,
}

/// Waits after a failed handler, in seconds. The last is repeated.
const BACKOFF: [Millis; 7] = [1, 5, 15, 60, 300, 900, 3_600];

/// What begins the transaction that records them: the orders of what was completed are let go.
pub(super) fn letting_go(finishes: &[Finish]) -> Vec<Statement> {
    let json = |finish: &Finish| json!({ "order": finish.order_row, "owner": finish.owner, "fencing": finish.fencing });
    let list: Vec<_> = finishes.iter().filter(|finish| finish.is_completed()).map(json).collect();
    if list.is_empty() { vec![] } else { vec![(RELEASE_ALL, values![Json::from(list).to_string()])] }
}

/// Records them, and says for each whether the event was still its holder's. `let_go`: what [`letting_go`] has answered in
/// this transaction.
pub(super) async fn all(
    transaction: &mut Transaction,
    let_go: &[Vec<Row>],
    finishes: &[Finish],
    now: Millis,
) -> Result<Vec<bool>, Error> {
    let completed: Vec<_> = finishes.iter().filter(|finish| finish.is_completed()).collect();
    let mut own: Vec<(i64, i64)> =
        if completed.is_empty() { vec![] } else { complete(transaction, let_go, &completed, now).await? };
    for finish in finishes {
        let is_own = match &finish.ending {
            Ending::Completed => continue,
            Ending::Failed { message, most } => fail(transaction, finish, message, *most, now).await?,
            Ending::Released => release(transaction, finish).await?,
        };
        own.extend(is_own.then_some(finish.hold()));
    }
    Ok(finishes.iter().map(|finish| own.contains(&finish.hold())).collect())
}

/// Gives what was completed.
///
/// The orders come first: whoever holds their rows meanwhile may be taking them over, and what was read of a row before that
/// proves nothing.
async fn complete(
    transaction: &mut Transaction,
    let_go: &[Vec<Row>],
    finishes: &[&Finish],
    now: Millis,
) -> Result<Vec<(i64, i64)>, Error> {
    let released = let_go.iter().flatten().map(|row| Ok((row.int("id")?, row.int("fencing")?)));
    let released = released.collect::<Result<Vec<_>, Error>>()?;
    let held = finishes.iter().filter(|finish| released.contains(&(finish.order_row, finish.fencing)));
    let held: Vec<_> = held.collect();
    let events = held.iter().map(|finish| finish.event).collect::<Json>().to_string();
    let rows = transaction.rows(COMPLETE, values![now, &events]).await?;
    let done = rows.iter().map(|row| row.int("id")).collect::<Result<Vec<_>, _>>()?;
    let own: Vec<_> = held.iter().filter(|finish| done.contains(&finish.event)).collect();
    let noted = own.iter().map(|finish| json!({ "order": finish.order_row, "who": finish.who })).collect::<Json>();
    transaction.later(NOTE_ALL, values![now, noted.to_string()]).await?;
    Ok(own.into_iter().map(|finish| finish.hold()).collect())
}

async fn release(transaction: &mut Transaction, finish: &Finish) -> Result<bool, Error> {
    let values = values![finish.order_row, &finish.owner, finish.fencing];
    Ok(transaction.execute(RELEASE, values).await? > 0)
}

async fn fail(
    transaction: &mut Transaction,
    finish: &Finish,
    message: &str,
    most: i64,
    now: Millis,
) -> Result<bool, Error> {
    if !release(transaction, finish).await? {
        return Ok(false);
    }
    failed(transaction, finish, message, most, now).await
}

/// Puts the event off, or gives it up. Whoever holds the order keeps it.
pub(super) async fn failed(
    transaction: &mut Transaction,
    finish: &Finish,
    message: &str,
    most: i64,
    now: Millis,
) -> Result<bool, Error> {
    let Some(row) = transaction.row(EVENT, values![finish.event]).await? else { return Ok(false) };
    let attempts = row.int("attempts")? + 1;
    let dead = attempts >= most;
    let step = usize::try_from(attempts - 1).unwrap_or(0).min(BACKOFF.len() - 1);
    let message = clean(message, 500);
    let values = values![finish.event, attempts, now + BACKOFF[step] * 1_000, i64::from(dead) * 2, &message, now];
    transaction.later(FAIL, values).await?;
    let what = if dead { "dead_letter" } else { "failed" };
    let token = row.maybe_text("token")?;
    let note = Note { what, who: &finish.who, token: token.as_deref(), detail: &message };
    note.write(transaction, finish.order_row, now).await?;
    if dead && row.text("kind")? != EventKind::Attention.as_str() {
        raise_failed(transaction, finish.order_row, &row, &message, now).await?;
    }
    Ok(true)
}

/// Somebody should look at a handler that has failed for good.
async fn raise_failed(
    transaction: &mut Transaction,
    order_row: i64,
    row: &Row,
    message: &str,
    now: Millis,
) -> Result<(), Error> {
    // What cannot be read is one reason to fail for good.
    let payload = Payload::parse(&row.text("payload")?).unwrap_or_default();
    let payload = Payload { detail: Some(message.to_owned()), ..payload };
    let (account, order_id, kind) = (row.text("account")?, row.text("order_id")?, row.text("kind")?);
    let token = row.maybe_text("token")?;
    let raised = Raised {
        account: &account,
        order_row,
        order_id: &order_id,
        kind: EventKind::Attention,
        reason: Some(Reason::HandlerFailed),
        token: token.as_deref(),
        // One that was replayed and fails for good again is told of again.
        distinct: &format!("{kind}/{now}"),
        payload: &payload,
    };
    raised.put(transaction, now).await.map(|_| ())
}

/// Also one that was given up for taking too long, where nobody else has got it.
const COMPLETE: Sql = Sql::each(
    "UPDATE paymento_events SET state = 1, finished_at = $1 WHERE state IN (0, 2) \
     AND id IN (SELECT value FROM json_each($2)) RETURNING id",
    "UPDATE paymento_events SET state = 1, finished_at = $1 WHERE state IN (0, 2) \
     AND id = ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($2::json))) RETURNING id",
)
.planned_once();

macro_rules! release_all {
    ($from:literal) => {
        concat!(
            "UPDATE paymento_orders SET lease_owner = NULL, lease_until = 0 FROM (",
            $from,
            ") AS c WHERE paymento_orders.id = c.held AND paymento_orders.lease_owner = c.owner ",
            "AND paymento_orders.fencing = c.fencing RETURNING paymento_orders.id AS id, paymento_orders.fencing AS fencing"
        )
    };
}
const RELEASE_ALL: Sql = Sql::each(
    release_all!(
        "SELECT json_extract(value, '$.order') AS held, json_extract(value, '$.owner') AS owner, \
         json_extract(value, '$.fencing') AS fencing FROM json_each($1)"
    ),
    release_all!(
        "SELECT \"order\" AS held, owner, fencing FROM json_to_recordset($1::json) \
         AS x(\"order\" bigint, owner text, fencing bigint)"
    ),
)
.planned_once();

const NOTE_ALL: Sql = Sql::each(
    "INSERT INTO paymento_history (order_row, at, what, who, detail) \
     SELECT json_extract(value, '$.order'), $1, 'completed', json_extract(value, '$.who'), '' FROM json_each($2)",
    "INSERT INTO paymento_history (order_row, at, what, who, detail) \
     SELECT \"order\", $1, 'completed', who, '' FROM json_to_recordset($2::json) AS x(\"order\" bigint, who text)",
)
.planned_once();

const RELEASE: Sql = Sql::both(
    "UPDATE paymento_orders SET lease_owner = NULL, lease_until = 0 WHERE id = $1 AND lease_owner = $2 AND fencing = $3",
).planned_once();
const EVENT: Sql = Sql::both(
    "SELECT e.attempts, e.kind, e.token, e.payload, e.account, o.order_id FROM paymento_events e \
     JOIN paymento_orders o ON o.id = e.order_row WHERE e.id = $1 AND e.state = 0",
);
const FAIL: Sql = Sql::both(
    "UPDATE paymento_events SET attempts = $2, next_at = $3, state = $4, error = $5, \
     finished_at = CASE WHEN $4 = 2 THEN $6 ELSE NULL END WHERE id = $1",
);
