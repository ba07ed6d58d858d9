//! What is no longer needed is removed, a little at a time.

use std::time::Duration;

use super::{
    clock::{Millis, millis},
    database::{Database, Sql, transact, values},
};
use crate::error::Error;

const DAY: Millis = 86_400_000;
/// Rows of one transaction: nobody waits long for it.
const AT_ONCE: i64 = 500;
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

/// Removes what has been kept long enough.
pub(super) async fn clean(database: &Database, keep: Keep) -> Result<(), Error> {
    remove(database, OLD_BODIES, millis(keep.bodies)).await?;
    remove(database, UNKNOWN, UNKNOWN_TOKENS).await?;
    remove(database, OLD_EVENTS, UNHANDLED).await?;
    remove(database, OLD_RUNNERS, RUNNERS).await?;
    if let Some(decisions) = keep.decisions {
        remove(database, OLD_HISTORY, millis(decisions)).await?;
    }
    Ok(())
}

async fn remove(database: &Database, sql: Sql, older: Millis) -> Result<(), Error> {
    loop {
        let removed = transact!(database, transaction => async {
            let now = transaction.now().await?;
            transaction.execute(sql, values![now - older, AT_ONCE]).await
        })?;
        if removed < u64::try_from(AT_ONCE).unwrap_or(u64::MAX) {
            return Ok(());
        }
        // Others write, too.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const OLD_BODIES: Sql = Sql::both(
    "DELETE FROM paymento_callbacks WHERE id IN \
     (SELECT id FROM paymento_callbacks WHERE received_at < $1 ORDER BY received_at LIMIT $2)",
);
/// Of two days only: a table of years is not searched every hour.
const UNKNOWN: Sql = Sql::both(
    "DELETE FROM paymento_callbacks WHERE id IN (SELECT c.id FROM paymento_callbacks c \
     WHERE c.received_at < $1 AND c.received_at >= $1 - 172800000 \
     AND c.token IS NOT NULL AND NOT EXISTS (SELECT 1 FROM paymento_payments p \
     WHERE p.account = c.account AND p.token = c.token) ORDER BY c.received_at LIMIT $2)",
);
const OLD_EVENTS: Sql = Sql::both(
    "UPDATE paymento_events SET state = 3, finished_at = $1 WHERE id IN (SELECT id FROM paymento_events \
     WHERE state = 0 AND kind IN ('partially_paid', 'closed') AND attempts = 0 AND created_at < $1 LIMIT $2)",
);
const OLD_RUNNERS: Sql =
    Sql::both("DELETE FROM paymento_runners WHERE id IN (SELECT id FROM paymento_runners WHERE seen_at < $1 LIMIT $2)");
const OLD_HISTORY: Sql =
    Sql::both("DELETE FROM paymento_history WHERE id IN (SELECT id FROM paymento_history WHERE at < $1 LIMIT $2)");
