//! Secret keys: plain strings in Python, made into [`Secret`]s here. None is repeated in an error.

use paymento::{Error, Secret};
use pyo3::{prelude::*, types::PyString};

use crate::{
    arguments::{items, text},
    errors::{raise, wrong_type},
};

/// One secret key.
pub(crate) fn one(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Secret> {
    if value.is_none() {
        return Err(raise(Secret::not_given()));
    }
    Secret::new(&text(name, value)?).map_err(raise)
}

/// One secret key, or several while it is being changed.
pub(crate) fn several(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<Secret>> {
    if value.is_instance_of::<PyString>() || value.is_none() {
        return Ok(vec![one(name, value)?]);
    }
    let keys = items(value).ok_or_else(|| wrong_type(name, "a string or a list of strings", value))?;
    let entry = |(index, key): (usize, &Bound<'_, PyAny>)| {
        if key.is_none() { Err(raise(entry_not_given(name, index + 1))) } else { one(name, key) }
    };
    keys.iter().enumerate().map(entry).collect()
}

fn entry_not_given(name: &str, number: usize) -> Error {
    let error = Secret::not_given();
    let message = format!("entry {number} of {name}: {}", error.message());
    match error.hint() {
        Some(hint) => Error::new(error.code(), message).with_hint(hint.to_owned()),
        None => Error::new(error.code(), message),
    }
}
