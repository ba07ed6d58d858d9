//! What `paymento/_enums.py` asks of core: statuses, and the lists that its tests compare.

use paymento::{
    ErrorCode, OrderStatus, Outcome,
    checkout::{EventKind, OrderState, PaymentState, Problem, Reason},
    simulator::Fault,
};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    arguments::text,
    errors::{refuse, wrong_type},
    value::Fields,
};

/// The number of a status from a numeric string or a name in any case.
#[pyfunction]
#[pyo3(signature = (status: "str") -> "int")]
pub(crate) fn status_code(status: &Bound<'_, PyAny>) -> PyResult<i64> {
    let status: Result<OrderStatus, _> = text("status", status)?.parse();
    status.map(OrderStatus::code).map_err(|error| refuse(ErrorCode::InputType, error.to_string()))
}

/// Raises the error for a value that is none of an enumeration's.
#[pyfunction]
#[pyo3(signature = (name: "str", value: "object") -> "NoReturn")]
pub(crate) fn refuse_value(name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    Err(wrong_type(name, "one of its documented values", value))
}

/// What the status with this number means to a shop.
#[pyfunction]
pub(crate) fn status_meaning(code: i64) -> &'static str {
    OrderStatus::from_code(code).meaning().as_str()
}

/// Core's lists: statuses, outcomes, the table of errors, the checkout's names, and the simulator's faults.
#[pyfunction]
#[pyo3(signature = () -> "dict[str, list[tuple[Any, ...]]]")]
pub(crate) fn tables(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let statuses: Vec<_> = OrderStatus::KNOWN.map(|s| (s.name(), s.code(), s.meaning().as_str())).into();
    let outcomes: Vec<_> = Outcome::ALL.map(|outcome| (outcome.as_str(),)).into();
    let errors = ErrorCode::ALL.iter().map(|code| (code.as_str(), code.kind().class_name(), code.is_retryable()));
    let faults: Vec<_> = Fault::ALL.iter().map(|fault| (fault.as_str(), fault.about())).collect();
    macro_rules! names {
        ($name:ident) => {
            $name::ALL.iter().map(|value| (value.as_str(),)).collect::<Vec<_>>()
        };
    }
    let fields = Fields::new(py)
        .with("event_kinds", names!(EventKind))?
        .with("reasons", names!(Reason))?
        .with("problems", names!(Problem))?
        .with("order_states", names!(OrderState))?
        .with("payment_states", names!(PaymentState))?
        .with("statuses", statuses)?
        .with("outcomes", outcomes)?
        .with("errors", errors.collect::<Vec<_>>())?
        .with("faults", faults)?;
    Ok(fields.done())
}
