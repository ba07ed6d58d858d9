//! Durations of the simulator: seconds, `timedelta`, or a text that core reads.

use std::time::Duration;

use paymento::{ErrorCode, simulator::parse_duration};
use pyo3::{
    prelude::*,
    types::{PyBool, PyDelta, PyFloat, PyInt, PyString},
};

use crate::{
    arguments::text,
    errors::{raise, refuse, wrong_type},
};

/// Seconds as a number, a `timedelta`, or a text such as `20m`. Infinity is the longest there is, which means never.
pub(super) fn duration(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let out_of_range = || refuse(ErrorCode::InputDuration, format!("{name} must not be negative, nor beyond 64 bits"));
    if value.is_instance_of::<PyString>() {
        return parse_duration(&text(name, value)?).map_err(raise);
    }
    let is_number = value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>();
    if is_number && !value.is_instance_of::<PyBool>() {
        return seconds(value.extract().map_err(|_| out_of_range())?).ok_or_else(out_of_range);
    }
    match value.cast::<PyDelta>() {
        Ok(delta) => delta.extract().map_err(|_| out_of_range()),
        Err(_) => Err(wrong_type(name, "seconds, a timedelta or a text like \"20m\"", value)),
    }
}

fn seconds(seconds: f64) -> Option<Duration> {
    if seconds == f64::INFINITY { Some(Duration::MAX) } else { Duration::try_from_secs_f64(seconds).ok() }
}
