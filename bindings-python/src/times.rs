//! Times: milliseconds since 1970 in core's database, aware datetimes in UTC in Python.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use paymento::ErrorCode;
use pyo3::{intern, prelude::*, types::PyDateTime};

use crate::errors::{refuse, wrong_type};

/// The time of so many milliseconds, which becomes a datetime.
pub(crate) fn time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.try_into().unwrap_or_default())
}

/// As JSON takes it.
pub(crate) fn text(py: Python<'_>, millis: i64) -> PyResult<Bound<'_, PyAny>> {
    time(millis).into_pyobject(py)?.call_method0(intern!(py, "isoformat"))
}

/// As JSON takes it, where there is one.
pub(crate) fn maybe_text(py: Python<'_>, millis: Option<i64>) -> PyResult<Option<Bound<'_, PyAny>>> {
    millis.map(|millis| text(py, millis)).transpose()
}

/// The milliseconds of an aware datetime; before 1970 they are none.
pub(crate) fn millis(name: &str, value: &Bound<'_, PyAny>) -> PyResult<i64> {
    let Ok(time) = value.cast::<PyDateTime>() else { return Err(wrong_type(name, "an aware datetime", value)) };
    if time.call_method0(intern!(value.py(), "utcoffset"))?.is_none() {
        let message = format!("{name} must be an aware datetime; this one has no time zone");
        return Err(refuse(ErrorCode::InputType, message));
    }
    // What the system's clock cannot say is long ago.
    let time: SystemTime = value.extract().unwrap_or(UNIX_EPOCH);
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
