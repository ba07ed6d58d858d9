//! [`Event`]: what happened in the simulator.

use paymento::{OrderStatus, simulator};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    enums::StatusEnum,
    value::{Fields, data_class},
};

/// One thing that happened in the simulator.
#[pyclass(frozen, get_all, module = "paymento.testing")]
pub(crate) struct Event {
    /// Counts up from 1 without gaps.
    sequence: u64,
    /// When, in seconds by the simulator's clock.
    at: f64,
    /// What happened, for instance `payment_created`.
    kind: &'static str,
    /// The payment's token, or empty when it is about none.
    token: String,
    /// The shop's order id, or empty.
    order_id: String,
    /// The payment's status after it, or the one that a callback carries.
    status: Option<StatusEnum>,
    /// The rest, in words. May be empty.
    detail: String,
}

data_class!(Event, ["sequence", "at", "kind", "token", "order_id", "status", "detail"]);

impl From<simulator::Event> for Event {
    fn from(event: simulator::Event) -> Self {
        Self {
            sequence: event.sequence,
            at: event.at.as_secs_f64(),
            kind: event.kind.as_str(),
            token: event.token,
            order_id: event.order_id,
            status: event.status.map(StatusEnum),
            detail: event.detail,
        }
    }
}

#[pymethods]
impl Event {
    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("sequence", self.sequence)?
            .with("at", self.at)?
            .with("kind", self.kind)?
            .with("token", &self.token)?
            .with("order_id", &self.order_id)?
            .with("status", self.status.map(|status| OrderStatus::code(status.0)))?
            .with("detail", &self.detail)?;
        Ok(fields.done())
    }
}
