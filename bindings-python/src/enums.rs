//! Core's enumerations as Python's, which are in `paymento/_enums.py` and imported when one is first needed.

use paymento::{
    CallbackMethod, Meaning, OrderStatus, Outcome, Speed,
    checkout::{EventKind, OrderState, PaymentState, Problem, Reason},
};
use pyo3::{prelude::*, sync::PyOnceLock, types::PyType};

macro_rules! python_enum {
    ($name:ident($core:ty) = $class:literal in $module:literal, $value:ident: $python:ty = $convert:expr) => {
        #[doc = concat!("`paymento.", $class, "`")]
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(crate) struct $name(pub(crate) $core);

        impl<'py> IntoPyObject<'py> for $name {
            type Target = PyAny;
            type Output = Bound<'py, PyAny>;
            type Error = PyErr;

            #[cfg(feature = "stubs")]
            const OUTPUT_TYPE: pyo3::inspect::PyStaticExpr = pyo3::type_hint_identifier!($module, $class);

            fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
                let $value = self.0;
                let value: $python = $convert;
                CLASS.import(py, $module, $class)?.call1((value,))
            }
        }
    };
}

python_enum!(StatusEnum(OrderStatus) = "OrderStatus" in "paymento._enums", status: i64 = status.code());

macro_rules! text_enums {
    ($module:literal: $($name:ident($core:ty) = $class:literal,)+) => {
        $(python_enum!($name($core) = $class in $module, value: &'static str = value.as_str());)+
    };
}

text_enums! { "paymento._enums":
    OutcomeEnum(Outcome) = "Outcome",
    MethodEnum(CallbackMethod) = "CallbackMethod",
    MeaningEnum(Meaning) = "Meaning",
    SpeedEnum(Speed) = "Speed",
}

text_enums! { "paymento._checkout_enums":
    KindEnum(EventKind) = "EventKind",
    ReasonEnum(Reason) = "Reason",
    ProblemEnum(Problem) = "Problem",
    OrderStateEnum(OrderState) = "OrderState",
    PaymentStateEnum(PaymentState) = "PaymentState",
}
