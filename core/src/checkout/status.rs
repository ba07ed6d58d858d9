//! What our own database says of an order and its payments. The gateway is not asked.

use std::collections::HashMap;

use super::{
    Checkout,
    clock::Millis,
    database::{Database, Sql, Transaction, values},
    event::{Shortfall, read_settlement},
    money,
    orders::{self, OrderRow, PaymentRow, payment_columns},
    state::{OrderState, PaymentState},
};
use crate::{
    Client,
    error::{Error, ErrorCode},
    price::Price,
    token::Token,
};

/// Where an order stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OrderRecord {
    /// The shop's order id.
    pub order_id: String,
    /// Where it stands.
    pub state: OrderState,
    /// The order's current price.
    pub price: Price,
    /// The hosted page, while it can be paid.
    pub url: Option<String>,
    /// The token of the payment that pays it, has paid it, or was the last attempt.
    pub token: Option<String>,
    /// What is missing, where the order is partially paid and the gateway reports amounts.
    pub shortfall: Option<Shortfall>,
    /// `Some(false)` for a simulator's payment; `None` where it is not known whether the coins are worth anything.
    pub live: Option<bool>,
    /// When it was first seen, in milliseconds since 1970 by the database's clock, as the other times.
    pub created_at: i64,
    /// When anything last changed.
    pub updated_at: i64,
    /// When it was found to be paid.
    pub paid_at: Option<i64>,
    /// When the shop canceled it.
    pub canceled_at: Option<i64>,
}

/// One payment as it is kept.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PaymentRecord {
    /// The shop's order id.
    pub order_id: String,
    /// The payment's token.
    pub token: String,
    /// Where it stands.
    pub state: PaymentState,
    /// What was asked for.
    pub price: Price,
    /// The hosted page.
    pub url: String,
    /// The gateway's last answer about it, for instance `open`.
    pub outcome: Option<String>,
    /// The gateway's last status of it, as it came.
    pub status: Option<String>,
    /// `Some(false)` for a simulator's payment.
    pub live: Option<bool>,
    /// How many callbacks came for it.
    pub callbacks: i64,
    /// When it was made, in milliseconds since 1970 by the database's clock, as the other times.
    pub created_at: i64,
    /// When anything last changed.
    pub updated_at: i64,
    /// When the gateway was found to have approved it.
    pub settled_at: Option<i64>,
    /// When the gateway is asked about it next.
    pub next_verify_at: Option<i64>,
}

/// Some payments, and where to go on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PaymentsPage {
    /// Oldest first.
    pub payments: Vec<PaymentRecord>,
    /// What to give as `after` for the next page; `None` at the end.
    pub next: Option<i64>,
}

/// A page of payments, and one more, which shows that there is another page.
const ROWS: i64 = 101;

impl Checkout {
    /// Where an order stands, by our own database. Show it only to whom the order belongs.
    ///
    /// # Errors
    /// `checkout.unknown_order`; `database.`.
    pub async fn status(&self, order_id: &str) -> Result<OrderRecord, Error> {
        let (account, order_id, client) = (self.account().to_owned(), order_id.to_owned(), self.client().clone());
        self.with_database(async move |database| status_by_id(&database, &client, &account, &order_id).await).await
    }

    /// The payment with this token.
    ///
    /// # Errors
    /// `input.token`; `checkout.unknown_payment`; `database.`.
    pub async fn payment(&self, token: &str) -> Result<PaymentRecord, Error> {
        let token = Token::from_input(token)?.as_str().to_owned();
        let (account, client) = (self.account().to_owned(), self.client().clone());
        self.with_database(async move |database| {
            let mut transaction = database.begin_read().await?;
            let payment = orders::payment(&mut transaction, &account, &token).await?.ok_or_else(unknown_payment)?;
            let order = order_id(&mut transaction, payment.order_row).await?;
            record(&client, order, payment).ok_or_else(unknown_payment)
        })
        .await
    }

    /// Payments in a state, or in any, made at or after `since` (milliseconds since 1970), oldest first, a
    /// hundred at a time. One without a token yet is on no page. `after`: the last page's [`next`](PaymentsPage::next).
    ///
    /// # Errors
    /// `database.`.
    pub async fn payments(
        &self,
        state: Option<PaymentState>,
        since: Option<i64>,
        after: Option<i64>,
    ) -> Result<PaymentsPage, Error> {
        let (account, client) = (self.account().to_owned(), self.client().clone());
        self.with_database(async move |database| {
            let mut transaction = database.begin_read().await?;
            let (time, id) = page_begin(&mut transaction, &account, since.unwrap_or(0), after).await?;
            let rows = match state {
                Some(state) => {
                    transaction.rows(PAGE_OF_STATE, values![&account, state.as_str(), time, id, ROWS]).await?
                }
                None => transaction.rows(PAGE_OF_ALL, values![&account, time, id, ROWS]).await?,
            };
            let mut rows = rows.iter().map(PaymentRow::read).collect::<Result<Vec<_>, _>>()?;
            let more = i64::try_from(rows.len()).is_ok_and(|length| length == ROWS);
            if more {
                rows.pop();
            }
            let next = rows.last().map(|row| row.id).filter(|_| more);
            let orders = order_ids(&mut transaction, &rows).await?;
            let order = |row: &PaymentRow| orders.get(&row.order_row).cloned();
            let payments = rows.into_iter().filter_map(|row| record(&client, order(&row)?, row)).collect();
            Ok(PaymentsPage { payments, next })
        })
        .await
    }
}

/// A page holds what was made after this: by time, and by number within a millisecond.
async fn page_begin(
    transaction: &mut Transaction,
    account: &str,
    since: Millis,
    after: Option<i64>,
) -> Result<(Millis, i64), Error> {
    let Some(after) = after else { return Ok((since, -1)) };
    let row = transaction.row(MADE_AT, values![after, account]).await?;
    // After what there is not, there is nothing.
    let made_at = row.map_or(Ok(Millis::MAX), |row| row.int("created_at"))?;
    Ok((made_at, after).max((since, -1)))
}

async fn order_ids(transaction: &mut Transaction, rows: &[PaymentRow]) -> Result<HashMap<i64, String>, Error> {
    let list = serde_json::json!(rows.iter().map(|row| row.order_row).collect::<Vec<_>>()).to_string();
    let found = transaction.rows(ORDER_IDS, values![&list]).await?;
    found.iter().map(|row| Ok((row.int("id")?, row.text("order_id")?))).collect()
}

pub(super) async fn order_id(transaction: &mut Transaction, order_row: i64) -> Result<String, Error> {
    transaction.row(ORDER_ID, values![order_row]).await?.ok_or_else(unknown_order)?.text("order_id")
}

/// Adds where the order stands to an error which says that it needs no payment.
pub(super) async fn telling_status(
    error: Error,
    database: &Database,
    client: &Client,
    account: &str,
    order_id: &str,
) -> Error {
    let is_in_progress = error.code() == ErrorCode::CheckoutPaymentInProgress;
    if !is_in_progress && error.code() != ErrorCode::CheckoutAlreadyPaid {
        return error;
    }
    match status_by_id(database, client, account, order_id).await {
        // Also where the shop has canceled the order: the money is on its way.
        Ok(order) if is_in_progress => error.with_order(OrderRecord { state: OrderState::Confirming, ..order }),
        Ok(order) => error.with_order(order),
        Err(_) => error,
    }
}

async fn status_by_id(
    database: &Database,
    client: &Client,
    account: &str,
    order_id: &str,
) -> Result<OrderRecord, Error> {
    let mut transaction = database.begin_read().await?;
    let order = orders::find(&mut transaction, account, order_id).await?;
    let order = order.filter(|order| !order.order_id.is_empty()).ok_or_else(unknown_order)?;
    status(&mut transaction, client, order).await
}

/// The status of the order with this row.
pub(super) async fn status_of(
    transaction: &mut Transaction,
    client: &Client,
    order_row: i64,
) -> Result<Option<OrderRecord>, Error> {
    let order_id = transaction.row(ORDER_ID, values![order_row]).await?;
    let Some(row) = order_id else { return Ok(None) };
    let found = orders::find(transaction, &row.text("account")?, &row.text("order_id")?).await?;
    match found {
        Some(order) => status(transaction, client, order).await.map(Some),
        None => Ok(None),
    }
}

async fn status(transaction: &mut Transaction, client: &Client, order: OrderRow) -> Result<OrderRecord, Error> {
    let payments = orders::payments(transaction, order.id).await?;
    let current = telling(&order, &payments);
    let can_be_paid = matches!(order.state, OrderState::Open | OrderState::PartiallyPaid | OrderState::Attention)
        && order.canceled_at.is_none();
    let payable = payments.iter().rev().find(|payment| payment.is_payable() && payment.terms == order.terms);
    let state = state_at_current_price(&order, &payments);
    let is_partial = state == OrderState::PartiallyPaid;
    let settlement = current.and_then(|payment| payment.settlement.as_deref()).and_then(read_settlement);
    Ok(OrderRecord {
        state,
        url: payable.filter(|_| can_be_paid).and_then(|payment| page_of(client, payment)),
        token: current.and_then(|payment| payment.token.clone()),
        shortfall: settlement.filter(|_| is_partial).as_ref().and_then(money::shortfall),
        live: current.and_then(|payment| payment.live),
        created_at: order.created_at,
        updated_at: payments.iter().map(|payment| payment.updated_at).fold(order.updated_at, i64::max),
        paid_at: order.paid_at,
        canceled_at: order.canceled_at,
        order_id: order.order_id,
        price: order.price,
    })
}

/// A part of a price that is no longer asked for is no part of the current one: the customer is to pay all of that.
fn state_at_current_price(order: &OrderRow, payments: &[PaymentRow]) -> OrderState {
    let is_partial =
        |payment: &PaymentRow| payment.state == PaymentState::PartiallyPaid && payment.terms == order.terms;
    match order.state {
        OrderState::PartiallyPaid if !payments.iter().any(is_partial) => OrderState::Open,
        state => state,
    }
}

/// The payment that says most about an order: the one that paid it, or that money came to, or the last attempt at its price.
fn telling<'p>(order: &OrderRow, payments: &'p [PaymentRow]) -> Option<&'p PaymentRow> {
    let paid = payments.iter().find(|payment| Some(payment.id) == order.paid_payment);
    let mut at_current_price =
        payments.iter().rev().filter(|payment| payment.token.is_some() && payment.terms == order.terms);
    paid.or_else(|| payments.iter().rev().find(|payment| payment.state == PaymentState::Confirming))
        .or_else(|| at_current_price.clone().find(|payment| payment.state == PaymentState::PartiallyPaid))
        .or_else(|| at_current_price.next())
        .or_else(|| payments.iter().rev().find(|payment| payment.token.is_some()))
}

/// By the client's own settings: a simulator's address changes from run to run.
fn page_of(client: &Client, payment: &PaymentRow) -> Option<String> {
    let token = Token::parse(payment.token.as_deref()?)?;
    Some(client.payment(&token, String::new(), payment.price.clone()).url().to_owned())
}

fn record(client: &Client, order_id: String, payment: PaymentRow) -> Option<PaymentRecord> {
    Some(PaymentRecord {
        url: page_of(client, &payment).or(payment.url)?,
        token: payment.token?,
        order_id,
        state: payment.state,
        price: payment.price,
        outcome: payment.outcome,
        status: payment.status,
        live: payment.live,
        callbacks: payment.callbacks,
        created_at: payment.created_at,
        updated_at: payment.updated_at,
        settled_at: payment.settled_at,
        next_verify_at: payment.next_verify_at,
    })
}

pub(super) fn unknown_order() -> Error {
    Error::new(ErrorCode::CheckoutUnknownOrder, "the database holds no such order for this account")
}

fn unknown_payment() -> Error {
    Error::new(ErrorCode::CheckoutUnknownPayment, "the database holds no payment with this token for this account")
        .with_hint("adopt() takes over payments that were made elsewhere")
}

const ORDER_ID: Sql = Sql::both("SELECT account, order_id FROM paymento_orders WHERE id = $1");
const ORDER_IDS: Sql = Sql::each(
    "SELECT id, order_id FROM paymento_orders WHERE id IN (SELECT value FROM json_each($1))",
    "SELECT id, order_id FROM paymento_orders WHERE id IN (SELECT value::bigint FROM json_array_elements_text($1::json))",
);
const MADE_AT: Sql = Sql::both("SELECT created_at FROM paymento_payments WHERE id = $1 AND account = $2");
const PAGE_OF_STATE: Sql = Sql::both(payment_columns!(
    "WHERE account = $1 AND state = $2 AND (created_at, id) > ($3, $4) AND token IS NOT NULL ORDER BY created_at, id LIMIT $5"
));
const PAGE_OF_ALL: Sql = Sql::both(payment_columns!(
    "WHERE account = $1 AND (created_at, id) > ($2, $3) AND token IS NOT NULL ORDER BY created_at, id LIMIT $4"
));
