//! The plans that the database follows: taken while the calls run, not guessed from their text.

use std::sync::{Arc, Mutex, PoisonError};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{Failure, place::Beside};

/// Hears the text of every statement that the checkout runs, for SQLite's EXPLAIN QUERY PLAN.
#[derive(Clone, Default)]
pub(crate) struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// From now on, in this process.
    pub(crate) fn heard() -> Self {
        let statements = Self::default();
        let _ = tracing::subscriber::set_global_default(statements.clone());
        statements
    }

    /// What was run since the last time, each once.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.sort();
        all.dedup();
        all
    }
}

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "paymento::sql"
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Taking(self));
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Taking<'a>(&'a Statements);

impl Visit for Taking<'_> {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{value:?}"));
    }
}

/// SQLite's plans of these statements: a line for each that reads a table. Parameters are null, which its planner does
/// not look at.
pub(crate) async fn of_sqlite(beside: &mut Beside, statements: &[String]) -> Result<Vec<String>, Failure> {
    let mut plans = Vec::new();
    for statement in statements {
        let explain = format!("EXPLAIN QUERY PLAN {statement}");
        let Beside::Sqlite(connection) = beside else { return Ok(plans) };
        let rows = sqlx::query(sqlx::AssertSqlSafe(explain)).fetch_all(connection).await?;
        plans.extend(rows.iter().filter_map(|row| sqlx::Row::try_get::<String, _>(row, "detail").ok()));
    }
    Ok(plans)
}

/// What the server has noted since `offset`: its plans with the values that were really bound.
pub(crate) async fn of_postgres(beside: &mut Beside, offset: i64) -> Result<(Vec<String>, i64), Failure> {
    let text = format!("SELECT pg_read_file(pg_current_logfile(), {offset}, 100000000)");
    let log = beside.texts(text).await?.pop().unwrap_or_default();
    let end = offset + i64::try_from(log.len())?;
    let reads = |line: &&str| line.contains(" Scan ") || line.contains(" on paymento_");
    let line =
        |line: &str| line.trim().trim_start_matches("->").split("  (cost").next().unwrap_or_default().trim().to_owned();
    Ok((log.lines().filter(reads).map(line).collect(), end))
}

/// A plan's line that reads a whole table of those that grow.
pub(crate) fn is_scan(line: &str) -> bool {
    let grows = |line: &str| {
        ["orders", "payments", "callbacks", "events", "history"]
            .iter()
            .any(|table| line.contains(&format!("paymento_{table}")))
    };
    let short = |line: &str| line.split_whitespace().count() == 2 && line.starts_with("SCAN ");
    (line.contains("Seq Scan") && grows(line))
        || (line.starts_with("SCAN")
            && !line.contains("json_each")
            && !line.contains("CONSTANT")
            && !line.contains("USING INDEX")
            && (grows(line) || short(line)))
}
