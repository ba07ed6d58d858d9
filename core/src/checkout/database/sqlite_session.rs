//! SQLite's connections, and the transactions on them.
//!
//! Not the driver's own pool, which asks a connection's thread after each use whether it still lives: the next one would wait
//! for that answer.

use std::sync::Arc;

use futures_util::{FutureExt as _, TryStreamExt as _};
use sqlx::{
    ConnectOptions as _, Connection as _, Either, Execute, Executor as _, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow},
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::timeout,
};

use super::{
    failure::{is_locked, translate, undefined_table},
    inbox_sqlite::ARRIVAL,
    sqlite::BUSY,
};

/// Statements with their values.
pub(super) type Bound<'q> = Query<'q, sqlx::Sqlite, SqliteArguments>;

/// One connection, for one transaction after the other.
pub(super) struct One {
    options: SqliteConnectOptions,
    place: Arc<Mutex<Place>>,
}

struct Place {
    connection: Option<SqliteConnection>,
    is_closed: bool,
}

impl One {
    pub(super) async fn open(options: &SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let place = Place { connection: Some(connect(options).await?), is_closed: false };
        Ok(Self { options: options.clone(), place: Arc::new(Mutex::new(place)) })
    }

    pub(super) async fn begin(&self, statement: &'static str) -> Result<SqliteSession, sqlx::Error> {
        let mut session = self.take().await?;
        match session.run(sqlx::raw_sql(statement)).await {
            Ok(_) => Ok(session),
            Err(error) => {
                // Another process writes, or else nobody knows what is the matter with this connection.
                if is_locked(&translate(&error)) {
                    session.give_back();
                } else {
                    session.close();
                }
                Err(error)
            }
        }
    }

    /// Runs one statement, which is a transaction by itself.
    pub(super) async fn execute(&self, statement: Bound<'_>) -> Result<(), sqlx::Error> {
        let mut session = self.take().await?;
        let done = session.execute(statement).await;
        match &done {
            Ok(_) => session.give_back(),
            // What the connection believes of the tables may be out of date: of those that its own view and trigger name.
            Err(error) if undefined_table(&translate(error)) => session.close(),
            Err(_) => {}
        }
        done.map(|_| ())
    }

    async fn take(&self) -> Result<SqliteSession, sqlx::Error> {
        let waiting = timeout(BUSY, Arc::clone(&self.place).lock_owned());
        let mut place = waiting.await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        if place.is_closed {
            return Err(sqlx::Error::PoolClosed);
        }
        if place.connection.is_none() {
            place.connection = Some(connect(&self.options).await?);
        }
        Ok(SqliteSession(Some(place)))
    }

    /// Returns when it is closed.
    pub(super) async fn close(&self) {
        let mut place = self.place.lock().await;
        place.is_closed = true;
        if let Some(connection) = place.connection.take() {
            let _ = connection.close().await;
        }
    }
}

async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::raw_sql(ARRIVAL).execute(&mut connection).await?;
    Ok(connection)
}

/// A transaction. Where it is only dropped, it is rolled back.
pub(super) struct SqliteSession(Option<OwnedMutexGuard<Place>>);

impl SqliteSession {
    /// Says how many rows it changed.
    pub(super) async fn execute(&mut self, statement: Bound<'_>) -> Result<u64, sqlx::Error> {
        self.run(statement).await.map(|(_, changed)| changed)
    }

    pub(super) async fn rows(&mut self, statement: Bound<'_>) -> Result<Vec<SqliteRow>, sqlx::Error> {
        self.run(statement).await.map(|(rows, _)| rows)
    }

    /// Runs one statement. With its result it is done: to wait for the end of the answer as well would be to be woken twice.
    async fn run<'q>(
        &mut self,
        statement: impl Execute<'q, sqlx::Sqlite> + 'q,
    ) -> Result<(Vec<SqliteRow>, u64), sqlx::Error> {
        let (mut rows, mut answer) = (vec![], self.connection()?.fetch_many(statement));
        while let Some(part) = answer.try_next().await? {
            match part {
                Either::Right(row) => rows.push(row),
                Either::Left(done) => return Ok((rows, done.rows_affected())),
            }
        }
        Ok((rows, 0))
    }

    /// `PoolClosed` once it has ended.
    fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.0.as_mut().and_then(|place| place.connection.as_mut()).ok_or(sqlx::Error::PoolClosed)
    }

    /// Runs statements without values.
    pub(super) async fn script(&mut self, text: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(text).execute(self.connection()?).await.map(|_| ())
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.run(sqlx::raw_sql("COMMIT")).await?;
        self.give_back();
        Ok(())
    }

    pub(super) async fn roll_back(mut self) -> Result<(), sqlx::Error> {
        self.run(sqlx::raw_sql("ROLLBACK")).await?;
        self.give_back();
        Ok(())
    }

    /// For the next one. No transaction is open.
    fn give_back(&mut self) {
        drop(self.0.take());
    }

    /// The place is kept until the connection is closed: whoever closes the database waits for that.
    fn close(&mut self) {
        let Some(mut place) = self.0.take() else { return };
        let Some(connection) = place.connection.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = connection.close().await;
                drop(place);
            });
        }
    }
}

impl Drop for SqliteSession {
    /// Nobody waits: the connection's thread does it before anything else that the next one wants. Where SQLite has ended the
    /// transaction by itself, as when the disk is full, it is refused, and nothing is lost.
    fn drop(&mut self) {
        if let Ok(connection) = self.connection() {
            let _ = sqlx::raw_sql("ROLLBACK").execute(connection).now_or_never();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    async fn opened() -> (One, PathBuf) {
        let path = std::env::temp_dir().join(format!("paymento-session-{:016x}.db", fastrand::u64(..)));
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true).busy_timeout(BUSY);
        let one = One::open(&options).await.expect("opens");
        let mut session = one.begin("BEGIN IMMEDIATE").await.expect("begins");
        session.script("CREATE TABLE numbers (number INTEGER UNIQUE)").await.expect("created");
        session.commit().await.expect("commits");
        (one, path)
    }

    async fn insert(one: &One) -> Result<(), sqlx::Error> {
        one.execute(sqlx::query("INSERT INTO numbers VALUES (7)")).await
    }

    #[tokio::test]
    async fn a_transaction_that_is_only_dropped_is_rolled_back_and_the_next_begins() {
        let (one, path) = opened().await;
        let mut session = one.begin("BEGIN IMMEDIATE").await.expect("begins");
        session.script("INSERT INTO numbers VALUES (7)").await.expect("written");
        drop(session);
        insert(&one).await.expect("there is no other 7");
        one.close().await;
        let _ = std::fs::remove_file(path);
    }

    #[tokio::test]
    async fn a_statement_that_is_refused_leaves_nothing_open_and_the_connection_is_kept() {
        let (one, path) = opened().await;
        insert(&one).await.expect("the first 7");
        insert(&one).await.expect_err("the second");
        assert!(one.place.try_lock().expect("free").connection.is_some());
        let other = One::open(&one.options).await.expect("opens");
        let session = other.begin("BEGIN IMMEDIATE").await.expect("nobody has the lock");
        session.roll_back().await.expect("rolled back");
        one.close().await;
        other.close().await;
        let _ = std::fs::remove_file(path);
    }

    #[tokio::test]
    async fn whoever_closes_waits_for_what_is_in_use_and_nobody_gets_it_again() {
        let (one, path) = opened().await;
        let session = one.begin("BEGIN IMMEDIATE").await.expect("begins");
        let committing = async {
            tokio::task::yield_now().await;
            session.commit().await
        };
        let (committed, ()) = tokio::join!(committing, one.close());
        committed.expect("before it was closed");
        assert!(matches!(insert(&one).await, Err(sqlx::Error::PoolClosed)));
        let _ = std::fs::remove_file(path);
    }
}
