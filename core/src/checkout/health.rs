//! [`Health`]: for `/healthz` and for metrics.

use super::{
    Checkout,
    clock::Millis,
    database::{Database, Sql, values},
};
use crate::error::Error;
use std::fmt;

/// A runner that was not heard of for this long is gone.
const ALIVE: Millis = 15_000;
/// Work that is due for this long has nobody who does it.
const OVERDUE: Millis = 60_000;

super::state::states! {
    /// What is wrong.
    Problem {
        /// Paid orders have waited for a minute, and no process comes for them: none that lives has a handler for `paid`, or
        /// its handlers hang.
        NoPaidHandler = "no_paid_handler",
        /// Work has been due for a minute, and no runner lives.
        NoRunner = "no_runner",
        /// Events whose handler has failed for good wait to be replayed.
        DeadLetters = "dead_letters",
        /// Verify calls have been due for ten minutes: the gateway does not answer, or the pace is too slow.
        VerifyBehind = "verify_behind",
    }
}

impl Problem {
    /// What it means, in one sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::NoPaidHandler => {
                "orders are paid, and no process comes for them: none has a handler for paid, or all are busy or hang; nothing is shipped"
            }
            Self::NoRunner => "work is due, and no runner lives: start a worker",
            Self::DeadLetters => "handlers have failed for good; see the dead letters, and replay them",
            Self::VerifyBehind => "verify calls are ten minutes behind: the gateway fails, or the pace is too slow",
        }
    }
}

/// How the checkout does, by its database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Nothing is wrong.
    pub ok: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Runners that live.
    pub runners: i64,
    /// Events that are due to be handed over, or being handed over.
    pub events_due: i64,
    /// Paid events that are not finished, dead letters aside.
    pub paid_unfinished: i64,
    /// Dead letters.
    pub dead_letters: i64,
    /// Verify calls that are due.
    pub verifies_due: i64,
    /// How long the oldest of them has been due, in milliseconds.
    pub verify_lag_ms: i64,
    /// Payments that settled without any callback: a callback address that is wrong, or callbacks that were lost.
    pub settled_without_callback: i64,
    /// Callbacks without a token, as the dashboard's test sends them.
    pub probes: i64,
}

impl Checkout {
    /// How the checkout does. Cheap enough for every few seconds.
    ///
    /// # Errors
    /// `database.`: then it does badly.
    pub async fn health(&self) -> Result<Health, Error> {
        let account = self.account().to_owned();
        self.with_database(async move |database| look(&database, &account).await).await
    }
}

pub(super) async fn look(database: &Database, account: &str) -> Result<Health, Error> {
    let mut transaction = database.begin_read().await?;
    let now = transaction.now();
    let values = values![account, now, now - OVERDUE, now - ALIVE];
    let row = transaction.row(LOOK, values).await?;
    let Some(row) = row else { return Ok(Health::new(0)) };
    let mut health = Health {
        events_due: row.int("events_due")?,
        paid_unfinished: row.int("paid_unfinished")?,
        dead_letters: row.int("dead_letters")?,
        verifies_due: row.int("verifies_due")?,
        verify_lag_ms: row.maybe_int("oldest_verify")?.map_or(0, |due| (now - due).max(0)),
        settled_without_callback: row.int("missed")?,
        probes: row.int("probes")?,
        ..Health::new(row.int("runners")?)
    };
    let paid_overdue = row.flag("paid_overdue")?;
    let overdue = paid_overdue || row.flag("others_overdue")? || health.verify_lag_ms > OVERDUE;
    let problems = [
        (paid_overdue && row.int("paid_handlers")? == 0, Problem::NoPaidHandler),
        (overdue && health.runners == 0, Problem::NoRunner),
        (health.dead_letters > 0, Problem::DeadLetters),
        (health.verify_lag_ms > 10 * OVERDUE, Problem::VerifyBehind),
    ];
    health.problems = problems.into_iter().filter(|(is_so, _)| *is_so).map(|(_, problem)| problem).collect();
    health.ok = health.problems.is_empty();
    Ok(health)
}

impl Health {
    fn new(runners: i64) -> Self {
        Self {
            ok: true,
            problems: vec![],
            runners,
            events_due: 0,
            paid_unfinished: 0,
            dead_letters: 0,
            verifies_due: 0,
            verify_lag_ms: 0,
            settled_without_callback: 0,
            probes: 0,
        }
    }
}

/// Whether events of a kind are overdue that a runner has come for once: what nobody handles waits for ever, and nobody is missed.
macro_rules! overdue {
    ($kind:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM paymento_runners WHERE account = $1 AND ' ' || handles || ' ' LIKE '% ",
            $kind,
            " %') AND EXISTS (SELECT 1 FROM paymento_events WHERE account = $1 AND kind = '",
            $kind,
            "' AND state = 0 AND next_at <= $3)"
        )
    };
}

/// Counts go up to 10,000: more says nothing more, and takes long on a large database.
const LOOK: Sql = Sql::both(concat!(
    "SELECT CAST(CASE WHEN ",
    overdue!("partially_paid"),
    " OR ",
    overdue!("closed"),
    " OR ",
    overdue!("attention"),
    " THEN 1 ELSE 0 END AS BIGINT) AS others_overdue, \
     (SELECT COUNT(*) FROM paymento_runners WHERE account = $1 AND seen_at > $4) AS runners, \
     (SELECT COUNT(*) FROM paymento_runners WHERE account = $1 AND seen_at > $4 AND ' ' || handles || ' ' LIKE '% paid %') AS paid_handlers, \
     (SELECT COUNT(*) FROM (SELECT 1 FROM paymento_events WHERE account = $1 AND state = 0 AND next_at <= $2 LIMIT 10000) AS x) AS events_due, \
     (SELECT COUNT(*) FROM (SELECT 1 FROM paymento_events WHERE account = $1 AND kind = 'paid' AND state = 0 LIMIT 10000) AS x) AS paid_unfinished, \
     (SELECT COUNT(*) FROM (SELECT 1 FROM paymento_events WHERE account = $1 AND kind = 'paid' AND state = 0 AND next_at <= $3 LIMIT 1) AS x) AS paid_overdue, \
     (SELECT COUNT(*) FROM (SELECT 1 FROM paymento_events WHERE account = $1 AND state = 2 LIMIT 10000) AS x) AS dead_letters, \
     (SELECT COUNT(*) FROM (SELECT 1 FROM paymento_payments WHERE account = $1 AND urgency IN (1, 2) AND next_verify_at <= $2 LIMIT 10000) AS x) AS verifies_due, \
     (SELECT MIN(next_verify_at) FROM paymento_payments WHERE account = $1 AND urgency IN (1, 2) AND next_verify_at <= $2) AS oldest_verify, \
     missed, probes FROM paymento_accounts WHERE account = $1",
));
