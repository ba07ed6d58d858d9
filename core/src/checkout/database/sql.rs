//! [`Sql`]: a constant statement. [`Value`]: what is bound to it.

#[cfg(feature = "postgres")]
use crate::checkout::clock::Millis;

/// A statement, in the words of each database where they differ.
#[derive(Clone, Copy)]
#[cfg_attr(not(all(feature = "sqlite", feature = "postgres")), allow(dead_code, reason = "one of the two is read"))]
pub(crate) struct Sql {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
    /// Whether PostgreSQL may plan it once for all values.
    pub(super) is_planned_once: bool,
}

impl Sql {
    pub(crate) const fn both(text: &'static str) -> Self {
        Self::each(text, text)
    }

    pub(crate) const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres, is_planned_once: false }
    }

    /// For statements that are run for every order, and whose best plan is the same for all values: a row is found by its
    /// key. Planning costs PostgreSQL more than running them.
    pub(crate) const fn planned_once(self) -> Self {
        Self { is_planned_once: true, ..self }
    }
}

/// What is bound to a statement. A null has a type, which PostgreSQL wants to know.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    #[cfg(feature = "postgres")]
    Bytes(Vec<u8>),
    /// The time by the server's clock, and so many milliseconds more.
    #[cfg(feature = "postgres")]
    Now(Millis),
}

#[cfg(feature = "postgres")]
impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_owned())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(ToOwned::to_owned))
    }
}

/// A list of values from anything that can be bound.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::checkout::database::Value::from($value)),*] };
}
pub(crate) use values;
