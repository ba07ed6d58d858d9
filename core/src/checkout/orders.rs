//! The rows of orders and payments, read and locked. An order is locked before its payments.

use super::{
    clock::Millis,
    clockwise::LONGEST_LEASE,
    database::{Row, Sql, Statement, Transaction, values},
    event::pairs_from_json,
    record::Asked,
    schedule,
    state::{OrderState, PaymentState},
    terms::price_from_text,
};
use crate::{
    error::{Error, ErrorCode},
    price::Price,
    speed::Speed,
};

/// An order, as it is kept.
#[derive(Clone, Debug)]
pub(super) struct OrderRow {
    pub(super) id: i64,
    pub(super) account: String,
    pub(super) order_id: String,
    pub(super) terms: String,
    pub(super) price: Price,
    pub(super) state: OrderState,
    pub(super) paid_payment: Option<i64>,
    pub(super) canceled_at: Option<Millis>,
    pub(super) created_at: Millis,
    pub(super) updated_at: Millis,
    pub(super) paid_at: Option<Millis>,
}

/// A payment, as it is kept.
#[derive(Clone, Debug)]
pub(super) struct PaymentRow {
    pub(super) id: i64,
    pub(super) order_row: i64,
    pub(super) token: Option<String>,
    pub(super) url: Option<String>,
    pub(super) live: Option<bool>,
    pub(super) terms: String,
    pub(super) price: Price,
    pub(super) speed: Speed,
    pub(super) additional_data: Vec<(String, String)>,
    pub(super) state: PaymentState,
    pub(super) creator: Option<String>,
    pub(super) creator_until: Millis,
    pub(super) created_at: Millis,
    /// When it was made, or the gateway last said something about it.
    pub(super) updated_at: Millis,
    pub(super) next_verify_at: Option<Millis>,
    pub(super) verify_until: Option<Millis>,
    pub(super) verify_fence: i64,
    pub(super) callbacks: i64,
    pub(super) callback_paid: bool,
    pub(super) callback_odd: Option<String>,
    pub(super) status: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) confirming_since: Option<Millis>,
    pub(super) unapproved_since: Option<Millis>,
    pub(super) closed_at: Option<Millis>,
    pub(super) settled_at: Option<Millis>,
    pub(super) received: Option<String>,
    pub(super) settlement: Option<String>,
}

impl OrderRow {
    pub(super) fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.int("id")?,
            account: row.text("account")?,
            order_id: row.text("order_id")?,
            terms: row.text("terms")?,
            price: price_from_text(&row.text("price")?)?,
            state: OrderState::parse(&row.text("state")?).ok_or_else(|| unknown_state("order"))?,
            paid_payment: row.maybe_int("paid_payment")?,
            canceled_at: row.maybe_int("canceled_at")?,
            created_at: row.int("created_at")?,
            updated_at: row.int("updated_at")?,
            paid_at: row.maybe_int("paid_at")?,
        })
    }
}

impl PaymentRow {
    pub(super) fn read(row: &Row) -> Result<Self, Error> {
        let notes = serde_json::from_str(&row.text("additional_data")?).ok();
        Ok(Self {
            id: row.int("id")?,
            order_row: row.int("order_row")?,
            token: row.maybe_text("token")?,
            url: row.maybe_text("url")?,
            live: row.maybe_int("live")?.map(|live| live != 0),
            terms: row.text("terms")?,
            price: price_from_text(&row.text("price")?)?,
            speed: Speed::parse(&row.text("speed")?).unwrap_or_default(),
            additional_data: pairs_from_json(notes.as_ref()),
            state: PaymentState::parse(&row.text("state")?).ok_or_else(|| unknown_state("payment"))?,
            creator: row.maybe_text("creator")?,
            creator_until: row.int("creator_until")?,
            created_at: row.int("created_at")?,
            updated_at: row.int("updated_at")?,
            next_verify_at: row.maybe_int("next_verify_at")?,
            verify_until: row.maybe_int("verify_until")?,
            verify_fence: row.int("verify_fence")?,
            callbacks: row.int("callbacks")?,
            callback_paid: row.flag("callback_paid")?,
            callback_odd: row.maybe_text("callback_odd")?,
            status: row.maybe_text("status")?,
            outcome: row.maybe_text("outcome")?,
            confirming_since: row.maybe_int("confirming_since")?,
            unapproved_since: row.maybe_int("unapproved_since")?,
            closed_at: row.maybe_int("closed_at")?,
            settled_at: row.maybe_int("settled_at")?,
            received: row.maybe_text("received")?,
            settlement: row.maybe_text("settlement")?,
        })
    }

    /// Whether it is an intent whose creator is dead: nobody has seen a token of it.
    pub(super) fn is_abandoned(&self, now: Millis) -> bool {
        let is_leased = self.creator_until > now && self.creator_until <= now + LONGEST_LEASE;
        self.state == PaymentState::Creating && !is_leased
    }

    /// What to record an answer to a question by that is asked now.
    pub(super) fn asked(&self) -> Asked {
        Asked { payment: self.id, order_row: self.order_row, fence: self.verify_fence }
    }

    /// Whether other code has made it.
    pub(super) fn is_adopted(&self) -> bool {
        self.creator.as_deref() == Some(super::adopt::ADOPTED)
    }

    pub(super) fn is_created_by(&self, creator: &str) -> bool {
        self.creator.as_deref() == Some(creator)
    }

    /// Whether enough has arrived, and may still be confirmed. One that was being confirmed for a week and never was keeps
    /// nobody from paying; where the money is there, and only not approved, it does.
    pub(super) fn is_awaited(&self, now: Millis) -> bool {
        let is_over = self.confirming_since.is_some_and(|since| now - since > schedule::LONGEST);
        self.state == PaymentState::Confirming && (self.unapproved_since.is_some() || !is_over)
    }

    /// Whether the customer can pay with it.
    pub(super) fn is_payable(&self) -> bool {
        self.token.is_some() && matches!(self.state, PaymentState::Open | PaymentState::PartiallyPaid)
    }
}

fn unknown_state(what: &str) -> Error {
    Error::new(ErrorCode::DatabaseValue, format!("the {what} is in a state that this library does not know"))
        .with_hint("update the library in this process")
}

/// Whether an order can have this id: PostgreSQL refuses to look for one with a NUL, and there is none.
pub(super) fn may_be_an_id(order_id: &str) -> bool {
    !order_id.contains('\0')
}

/// The order, locked until the transaction ends.
pub(super) async fn lock(
    transaction: &mut Transaction,
    account: &str,
    order_id: &str,
) -> Result<Option<OrderRow>, Error> {
    if !may_be_an_id(order_id) {
        return Ok(None);
    }
    transaction.row(LOCK_ORDER, values![account, order_id]).await?.as_ref().map(OrderRow::read).transpose()
}

/// Lock the order, and its payments, until the transaction ends. What they answer is for [`read_locked`].
pub(super) fn locking(id: i64) -> Vec<Statement> {
    vec![(LOCK_ORDER_ROW, values![id]), (LOCK_PAYMENTS, values![id])]
}

/// The order, and its payments, oldest first.
pub(super) fn read_locked(rows: &[Vec<Row>]) -> Result<Option<(OrderRow, Vec<PaymentRow>)>, Error> {
    let [order, payments] = rows else { return Ok(None) };
    let Some(order) = order.first() else { return Ok(None) };
    let payments = payments.iter().map(PaymentRow::read).collect::<Result<_, _>>()?;
    Ok(Some((OrderRow::read(order)?, payments)))
}

pub(super) async fn find(
    transaction: &mut Transaction,
    account: &str,
    order_id: &str,
) -> Result<Option<OrderRow>, Error> {
    if !may_be_an_id(order_id) {
        return Ok(None);
    }
    transaction.row(FIND_ORDER, values![account, order_id]).await?.as_ref().map(OrderRow::read).transpose()
}

/// The order's payments, locked, oldest first.
pub(super) async fn lock_payments(transaction: &mut Transaction, order_row: i64) -> Result<Vec<PaymentRow>, Error> {
    transaction.rows(LOCK_PAYMENTS, values![order_row]).await?.iter().map(PaymentRow::read).collect()
}

/// The order's payments, oldest first.
pub(super) async fn payments(transaction: &mut Transaction, order_row: i64) -> Result<Vec<PaymentRow>, Error> {
    transaction.rows(PAYMENTS, values![order_row]).await?.iter().map(PaymentRow::read).collect()
}

/// The payment with this token.
pub(super) async fn payment(
    transaction: &mut Transaction,
    account: &str,
    token: &str,
) -> Result<Option<PaymentRow>, Error> {
    transaction.row(PAYMENT, values![account, token]).await?.as_ref().map(PaymentRow::read).transpose()
}

/// The row under which stands what belongs to no order.
pub(super) async fn of_the_account(transaction: &mut Transaction, account: &str, now: Millis) -> Result<i64, Error> {
    transaction.execute(INSERT_ACCOUNTS_OWN, values![account, now]).await?;
    let row = transaction.row(FIND_ORDER, values![account, ""]).await?;
    row.ok_or_else(|| Error::new(ErrorCode::DatabaseValue, "the account's own row is missing"))?.int("id")
}

macro_rules! order_columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, account, order_id, terms, price, state, paid_payment, canceled_at, created_at, updated_at, paid_at ",
            "FROM paymento_orders ",
            $rest
        )
    };
}

macro_rules! payment_columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, order_row, token, url, live, terms, price, speed, additional_data, state, creator, ",
            "creator_until, created_at, updated_at, next_verify_at, verify_until, verify_fence, callbacks, ",
            "callback_paid, callback_odd, status, outcome, confirming_since, unapproved_since, closed_at, settled_at, received, ",
            "settlement FROM paymento_payments ",
            $rest
        )
    };
}
pub(super) use payment_columns;

const FIND_ORDER: Sql = Sql::both(order_columns!("WHERE account = $1 AND order_id = $2")).planned_once();
const LOCK_ORDER: Sql = Sql::each(
    order_columns!("WHERE account = $1 AND order_id = $2"),
    order_columns!("WHERE account = $1 AND order_id = $2 FOR UPDATE"),
)
.planned_once();
const LOCK_ORDER_ROW: Sql =
    Sql::each(order_columns!("WHERE id = $1"), order_columns!("WHERE id = $1 FOR UPDATE")).planned_once();
const PAYMENTS: Sql = Sql::both(payment_columns!("WHERE order_row = $1 ORDER BY id")).planned_once();
const LOCK_PAYMENTS: Sql = Sql::each(
    payment_columns!("WHERE order_row = $1 ORDER BY id"),
    payment_columns!("WHERE order_row = $1 ORDER BY id FOR UPDATE"),
)
.planned_once();
const PAYMENT: Sql = Sql::both(payment_columns!("WHERE account = $1 AND token = $2")).planned_once();

const INSERT_ACCOUNTS_OWN: Sql = Sql::both(
    "INSERT INTO paymento_orders \
     (account, order_id, terms, price, state, lease_until, fencing, created_at, updated_at) \
     VALUES ($1, '', '', '{\"crypto\":[]}', 'attention', 0, 0, $2, $2) ON CONFLICT (account, order_id) DO NOTHING",
);
