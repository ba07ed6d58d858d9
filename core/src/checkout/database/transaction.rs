//! [`Transaction`]: statements between BEGIN and COMMIT, on either database.

use super::{Pool, Row, Sql, Value, failure::translate};
use crate::{
    checkout::clock::{Clock, Millis},
    error::Error,
};

/// A statement and what is bound to it.
pub(crate) type Statement = (Sql, Vec<Value>);

/// Statements between BEGIN and COMMIT. Rolled back where it is dropped.
pub(crate) struct Transaction {
    pub(super) inner: Inner,
    now: Millis,
}

pub(super) enum Inner {
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite_session::SqliteSession),
    #[cfg(feature = "postgres")]
    Postgres(Box<super::session::Session>),
}

impl Transaction {
    /// Gives also what the `first` statements answer.
    pub(super) async fn begin(
        pool: &Pool,
        clock: &Clock,
        writes: bool,
        first: Vec<Statement>,
    ) -> Result<(Self, Vec<Vec<Row>>), Error> {
        match pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(sqlite) => {
                let inner = Inner::Sqlite(sqlite.begin(writes).await?);
                let mut transaction = Self { inner, now: clock.of_this_machine() };
                let rows = transaction.rows_of_each(first).await?;
                Ok((transaction, rows))
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(postgres) => {
                let (session, now, answered) = postgres.begin(writes, &first).await?;
                Ok((Self { inner: Inner::Postgres(Box::new(session)), now: now + clock.offset() }, rows_of(answered)))
            }
        }
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(session) => session.commit().await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => session.commit().await,
        }
        .map_err(|error| translate(&error))
    }

    /// Rolls back. A connection that breaks meanwhile has rolled back as well.
    pub(crate) async fn roll_back(self) {
        let _ = match self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(session) => session.roll_back().await,
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
        match &self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(_) => tracing::trace!(target: "paymento::sql", "{}", sql.sqlite),
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => tell(sql),
        }
    }

    /// Runs a statement of which nobody waits for an answer: on PostgreSQL with the next one, or with COMMIT. It answers no
    /// rows.
    pub(crate) async fn later(&mut self, sql: Sql, values: Vec<Value>) -> Result<(), Error> {
        #[cfg(feature = "postgres")]
        #[cfg_attr(not(feature = "sqlite"), expect(irrefutable_let_patterns, reason = "there are not two"))]
        if let Inner::Postgres(session) = &mut self.inner {
            tell(sql);
            return session.later(sql, &values).map_err(|error| translate(&error));
        }
        self.execute(sql, values).await.map(|_| ())
    }

    /// Runs a statement, and says how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: Sql, values: Vec<Value>) -> Result<u64, Error> {
        self.tell(sql);
        let changed = match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(session) => session.execute(bound(sql, values)).await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => session.ask(sql, &values).await.map(|(_, changed)| changed),
        };
        changed.map_err(|error| translate(&error))
    }

    /// Runs a statement, and gives the rows it answers.
    pub(crate) async fn rows(&mut self, sql: Sql, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        self.tell(sql);
        match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(session) => {
                let answered = session.rows(bound(sql, values)).await;
                answered.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => {
                let answered = session.ask(sql, &values).await;
                answered.map(|(rows, _)| rows.into_iter().map(Row::Postgres).collect())
            }
        }
        .map_err(|error| translate(&error))
    }

    /// Runs statements, on PostgreSQL in one round trip, and gives the rows that each answers.
    pub(crate) async fn rows_of_each(&mut self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, Error> {
        #[cfg(feature = "postgres")]
        #[cfg_attr(not(feature = "sqlite"), expect(irrefutable_let_patterns, reason = "there are not two"))]
        if let Inner::Postgres(session) = &mut self.inner {
            for (sql, _) in &statements {
                tell(*sql);
            }
            let answered = session.ask_each(&statements).await.map_err(|error| translate(&error))?;
            let waited = answered.len().saturating_sub(statements.len());
            return Ok(rows_of(answered.into_iter().skip(waited).collect()));
        }
        let mut rows = Vec::with_capacity(statements.len());
        for (sql, values) in statements {
            rows.push(self.rows(sql, values).await?);
        }
        Ok(rows)
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

    /// For what is simply done again where a crash of the server has lost it: nobody waits for the disk. SQLite waits all the
    /// same.
    pub(crate) fn may_be_lost(&mut self) {
        match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(_) => {}
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => session.may_be_lost(),
        }
    }

    /// Runs statements without values.
    pub(crate) async fn script(&mut self, sql: Sql) -> Result<(), Error> {
        match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(session) => session.script(sql.sqlite).await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => session.script(sql.postgres).await,
        }
        .map_err(|error| translate(&error))
    }
}

/// The constant text, never the values: for whoever wants to see the plans.
#[cfg(feature = "postgres")]
pub(super) fn tell(sql: Sql) {
    tracing::trace!(target: "paymento::sql", "{}", sql.postgres);
}

#[cfg(feature = "postgres")]
pub(super) fn rows_of(answered: Vec<super::session::Answered>) -> Vec<Vec<Row>> {
    answered.into_iter().map(|(rows, _)| rows.into_iter().map(Row::Postgres).collect()).collect()
}

#[cfg(feature = "sqlite")]
fn bound(sql: Sql, values: Vec<Value>) -> super::sqlite_session::Bound<'static> {
    values.into_iter().fold(sqlx::query(sql.sqlite), |query, value| match value {
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        // Never on SQLite: see `Database::now`.
        #[cfg(feature = "postgres")]
        Value::Now(_) => query.bind(None::<i64>),
        #[cfg(feature = "postgres")]
        Value::Bytes(value) => query.bind(value),
    })
}
