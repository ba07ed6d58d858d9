//! Time limits: seconds or `timedelta` in Python, `Duration` in core.

use std::time::Duration;

use paymento::{ErrorCode, Limits};
use pyo3::{
    prelude::*,
    types::{PyBool, PyFloat, PyInt},
};

use crate::{
    arguments::Options,
    errors::{refuse, wrong_type},
};

/// The given limits in place of these.
pub(crate) fn replaced(limits: Limits, options: Options<'_, '_>) -> PyResult<Limits> {
    let given = |name| options.get(name)?.map(|value| duration(name, &value)).transpose();
    Ok(limits.replaced(given("connect_timeout")?, given("attempt_timeout")?, given("timeout")?))
}

/// Seconds as a number, or a `timedelta`. Core says which durations are in range.
pub(crate) fn duration(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let out_of_range =
        || refuse(ErrorCode::ConfigTimeout, format!("{name} must be more than 0 and at most 3600 seconds"));
    seconds(name, value, out_of_range)
}

/// Seconds as a number, or a `timedelta`, of any length that there is.
pub(crate) fn seconds(name: &str, value: &Bound<'_, PyAny>, out_of_range: impl Fn() -> PyErr) -> PyResult<Duration> {
    let is_number = value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
    if value.is_instance_of::<PyBool>() {
        return Err(wrong_type(name, "seconds or a timedelta", value));
    }
    if is_number {
        let seconds: f64 = value.extract().map_err(|_| out_of_range())?;
        return Duration::try_from_secs_f64(seconds).map_err(|_| out_of_range());
    }
    value.extract().map_err(|_| match value.cast::<pyo3::types::PyDelta>() {
        Ok(_) => out_of_range(),
        Err(_) => wrong_type(name, "seconds or a timedelta", value),
    })
}
