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

/// What is wrong with how a handler has used `once`: the order would be recorded as done, and what fulfills it be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misuse {
    /// The handler has ended, and its transaction has not.
    LeftOpen,
    /// The handler has ended without an error, and its transaction was rolled back.
    RolledBack,
    /// The handler has ended, and nobody has waited for the answer of `once`.
    NotAwaited,
    /// Another handler, which has not ended, works in the connection's transaction.
    Shared,
}

impl Misuse {
    /// Every misuse.
    pub const ALL: [Self; 4] = [Self::LeftOpen, Self::RolledBack, Self::NotAwaited, Self::Shared];

    /// The name: `left_open`, `rolled_back`, `not_awaited` or `shared`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeftOpen => "left_open",
            Self::RolledBack => "rolled_back",
            Self::NotAwaited => "not_awaited",
            Self::Shared => "shared",
        }
    }

    /// What to say, and what to do about it.
    pub fn error(self) -> Error {
        let (code, message, hint) = match self {
            Self::LeftOpen => (
                ErrorCode::ConfigOnceNoTransaction,
                "the handler ended and the transaction of its once is still open: nothing of it may stay",
                "commit before the handler ends, and run no handler within a transaction, as Django's ATOMIC_REQUESTS opens",
            ),
            Self::RolledBack => (
                ErrorCode::ConfigOnceNoTransaction,
                "the handler ended without an error, and the transaction of its once was rolled back: nothing of it stayed",
                "let the error that rolls back leave the handler, and give each handler a connection of its own",
            ),
            Self::NotAwaited => (
                ErrorCode::InputType,
                "the handler ended and nobody had awaited its once",
                "a promise is always true: await the answer of once in the `if`",
            ),
            Self::Shared => (
                ErrorCode::ConfigOnceNoTransaction,
                "another handler works in the transaction of this connection, and has not ended",
                "a connection for each handler, or one handler at a time",
            ),
        };
        Error::new(code, message).with_hint(hint)
    }
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
