//! What happened to an order, when and by whom: why was it shipped?

use super::{
    Checkout,
    clock::Millis,
    database::{Row, Sql, Transaction, values},
    orders::may_be_an_id,
};
use crate::error::Error;

/// One thing that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// When, in milliseconds since 1970 by the database's clock.
    pub at: i64,
    /// What: `created`, `repriced`, `received`, `verified`, `decided`, `handed_over`, `completed`, `failed`,
    /// `dead_letter`, `replayed`, `canceled`, `reopened` or `adopted`.
    pub what: String,
    /// By whom: a process's name, or `gateway` for a callback.
    pub who: String,
    /// The payment's token, where it is about one.
    pub token: Option<String>,
    /// More, in words.
    pub detail: String,
}

/// What is written down.
pub(super) struct Note<'a> {
    pub(super) what: &'static str,
    pub(super) who: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) detail: &'a str,
}

impl Note<'_> {
    pub(super) async fn write(self, transaction: &mut Transaction, order_row: i64, now: Millis) -> Result<(), Error> {
        let values = values![order_row, now, self.what, self.who, self.token, self.detail];
        transaction.later(WRITE, values).await
    }
}

impl Checkout {
    /// What happened to an order, oldest first. Empty for an order that is not known.
    ///
    /// # Errors
    /// `database.`.
    pub async fn history(&self, order_id: &str) -> Result<Vec<HistoryEntry>, Error> {
        if !may_be_an_id(order_id) {
            return Ok(vec![]);
        }
        let (account, order_id) = (self.account().to_owned(), order_id.to_owned());
        self.with_database(async move |database| {
            let mut transaction = database.begin_read().await?;
            let mut entries = read(&mut transaction, READ, &account, &order_id).await?;
            entries.extend(read(&mut transaction, RECEIVED, &account, &order_id).await?);
            // Stable, so that what was written down in one moment stays in its order.
            entries.sort_by_key(|entry| entry.at);
            Ok(entries)
        })
        .await
    }
}

async fn read(
    transaction: &mut Transaction,
    sql: Sql,
    account: &str,
    order_id: &str,
) -> Result<Vec<HistoryEntry>, Error> {
    let rows = transaction.rows(sql, values![account, order_id]).await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<HistoryEntry, Error> {
    Ok(HistoryEntry {
        at: row.int("at")?,
        what: row.text("what")?,
        who: row.text("who")?,
        token: row.maybe_text("token")?,
        detail: row.text("detail")?,
    })
}

const WRITE: Sql =
    Sql::both("INSERT INTO paymento_history (order_row, at, what, who, token, detail) VALUES ($1, $2, $3, $4, $5, $6)")
        .planned_once();

const READ: Sql = Sql::both(
    "SELECT h.at, h.what, h.who, h.token, h.detail FROM paymento_history h \
     JOIN paymento_orders o ON o.id = h.order_row WHERE o.account = $1 AND o.order_id = $2 ORDER BY h.id",
);

/// Callbacks are not written down a second time: they are in their own table.
const RECEIVED: Sql = Sql::both(
    "SELECT c.received_at AS at, 'received' AS what, 'gateway' AS who, c.token, \
     COALESCE(c.status, 'no status') || CASE WHEN c.count > 1 THEN ', ' || c.count || ' times' ELSE '' END AS detail \
     FROM paymento_callbacks c JOIN paymento_payments p ON p.account = c.account AND p.token = c.token \
     JOIN paymento_orders o ON o.id = p.order_row WHERE o.account = $1 AND o.order_id = $2 ORDER BY c.id",
);
