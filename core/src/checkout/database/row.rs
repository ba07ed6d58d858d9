//! [`Row`]: one row of an answer, read by column name.

use sqlx::{ColumnIndex, Decode, Type};

use super::failure::unreadable;
use crate::error::Error;

/// One row of an answer.
pub(crate) enum Row {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::sqlite::SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    pub(crate) fn int(&self, column: &'static str) -> Result<i64, Error> {
        self.get(column)
    }

    pub(crate) fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, Error> {
        self.get(column)
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, Error> {
        Ok(self.int(column)? != 0)
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, Error> {
        self.get(column)
    }

    pub(crate) fn maybe_text(&self, column: &'static str) -> Result<Option<String>, Error> {
        self.get(column)
    }

    #[cfg(all(feature = "sqlite", feature = "postgres"))]
    fn get<T>(&self, column: &'static str) -> Result<T, Error>
    where
        T: for<'r> Decode<'r, sqlx::Sqlite>
            + Type<sqlx::Sqlite>
            + for<'r> Decode<'r, sqlx::Postgres>
            + Type<sqlx::Postgres>,
    {
        match self {
            Self::Sqlite(row) => read(row, column),
            Self::Postgres(row) => read(row, column),
        }
    }

    #[cfg(all(feature = "sqlite", not(feature = "postgres")))]
    fn get<T: for<'r> Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite>>(&self, column: &'static str) -> Result<T, Error> {
        let Self::Sqlite(row) = self;
        read(row, column)
    }

    #[cfg(all(feature = "postgres", not(feature = "sqlite")))]
    fn get<T: for<'r> Decode<'r, sqlx::Postgres> + Type<sqlx::Postgres>>(
        &self,
        column: &'static str,
    ) -> Result<T, Error> {
        let Self::Postgres(row) = self;
        read(row, column)
    }
}

fn read<R: sqlx::Row, T>(row: &R, column: &'static str) -> Result<T, Error>
where
    T: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    &'static str: ColumnIndex<R>,
{
    row.try_get(column).map_err(|_| unreadable(column))
}
