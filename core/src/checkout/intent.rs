//! An intent: a payment that is recorded before the gateway has a token for it, leased to the call that creates it.

use serde_json::json;

use super::{
    clock::Millis,
    create::{Purchase, is_still_wanted, price_text},
    database::{Sql, Transaction, values},
    event::{EventKind, Payload},
    history::Note,
    orders,
    raise::Raised,
};
use crate::{
    error::{Error, ErrorCode},
    payment::Payment,
};

/// An intent is its creator's this long, and longer while the creator lives.
const LEASE: Millis = 10_000;

/// What became of a token that the gateway gave.
pub(super) enum Recorded {
    /// The customer may pay with it.
    Wanted,
    /// It is watched; but the order got another price, or was canceled, meanwhile.
    Overtaken,
    /// The intent is no longer this call's, and nobody has seen the token.
    TakenOver,
}

/// Records that this call is about to ask the gateway: with an intent of its own, or with that of a creator who is dead.
pub(super) async fn claim(
    transaction: &mut Transaction,
    purchase: &Purchase,
    order_row: i64,
    known: Option<i64>,
    now: Millis,
) -> Result<i64, Error> {
    // Something is open again, and a `closed` that waits to be told is not true now.
    transaction.later(OPEN_ORDER, values![order_row, now]).await?;
    match known {
        Some(intent) => take_over(transaction, purchase, intent, now).await,
        None => insert(transaction, purchase, order_row, now).await,
    }
}

async fn insert(transaction: &mut Transaction, purchase: &Purchase, order_row: i64, now: Millis) -> Result<i64, Error> {
    let values = values![
        order_row,
        &purchase.account,
        &purchase.gateway,
        purchase.live.map(i64::from),
        purchase.terms.as_str(),
        price_text(purchase),
        purchase.request.speed.as_str(),
        json!(purchase.request.additional_data).to_string(),
        &purchase.creator,
        now + LEASE,
        now
    ];
    let row = transaction.row(INSERT_INTENT, values).await?;
    row.ok_or_else(|| Error::new(ErrorCode::DatabaseUnavailable, "the intent was not recorded"))?.int("id")
}

/// The creator of an intent is dead. A token that nobody has seen cannot be paid, so that asking again does no harm.
async fn take_over(transaction: &mut Transaction, purchase: &Purchase, intent: i64, now: Millis) -> Result<i64, Error> {
    let notes = json!(purchase.request.additional_data).to_string();
    let values = values![intent, &purchase.creator, now + LEASE, price_text(purchase), notes, now];
    transaction.later(TAKE_OVER, values).await.map(|()| intent)
}

/// Keeps the lease of a call that waits for the gateway.
pub(super) async fn renew(transaction: &mut Transaction, creator: &str, intent: i64) -> Result<(), Error> {
    let now = transaction.now();
    transaction.execute(RENEW_INTENT, values![intent, creator, now + LEASE]).await.map(|_| ())
}

/// Records the token, if the intent is still this call's.
pub(super) async fn record_token(
    transaction: &mut Transaction,
    purchase: &Purchase,
    intent: i64,
    payment: &Payment,
) -> Result<Recorded, Error> {
    let now = transaction.now();
    let order = orders::lock(transaction, &purchase.account, &purchase.order_id).await?;
    let is_wanted = order.is_some_and(|order| is_still_wanted(&order, purchase));
    let next = super::schedule::next_age(0).map(|wait| now + wait);
    let values = values![intent, &purchase.creator, payment.token(), payment.url(), now, next];
    let Some(row) = transaction.row(RECORD_TOKEN, values).await? else { return Ok(Recorded::TakenOver) };
    let order_row = row.int("order_row")?;
    super::adopt::apply_kept(transaction, &purchase.account, payment.token(), now).await?;
    transaction.later(OPEN_ORDER, values![order_row, now]).await?;
    drop_closed(transaction, order_row, now).await?;
    let note =
        Note { what: "created", who: &purchase.who, token: Some(payment.token()), detail: purchase.terms.as_str() };
    note.write(transaction, order_row, now).await?;
    transaction.notify();
    Ok(if is_wanted { Recorded::Wanted } else { Recorded::Overtaken })
}

/// Nobody is told any more that an order is closed which can be paid again.
pub(super) async fn drop_closed(transaction: &mut Transaction, order_row: i64, now: Millis) -> Result<(), Error> {
    transaction.later(DROP_CLOSED, values![order_row, now]).await
}

/// This call needs no payment of its own: an older one will do, or none is wanted.
pub(super) async fn give_up_all(transaction: &mut Transaction, purchase: &Purchase) -> Result<(), Error> {
    let values = values![&purchase.account, &purchase.order_id, &purchase.creator];
    if transaction.execute(DELETE_INTENTS, values).await? == 0
        || transaction.execute(CLOSE_AGAIN, values![&purchase.account, &purchase.order_id]).await? == 0
    {
        return Ok(());
    }
    tell_that_it_is_closed(transaction, purchase).await
}

/// The last payment may have been closed while the intent stood for one that follows it. Told once, whoever tells it first.
async fn tell_that_it_is_closed(transaction: &mut Transaction, purchase: &Purchase) -> Result<(), Error> {
    let now = transaction.now();
    let Some(order) = orders::find(transaction, &purchase.account, &purchase.order_id).await? else { return Ok(()) };
    let payments = orders::payments(transaction, order.id).await?;
    let Some(last) = payments.iter().rev().find(|payment| payment.closed_at.is_some()) else { return Ok(()) };
    let kind = EventKind::Closed;
    let raised = Raised {
        account: &order.account,
        order_row: order.id,
        order_id: &order.order_id,
        kind,
        reason: None,
        token: last.token.as_deref(),
        distinct: "",
        payload: &Payload::of(&order, last),
    };
    if raised.put(transaction, now).await? {
        let note = Note { what: "decided", who: &purchase.who, token: last.token.as_deref(), detail: kind.as_str() };
        note.write(transaction, order.id, now).await?;
        transaction.notify();
    }
    Ok(())
}

const INSERT_INTENT: Sql = Sql::both(
    "INSERT INTO paymento_payments (order_row, account, gateway, live, terms, price, speed, additional_data, state, \
     creator, creator_until, created_at, updated_at, urgency, verify_fence, failures, callbacks, callback_paid) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'creating', $9, $10, $11, $11, 2, 0, 0, 0, 0) RETURNING id",
)
.planned_once();
const TAKE_OVER: Sql = Sql::both(
    "UPDATE paymento_payments SET creator = $2, creator_until = $3, price = $4, additional_data = $5, updated_at = $6 \
     WHERE id = $1 AND token IS NULL",
);
const RENEW_INTENT: Sql =
    Sql::both("UPDATE paymento_payments SET creator_until = $3 WHERE id = $1 AND creator = $2 AND token IS NULL");
const RECORD_TOKEN: Sql = Sql::both(
    "UPDATE paymento_payments SET token = $3, url = $4, state = 'open', creator = NULL, created_at = $5, updated_at = $5, \
     next_verify_at = $6 WHERE id = $1 AND creator = $2 AND token IS NULL RETURNING order_row",
).planned_once();
const OPEN_ORDER: Sql = Sql::both(
    "UPDATE paymento_orders SET state = 'open', updated_at = $2 WHERE id = $1 AND state = 'closed' AND canceled_at IS NULL",
).planned_once();
const DROP_CLOSED: Sql = Sql::both(
    "UPDATE paymento_events SET state = 3, finished_at = $2 WHERE order_row = $1 AND state IN (0, 2) AND kind = 'closed' \
     AND EXISTS (SELECT 1 FROM paymento_orders WHERE id = $1 AND state <> 'closed')",
).planned_once();
/// An order that was opened for an intent alone is what it was before.
const CLOSE_AGAIN: Sql = Sql::both(
    "UPDATE paymento_orders SET state = 'closed' WHERE account = $1 AND order_id = $2 AND state = 'open' \
     AND EXISTS (SELECT 1 FROM paymento_payments p WHERE p.order_row = paymento_orders.id) \
     AND NOT EXISTS (SELECT 1 FROM paymento_payments p WHERE p.order_row = paymento_orders.id AND p.state <> 'closed')",
);
const DELETE_INTENTS: Sql = Sql::both(
    "DELETE FROM paymento_payments WHERE creator = $3 AND token IS NULL \
     AND order_row = (SELECT id FROM paymento_orders WHERE account = $1 AND order_id = $2)",
)
.planned_once();
