//! [`Session`]: a transaction on a PostgreSQL connection that may be cut off at any moment without anybody being told.
//!
//! The driver's own transaction would wait for an answer for as long as the operating system does, which is a quarter of an
//! hour, and hand the connection to the next one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Either, PgConnection, Row as _, postgres::PgRow};
use tokio::{sync::Notify, time::timeout};

use super::{
    Sql, Value, connections::Taken, failure::is_read_only, planned, postgres::ACQUIRE, transaction::Statement,
};
use crate::checkout::clock::Millis;

/// A little longer than the server itself lets a statement run.
const STATEMENT: Duration = Duration::from_secs(11);

pub(super) struct Session {
    /// Until it is committed or rolled back.
    connection: Option<Taken>,
    state: State,
    /// Statements that are to be planned before the next message. In one of their own: the server keeps the text of a message
    /// for as long as it keeps the plans, and shows it in its log.
    preparing: String,
    /// Statements that go with the next one: each message is a round trip.
    pending: String,
    /// Where it turns out that a statement is not planned, the transaction is run again.
    may_plan: bool,
    others: Arc<Notify>,
    tells_others: bool,
}

/// What the server answers to one statement: rows, and how many it changed.
pub(super) type Answered = (Vec<PgRow>, u64);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Sound,
    /// The server has refused a statement. To COMMIT it would then answer that it has rolled back, and call that no error.
    Refused,
    /// A statement has not been answered, so that the next answer would be to another question; or this connection takes no
    /// writes. Nobody gets it any more.
    Unusable,
}

impl Session {
    fn new(connection: Taken, others: Arc<Notify>) -> Self {
        Self {
            connection: Some(connection),
            state: State::Sound,
            preparing: String::new(),
            pending: String::new(),
            may_plan: true,
            others,
            tells_others: false,
        }
    }

    /// Begins, and runs what is to be run first. Gives the time by the server's clock, which the statements that begin ask for,
    /// and what was answered to each of the `first`.
    pub(super) async fn begin(
        connection: Taken,
        statements: &str,
        first: &[Statement],
        may_plan: bool,
        others: Arc<Notify>,
    ) -> Result<(Self, Millis, Vec<Answered>), sqlx::Error> {
        let mut session = Self::new(connection, others);
        session.may_plan = may_plan;
        session.begin_with(statements);
        let mut answered = session.ask_each(first).await?;
        let of_first = answered.split_off(answered.len().saturating_sub(first.len()));
        let now = answered.iter().find_map(|(rows, _)| rows.last()).ok_or(sqlx::Error::RowNotFound)?.try_get("now")?;
        Ok((session, now, of_first))
    }

    /// Runs statements in a transaction of their own, in one round trip. Gives all rows.
    pub(super) async fn whole(
        connection: Taken,
        begin: &str,
        statements: &[Statement],
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let mut session = Self::new(connection, Arc::default());
        session.begin_with(begin);
        for (sql, values) in statements {
            session.later(*sql, values)?;
        }
        let answered = session.ask_text("COMMIT").await?;
        session.give_back();
        Ok(answered.into_iter().flat_map(|(rows, _)| rows).collect())
    }

    fn begin_with(&mut self, statements: &str) {
        self.pending.push_str(statements);
        if let Some(connection) = self.connection.as_mut().filter(|_| self.may_plan) {
            self.pending.push_str(connection.planned.refresh(Instant::now()));
        }
    }

    /// The statement with its values.
    fn text(&mut self, sql: Sql, values: &[Value]) -> Result<String, sqlx::Error> {
        let connection = self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        let no_value = || sqlx::Error::Encode("a statement has a place without a value".into());
        let sql = Sql { is_planned_once: sql.is_planned_once && self.may_plan, ..sql };
        let text = connection.planned.text(sql, values).ok_or_else(no_value)?;
        self.preparing.push_str(&text.prepare.unwrap_or_default());
        Ok(text.run)
    }

    /// Runs a statement with the next one. It answers nothing.
    pub(super) fn later(&mut self, sql: Sql, values: &[Value]) -> Result<(), sqlx::Error> {
        let text = self.text(sql, values)?;
        self.pending.push_str(&text);
        self.pending.push_str("; ");
        Ok(())
    }

    /// Runs a statement, and gives what was answered to it.
    pub(super) async fn ask(&mut self, sql: Sql, values: &[Value]) -> Result<Answered, sqlx::Error> {
        let text = self.text(sql, values)?;
        Ok(self.ask_text(&text).await?.pop().unwrap_or_default())
    }

    /// Runs statements in one round trip. Gives what was answered to each, after what was answered to those that waited.
    pub(super) async fn ask_each(&mut self, statements: &[Statement]) -> Result<Vec<Answered>, sqlx::Error> {
        let texts = statements.iter().map(|(sql, values)| self.text(*sql, values)).collect::<Result<Vec<_>, _>>()?;
        self.ask_text(&texts.join("; ")).await
    }

    /// Runs what stands in the text, after what waits for it. Gives what was answered to each of all these.
    async fn ask_text(&mut self, text: &str) -> Result<Vec<Answered>, sqlx::Error> {
        let preparing = std::mem::take(&mut self.preparing);
        if !preparing.is_empty() {
            self.send(preparing).await?;
        }
        let mut all = std::mem::take(&mut self.pending);
        all.push_str(text);
        self.send(all).await
    }

    /// Gives up where the server does not answer.
    async fn send(&mut self, text: String) -> Result<Vec<Answered>, sqlx::Error> {
        let before = std::mem::replace(&mut self.state, State::Unusable);
        let connection = self.connection.as_mut().filter(|_| before != State::Unusable);
        let connection = connection.ok_or(sqlx::Error::PoolClosed)?;
        let answered = timeout(STATEMENT, answers(connection, text)).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        self.state = match &answered {
            Ok(_) | Err(sqlx::Error::Encode(_)) => before,
            Err(error) if is_read_only(error) => State::Unusable,
            Err(sqlx::Error::Database(_)) => State::Refused,
            Err(_) => State::Unusable,
        };
        match &answered {
            Ok(_) => connection.planned.is_done(),
            Err(error) if is_read_only(error) => connection.takes_no_writes(),
            Err(error) if planned::is_misled(error) => connection.is_misled(),
            Err(_) => connection.planned.is_refused(),
        }
        answered
    }

    /// Runs statements without values.
    pub(super) async fn script(&mut self, text: &str) -> Result<(), sqlx::Error> {
        self.ask_text(text).await.map(|_| ())
    }

    /// Its commit waits for no disk.
    pub(super) fn may_be_lost(&mut self) {
        self.pending.push_str("SET LOCAL synchronous_commit = off; ");
    }

    /// Other processes are told when this is committed.
    pub(super) fn tell_others(&mut self) {
        self.tells_others = true;
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        if self.state == State::Refused {
            return Err(sqlx::Error::Protocol("a statement of the transaction was refused".to_owned()));
        }
        self.ask_text("COMMIT").await?;
        self.give_back();
        if self.tells_others {
            self.others.notify_one();
        }
        Ok(())
    }

    pub(super) async fn roll_back(mut self) -> Result<(), sqlx::Error> {
        self.pending.clear();
        self.preparing.clear();
        if let Some(connection) = &mut self.connection {
            connection.planned.is_withdrawn();
        }
        self.ask_text("ROLLBACK").await?;
        self.give_back();
        Ok(())
    }

    fn give_back(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.give_back();
        }
    }
}

/// Each value in the text is written by `written`.
async fn answers(connection: &mut PgConnection, text: String) -> Result<Vec<Answered>, sqlx::Error> {
    let (mut answered, mut rows) = (vec![], vec![]);
    let mut answers = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(connection);
    while let Some(answer) = answers.try_next().await? {
        match answer {
            Either::Left(done) => answered.push((std::mem::take(&mut rows), done.rows_affected())),
            Either::Right(row) => rows.push(row),
        }
    }
    Ok(answered)
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.state == State::Unusable {
            return;
        }
        connection.planned.is_withdrawn();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let ended = timeout(ACQUIRE, sqlx::raw_sql("ROLLBACK").execute(&mut *connection)).await;
                if matches!(ended, Ok(Ok(_))) {
                    connection.give_back();
                }
            });
        }
    }
}
