//! A clock that was wrong and is put right: a machine that woke up in another year, a server that took over from another.
//!
//! What was written by the wrong clock would wait for that year. No schedule of ours reaches as far as these limits.

use super::{
    clock::Millis,
    database::{Database, Sql, transact, values},
};
use crate::error::Error;

const HOUR: Millis = 3_600_000;
/// A lease lasts 10 seconds, and an intent's as well.
pub(super) const LONGEST_LEASE: Millis = 60_000;
/// The longest pause of the gateway.
const LONGEST_PAUSE: Millis = 10 * 60_000;
/// The longest wait after a failed handler is an hour.
const LONGEST_WAIT: Millis = 2 * HOUR;
/// A payment is asked about once a day at least.
const LONGEST_SCHEDULE: Millis = 48 * HOUR;

/// Makes due now what the clock says is further away than anything can be.
pub(super) async fn mend(database: &Database, account: &str) -> Result<(), Error> {
    transact!(database, transaction => async {
        let now = transaction.now();
        for (sql, longest) in [
            (EVENTS, LONGEST_WAIT), (PAYMENTS, LONGEST_SCHEDULE), (PACE, LONGEST_PAUSE), (LEASES, LONGEST_LEASE),
        ] {
            transaction.execute(sql, values![account, now, now + longest]).await?;
        }
        Ok::<_, Error>(())
    })
}

const EVENTS: Sql = Sql::both(
    "UPDATE paymento_events SET next_at = $2 WHERE account = $1 AND state = 0 AND next_at > $3 \
     AND kind IN ('paid', 'partially_paid', 'closed', 'attention')",
);
const PAYMENTS: Sql = Sql::both(
    "UPDATE paymento_payments SET next_verify_at = $2, last_verify_at = NULL, verify_until = NULL \
     WHERE account = $1 AND urgency IN (1, 2) AND next_verify_at > $3",
);
const PACE: Sql = Sql::both("UPDATE paymento_accounts SET pace_at = $2 WHERE account = $1 AND pace_at > $3");
const LEASES: Sql = Sql::both(
    "UPDATE paymento_orders SET lease_until = 0 WHERE lease_until > $3 AND id IN (SELECT order_row FROM paymento_events \
     WHERE account = $1 AND state = 0 AND next_at <= $2 AND kind IN ('paid', 'partially_paid', 'closed', 'attention') LIMIT 1000)",
);
