//! Exactly once in the shop's own database: the event's key goes into `paymento_fulfilled`, in the shop's own transaction.

use super::failure::translate;
use crate::{
    checkout::OrderEvent,
    error::{Error, ErrorCode},
    once::{Dialect, Placeholder, stored_key},
};

impl OrderEvent {
    /// Whether this event is new to the shop's database. Notes it in the shop's open transaction: with the commit it is
    /// done, with a rollback it is not. Needs the table of [`Dialect::create_table`](crate::once::Dialect::create_table).
    ///
    /// # Errors
    /// `config.once_table_missing`; `database.` otherwise.
    #[cfg(feature = "postgres")]
    pub async fn once_postgres(&self, transaction: &mut sqlx::PgConnection) -> Result<bool, Error> {
        let key = stored_key(&self.key)?.into_owned();
        let insert = const { Dialect::Postgres.insert(Placeholder::Dollar) };
        let done = sqlx::query(insert).persistent(false).bind(key).execute(transaction).await;
        was_new(Dialect::Postgres, done.map(|done| done.rows_affected()))
    }

    /// The same on SQLite. Never on the checkout's own file.
    ///
    /// # Errors
    /// `config.once_table_missing`; `database.shared_sqlite_file` where the connection is to a checkout's own file;
    /// `database.` otherwise.
    #[cfg(feature = "sqlite")]
    pub async fn once_sqlite(&self, transaction: &mut sqlx::SqliteConnection) -> Result<bool, Error> {
        let key = stored_key(&self.key)?.into_owned();
        refuse_own_file(transaction).await?;
        let insert = const { Dialect::Sqlite.insert(Placeholder::Question) };
        let done = sqlx::query(insert).bind(key).execute(transaction).await;
        was_new(Dialect::Sqlite, done.map(|done| done.rows_affected()))
    }
}

fn was_new(dialect: Dialect, done: Result<u64, sqlx::Error>) -> Result<bool, Error> {
    match done.map_err(|error| translate(&error)) {
        Ok(rows) => dialect.was_new(i64::try_from(rows).unwrap_or(i64::MAX)),
        Err(error) if error.code() == ErrorCode::DatabaseSchema => {
            let message = "the shop's database must have the table paymento_fulfilled";
            Err(Error::new(ErrorCode::ConfigOnceTableMissing, message)
                .with_hint(format!("add to your migrations: {}", dialect.create_table())))
        }
        Err(error) => Err(error),
    }
}

/// A file with the checkout's own tables is the checkout's, whatever it is called here.
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
    let message = "once must not write to the checkout's own SQLite file";
    Err(Error::new(ErrorCode::DatabaseSharedSqliteFile, message)
        .with_hint("keep the shop's tables in a file of their own, or use PostgreSQL for both"))
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use sqlx::{Connection as _, SqliteConnection};

    use super::*;
    use crate::checkout::event::{Columns, Payload};

    fn event() -> OrderEvent {
        let columns = Columns {
            kind: "paid".to_owned(),
            reason: None,
            key: "default/A-578/paid".to_owned(),
            token: None,
            account: "default".to_owned(),
            order_id: "A-578".to_owned(),
        };
        OrderEvent::new(columns, Payload::default()).expect("valid")
    }

    async fn shop() -> SqliteConnection {
        SqliteConnection::connect("sqlite::memory:").await.expect("opened")
    }

    #[tokio::test]
    async fn an_event_is_new_once_and_again_after_a_rollback() {
        let mut shop = shop().await;
        sqlx::raw_sql(Dialect::Sqlite.create_table()).execute(&mut shop).await.expect("made");
        let mut undone = shop.begin().await.expect("begun");
        assert!(event().once_sqlite(&mut undone).await.expect("written"));
        undone.rollback().await.expect("undone");
        let mut transaction = shop.begin().await.expect("begun");
        assert!(event().once_sqlite(&mut transaction).await.expect("written"));
        assert!(!event().once_sqlite(&mut transaction).await.expect("known"));
        transaction.commit().await.expect("committed");
        assert!(!event().once_sqlite(&mut shop).await.expect("known"));
    }

    #[tokio::test]
    async fn a_missing_table_says_how_to_make_it() {
        let error = event().once_sqlite(&mut shop().await).await.expect_err("missing");
        assert_eq!(error.code(), ErrorCode::ConfigOnceTableMissing);
        assert!(error.hint().is_some_and(|hint| hint.contains("CREATE TABLE")));
    }

    #[tokio::test]
    async fn the_checkouts_own_file_is_refused() {
        let mut shop = shop().await;
        sqlx::raw_sql("CREATE TABLE paymento_orders (id INTEGER)").execute(&mut shop).await.expect("made");
        let error = event().once_sqlite(&mut shop).await.expect_err("refused");
        assert_eq!(error.code(), ErrorCode::DatabaseSharedSqliteFile);
    }
}
