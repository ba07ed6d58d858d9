//! Core's log records, handed to Python's `logging` on the thread of the call that made them.

use paymento::{Error, LogLevel, LogRecord};
use pyo3::{exceptions::PyException, intern, prelude::*, sync::PyOnceLock, types::PyDict};

use crate::errors::code;

/// The levels' numbers in `logging`.
fn number(level: LogLevel) -> u8 {
    match level {
        LogLevel::Debug => 10,
        LogLevel::Error => 40,
        _ => 30,
    }
}

/// A failing handler costs nobody a payment: its exception goes to `sys.unraisablehook`. What is to end the program, such
/// as `KeyboardInterrupt`, is the caller's to raise.
pub(crate) fn hand_over(py: Python<'_>, records: &[LogRecord]) -> PyResult<()> {
    if records.is_empty() {
        return Ok(());
    }
    without_failures(py, try_to_hand_over(py, records))
}

fn without_failures(py: Python<'_>, result: PyResult<()>) -> PyResult<()> {
    match result {
        Err(error) if error.is_instance_of::<PyException>(py) => {
            error.write_unraisable(py, None);
            Ok(())
        }
        result => result,
    }
}

/// Logs one sentence at the level `INFO`. A failing handler keeps nobody from going on here either.
pub(crate) fn tell(py: Python<'_>, message: &str) -> PyResult<()> {
    let Some(logger) = logger(py)? else { return Ok(()) };
    without_failures(py, logger.call_method1(intern!(py, "info"), ("%s", message)).map(|_| ()))
}

/// Logs the refusal of a callback, and gives the exception to raise. What a hook of the caller's raised is no refusal.
pub(crate) fn refused_callback(py: Python<'_>, error: PyErr) -> PyErr {
    match code(py, &error).map(|code| LogRecord::refused_callback(&Error::new(code, ""))) {
        Some(record) => hand_over(py, &[record]).err().unwrap_or(error),
        None => error,
    }
}

fn try_to_hand_over(py: Python<'_>, records: &[LogRecord]) -> PyResult<()> {
    let Some(logger) = logger(py)? else { return Ok(()) };
    for record in records {
        let level = number(record.level);
        if logger.call_method1(intern!(py, "isEnabledFor"), (level,))?.is_truthy()? {
            let options = PyDict::new(py);
            options.set_item(intern!(py, "extra"), fields(py, record)?)?;
            logger.call_method(intern!(py, "log"), (level, record.message()), Some(&options))?;
        }
    }
    Ok(())
}

/// None while nobody has imported `logging`, since nobody listens then, and importing it takes longer than a call.
fn logger(py: Python<'_>) -> PyResult<Option<&Bound<'_, PyAny>>> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if LOGGER.get(py).is_none() {
        let modules = py.import(intern!(py, "sys"))?.getattr(intern!(py, "modules"))?;
        if !modules.contains(intern!(py, "logging"))? {
            return Ok(None);
        }
    }
    let logger = LOGGER.get_or_try_init(py, || {
        let logging = py.import(intern!(py, "logging"))?;
        let logger = logging.call_method1(intern!(py, "getLogger"), ("paymento",))?;
        // Without it, `logging` prints warnings of a library to standard error where nobody configured it.
        logger.call_method1(intern!(py, "addHandler"), (logging.call_method0(intern!(py, "NullHandler"))?,))?;
        PyResult::Ok(logger.unbind())
    })?;
    Ok(Some(logger.bind(py)))
}

fn fields<'py>(py: Python<'py>, record: &LogRecord) -> PyResult<Bound<'py, PyDict>> {
    let fields = PyDict::new(py);
    fields.set_item(intern!(py, "event"), record.event)?;
    fields.set_item(intern!(py, "method"), record.method)?;
    fields.set_item(intern!(py, "path"), record.path.as_deref())?;
    fields.set_item(intern!(py, "status"), record.status)?;
    fields.set_item(intern!(py, "milliseconds"), record.milliseconds)?;
    fields.set_item(intern!(py, "attempt"), record.attempt)?;
    fields.set_item(intern!(py, "code"), record.code)?;
    Ok(fields)
}
