//! Exactly once in the shop's own database: the statement that says whether an order's key is new.
//!
//! The shop runs [`Dialect::insert`] with the [`stored_key`] inside its own open transaction, beside what it writes to
//! fulfill the order, and asks [`Dialect::was_new`] about the number of rows written. Both are committed, or neither.
//! The table is [`Dialect::create_table`]'s. It belongs into the shop's migrations and is never created on the way: DDL
//! commits the open transaction in MySQL, and waits for every other one in PostgreSQL.

mod dialect;
mod key;
mod refusal;
mod shared_file;

pub use dialect::{Dialect, Placeholder, TABLE};
pub use key::{MAX_READABLE_KEY, stored_key};
pub use refusal::{Misuse, no_transaction, unknown_connection};
pub use shared_file::refuse_shared_file;
