//! Arguments, with their types checked here so that the error names the argument and not its value.

use paymento::ErrorCode;
use pyo3::{
    prelude::*,
    types::{PyBool, PyDict, PyInt, PyList, PyString, PyTuple},
};

use crate::{
    errors::{refuse, wrong_type},
    money::amount,
};

/// Entries of a mapping that are read before it is refused. No price names so many coins, and notes of one letter each
/// would be over their limit in bytes.
const MOST_ENTRIES: usize = 10_000;

/// Text, unless it holds half of a surrogate pair.
pub(crate) fn text(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let Ok(text) = value.cast::<PyString>() else { return Err(wrong_type(name, "a string", value)) };
    // The exception that says more holds the text, which may be a secret.
    text.to_str()
        .map(str::to_owned)
        .map_err(|_| refuse(ErrorCode::InputType, format!("{name} must be text; got lone surrogates")))
}

/// A whole number; one beyond 64 bits is given as the farthest one.
pub(crate) fn integer(name: &str, value: &Bound<'_, PyAny>) -> PyResult<i64> {
    if value.is_instance_of::<PyBool>() || !value.is_instance_of::<PyInt>() {
        return Err(wrong_type(name, "a whole number", value));
    }
    value.extract().or_else(|_| Ok(if value.lt(0)? { i64::MIN } else { i64::MAX }))
}

/// A whole number of things; fewer than none is none.
pub(crate) fn count(name: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
    Ok(integer(name, value)?.try_into().unwrap_or_default())
}

/// The keyword arguments of a call, as `paymento/_client.py` hands them on. None counts as not given.
#[derive(Clone, Copy)]
pub(crate) struct Options<'a, 'py>(pub(crate) Option<&'a Bound<'py, PyDict>>);

impl<'py> Options<'_, 'py> {
    pub(crate) fn get(self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(options) = self.0 else { return Ok(None) };
        Ok(options.get_item(name)?.filter(|value| !value.is_none()))
    }

    pub(crate) fn text(self, name: &str) -> PyResult<Option<String>> {
        self.get(name)?.map(|value| text(name, &value)).transpose()
    }

    pub(crate) fn required_text(self, name: &str) -> PyResult<String> {
        match self.text(name)? {
            Some(text) => Ok(text),
            None => Err(refuse(ErrorCode::InputType, format!("{name} must be a string; got None"))),
        }
    }

    pub(crate) fn flag(self, name: &str) -> PyResult<bool> {
        let Some(value) = self.get(name)? else { return Ok(false) };
        match value.cast::<PyBool>() {
            Ok(flag) => Ok(flag.is_true()),
            Err(_) => Err(wrong_type(name, "True or False", &value)),
        }
    }

    pub(crate) fn amount(self, name: &str) -> PyResult<Option<paymento::Amount>> {
        self.get(name)?.map(|value| amount(name, &value)).transpose()
    }

    /// An amount for each of several coins.
    pub(crate) fn coin_amounts(self, name: &str) -> PyResult<Vec<(String, paymento::Amount)>> {
        let Some(value) = self.get(name)? else { return Ok(Vec::new()) };
        let wrong = || wrong_type(name, "a mapping of coin names to amounts", &value);
        entries(&value, wrong)?.iter().map(|(coin, given)| Ok((text(name, coin)?, amount(name, given)?))).collect()
    }

    /// The shop's notes.
    pub(crate) fn notes(self, name: &str) -> PyResult<Vec<(String, String)>> {
        let Some(value) = self.get(name)? else { return Ok(Vec::new()) };
        let code = ErrorCode::InputAdditionalData;
        let wrong = || refuse(code, format!("{name} must be a mapping of strings to strings"));
        let as_text = |value: &Bound<'_, PyAny>| text(name, value).map_err(|_| wrong());
        entries(&value, wrong)?.iter().map(|(key, note)| Ok((as_text(key)?, as_text(note)?))).collect()
    }

    /// Several names, which must not be one string: that would be read letter by letter.
    pub(crate) fn texts(self, name: &str) -> PyResult<Vec<String>> {
        let value = self.get(name)?;
        let wrong = || match &value {
            Some(value) => wrong_type(name, "a list of strings", value),
            None => refuse(ErrorCode::InputType, format!("{name} must be a list of strings; got None")),
        };
        let items = value.as_ref().and_then(items).ok_or_else(wrong)?;
        items.iter().map(|item| text(name, item)).collect()
    }

    pub(crate) fn integer(self, name: &str) -> PyResult<Option<i64>> {
        self.get(name)?.map(|value| integer(name, &value)).transpose()
    }
}

/// The items of a list or tuple.
pub(crate) fn items<'py>(value: &Bound<'py, PyAny>) -> Option<Vec<Bound<'py, PyAny>>> {
    if let Ok(list) = value.cast::<PyList>() {
        return Some(list.iter().collect());
    }
    Some(value.cast::<PyTuple>().ok()?.iter().collect())
}

/// A key and its value.
pub(crate) type Entry<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The entries of anything with `items()`; `wrong` says what it should have been.
pub(crate) fn entries<'py>(value: &Bound<'py, PyAny>, wrong: impl Fn() -> PyErr) -> PyResult<Vec<Entry<'py>>> {
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        return Ok(dict.iter().collect());
    }
    if value.is_instance_of::<pyo3::types::PyType>() || !value.hasattr("items")? {
        return Err(wrong());
    }
    pairs(&value.call_method0("items")?, wrong)
}

/// The pairs of an iterable of pairs.
pub(crate) fn pairs<'py>(value: &Bound<'py, PyAny>, wrong: impl Fn() -> PyErr) -> PyResult<Vec<Entry<'py>>> {
    let Ok(iterator) = value.try_iter() else { return Err(wrong()) };
    let mut found = Vec::new();
    for item in iterator {
        let mut pair = items(&item?).filter(|pair| pair.len() == 2).ok_or_else(&wrong)?.into_iter();
        if let (Some(key), Some(value)) = (pair.next(), pair.next()) {
            found.push((key, value));
        }
        if found.len() > MOST_ENTRIES {
            return Err(wrong());
        }
    }
    Ok(found)
}
