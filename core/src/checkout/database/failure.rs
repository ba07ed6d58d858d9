//! What a database's failures mean. The driver's own errors stay here: they may carry values of rows.

use std::{fmt, io::ErrorKind};

use crate::{
    error::{Error, ErrorCode},
    text::clean,
};

/// The database's own code for what went wrong.
#[derive(Debug, PartialEq, Eq)]
struct State(String);

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database's code is {}", self.0)
    }
}

impl std::error::Error for State {}

/// Whether another transaction stood in the way, so that the same work may succeed when it is done again.
pub(crate) fn is_conflict(error: &Error) -> bool {
    state(error).is_some_and(|code| matches!(code, "40001" | "40P01" | "23505" | "42P07") || is_misled(code))
}

/// Whether another process has SQLite's lock.
#[cfg(feature = "sqlite")]
pub(super) fn is_locked(error: &Error) -> bool {
    state(error) == Some("SQLITE 5")
}

/// Whether what was believed of the plans on a connection is wrong: there is no such prepared statement, or one of that name is
/// there already, or it was planned for other columns. It is written out from then on.
pub(super) fn is_misled(code: &str) -> bool {
    matches!(code, "26000" | "42P05" | "0A000")
}

/// Whether the server takes no writes on a connection.
#[cfg(feature = "postgres")]
pub(super) fn is_read_only(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == READ_ONLY)
}

/// Whether the database would take the statement, and does not take one of its values.
pub(crate) fn is_refused_value(error: &Error) -> bool {
    error.code() == ErrorCode::DatabaseValue
}

/// Whether a table is missing.
pub(crate) fn undefined_table(error: &Error) -> bool {
    error.code() == ErrorCode::DatabaseSchema
}

fn state(error: &Error) -> Option<&str> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<State>().map(|state| state.0.as_str())
}

pub(super) fn unreadable(column: &str) -> Error {
    Error::new(ErrorCode::DatabaseValue, format!("the column {column} cannot be read as what it should hold"))
}

const CERTIFICATE: &str = "the server's certificate must be for the host that the URL names, and signed by a public \
                           authority or by one named with sslrootcert=";

/// Our error for the driver's.
pub(super) fn translate(error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default().into_owned();
            #[cfg(feature = "sqlite")]
            if database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                return from_sqlite(code.parse().unwrap_or(1), database.message());
            }
            from_postgres(&code, database.message())
        }
        sqlx::Error::Io(io) if io.kind() == ErrorKind::InvalidData => {
            unavailable("no TLS connection to the database: its certificate was not accepted").with_hint(CERTIFICATE)
        }
        sqlx::Error::Io(io) if io.kind() == ErrorKind::NotFound => {
            unavailable("the socket's file, or the file that sslrootcert= names, is not there")
        }
        sqlx::Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => {
            unavailable("nobody listens at the database's address")
        }
        // The standard library has no name for it.
        sqlx::Error::Io(io) if io.to_string().contains("lookup address") => {
            unavailable("the name of the database's host cannot be looked up")
        }
        sqlx::Error::Io(io) => unavailable(&format!("the connection broke: {}", io.kind())),
        sqlx::Error::Tls(tls) if tls.to_string().contains("not support TLS") => {
            unavailable("the database's server takes no TLS connections, and sslmode asks for one")
        }
        sqlx::Error::Tls(_) => {
            Error::new(ErrorCode::DatabaseUnavailable, "no TLS connection to the database").with_hint(CERTIFICATE)
        }
        sqlx::Error::PoolTimedOut => unavailable("no connection within the time limit"),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => unavailable("the connection was closed"),
        sqlx::Error::Protocol(_) | sqlx::Error::BeginFailed | sqlx::Error::InvalidSavePointStatement => {
            unavailable("the connection is out of step")
        }
        sqlx::Error::Encode(_) => Error::new(ErrorCode::DatabaseValue, "a value cannot be written to the database"),
        _ => Error::new(ErrorCode::DatabaseRefused, "the database driver refused the statement"),
    }
}

fn unavailable(what: &str) -> Error {
    Error::new(ErrorCode::DatabaseUnavailable, what)
}

#[cfg(feature = "postgres")]
pub(super) fn timed_out() -> Error {
    unavailable("the database did not answer in time")
}

/// PostgreSQL's code where a role may not do what it wants.
const NO_RIGHT: &str = "42501";
const RIGHTS: &str = "the role needs SELECT, INSERT, UPDATE and DELETE on the tables that begin with paymento_; where it \
                      may not make them, migrate is \"check\", and another role runs what `paymento schema postgres` prints";

/// PostgreSQL's code where a transaction takes no writes.
const READ_ONLY: &str = "25006";

fn from_postgres(code: &str, message: &str) -> Error {
    let kind = match code {
        READ_ONLY => ErrorCode::DatabaseReadOnly,
        "53100" => ErrorCode::DatabaseFull,
        "42P01" | "42703" => ErrorCode::DatabaseSchema,
        "XX001" | "XX002" | "58P01" => ErrorCode::DatabaseCorrupt,
        "40001" | "40P01" | "42P07" | "55P03" | "25P02" | "25P03" | "26000" | "42P05" => ErrorCode::DatabaseUnavailable,
        _ => match code.get(..2) {
            Some("08" | "53" | "57" | "58") => ErrorCode::DatabaseUnavailable,
            Some("22" | "23") => ErrorCode::DatabaseValue,
            _ => ErrorCode::DatabaseRefused,
        },
    };
    // What the server says of a value would repeat it.
    let text = if kind == ErrorCode::DatabaseValue { kind.meaning() } else { message };
    let error = Error::new(kind, format!("PostgreSQL says: {} ({code})", clean(text, 200)));
    let error = if code == NO_RIGHT { error.with_hint(RIGHTS) } else { error };
    error.with_source(State(code.to_owned()))
}

#[cfg(feature = "sqlite")]
fn from_sqlite(extended: i64, message: &str) -> Error {
    let primary = extended & 0xff;
    let kind = match primary {
        8 => ErrorCode::DatabaseReadOnly,
        10 | 13 if is_full(extended) => ErrorCode::DatabaseFull,
        11 | 26 => ErrorCode::DatabaseCorrupt,
        5 | 6 | 9 | 10 | 14 | 15 => ErrorCode::DatabaseUnavailable,
        18..=20 | 25 => ErrorCode::DatabaseValue,
        1 if message.starts_with("no such table") || message.starts_with("no such column") => ErrorCode::DatabaseSchema,
        _ => ErrorCode::DatabaseRefused,
    };
    let text = if kind == ErrorCode::DatabaseValue { kind.meaning() } else { message };
    let error = Error::new(kind, format!("SQLite says: {} ({extended})", clean(text, 200)));
    let error = error.with_source(State(format!("SQLITE {primary}")));
    match kind {
        ErrorCode::DatabaseReadOnly => error.with_hint("the file, and the folder it is in, must be writable"),
        ErrorCode::DatabaseUnavailable if primary == 14 => {
            error.with_hint("the folder must exist and be writable, since SQLite keeps files beside the database")
        }
        _ => error,
    }
}

/// `SQLITE_FULL`; and the extended input/output errors that a full disk or a quota gives while a write is synced.
#[cfg(feature = "sqlite")]
fn is_full(extended: i64) -> bool {
    matches!(extended, 13 | 2826 | 778)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_may_pass_is_retryable_and_others_are_not() {
        for (code, expected) in [
            ("57P01", ErrorCode::DatabaseUnavailable),
            ("53300", ErrorCode::DatabaseUnavailable),
            ("40P01", ErrorCode::DatabaseUnavailable),
            ("53100", ErrorCode::DatabaseFull),
            ("25006", ErrorCode::DatabaseReadOnly),
            ("42P01", ErrorCode::DatabaseSchema),
            ("42501", ErrorCode::DatabaseRefused),
            ("28P01", ErrorCode::DatabaseRefused),
            ("22021", ErrorCode::DatabaseValue),
        ] {
            assert_eq!(from_postgres(code, "text").code(), expected, "{code}");
        }
        assert!(is_conflict(&from_postgres("40P01", "deadlock")) && !is_conflict(&from_postgres("57P01", "gone")));
    }

    #[test]
    fn a_refused_value_is_not_repeated_in_the_error() {
        let error = from_postgres("22021", "invalid byte sequence: s3cr3t");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn what_sqlite_says_has_its_own_code() {
        for (code, expected) in [
            (5, ErrorCode::DatabaseUnavailable),
            (517, ErrorCode::DatabaseUnavailable),
            (8, ErrorCode::DatabaseReadOnly),
            (1032, ErrorCode::DatabaseReadOnly),
            (11, ErrorCode::DatabaseCorrupt),
            (26, ErrorCode::DatabaseCorrupt),
            (13, ErrorCode::DatabaseFull),
        ] {
            assert_eq!(from_sqlite(code, "text").code(), expected, "{code}");
        }
    }
}
