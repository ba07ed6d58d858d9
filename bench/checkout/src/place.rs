//! A database of its own for each run.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::Connection as _;

use crate::Failure;

/// The URL of a new, empty database in this folder or on this server.
pub(crate) async fn fresh(database: &str) -> Result<String, Failure> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("bench{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    if let Some(folder) = database.strip_prefix("sqlite:") {
        let folder = PathBuf::from(folder).join(&name);
        std::fs::create_dir_all(&folder)?;
        return Ok(format!("sqlite:{}/paymento.db", folder.display()));
    }
    let mut server = sqlx::PgConnection::connect(&format!("{database}/postgres")).await?;
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(&mut server).await?;
    Ok(format!("{database}/{name}"))
}

/// Removes what `fresh` made, once nobody uses it.
pub(crate) async fn remove(database: &str, url: &str) -> Result<(), Failure> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return Ok(std::fs::remove_dir_all(Path::new(path).parent().ok_or("no folder")?)?);
    }
    let name = url.rsplit('/').next().unwrap_or_default();
    let mut server = sqlx::PgConnection::connect(&format!("{database}/postgres")).await?;
    let drop = sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
    sqlx::raw_sql(drop).execute(&mut server).await?;
    Ok(())
}

/// A connection beside the checkout's, to fill and to look.
pub(crate) enum Beside {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Beside {
    pub(crate) async fn open(url: &str) -> Result<Self, Failure> {
        Ok(match url.strip_prefix("sqlite:") {
            Some(path) => Self::Sqlite(sqlx::SqliteConnection::connect(&format!("sqlite://{path}?mode=rwc")).await?),
            None => Self::Postgres(sqlx::PgConnection::connect(url).await?),
        })
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Runs statements without an answer.
    pub(crate) async fn script(&mut self, sql: impl Into<String>) -> Result<(), Failure> {
        let sql = sqlx::AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ())?,
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(|_| ())?,
        }
        Ok(())
    }

    /// The first column of the answer, which is text.
    pub(crate) async fn texts(&mut self, sql: impl Into<String>) -> Result<Vec<String>, Failure> {
        let sql = sqlx::AssertSqlSafe(sql.into());
        Ok(match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await?,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_all(connection).await?,
        })
    }

    pub(crate) async fn number(&mut self, sql: impl Into<String>) -> Result<i64, Failure> {
        let sql = sqlx::AssertSqlSafe(sql.into());
        Ok(match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
        })
    }
}
