//! [`Dialect`]: the SQL of each database.

use super::refusal::{table_missing, uncertain_count};
use crate::error::{Error, ErrorCode};

/// The name of the table, in the shop's own database.
pub const TABLE: &str = "paymento_fulfilled";

/// A database that holds the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite, 3.24 or later.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

/// How a driver writes the place of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Placeholder {
    /// `?`
    Question,
    /// `$1`
    Dollar,
    /// `%s`
    Percent,
    /// `:key`
    Named,
}

macro_rules! insert {
    ($placeholder:expr, $on_conflict:literal) => {
        match $placeholder {
            Placeholder::Question => insert!(@sql "?", $on_conflict),
            Placeholder::Dollar => insert!(@sql "$1", $on_conflict),
            Placeholder::Percent => insert!(@sql "%s", $on_conflict),
            Placeholder::Named => insert!(@sql ":key", $on_conflict),
        }
    };
    (@sql $value:literal, $on_conflict:literal) => {
        concat!("INSERT INTO paymento_fulfilled (order_key) VALUES (", $value, ") ", $on_conflict)
    };
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// The dialect of a name: `sqlite`, `postgresql` or `postgres`, `mysql` or `mariadb`.
    ///
    /// # Errors
    /// `input.type`: another name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "sqlite" => Ok(Self::Sqlite),
            "postgresql" | "postgres" => Ok(Self::Postgres),
            "mysql" | "mariadb" => Ok(Self::Mysql),
            _ => Err(Error::new(ErrorCode::InputType, "database must be sqlite, postgresql, mysql or mariadb")),
        }
    }

    /// The name: `sqlite`, `postgresql` or `mysql`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
            Self::Mysql => "mysql",
        }
    }

    /// The statement for the shop's migrations. Does nothing where the table exists.
    pub const fn create_table(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "CREATE TABLE IF NOT EXISTS paymento_fulfilled (order_key TEXT NOT NULL PRIMARY KEY, \
                 fulfilled_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);"
            }
            // COLLATE "C": an operating system's new sort order cannot damage the index.
            Self::Postgres => {
                "CREATE TABLE IF NOT EXISTS paymento_fulfilled (order_key text COLLATE \"C\" NOT NULL PRIMARY KEY, \
                 fulfilled_at timestamptz NOT NULL DEFAULT now());"
            }
            // InnoDB: in an engine without transactions the key would stay when the shop rolls back.
            Self::Mysql => {
                "CREATE TABLE IF NOT EXISTS paymento_fulfilled (order_key VARCHAR(255) CHARACTER SET ascii \
                 COLLATE ascii_bin NOT NULL PRIMARY KEY, runs INT UNSIGNED NOT NULL DEFAULT 1, \
                 fulfilled_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB;"
            }
        }
    }

    /// The statement that writes the key, with one parameter, the [`stored_key`](super::stored_key).
    ///
    /// It waits for another open transaction with the same key, fails for no duplicate, and hides no other error.
    pub const fn insert(self, placeholder: Placeholder) -> &'static str {
        match self {
            Self::Sqlite | Self::Postgres => insert!(placeholder, "ON CONFLICT (order_key) DO NOTHING"),
            // INSERT IGNORE would hide other failures as well. An update that changes nothing counts as one row, like
            // a new one, for clients that ask for found rows (Django, SQLAlchemy, mysql2): hence one that changes.
            Self::Mysql => insert!(placeholder, "ON DUPLICATE KEY UPDATE runs = runs + 1"),
        }
    }

    /// The statement that gives one row where the key is there, with the same parameter.
    pub const fn look(placeholder: Placeholder) -> &'static str {
        match placeholder {
            Placeholder::Question => "SELECT 1 FROM paymento_fulfilled WHERE order_key = ?",
            Placeholder::Dollar => "SELECT 1 FROM paymento_fulfilled WHERE order_key = $1",
            Placeholder::Percent => "SELECT 1 FROM paymento_fulfilled WHERE order_key = %s",
            Placeholder::Named => "SELECT 1 FROM paymento_fulfilled WHERE order_key = :key",
        }
    }

    /// Whether the key was new, by the number of rows that the driver says were written.
    ///
    /// # Errors
    /// `input.type`: the driver gave a number that this statement cannot have.
    pub fn was_new(self, rows: i64) -> Result<bool, Error> {
        let duplicate = if self == Self::Mysql { 2 } else { 0 };
        match rows {
            1 => Ok(true),
            rows if rows == duplicate => Ok(false),
            _ => Err(uncertain_count(rows)),
        }
    }

    /// The error to raise where the database said with this code and text that there is no such table.
    ///
    /// `code` is the SQLSTATE of PostgreSQL or the number of MySQL; SQLite has none that says it.
    pub fn table_missing(self, code: &str, text: &str) -> Option<Error> {
        let missing = match self {
            Self::Sqlite => text.contains("no such table") && text.contains(TABLE),
            Self::Postgres => code == "42P01",
            Self::Mysql => code == "1146",
        };
        missing.then(|| table_missing(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACEHOLDERS: [(Placeholder, &str); 4] = [
        (Placeholder::Question, "(?)"),
        (Placeholder::Dollar, "($1)"),
        (Placeholder::Percent, "(%s)"),
        (Placeholder::Named, "(:key)"),
    ];

    #[test]
    fn a_dialect_is_found_by_its_own_name() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::parse(dialect.as_str()).unwrap(), dialect);
        }
        assert_eq!(Dialect::parse("oracle").unwrap_err().code(), ErrorCode::InputType);
    }

    #[test]
    fn every_insert_has_its_one_placeholder() {
        for dialect in Dialect::ALL {
            for (placeholder, text) in PLACEHOLDERS {
                assert_eq!(dialect.insert(placeholder).matches(text).count(), 1);
            }
        }
    }

    #[test]
    fn no_insert_hides_other_errors_than_the_duplicate() {
        for dialect in Dialect::ALL {
            assert!(!dialect.insert(Placeholder::Question).contains("IGNORE"));
        }
    }

    #[test]
    fn a_number_of_rows_that_cannot_be_is_an_error_and_never_a_duplicate() {
        for dialect in Dialect::ALL {
            assert!(dialect.was_new(1).unwrap());
            for rows in [-1, 3] {
                assert_eq!(dialect.was_new(rows).unwrap_err().code(), ErrorCode::InputType);
            }
        }
        assert!(!Dialect::Sqlite.was_new(0).unwrap());
        assert!(!Dialect::Mysql.was_new(2).unwrap());
        assert!(Dialect::Mysql.was_new(0).is_err());
        assert!(Dialect::Postgres.was_new(2).is_err());
    }

    #[test]
    fn a_missing_table_is_told_with_the_statement_that_creates_it() {
        let said = [
            (Dialect::Sqlite, "", "no such table: main.paymento_fulfilled"),
            (Dialect::Postgres, "42P01", "relation »paymento_fulfilled« existiert nicht"),
            (Dialect::Mysql, "1146", "Table 'shop.paymento_fulfilled' doesn't exist"),
        ];
        for (dialect, code, text) in said {
            let error = dialect.table_missing(code, text).unwrap();
            assert_eq!(error.code(), ErrorCode::ConfigOnceTableMissing);
            assert!(error.hint().unwrap().contains(dialect.create_table()));
            assert!(dialect.table_missing("23505", "no such table: orders").is_none());
        }
    }
}
