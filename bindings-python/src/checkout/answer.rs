//! [`Answer`]: what a callback is answered with.

use std::collections::HashMap;

use paymento::checkout;
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};

use crate::value::{Fields, data_class};

/// The answer to a callback. Send it as it is, for instance `return answer.body, answer.status, answer.headers` in Flask.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Answer(checkout::Answer);

data_class!(Answer, ["status", "token", "code"]);

impl From<checkout::Answer> for Answer {
    fn from(answer: checkout::Answer) -> Self {
        Self(answer)
    }
}

#[pymethods]
impl Answer {
    /// The HTTP status: 200, 401, 405, 413 or 503.
    #[getter]
    fn status(&self) -> u16 {
        self.0.status
    }

    /// The headers.
    #[getter]
    fn headers(&self) -> HashMap<&'static str, &'static str> {
        self.0.headers.iter().copied().collect()
    }

    /// A short text that says nothing secret.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.body.as_bytes())
    }

    /// The payment's token, once the callback is recorded.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.0.token.as_deref()
    }

    /// Why it was not taken, as an error's code; None where it was.
    #[getter]
    fn code(&self) -> Option<&'static str> {
        self.0.code.map(paymento::ErrorCode::as_str)
    }

    /// The order whose handlers run before this is sent; for a worker that is inline.
    #[getter]
    fn _hand_over(&self) -> Option<&str> {
        self.0.hand_over.as_deref()
    }

    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("status", self.status())?
            .with("headers", self.headers())?
            .with("body", self.0.body)?
            .with("token", self.token())?
            .with("code", self.code())?;
        Ok(fields.done())
    }
}
