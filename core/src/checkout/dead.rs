//! Dead letters: events whose handler has failed for good. Listed, and replayed when the handler is mended.

use super::{
    Checkout,
    database::{Row, Sql, transact, values},
    event::{Columns, EventKind, OrderEvent, Payload},
    history::Note,
    orders,
};
use crate::{
    error::{Error, ErrorCode},
    expected::Expected,
};

/// An event whose handler has failed for good.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadLetter {
    /// What to give to [`Checkout::replay`].
    pub id: i64,
    /// The event.
    pub event: OrderEvent,
    /// How often the handler failed.
    pub failures: i64,
    /// What the handler said last.
    pub error: String,
    /// When it was given up, in milliseconds since 1970 by the database's clock.
    pub since: i64,
}

impl Checkout {
    /// The dead letters, oldest first, a hundred at most. `after`: the last one's id, for those that follow.
    ///
    /// # Errors
    /// `database.`.
    pub async fn dead_letters(&self, after: Option<i64>) -> Result<Vec<DeadLetter>, Error> {
        let account = self.account().to_owned();
        self.with_database(async move |database| {
            let mut transaction = database.begin_read().await?;
            let rows = transaction.rows(LIST, values![&account, after.unwrap_or(0)]).await?;
            rows.iter().map(|row| dead_letter(row, &account)).collect()
        })
        .await
    }

    /// Hands a dead letter over again. Of a paid order the gateway is asked once more first.
    ///
    /// # Errors
    /// `checkout.not_dead`; as `Verification::require_settled` where a paid order no longer is; `transport.` and `api.`;
    /// `database.`.
    pub async fn replay(&self, id: i64) -> Result<(), Error> {
        let (account, who) = (self.account().to_owned(), self.who().to_owned());
        let (parts, woken) = (self.verifier_parts(), self.engine()?.woken.clone());
        self.with_database_for(std::time::Duration::from_secs(30), async move |database| {
            let mut reading = database.begin_read().await?;
            let row = reading.row(ONE, values![&account, id]).await?.ok_or_else(not_dead)?;
            let event = dead_letter(&row, &account)?.event;
            let token = event.token.as_deref().filter(|_| event.kind == EventKind::Paid);
            let payment = match token {
                Some(token) => orders::payment(&mut reading, &account, token).await?,
                None => None,
            };
            drop(reading);
            let verifier = parts.over(database);
            if let Some(token) = token {
                let expected = Expected { order_id: event.order_id.clone(), price: event.price.clone() };
                let verification = verifier.client.verify_payment(token, &expected).await?;
                if let Some(payment) = payment.filter(|_| !verification.is_settled()) {
                    // That somebody should look stays known, also where whoever replays does not.
                    verifier.record(&payment.asked(), &verification).await?;
                    woken.all();
                }
                verification.require_settled()?;
            }
            let order_row = row.int("order_row")?;
            transact!(verifier.database, transaction => async {
                let now = transaction.now();
                if transaction.execute(REPLAY, values![id, now]).await? == 0 {
                    return Err(not_dead());
                }
                let token = event.token.as_deref();
                let note = Note { what: "replayed", who: &who, token, detail: event.kind.as_str() };
                note.write(&mut transaction, order_row, now).await?;
                transaction.notify();
                Ok(())
            })?;
            woken.all();
            Ok(())
        })
        .await
    }
}

fn dead_letter(row: &Row, account: &str) -> Result<DeadLetter, Error> {
    let columns = Columns {
        kind: row.text("kind")?,
        reason: row.maybe_text("reason")?,
        key: row.text("key")?,
        token: row.maybe_text("token")?,
        account: account.to_owned(),
        order_id: row.text("order_id")?,
    };
    Ok(DeadLetter {
        id: row.int("id")?,
        // Also what is here because it cannot be read.
        event: OrderEvent::new(columns, Payload::parse(&row.text("payload")?).unwrap_or_default())?,
        failures: row.int("attempts")?,
        error: row.maybe_text("error")?.unwrap_or_default(),
        since: row.maybe_int("finished_at")?.unwrap_or_default(),
    })
}

fn not_dead() -> Error {
    Error::new(ErrorCode::CheckoutNotDead, "there is no dead letter with this id for this account")
}

macro_rules! dead {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.order_row, e.kind, e.reason, e.key, e.token, e.payload, e.attempts, e.error, e.finished_at, ",
            "o.order_id FROM paymento_events e JOIN paymento_orders o ON o.id = e.order_row ",
            "WHERE e.account = $1 AND e.state = 2 AND ",
            $rest
        )
    };
}
const LIST: Sql = Sql::both(dead!("e.id > $2 ORDER BY e.id LIMIT 100"));
const ONE: Sql = Sql::both(dead!("e.id = $2"));
const REPLAY: Sql = Sql::both(
    "UPDATE paymento_events SET state = 0, attempts = 0, next_at = $2, finished_at = NULL, error = NULL \
     WHERE id = $1 AND state = 2",
);
