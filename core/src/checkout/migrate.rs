//! The schema's version: made, brought up to date by several processes at once, or only checked.

use super::{
    database::{Database, Sql, Transaction, transact, undefined_table, values},
    url::DatabaseUrl,
};
use crate::error::{Error, ErrorCode};
use std::fmt;

/// The version this library writes.
const VERSION: i64 = 1;
/// The oldest library that can work with what this one writes.
const OLDEST_COMPATIBLE: i64 = 1;

super::state::states! {
    /// What happens to tables that are missing or of an older version.
    Migrate {
        /// They are made and brought up to date at the first use. The default.
        Auto = "auto",
        /// Nothing is changed: `database.schema` says what is missing. For database roles that may not change tables; run
        /// [`Checkout::schema_sql`](super::Checkout::schema_sql) as one that may.
        Check = "check",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro makes the type")]
impl Default for Migrate {
    fn default() -> Self {
        Self::Auto
    }
}

macro_rules! record_version {
    () => {
        "INSERT INTO paymento_schema (id, version, oldest_compatible) VALUES (1, 1, 1) ON CONFLICT (id) DO NOTHING;\n"
    };
}

const SCHEMA: Sql = Sql::each(include_str!("schema/sqlite.sql"), include_str!("schema/postgres.sql"));
/// For a printed file, whose reader runs it as it is.
pub(super) const POSTGRES: &str = concat!(include_str!("schema/postgres.sql"), record_version!());
pub(super) const SQLITE: &str = concat!(include_str!("schema/sqlite.sql"), record_version!());

/// SQLite makes a file where there is none, and a check changes nothing.
pub(super) fn check_file(url: &DatabaseUrl, migrate: Migrate) -> Result<(), Error> {
    match url.file() {
        Some(file) if migrate == Migrate::Check && !file.exists() => Err(missing()),
        _ => Ok(()),
    }
}

/// Makes the tables what this library needs, or says what is wrong with them.
pub(super) async fn prepare(database: &Database, migrate: Migrate) -> Result<(), Error> {
    match check(found(database).await?) {
        Found::Fits => Ok(()),
        Found::TooNew(version) => Err(too_new(version)),
        Found::Missing if migrate == Migrate::Check => Err(missing()),
        Found::Missing => transact!(database, transaction => bring_up_to_date(&mut transaction)),
    }
}

enum Found {
    Fits,
    Missing,
    TooNew(i64),
}

fn check(versions: Option<(i64, i64)>) -> Found {
    match versions {
        Some((version, oldest)) if oldest > VERSION => Found::TooNew(version),
        Some((version, _)) if version >= VERSION => Found::Fits,
        _ => Found::Missing,
    }
}

/// The version and the oldest library for it.
async fn found(database: &Database) -> Result<Option<(i64, i64)>, Error> {
    let mut transaction = database.begin_read().await?;
    match transaction.row(READ, vec![]).await {
        Ok(row) => row.map(|row| Ok((row.int("version")?, row.int("oldest_compatible")?))).transpose(),
        Err(error) if undefined_table(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn bring_up_to_date(transaction: &mut Transaction) -> Result<(), Error> {
    transaction.script(SCHEMA).await?;
    transaction.execute(RECORD, values![VERSION, OLDEST_COMPATIBLE]).await?;
    Ok(())
}

const READ: Sql = Sql::both("SELECT version, oldest_compatible FROM paymento_schema WHERE id = 1");
const RECORD: Sql = Sql::both(
    "INSERT INTO paymento_schema (id, version, oldest_compatible) VALUES (1, $1, $2) \
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, oldest_compatible = excluded.oldest_compatible \
     WHERE paymento_schema.version < excluded.version",
);

fn missing() -> Error {
    Error::new(ErrorCode::DatabaseSchema, "the checkout's tables are missing, or older than this library")
        .with_hint("run the library's schema file with a role that may create tables, or allow it to migrate")
}

fn too_new(version: i64) -> Error {
    let message = format!("the tables are of version {version}, and this library knows version {VERSION}");
    Error::new(ErrorCode::DatabaseSchema, message).with_hint("update the library in this process")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_schema_is_used_if_it_says_that_it_can_be() {
        assert!(matches!(check(None), Found::Missing));
        assert!(matches!(check(Some((VERSION, 1))), Found::Fits));
        assert!(matches!(check(Some((VERSION + 1, VERSION))), Found::Fits));
        assert!(matches!(check(Some((VERSION + 2, VERSION + 1))), Found::TooNew(_)));
    }

    #[test]
    fn the_printed_schema_records_the_version_that_is_checked() {
        assert!(POSTGRES.contains(&format!("VALUES (1, {VERSION}, {OLDEST_COMPATIBLE})")));
        assert!(SQLITE.ends_with(";\n"));
    }
}
