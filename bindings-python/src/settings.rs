//! [`Settings`] and [`CallbackUrlChange`]: where the gateway sends a store's callbacks.

use paymento::CallbackMethod;
use pyo3::{prelude::*, types::PyDict};

use crate::{
    arguments::Options,
    enums::MethodEnum,
    errors::raise,
    value::{Fields, data_class},
};

/// Where the gateway sends a store's callbacks.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Settings(pub(crate) paymento::Settings);

data_class!(Settings, ["callback_url", "callback_method"]);

impl From<paymento::Settings> for Settings {
    fn from(settings: paymento::Settings) -> Self {
        Self(settings)
    }
}

#[pymethods]
impl Settings {
    /// The address; None when none is set.
    #[getter]
    fn callback_url(&self) -> Option<&str> {
        self.0.callback_url.as_deref()
    }

    /// The method; None when none is set.
    #[getter]
    fn callback_method(&self) -> Option<MethodEnum> {
        self.0.callback_method.map(MethodEnum)
    }

    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let method = self.0.callback_method.map(CallbackMethod::as_str);
        Ok(Fields::new(py).with("callback_url", self.callback_url())?.with("callback_method", method)?.done())
    }
}

/// What `ensure_callback_url` found and did.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct CallbackUrlChange(paymento::CallbackUrlChange);

data_class!(CallbackUrlChange, ["changed", "previous", "current"]);

impl From<paymento::CallbackUrlChange> for CallbackUrlChange {
    fn from(change: paymento::CallbackUrlChange) -> Self {
        Self(change)
    }
}

#[pymethods]
impl CallbackUrlChange {
    /// Whether anything was written.
    #[getter]
    fn changed(&self) -> bool {
        self.0.changed
    }

    /// The settings before.
    #[getter]
    fn previous(&self) -> Settings {
        Settings(self.0.previous.clone())
    }

    /// The settings now.
    #[getter]
    fn current(&self) -> Settings {
        Settings(self.0.current.clone())
    }

    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("changed", self.changed())?
            .with("previous", self.previous().to_dict(py)?)?
            .with("current", self.current().to_dict(py)?)?;
        Ok(fields.done())
    }
}

/// POST where none is given.
pub(crate) fn callback_method(options: Options<'_, '_>, name: &str) -> PyResult<CallbackMethod> {
    let method = options.text(name)?;
    method.map_or(Ok(CallbackMethod::default()), |text| CallbackMethod::parse(&text).map_err(raise))
}
