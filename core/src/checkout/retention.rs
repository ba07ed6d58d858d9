//! What is no longer needed is removed, a little at a time.

use std::time::Duration;

use super::{
    clock::{Millis, millis},
    database::{Database, Sql, Transaction, transact, values},
};
use crate::error::Error;

const DAY: Millis = 86_400_000;
/// Rows of one transaction: nobody waits long for it.
const AT_ONCE: i64 = 500;
const PAUSE: Duration = Duration::from_millis(20);
/// Callbacks of a token that nobody knows wait for `adopt` this long.
const UNKNOWN_TOKENS: Millis = 7 * DAY;
/// News that nobody handles. `paid` and `attention` wait for ever: they may be money.
const UNHANDLED: Millis = 7 * DAY;
const RUNNERS: Millis = DAY;

/// How long things are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    pub(super) bodies: Duration,
    /// For ever where there is none.
    pub(super) decisions: Option<Duration>,
}

/// Removes what this account has kept long enough. Other stores on the same database keep theirs as long as they want.
pub(super) async fn clean(database: &Database, account: &str, keep: Keep) -> Result<(), Error> {
    remove(database, OLD_BODIES, account, millis(keep.bodies)).await?;
    remove(database, UNKNOWN, account, UNKNOWN_TOKENS).await?;
    remove(database, OLD_EVENTS, account, UNHANDLED).await?;
    remove(database, OLD_RUNNERS, account, RUNNERS).await?;
    if let Some(decisions) = keep.decisions {
        remove_history(database, account, millis(decisions)).await?;
    }
    Ok(())
}

async fn remove(database: &Database, sql: Sql, account: &str, older: Millis) -> Result<(), Error> {
    loop {
        let removed = transact!(database, transaction => async {
            let now = transaction.now();
            transaction.execute(sql, values![now.saturating_sub(older), AT_ONCE, account]).await
        })?;
        if removed < u64::try_from(AT_ONCE).unwrap_or(u64::MAX) {
            return Ok(());
        }
        // Others write, too.
        tokio::time::sleep(PAUSE).await;
    }
}

/// From the oldest on, by the number of the row, which rises with the time: the table is the largest, and has no index for
/// this.
async fn remove_history(database: &Database, account: &str, older: Millis) -> Result<(), Error> {
    let mut after = 0;
    while let Some(last) = transact!(database, transaction => history_step(&mut transaction, account, older, after))? {
        after = last;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Gives the number of the last row looked at; `None` where all are young.
async fn history_step(
    transaction: &mut Transaction,
    account: &str,
    older: Millis,
    after: i64,
) -> Result<Option<i64>, Error> {
    let limit = transaction.now().saturating_sub(older);
    let Some(row) = transaction.row(NEXT_HISTORY, values![after, AT_ONCE]).await? else { return Ok(None) };
    let (Some(oldest), Some(last)) = (row.maybe_int("oldest")?, row.maybe_int("last")?) else { return Ok(None) };
    if oldest >= limit {
        return Ok(None);
    }
    transaction.execute(OLD_HISTORY, values![after, last, limit, account]).await?;
    Ok(Some(last))
}

const OLD_BODIES: Sql = Sql::both(
    "DELETE FROM paymento_callbacks WHERE id IN \
     (SELECT id FROM paymento_callbacks WHERE account = $3 AND received_at < $1 ORDER BY received_at LIMIT $2)",
);
/// Of two days only: a table of years is not searched every hour.
const UNKNOWN: Sql = Sql::both(
    "DELETE FROM paymento_callbacks WHERE id IN (SELECT c.id FROM paymento_callbacks c \
     WHERE c.account = $3 AND c.received_at < $1 AND c.received_at >= $1 - 172800000 \
     AND c.token IS NOT NULL AND NOT EXISTS (SELECT 1 FROM paymento_payments p \
     WHERE p.account = c.account AND p.token = c.token) ORDER BY c.received_at LIMIT $2)",
);
const OLD_EVENTS: Sql = Sql::both(
    "UPDATE paymento_events SET state = 3, finished_at = $1 WHERE id IN (SELECT id FROM paymento_events \
     WHERE account = $3 AND state = 0 AND kind IN ('partially_paid', 'closed') AND attempts = 0 AND created_at < $1 LIMIT $2)",
);
const OLD_RUNNERS: Sql = Sql::both(
    "DELETE FROM paymento_runners WHERE id IN \
     (SELECT id FROM paymento_runners WHERE account = $3 AND seen_at < $1 LIMIT $2)",
);
const NEXT_HISTORY: Sql = Sql::both(
    "SELECT MIN(at) AS oldest, MAX(id) AS last FROM \
     (SELECT id, at FROM paymento_history WHERE id > $1 ORDER BY id LIMIT $2) AS rows_in_order",
);
const OLD_HISTORY: Sql = Sql::both(
    "DELETE FROM paymento_history WHERE id > $1 AND id <= $2 AND at < $3 AND EXISTS \
     (SELECT 1 FROM paymento_orders o WHERE o.id = paymento_history.order_row AND o.account = $4)",
);
