//! [`Session`]: a transaction on a PostgreSQL connection that may be cut off at any moment without anybody being told.
//!
//! The driver's own transaction would wait for an answer for as long as the operating system does, which is a quarter of an
//! hour, and hand the connection to the next one.

use std::{pin::Pin, sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _, pool::PoolConnection};
use tokio::{sync::Notify, time::timeout};

use super::postgres::ACQUIRE;
use crate::checkout::clock::Millis;

/// A little longer than the server itself lets a statement run.
const STATEMENT: Duration = Duration::from_secs(11);

pub(super) struct Session {
    /// Until it is committed or rolled back.
    connection: Option<PoolConnection<Postgres>>,
    /// A statement has not been answered: the next answer would be to another question.
    unanswered: bool,
    others: Arc<Notify>,
    tells_others: bool,
}

type Answering<'c, T> = Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + 'c>>;

impl Session {
    /// Begins, and gives the time by the server's clock, which the last of the statements asks for.
    pub(super) async fn begin(
        connection: PoolConnection<Postgres>,
        statements: &'static str,
        others: Arc<Notify>,
    ) -> Result<(Self, Millis), sqlx::Error> {
        let mut session = Self { connection: Some(connection), unanswered: false, others, tells_others: false };
        let rows = session.run(|connection| Box::pin(sqlx::raw_sql(statements).fetch_all(connection))).await?;
        let now = rows.last().ok_or(sqlx::Error::RowNotFound)?.try_get("now")?;
        Ok((session, now))
    }

    /// Runs statements that are a transaction, with BEGIN and COMMIT, in one round trip.
    pub(super) async fn whole(
        connection: PoolConnection<Postgres>,
        statements: &str,
        others: &Notify,
    ) -> Result<(), sqlx::Error> {
        let mut session =
            Self { connection: Some(connection), unanswered: false, others: Arc::default(), tells_others: false };
        session.execute(statements).await?;
        session.connection = None;
        others.notify_one();
        Ok(())
    }

    /// Runs statements, and gives up where the server does not answer.
    pub(super) async fn run<'c, T>(
        &'c mut self,
        work: impl FnOnce(&'c mut PgConnection) -> Answering<'c, T>,
    ) -> Result<T, sqlx::Error> {
        let Self { connection, unanswered, .. } = self;
        let connection = connection.as_mut().filter(|_| !*unanswered).ok_or(sqlx::Error::PoolClosed)?;
        *unanswered = true;
        let result = timeout(STATEMENT, work(connection)).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        // What the server refuses it has answered.
        *unanswered = !matches!(result, Ok(_) | Err(sqlx::Error::Database(_) | sqlx::Error::Encode(_)));
        result
    }

    pub(super) async fn execute(&mut self, statement: &str) -> Result<(), sqlx::Error> {
        let statement = AssertSqlSafe(statement);
        self.run(|connection| Box::pin(async { sqlx::raw_sql(statement).execute(connection).await.map(|_| ()) })).await
    }

    async fn say(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        self.run(|connection| Box::pin(async { sqlx::raw_sql(statement).execute(connection).await.map(|_| ()) })).await
    }

    /// Other processes are told when this is committed.
    pub(super) fn tell_others(&mut self) {
        self.tells_others = true;
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.say("COMMIT").await?;
        self.connection = None;
        if self.tells_others {
            self.others.notify_one();
        }
        Ok(())
    }

    pub(super) async fn roll_back(mut self) -> Result<(), sqlx::Error> {
        self.say("ROLLBACK").await?;
        self.connection = None;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.unanswered {
            return connection.close_on_drop();
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let ended = timeout(ACQUIRE, sqlx::raw_sql("ROLLBACK").execute(&mut *connection)).await;
                if !matches!(ended, Ok(Ok(_))) {
                    connection.close_on_drop();
                }
            });
        }
    }
}
