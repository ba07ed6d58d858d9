//! Core's enumerations as Python's, which are in `paymento/_enums.py` and imported when one is first needed.

use paymento::{CallbackMethod, Meaning, OrderStatus, Outcome};
use pyo3::{prelude::*, sync::PyOnceLock, types::PyType};

macro_rules! python_enum {
    ($name:ident($core:ty) = $class:literal, $value:ident: $python:ty = $convert:expr) => {
        #[doc = concat!("`paymento.", $class, "`")]
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) struct $name(pub(crate) $core);

        impl<'py> IntoPyObject<'py> for $name {
            type Target = PyAny;
            type Output = Bound<'py, PyAny>;
            type Error = PyErr;

            #[cfg(feature = "stubs")]
            const OUTPUT_TYPE: pyo3::inspect::PyStaticExpr = pyo3::type_hint_identifier!("paymento._enums", $class);

            fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
                let $value = self.0;
                let value: $python = $convert;
                CLASS.import(py, "paymento._enums", $class)?.call1((value,))
            }
        }
    };
}

python_enum!(StatusEnum(OrderStatus) = "OrderStatus", status: i64 = status.code());
python_enum!(OutcomeEnum(Outcome) = "Outcome", outcome: &'static str = outcome.as_str());
python_enum!(MethodEnum(CallbackMethod) = "CallbackMethod", method: &'static str = method.as_str());
python_enum!(MeaningEnum(Meaning) = "Meaning", meaning: &'static str = meaning.as_str());
