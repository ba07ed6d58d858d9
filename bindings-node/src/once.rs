//! `onceTableSql`, and what `lib/once.ts` asks of core.

use napi_derive::napi;
use paymento::{
    Error,
    once::{self, Dialect, Misuse, Placeholder},
};

use crate::errors::{Failure, Outcome, to_js};

/// The statements that write a key and look for it, and their one parameter.
#[napi(object, object_from_js = false)]
pub struct OnceStatement {
    /// With the driver's own placeholder.
    pub sql: &'static str,
    /// Gives one row where the key is there.
    pub look: &'static str,
    /// The key as it is stored.
    pub key: String,
}

/// The statement that creates the table.
#[napi]
pub fn once_table_sql(database: String) -> Outcome<&'static str> {
    to_js(Dialect::parse(&database).map(Dialect::create_table))
}

/// The statement for a driver that writes its parameter as `?` or `$1`.
#[napi]
pub fn once_statement(database: String, placeholder: String, key: String) -> Outcome<OnceStatement> {
    to_js(statement(&database, &placeholder, &key))
}

fn statement(database: &str, placeholder: &str, key: &str) -> Result<OnceStatement, Error> {
    let placeholder = if placeholder == "$1" { Placeholder::Dollar } else { Placeholder::Question };
    let sql = Dialect::parse(database)?.insert(placeholder);
    Ok(OnceStatement { sql, look: Dialect::look(placeholder), key: once::stored_key(key)?.into_owned() })
}

/// Whether the key was new, by the number of rows that the driver says were written.
#[napi]
pub fn once_was_new(database: String, rows: i64) -> Outcome<bool> {
    to_js(Dialect::parse(&database).and_then(|dialect| dialect.was_new(rows)))
}

/// The error where the database said with this code and text that the table is missing.
#[napi]
pub fn once_missing_table(database: String, code: String, text: String) -> Option<Failure> {
    let error = Dialect::parse(&database).map(|dialect| dialect.table_missing(&code, &text));
    error.unwrap_or_else(Some).map(Into::into)
}

/// The error where one of the opened SQLite files is forbidden.
#[napi]
pub fn once_shared_file(opened: Vec<String>, forbidden: Vec<String>) -> Option<Failure> {
    once::refuse_shared_file(&opened, &forbidden).err().map(Into::into)
}

/// The error of a connection that commits every statement by itself.
#[napi]
pub fn once_no_transaction() -> Failure {
    once::no_transaction().into()
}

/// The error of how a handler has used `once`: `left_open`, `rolled_back`, `not_awaited` or `shared`.
#[napi]
pub fn once_misuse(misuse: String) -> Option<Failure> {
    Misuse::ALL.into_iter().find(|known| known.as_str() == misuse).map(|known| known.error().into())
}

/// The error of a connection that is of no known driver.
#[napi]
pub fn once_unknown_connection(got: String) -> Failure {
    once::unknown_connection(&got).into()
}
