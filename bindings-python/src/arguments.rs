//! Arguments, with their types checked here so that the error names the argument and not its value.

use paymento::ErrorCode;
use pyo3::{
    intern,
    prelude::*,
    types::{PyBool, PyDict, PyInt, PyList, PyString, PyTuple},
};

use crate::{
    errors::{raise, refuse, type_name, wrong_type},
    money::amount,
};

/// Entries of a mapping that are read before it is refused. No price names so many coins, and notes of one letter each
/// would be over their limit in bytes.
const MOST_ENTRIES: usize = 10_000;

/// Text, unless it holds half of a surrogate pair.
pub(crate) fn text(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    text_or(ErrorCode::InputType, name, value)
}

fn text_or(code: ErrorCode, name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let Ok(text) = value.cast::<PyString>() else {
        return Err(refuse(code, format!("{name} must be a string; got {}", type_name(value))));
    };
    // The exception that says more holds the text, which may be a secret.
    text.to_str().map(str::to_owned).map_err(|_| refuse(code, format!("{name} must be text; got lone surrogates")))
}

/// A whole number of at most 64 bits.
pub(crate) fn integer(name: &str, value: &Bound<'_, PyAny>) -> PyResult<i64> {
    let too_far = || refuse(ErrorCode::InputType, format!("{name} must be a whole number of at most 64 bits"));
    whole(name, value)?.extract().map_err(|_| too_far())
}

pub(crate) fn whole<'a, 'py>(name: &str, value: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyInt>> {
    let whole = value.cast::<PyInt>().ok().filter(|_| !value.is_instance_of::<PyBool>());
    whole.ok_or_else(|| wrong_type(name, "a whole number", value))
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
        let coin = format!("a coin name in {name}");
        entries(&value, wrong)?.iter().map(|(key, given)| Ok((text(&coin, key)?, amount(name, given)?))).collect()
    }

    /// The shop's notes.
    pub(crate) fn notes(self, name: &str) -> PyResult<Vec<(String, String)>> {
        let Some(value) = self.get(name)? else { return Ok(Vec::new()) };
        let code = ErrorCode::InputAdditionalData;
        let got = type_name(&value);
        let wrong = || refuse(code, format!("{name} must be a mapping of strings to strings; got {got}"));
        let as_text = |part, value: &Bound<'_, PyAny>| text_or(code, &format!("a {part} of {name}"), value);
        entries(&value, wrong)?.iter().map(|(key, note)| Ok((as_text("key", key)?, as_text("value", note)?))).collect()
    }

    /// Several names.
    pub(crate) fn texts(self, name: &str) -> PyResult<Vec<String>> {
        match self.get(name)? {
            Some(value) => texts(name, &value),
            None => Err(refuse(ErrorCode::InputType, format!("{name} must be a list of strings; got None"))),
        }
    }

    pub(crate) fn integer(self, name: &str) -> PyResult<Option<i64>> {
        self.get(name)?.map(|value| integer(name, &value)).transpose()
    }

    /// A coin's id. Core reads the digits, so that a number of any size is refused and never another coin.
    pub(crate) fn coin_id(self, name: &str) -> PyResult<i64> {
        let Some(value) = self.get(name)? else {
            return Err(refuse(ErrorCode::InputType, format!("{name} must be a whole number; got None")));
        };
        let number = whole(name, &value)?;
        // The class's own method: a subclass might print something else. Python itself refuses to print thousands of digits.
        let digits = value.py().get_type::<PyInt>().call_method1(intern!(value.py(), "__repr__"), (number,));
        let digits = digits.map_or_else(|_| "thousands of digits".to_owned(), |digits| digits.to_string());
        paymento::parse_coin_id(&digits).map_err(raise)
    }
}

/// Several texts, which must not be one string: that would be read letter by letter.
pub(crate) fn texts(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let items = items(value).ok_or_else(|| wrong_type(name, "a list of strings", value))?;
    items.iter().map(|item| text(name, item)).collect()
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
