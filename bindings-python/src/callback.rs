//! [`Callback`]: an authenticated message of the gateway.

use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};

use crate::{
    enums::{MeaningEnum, StatusEnum},
    value::{Fields, Notes, data_class},
};

/// A callback that carries the store's signature. `paymento.authenticate` and `Client.authenticate` make it.
///
/// It says that the gateway sent these bytes at some time, and no more: callbacks are repeated, late and out of order,
/// and may be replayed. Whether the payment is settled, only `verify_payment` says.
#[pyclass(frozen, module = "paymento")]
pub(crate) struct Callback {
    callback: paymento::Callback,
    body: Py<PyBytes>,
}

impl Callback {
    pub(crate) fn new(callback: paymento::Callback, body: &Bound<'_, PyBytes>) -> Self {
        Self { callback, body: body.clone().unbind() }
    }
}

data_class!(Callback, ["token", "payment_id", "order_id", "status"]);

#[pymethods]
impl Callback {
    /// The payment's token. None in the connection test that the dashboard sends.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.callback.token()
    }

    /// The gateway's number of the payment, up to 64 bits.
    #[getter]
    fn payment_id(&self) -> Option<i64> {
        self.callback.payment_id()
    }

    /// The shop's order id, as it was given to `create_payment`.
    #[getter]
    fn order_id(&self) -> Option<&str> {
        self.callback.order_id()
    }

    /// The status when the callback was sent: a reason to verify, no proof. None when there is none that can be read.
    #[getter]
    fn status(&self) -> Option<StatusEnum> {
        self.callback.status().map(StatusEnum)
    }

    /// The status as it came, where there is one.
    #[getter]
    fn status_text(&self) -> Option<&str> {
        self.callback.status_text()
    }

    /// What the status means to a shop; unknown when there is none that can be read.
    ///
    /// Open and attention need no verify call: another callback comes when the payment moves.
    #[getter]
    fn meaning(&self) -> MeaningEnum {
        MeaningEnum(self.callback.meaning())
    }

    /// The shop's own notes from `create_payment`.
    #[getter]
    fn additional_data(&self) -> Notes<'_> {
        Notes(self.callback.additional_data())
    }

    /// Which of the secrets matched, counted from 0.
    #[getter]
    fn secret_index(&self) -> usize {
        self.callback.secret_index()
    }

    /// The body, byte for byte.
    #[getter]
    fn body(&self, py: Python<'_>) -> Py<PyBytes> {
        self.body.clone_ref(py)
    }

    /// The fields as JSON takes them, without the body; the payment id as a string.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let callback = &self.callback;
        let fields = Fields::new(py)
            .with("token", callback.token())?
            .with("payment_id", callback.payment_id().map(|id| id.to_string()))?
            .with("order_id", callback.order_id())?
            .with("status", callback.status().map(paymento::OrderStatus::code))?
            .with("status_text", callback.status_text())?
            .with("meaning", callback.meaning().as_str())?
            .with("additional_data", self.additional_data())?
            .with("secret_index", callback.secret_index())?;
        Ok(fields.done())
    }
}
