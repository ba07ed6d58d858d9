//! The database: one way to speak to SQLite and to PostgreSQL. Only the files in this folder know sqlx.
//!
//! Every statement stands between BEGIN and COMMIT, as PgBouncer's transaction mode wants it. SQL is constant text
//! with places for values, `$1` in both databases.

#[cfg(feature = "postgres")]
mod connections;
mod failure;
mod inbox;
#[cfg(feature = "postgres")]
mod inbox_postgres;
#[cfg(feature = "sqlite")]
mod inbox_sqlite;
#[cfg(feature = "postgres")]
mod listening;
#[cfg(feature = "postgres")]
mod notifier;
mod once;
#[cfg(feature = "postgres")]
mod planned;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
#[cfg(feature = "postgres")]
mod session;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite_session;
mod transaction;
#[cfg(feature = "sqlite")]
mod watch;
#[cfg(feature = "postgres")]
mod written;

use std::{sync::Arc, time::Duration};

pub(crate) use self::{
    failure::{is_conflict, is_refused_value, undefined_table},
    inbox::{Arrival, ArrivalKind, merged},
    row::Row,
    sql::{Sql, Value, values},
    transaction::{Statement, Transaction},
};
use super::{
    clock::{Clock, Millis},
    url::DatabaseUrl,
};
use crate::error::Error;

/// How often work that another transaction stood in the way of is done again.
const ATTEMPTS: u32 = 8;

/// A database's connections within this process. Opens nothing before it is used.
#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
    clock: Clock,
}

#[derive(Clone)]
enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<sqlite::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(Arc<postgres::Postgres>),
}

impl Database {
    /// Opens the database. On SQLite the file is made where it is missing.
    #[cfg_attr(not(feature = "sqlite"), expect(clippy::unused_async, reason = "PostgreSQL is connected to later"))]
    pub(crate) async fn open(url: &DatabaseUrl, clock: Clock) -> Result<Self, Error> {
        let pool = match url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(path) => Pool::Sqlite(Arc::new(sqlite::Sqlite::open(path).await?)),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(server) => Pool::Postgres(Arc::new(postgres::Postgres::open(server))),
        };
        Ok(Self { pool, clock })
    }

    /// Begins a transaction that may write.
    #[cfg(feature = "sqlite")]
    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        Ok(self.begin_with(vec![]).await?.0)
    }

    /// Begins a transaction that may write, and runs these statements, which may be run again where a connection breaks: on PostgreSQL in the same round
    /// trip. Gives the rows that each answers.
    pub(crate) async fn begin_with(&self, first: Vec<Statement>) -> Result<(Transaction, Vec<Vec<Row>>), Error> {
        Transaction::begin(&self.pool, &self.clock, true, first).await
    }

    /// Begins a transaction that only reads, and waits for no writer.
    pub(crate) async fn begin_read(&self) -> Result<Transaction, Error> {
        Ok(Transaction::begin(&self.pool, &self.clock, false, vec![]).await?.0)
    }

    /// Runs statements that only read, and waits for no writer: on PostgreSQL in one round trip. Gives the time by the
    /// database's clock, and all rows.
    pub(crate) async fn look(&self, statements: Vec<Statement>) -> Result<(Millis, Vec<Row>), Error> {
        match &self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => {
                let mut transaction = self.begin_read().await?;
                let rows = transaction.rows_of_each(statements).await?;
                Ok((transaction.now(), rows.into_iter().flatten().collect()))
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(postgres) => {
                for (sql, _) in &statements {
                    transaction::tell(*sql);
                }
                let (now, rows) = postgres.look(&statements).await?;
                Ok((now + self.clock.offset(), rows.into_iter().map(Row::Postgres).collect()))
            }
        }
    }

    /// The time by the database's clock, as a value of a statement for [`look`](Self::look).
    pub(crate) fn now(&self) -> Value {
        match &self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => self.clock.of_this_machine().into(),
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => Value::Now(self.clock.offset()),
        }
    }

    /// How many transactions it is worth to write at once: SQLite has one writer, and PostgreSQL another processor while the
    /// disk is waited for.
    pub(crate) fn writers(&self) -> usize {
        match &self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => 1,
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => 2,
        }
    }

    /// Returns when another process may have changed something, or after `patience`. Never on a promise: whoever is
    /// woken looks. An error is to be told, and changes nothing.
    pub(crate) async fn changed_elsewhere(&self, patience: Duration) -> Result<(), Error> {
        match &self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(sqlite) => {
                sqlite.watch.changed(patience).await;
                Ok(())
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(postgres) => postgres.changed(patience).await,
        }
    }

    /// Waits for what is given, or until a test puts the clock forward.
    pub(crate) async fn clock_moved_or(&self, other: impl Future<Output = ()>) {
        tokio::select! {
            () = other => {}
            () = self.clock.moved() => {}
        }
    }

    /// Closes every connection, and returns when they are closed.
    pub(crate) async fn close(&self) {
        match &self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(sqlite) => sqlite.close().await,
            #[cfg(feature = "postgres")]
            Pool::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// The wait before the next attempt, after others stood in the way: random, so that they do not meet again.
pub(crate) async fn give_way(attempt: u32) -> bool {
    if attempt + 1 >= ATTEMPTS {
        return false;
    }
    let longest = 5_u64 << attempt;
    tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=longest))).await;
    true
}

/// Runs `$work` in a transaction and commits it, again from the beginning where another transaction stood in the way. What the
/// statements `$first` answer, which go with BEGIN, is in `$rows`.
macro_rules! transact {
    ($database:expr, $transaction:ident => $work:expr) => {
        $crate::checkout::database::transact!($database, vec![], ($transaction, _rows) => $work)
    };
    ($database:expr, $first:expr, ($transaction:ident, $rows:ident) => $work:expr) => {{
        let mut attempt = 0;
        loop {
            let result = match $database.begin_with($first).await {
                Ok((mut $transaction, $rows)) => match $work.await {
                    Ok(value) => $transaction.commit().await.map(|()| value),
                    Err(error) => {
                        $transaction.roll_back().await;
                        Err(error)
                    }
                },
                Err(error) => Err(error),
            };
            match result {
                Err(error) if $crate::checkout::database::is_conflict(&error) => {
                    if !$crate::checkout::database::give_way(attempt).await {
                        break Err(error);
                    }
                    attempt += 1;
                }
                result => break result,
            }
        }
    }};
}
pub(crate) use transact;
