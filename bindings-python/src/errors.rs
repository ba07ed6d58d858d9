//! Core's errors as Python exceptions. The classes are Python's own, in `paymento/_errors.py`.

use paymento::{Error, ErrorCode, ErrorKind};
use pyo3::{
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyType},
};

use crate::checkout::OrderRecord;

/// The exception for an error of the core.
#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`")]
pub(crate) fn raise(error: Error) -> PyErr {
    Python::attach(|py| exception(py, &error).unwrap_or_else(|failure| failure))
}

/// The exception for a wrong argument; the message is lower case, without a full stop.
pub(crate) fn refuse(code: ErrorCode, message: impl Into<String>) -> PyErr {
    raise(Error::new(code, message))
}

/// That the argument `name` has the wrong type. The value is not repeated: it may be a secret.
pub(crate) fn wrong_type(name: &str, wanted: &str, got: &Bound<'_, PyAny>) -> PyErr {
    refuse(ErrorCode::InputType, format!("{name} must be {wanted}; got {}", type_name(got)))
}

/// The name of a value's class, made fit for a message.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    let name = value.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    let name: String = name.chars().filter(|c| c.is_alphanumeric() || *c == '_').take(40).collect();
    if name.is_empty() { "object".to_owned() } else { name }
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let fields = PyDict::new(py);
    fields.set_item(intern!(py, "code"), error.code().as_str())?;
    fields.set_item(intern!(py, "message"), error.message())?;
    fields.set_item(intern!(py, "hint"), error.hint())?;
    fields.set_item(intern!(py, "http_status"), error.http_status())?;
    fields.set_item(intern!(py, "retry_after"), error.retry_after().map(|wait| wait.as_secs_f64()))?;
    fields.set_item(intern!(py, "is_retryable"), error.is_retryable())?;
    fields.set_item(intern!(py, "maybe_sent"), error.maybe_sent())?;
    let raised = class(py, error.kind())?.call((error.to_string(),), Some(&fields))?;
    if let Some(order) = error.order() {
        raised.setattr(intern!(py, "order"), OrderRecord::from(order.clone()))?;
    }
    Ok(PyErr::from_value(raised))
}

fn class(py: Python<'_>, kind: ErrorKind) -> PyResult<&Bound<'_, PyType>> {
    static CLASSES: [PyOnceLock<Py<PyType>>; 9] = [const { PyOnceLock::new() }; 9];
    let position = match kind {
        ErrorKind::Config => 0,
        ErrorKind::Input => 1,
        ErrorKind::Transport => 2,
        ErrorKind::Api => 3,
        ErrorKind::Decode => 4,
        ErrorKind::Signature => 5,
        ErrorKind::Verify => 6,
        ErrorKind::Checkout => 7,
        _ => 8,
    };
    CLASSES[position].import(py, "paymento._errors", kind.class_name())
}

/// The code of an exception that [`raise`] made.
pub(crate) fn code(py: Python<'_>, error: &PyErr) -> Option<ErrorCode> {
    static BASE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let error = error.value(py);
    let base = BASE.import(py, "paymento._errors", "PaymentoError").ok()?;
    if !error.is_instance(base).ok()? {
        return None;
    }
    let code: String = error.getattr(intern!(py, "code")).ok()?.extract().ok()?;
    ErrorCode::ALL.iter().copied().find(|known| known.as_str() == code)
}
