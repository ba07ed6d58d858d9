//! The browser comes back: a reason to ask the gateway, and a page to show.

use super::{
    Checkout, OrderRecord,
    clock::Millis,
    database::{Sql, transact, values},
    orders,
    status::status_of,
};
use crate::{error::Error, return_visit::ReturnVisit};

/// A browser makes one verify call due in this time for each payment, however often the page is loaded.
const GAP: Millis = 15_000;
/// And one in this time for a payment from before yesterday: all the tokens that somebody ever got would use up the pace.
const OLD: Millis = 24 * 3_600_000;
const GAP_OF_OLD: Millis = 3_600_000;

impl Checkout {
    /// Takes the query that the browser comes back with. For a payment of ours that is not settled a verify call is made
    /// due; for anything else nothing happens. Gives the order's status; `None` for a token that is not known.
    ///
    /// Anybody can type a return URL: show the status only to whom the order belongs.
    ///
    /// # Errors
    /// `database.`.
    pub async fn visit(&self, query: &str) -> Result<Option<OrderRecord>, Error> {
        self.visited(&ReturnVisit::parse(query)).await
    }

    /// Like [`visit`](Self::visit), for a query that is read already.
    ///
    /// # Errors
    /// `database.`.
    pub async fn visited(&self, visit: &ReturnVisit) -> Result<Option<OrderRecord>, Error> {
        let Some(token) = visit.token().map(ToOwned::to_owned) else { return Ok(None) };
        self.start_background()?;
        let (account, woken) = (self.account().to_owned(), self.engine()?.woken.clone());
        let client = self.client().clone();
        self.with_database(async move |database| {
            let asked = transact!(database, transaction => async {
                let now = transaction.now();
                let visited = transaction.execute(VISIT, values![&account, &token, now, now - GAP, now - OLD, now - GAP_OF_OLD]).await? > 0;
                if visited {
                    transaction.notify();
                }
                Ok(visited)
            })?;
            if asked {
                woken.to_verify.notify_waiters();
            }
            let mut transaction = database.begin_read().await?;
            let Some(payment) = orders::payment(&mut transaction, &account, &token).await? else { return Ok(None) };
            status_of(&mut transaction, &client, payment.order_row).await
        })
        .await
    }
}

const VISIT: Sql = Sql::each(
    "UPDATE paymento_payments SET visited_at = $3, next_verify_at = MIN(COALESCE(next_verify_at, $3), \
     MAX($3, CASE WHEN last_verify_at <= $3 THEN last_verify_at + 5000 ELSE $3 END)) WHERE account = $1 AND token = $2 AND settled_at IS NULL \
     AND (visited_at IS NULL OR visited_at <= CASE WHEN created_at < $5 THEN $6 ELSE $4 END)",
    "UPDATE paymento_payments SET visited_at = $3, next_verify_at = LEAST(COALESCE(next_verify_at, $3), \
     GREATEST($3, CASE WHEN last_verify_at <= $3 THEN last_verify_at + 5000 ELSE $3 END)) WHERE account = $1 AND token = $2 AND settled_at IS NULL \
     AND (visited_at IS NULL OR visited_at <= CASE WHEN created_at < $5 THEN $6 ELSE $4 END)",
).planned_once();
