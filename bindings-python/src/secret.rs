//! Secret keys: plain strings in Python, made into [`Secret`]s here. None is repeated in an error.

use paymento::Secret;
use pyo3::{prelude::*, types::PyString};

use crate::{
    arguments::{items, text},
    errors::{raise, wrong_type},
};

/// One secret key.
pub(crate) fn one(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Secret> {
    Secret::new(&text(name, value)?).map_err(raise)
}

/// One secret key, or several while it is being changed.
pub(crate) fn several(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<Secret>> {
    if value.is_instance_of::<PyString>() {
        return Ok(vec![one(name, value)?]);
    }
    let keys = items(value).ok_or_else(|| wrong_type(name, "a string or a list of strings", value))?;
    keys.iter().map(|key| one(name, key)).collect()
}
