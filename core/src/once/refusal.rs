//! What `once` refuses, and what to do about it.

use super::dialect::{Dialect, TABLE};
use crate::error::{Error, ErrorCode};

/// No transaction is open: the key would be committed by itself, and a crash before the shop's own write lose the order.
pub fn no_transaction() -> Error {
    let message = "once must run in an open transaction; the connection commits every statement by itself";
    Error::new(ErrorCode::ConfigOnceNoTransaction, message)
        .with_hint("begin a transaction, call once, write what fulfills the order, commit")
}

/// The connection is of no driver that `once` knows. `got` is the name of its type, never its value.
pub fn unknown_connection(got: &str) -> Error {
    Error::new(ErrorCode::InputType, format!("connection must be of a database driver that once knows; got {got}"))
        .with_hint("without one, write order.key into a column of your own that has a unique key, in your transaction")
}

pub(super) fn table_missing(dialect: Dialect) -> Error {
    let message = format!("the shop's database must have the table {TABLE}");
    Error::new(ErrorCode::ConfigOnceTableMissing, message)
        .with_hint(format!("add to your migrations: {}", dialect.create_table()))
}

pub(super) fn uncertain_count(rows: i64) -> Error {
    let message = format!("connection must tell how many rows an INSERT wrote; got {rows}");
    Error::new(ErrorCode::InputType, message)
        .with_hint("roll back; a pipeline, a batch or a rewriting proxy may keep the number from us")
}
