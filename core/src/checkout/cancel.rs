//! The shop cancels an order. Its payments stay watched: money can come all the same.

use super::{
    Checkout, OrderRecord,
    database::{Sql, transact, values},
    history::Note,
    orders,
    state::OrderState,
    status::{status_of, telling_status, unknown_order},
};
use crate::error::{Error, ErrorCode};

impl Checkout {
    /// Cancels an order that is not paid. A payment that settles afterwards is an attention, never `paid`, unless
    /// `create_payment` has opened the order again.
    ///
    /// # Errors
    /// `checkout.already_paid`, with [where it stands](Error::order); `checkout.unknown_order`; `database.`.
    pub async fn cancel(&self, order_id: &str) -> Result<OrderRecord, Error> {
        let (account, order_id) = (self.account().to_owned(), order_id.to_owned());
        let (who, client) = (self.who().to_owned(), self.client().clone());
        self.with_database(async move |database| {
            let canceled = transact!(database, transaction => async {
                let now = transaction.now();
                let order = orders::lock(&mut transaction, &account, &order_id).await?;
                let order = order.filter(|order| !order.order_id.is_empty()).ok_or_else(unknown_order)?;
                if order.state == OrderState::Paid {
                    return Err(Error::new(ErrorCode::CheckoutAlreadyPaid, "a paid order cannot be canceled here")
                        .with_hint("send the money back from your own wallet, and cancel the order in the shop"));
                }
                if order.canceled_at.is_none() {
                    transaction.later(CANCEL, values![order.id, now]).await?;
                    transaction.later(DROP_OLDER, values![order.id, now]).await?;
                    let note = Note { what: "canceled", who: &who, token: None, detail: "" };
                    note.write(&mut transaction, order.id, now).await?;
                }
                status_of(&mut transaction, &client, order.id).await?.ok_or_else(unknown_order)
            });
            match canceled {
                Ok(order) => Ok(order),
                Err(error) => Err(telling_status(error, &database, &client, &account, &order_id).await),
            }
        })
        .await
    }
}

const CANCEL: Sql =
    Sql::both("UPDATE paymento_orders SET state = 'closed', canceled_at = $2, updated_at = $2 WHERE id = $1");
const DROP_OLDER: Sql = Sql::both(
    "UPDATE paymento_events SET state = 3, finished_at = $2 \
     WHERE order_row = $1 AND state IN (0, 2) AND kind IN ('partially_paid', 'closed')",
);
