//! [`Transaction`]: statements between BEGIN and COMMIT, on either database.

#[cfg(feature = "postgres")]
use super::written::written;
use super::{Pool, Row, Sql, Value, failure::translate};
use crate::{
    checkout::clock::{Clock, Millis},
    error::Error,
};

/// Statements between BEGIN and COMMIT. Rolled back where it is dropped.
pub(crate) struct Transaction {
    pub(super) inner: Inner,
    now: Millis,
}

pub(super) enum Inner {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(super::session::Session),
}

impl Transaction {
    pub(super) async fn begin(pool: &Pool, clock: &Clock, writes: bool) -> Result<Self, Error> {
        let (inner, now) = match pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(sqlite) => (Inner::Sqlite(sqlite.begin(writes).await?), clock.of_this_machine()),
            #[cfg(feature = "postgres")]
            Pool::Postgres(postgres) => {
                let (session, now) = postgres.begin(writes).await?;
                (Inner::Postgres(session), now + clock.offset())
            }
        };
        Ok(Self { inner, now })
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(transaction) => transaction.commit().await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => session.commit().await,
        }
        .map_err(|error| translate(&error))
    }

    /// Rolls back. A connection that breaks meanwhile has rolled back as well.
    pub(crate) async fn roll_back(self) {
        let _ = match self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(transaction) => transaction.rollback().await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => session.roll_back().await,
        };
    }

    /// The time by the database's clock, the same during the whole transaction.
    pub(crate) fn now(&self) -> Millis {
        self.now
    }

    /// The constant text, never the values: for whoever wants to see the plans.
    fn tell(&self, sql: Sql) {
        let text = match &self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(_) => sql.sqlite,
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => sql.postgres,
        };
        tracing::trace!(target: "paymento::sql", "{text}");
    }

    /// Runs a statement, and says how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: Sql, values: Vec<Value>) -> Result<u64, Error> {
        self.tell(sql);
        let changed = match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(transaction) => bound(sqlx::query(sql.sqlite), values)
                .execute(&mut **transaction)
                .await
                .map(|done| done.rows_affected()),
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => {
                let statement = written(sql.postgres, &values)?;
                let done = session.run(|connection| Box::pin(sqlx::raw_sql(statement).execute(connection))).await;
                done.map(|done| done.rows_affected())
            }
        };
        changed.map_err(|error| translate(&error))
    }

    /// Runs a statement, and gives the rows it answers.
    pub(crate) async fn rows(&mut self, sql: Sql, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        self.tell(sql);
        match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(transaction) => bound(sqlx::query(sql.sqlite), values)
                .fetch_all(&mut **transaction)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => {
                let statement = written(sql.postgres, &values)?;
                let rows = session.run(|connection| Box::pin(sqlx::raw_sql(statement).fetch_all(connection))).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        }
        .map_err(|error| translate(&error))
    }

    /// Runs a statement that answers one row, or none.
    pub(crate) async fn row(&mut self, sql: Sql, values: Vec<Value>) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, values).await?.pop())
    }

    /// Wakes the other processes when this is committed. Those on SQLite see the commit itself.
    pub(crate) fn notify(&mut self) {
        match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(_) => {}
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => session.tell_others(),
        }
    }

    /// Runs statements without values.
    pub(crate) async fn script(&mut self, sql: Sql) -> Result<(), Error> {
        match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(transaction) => sqlx::raw_sql(sql.sqlite).execute(&mut **transaction).await.map(|_| ()),
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => {
                session.run(|connection| Box::pin(sqlx::raw_sql(sql.postgres).execute(connection))).await.map(|_| ())
            }
        }
        .map_err(|error| translate(&error))
    }
}

#[cfg(feature = "sqlite")]
fn bound(
    query: sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    values: Vec<Value>,
) -> sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
    values.into_iter().fold(query, |query, value| match value {
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
    })
}
