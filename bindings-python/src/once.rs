//! `paymento.once_table_sql`, and what `paymento/_once.py` asks of core.

use std::path::PathBuf;

use paymento::once::{self, Dialect, Misuse, Placeholder};
use pyo3::prelude::*;

use crate::{
    arguments::text,
    errors::{raise, type_name},
};

/// Give the statement that creates the table of `order.once`, for the shop's own migrations.
///
/// Args:
///     database (str): `sqlite`, `postgresql` (or `postgres`), `mysql` or `mariadb`.
///
/// Raises:
///     `InputError`: `input.type`: another database.
#[pyfunction]
#[pyo3(signature = (database: "str") -> "str")]
pub(crate) fn once_table_sql(database: &Bound<'_, PyAny>) -> PyResult<&'static str> {
    dialect(&text("database", database)?).map(Dialect::create_table)
}

/// The statement that writes a key, for a driver that writes its parameter as `?`, `$1`, `%s` or `:key`.
#[pyfunction]
pub(crate) fn once_insert_sql(database: &str, placeholder: &str) -> PyResult<&'static str> {
    Ok(dialect(database)?.insert(place(placeholder)))
}

/// The statement that gives one row where a key is there, for the same drivers.
#[pyfunction]
pub(crate) fn once_look_sql(placeholder: &str) -> &'static str {
    Dialect::look(place(placeholder))
}

fn place(placeholder: &str) -> Placeholder {
    match placeholder {
        "?" => Placeholder::Question,
        "$1" => Placeholder::Dollar,
        "%s" => Placeholder::Percent,
        _ => Placeholder::Named,
    }
}

/// The key as it is stored.
#[pyfunction]
#[pyo3(signature = (key: "str") -> "str")]
pub(crate) fn once_stored_key(key: &Bound<'_, PyAny>) -> PyResult<String> {
    let key = text("key", key)?;
    once::stored_key(&key).map(std::borrow::Cow::into_owned).map_err(raise)
}

/// Whether the key was new, by the number of rows that the driver says were written.
#[pyfunction]
pub(crate) fn once_was_new(database: &str, rows: i64) -> PyResult<bool> {
    dialect(database)?.was_new(rows).map_err(raise)
}

/// Raises where the database said with this code and text that the table is missing.
#[pyfunction]
pub(crate) fn once_refuse_missing_table(database: &str, code: &str, text: &str) -> PyResult<()> {
    dialect(database)?.table_missing(code, text).map_or(Ok(()), |error| Err(raise(error)))
}

/// Raises where one of the opened SQLite files is forbidden.
#[pyfunction]
#[pyo3(signature = (opened: "Sequence[str]", forbidden: "Sequence[str]") -> "None")]
#[expect(clippy::needless_pass_by_value, reason = "pyo3 hands lists over by value")]
pub(crate) fn once_refuse_shared_file(opened: Vec<PathBuf>, forbidden: Vec<PathBuf>) -> PyResult<()> {
    once::refuse_shared_file(&opened, &forbidden).map_err(raise)
}

/// Raises the error of a connection that commits every statement by itself.
#[pyfunction]
#[pyo3(signature = () -> "NoReturn")]
pub(crate) fn once_refuse_autocommit() -> PyResult<()> {
    Err(raise(once::no_transaction()))
}

/// Raises the error of a connection that is of no known driver.
#[pyfunction]
#[pyo3(signature = (connection: "object") -> "NoReturn")]
pub(crate) fn once_refuse_connection(connection: &Bound<'_, PyAny>) -> PyResult<()> {
    Err(raise(once::unknown_connection(&type_name(connection))))
}

/// Raises the error of how a handler has used `once`: `left_open`, `rolled_back`, `not_awaited` or `shared`.
#[pyfunction]
#[pyo3(signature = (misuse: "str") -> "NoReturn")]
pub(crate) fn once_refuse(misuse: &str) -> PyResult<()> {
    Misuse::ALL.into_iter().find(|known| known.as_str() == misuse).map_or(Ok(()), |known| Err(raise(known.error())))
}

fn dialect(name: &str) -> PyResult<Dialect> {
    Dialect::parse(name).map_err(raise)
}
