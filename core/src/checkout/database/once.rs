//! Exactly once in the shop's own database: the event's key goes into `paymento_fulfilled`, in the shop's own transaction.

use super::failure::translate;
use crate::{checkout::OrderEvent, error::Error};

/// One primary key: of two transactions with the same key the second waits for the first, and then inserts nothing.
const INSERT: &str = "INSERT INTO paymento_fulfilled (key) VALUES ($1) ON CONFLICT (key) DO NOTHING";

impl OrderEvent {
    /// Whether this event is new to the shop's database. Notes it in the shop's open transaction: with the commit it is
    /// done, with a rollback it is not. Needs the table `paymento_fulfilled`.
    ///
    /// # Errors
    /// `database.schema` where the table is missing; `database.` otherwise.
    #[cfg(feature = "postgres")]
    pub async fn once_postgres(&self, transaction: &mut sqlx::PgConnection) -> Result<bool, Error> {
        let done = sqlx::query(INSERT).persistent(false).bind(self.key.clone()).execute(transaction).await;
        done.map(|done| done.rows_affected() > 0).map_err(|error| translate(&error))
    }

    /// The same on SQLite. Never on the checkout's own file.
    ///
    /// # Errors
    /// `database.shared_sqlite_file` where the connection is to a checkout's own file.
    #[cfg(feature = "sqlite")]
    pub async fn once_sqlite(&self, transaction: &mut sqlx::SqliteConnection) -> Result<bool, Error> {
        refuse_own_file(transaction).await?;
        let done = sqlx::query(INSERT).bind(self.key.clone()).execute(transaction).await;
        done.map(|done| done.rows_affected() > 0).map_err(|error| translate(&error))
    }
}

/// A file with the checkout's own tables is the checkout's.
#[cfg(feature = "sqlite")]
async fn refuse_own_file(connection: &mut sqlx::SqliteConnection) -> Result<(), Error> {
    use sqlx::Row as _;
    let found =
        sqlx::query("SELECT COUNT(*) FROM main.sqlite_master WHERE type = 'table' AND name = 'paymento_orders'")
            .fetch_one(connection)
            .await
            .and_then(|row| row.try_get::<i64, _>(0))
            .map_err(|error| translate(&error))?;
    if found == 0 {
        return Ok(());
    }
    let message = "the connection is to the checkout's own SQLite file";
    Err(Error::new(crate::ErrorCode::DatabaseSharedSqliteFile, message)
        .with_hint("keep the shop's tables in a file of their own: two SQLite libraries on one file lose commits"))
}
