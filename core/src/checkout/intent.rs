//! An intent: a payment that is recorded before the gateway has a token for it, leased to the call that creates it.

use serde_json::json;

use super::{
    clock::Millis,
    create::{Purchase, price_text},
    database::{Sql, Transaction, values},
    history::Note,
};
use crate::{
    error::{Error, ErrorCode},
    payment::Payment,
};

/// An intent is its creator's this long, and longer while the creator lives.
const LEASE: Millis = 10_000;

/// Records that this call is about to ask the gateway.
pub(super) async fn insert(
    transaction: &mut Transaction,
    purchase: &Purchase,
    order_row: i64,
    now: Millis,
) -> Result<i64, Error> {
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
pub(super) async fn take_over(
    transaction: &mut Transaction,
    purchase: &Purchase,
    intent: i64,
    now: Millis,
) -> Result<i64, Error> {
    let notes = json!(purchase.request.additional_data).to_string();
    let values = values![intent, &purchase.creator, now + LEASE, price_text(purchase), notes, now];
    transaction.execute(TAKE_OVER, values).await.map(|_| intent)
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
) -> Result<bool, Error> {
    let now = transaction.now();
    let next = super::schedule::next_age(0).map(|wait| now + wait);
    let values = values![intent, &purchase.creator, payment.token(), payment.url(), now, next];
    let Some(row) = transaction.row(RECORD_TOKEN, values).await? else { return Ok(false) };
    let order_row = row.int("order_row")?;
    super::adopt::apply_kept(transaction, &purchase.account, payment.token(), now).await?;
    transaction.execute(OPEN_ORDER, values![order_row, now]).await?;
    let note =
        Note { what: "created", who: &purchase.who, token: Some(payment.token()), detail: purchase.terms.as_str() };
    note.write(transaction, order_row, now).await?;
    transaction.notify();
    Ok(true)
}

/// The gateway has refused: nothing is left behind.
pub(super) async fn give_up(transaction: &mut Transaction, purchase: &Purchase, intent: i64) -> Result<(), Error> {
    transaction.execute(DELETE_INTENT, values![intent, &purchase.creator]).await.map(|_| ())
}

const INSERT_INTENT: Sql = Sql::both(
    "INSERT INTO paymento_payments (order_row, account, gateway, live, terms, price, speed, additional_data, state, \
     creator, creator_until, created_at, updated_at, urgency, verify_fence, failures, callbacks, callback_paid) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'creating', $9, $10, $11, $11, 2, 0, 0, 0, 0) RETURNING id",
);
const TAKE_OVER: Sql = Sql::both(
    "UPDATE paymento_payments SET creator = $2, creator_until = $3, price = $4, additional_data = $5, updated_at = $6 \
     WHERE id = $1 AND token IS NULL",
);
const RENEW_INTENT: Sql =
    Sql::both("UPDATE paymento_payments SET creator_until = $3 WHERE id = $1 AND creator = $2 AND token IS NULL");
const RECORD_TOKEN: Sql = Sql::both(
    "UPDATE paymento_payments SET token = $3, url = $4, state = 'open', creator = NULL, created_at = $5, updated_at = $5, \
     next_verify_at = $6 WHERE id = $1 AND creator = $2 AND token IS NULL RETURNING order_row",
);
const OPEN_ORDER: Sql = Sql::both(
    "UPDATE paymento_orders SET state = CASE WHEN state = 'closed' THEN 'open' ELSE state END, updated_at = $2 WHERE id = $1",
);
const DELETE_INTENT: Sql = Sql::both("DELETE FROM paymento_payments WHERE id = $1 AND creator = $2 AND token IS NULL");
