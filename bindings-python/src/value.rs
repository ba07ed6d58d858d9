//! What all data classes have in common: only the library makes them, and they are not pickled.

use paymento::{Error, ErrorCode};
use pyo3::{
    prelude::*,
    types::{PyDict, PyType},
};

use crate::errors::raise;

/// Adds to a data class: no constructor, no pickling, copies are the value itself, and a `repr` of the named fields.
macro_rules! data_class {
    ($class:ident, [$($shown:literal),*]) => {
        #[pyo3::pymethods]
        impl $class {
            #[new]
            #[classmethod]
            #[pyo3(signature = (*_args: "object", **_kwargs: "object"))]
            fn __new__(
                cls: &pyo3::Bound<'_, pyo3::types::PyType>,
                _args: &pyo3::Bound<'_, pyo3::types::PyTuple>,
                _kwargs: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<Self> {
                Err($crate::value::not_constructible(cls))
            }

            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                $crate::value::repr(slf.as_any(), &[$($shown),*])
            }

            #[pyo3(signature = () -> "NoReturn")]
            fn __reduce__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<()> {
                Err($crate::value::not_picklable(slf.as_any()))
            }

            fn __copy__(slf: pyo3::PyRef<'_, Self>) -> pyo3::PyRef<'_, Self> {
                slf
            }

            fn __deepcopy__<'py>(
                slf: pyo3::PyRef<'py, Self>,
                _memo: &pyo3::Bound<'py, pyo3::PyAny>,
            ) -> pyo3::PyRef<'py, Self> {
                slf
            }
        }
    };
}
pub(crate) use data_class;

pub(crate) fn not_constructible(class: &Bound<'_, PyType>) -> PyErr {
    let name = class.name().map(|name| name.to_string()).unwrap_or_default();
    raise(
        Error::new(ErrorCode::InputNotConstructible, format!("{name} is made by the library only"))
            .with_hint("in tests, paymento.testing makes one"),
    )
}

/// Raises the error that says why `value` is not pickled.
#[pyfunction]
#[pyo3(signature = (value: "object") -> "NoReturn")]
pub(crate) fn refuse_pickling(value: &Bound<'_, PyAny>) -> PyResult<()> {
    Err(not_picklable(value))
}

pub(crate) fn not_picklable(value: &Bound<'_, PyAny>) -> PyErr {
    let message = format!("{} is not pickled", crate::errors::type_name(value));
    raise(
        Error::new(ErrorCode::InputNotPicklable, message)
            .with_hint("keep what to_dict() gives, or the token and the order id"),
    )
}

pub(crate) fn repr(value: &Bound<'_, PyAny>, shown: &[&str]) -> PyResult<String> {
    let fields: PyResult<Vec<_>> =
        shown.iter().map(|name| Ok(format!("{name}={}", value.getattr(*name)?.repr()?))).collect();
    Ok(format!("{}({})", value.get_type().name()?, fields?.join(", ")))
}

/// A dictionary, field by field.
pub(crate) struct Fields<'py>(Bound<'py, PyDict>);

impl<'py> Fields<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self(PyDict::new(py))
    }

    pub(crate) fn with<T: IntoPyObject<'py>>(self, name: &str, value: T) -> PyResult<Self> {
        self.0.set_item(name, value)?;
        Ok(self)
    }

    pub(crate) fn done(self) -> Bound<'py, PyDict> {
        self.0
    }
}

/// The shop's notes, which become a dictionary.
pub(crate) struct Notes<'a>(pub(crate) &'a [(String, String)]);

impl<'py> IntoPyObject<'py> for Notes<'_> {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: pyo3::inspect::PyStaticExpr = pyo3::type_hint_subscript!(
        pyo3::type_hint_identifier!("builtins", "dict"),
        pyo3::type_hint_identifier!("builtins", "str"),
        pyo3::type_hint_identifier!("builtins", "str")
    );

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.0.iter().try_fold(Fields::new(py), |fields, (key, value)| fields.with(key, value)).map(Fields::done)
    }
}
