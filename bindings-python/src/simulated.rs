//! What the simulator shows of itself: payments, callbacks and their attempts, events.

use paymento::{OrderStatus, simulator};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};

use crate::{
    enums::StatusEnum,
    money::Money,
    value::{Fields, Notes, data_class},
};

/// A payment as the simulator keeps it.
#[pyclass(frozen, module = "paymento.testing")]
pub(crate) struct PaymentSnapshot(simulator::PaymentSnapshot);

data_class!(PaymentSnapshot, ["token", "order_id", "status"]);

impl From<simulator::PaymentSnapshot> for PaymentSnapshot {
    fn from(payment: simulator::PaymentSnapshot) -> Self {
        Self(payment)
    }
}

#[pymethods]
impl PaymentSnapshot {
    /// The token, 32 lower-case hexadecimal characters.
    #[getter]
    fn token(&self) -> &str {
        &self.0.token
    }

    /// The gateway's own number, which callbacks carry.
    #[getter]
    fn payment_id(&self) -> i64 {
        self.0.payment_id
    }

    /// The shop's order id.
    #[getter]
    fn order_id(&self) -> Option<&str> {
        self.0.order_id.as_deref()
    }

    /// Where it stands.
    #[getter]
    fn status(&self) -> StatusEnum {
        StatusEnum(self.0.status)
    }

    /// The fiat price; None when priced in coins.
    #[getter]
    fn fiat_amount(&self) -> Option<Money> {
        self.0.fiat_amount.clone().map(Money)
    }

    /// The fiat currency as the shop wrote it.
    #[getter]
    fn fiat_currency(&self) -> Option<&str> {
        self.0.fiat_currency.as_deref()
    }

    /// The chosen coin's name.
    #[getter]
    fn coin(&self) -> Option<&str> {
        self.0.coin.as_deref()
    }

    /// How much of the chosen coin.
    #[getter]
    fn crypto_amount(&self) -> Option<Money> {
        self.0.crypto_amount.clone().map(Money)
    }

    /// Where the customer returns to.
    #[getter]
    fn return_url(&self) -> Option<&str> {
        self.0.return_url.as_deref()
    }

    /// The number on the wire: 0 high, 1 low. 0 where the shop sent none.
    #[getter]
    fn risk_speed(&self) -> u8 {
        self.0.risk_speed
    }

    /// The culture name that the shop sent.
    #[getter]
    fn language(&self) -> Option<&str> {
        self.0.language.as_deref()
    }

    /// The customer's address that the shop sent.
    #[getter]
    fn email_address(&self) -> Option<&str> {
        self.0.email_address.as_deref()
    }

    /// What travels with the order.
    #[getter]
    fn additional_data(&self) -> Notes<'_> {
        Notes(&self.0.additional_data)
    }

    /// The checkout page.
    #[getter]
    fn url(&self) -> &str {
        &self.0.url
    }
}

/// One callback of the simulator: what was sent, and what came of every attempt.
#[pyclass(frozen, get_all, module = "paymento.testing")]
pub(crate) struct Delivery {
    /// The payment's token.
    token: String,
    /// The status that it carries; None for a forged body.
    status: Option<StatusEnum>,
    /// Where it goes.
    url: String,
    /// POST or PUT.
    method: &'static str,
    /// The exact body.
    body: Py<PyBytes>,
    /// The signature header's value; None when a forged callback carries none.
    signature: Option<String>,
    /// Every attempt so far, oldest first.
    attempts: Vec<Attempt>,
    /// Whether it was answered 200, or given up.
    finished: bool,
    /// Whether the shop took it: answered 200.
    is_delivered: bool,
}

data_class!(Delivery, ["token", "status", "url", "method", "attempts", "finished"]);

impl Delivery {
    pub(crate) fn new(py: Python<'_>, delivery: simulator::Delivery) -> Self {
        Self {
            is_delivered: delivery.is_delivered(),
            body: PyBytes::new(py, &delivery.body).unbind(),
            attempts: delivery.attempts.iter().map(Attempt::from).collect(),
            token: delivery.token,
            status: delivery.status.map(StatusEnum),
            url: delivery.url,
            method: delivery.method.as_str(),
            signature: delivery.signature,
            finished: delivery.finished,
        }
    }
}

/// One attempt to deliver a callback.
#[pyclass(frozen, eq, get_all, module = "paymento.testing")]
#[derive(Clone, PartialEq)]
pub(crate) struct Attempt {
    /// When it began, in seconds from the moment the callback was due.
    offset: f64,
    /// How long the answer took, or the failure, in seconds.
    took: f64,
    /// The answer's HTTP status, where there was one.
    answer_status: Option<u16>,
    /// Why there was no answer, where there was none.
    failure: Option<String>,
}

data_class!(Attempt, ["offset", "took", "answer_status", "failure"]);

impl From<&simulator::Attempt> for Attempt {
    fn from(attempt: &simulator::Attempt) -> Self {
        Self {
            offset: attempt.offset.as_secs_f64(),
            took: attempt.took.as_secs_f64(),
            answer_status: attempt.answer_status(),
            failure: attempt.failure().map(str::to_owned),
        }
    }
}

/// One thing that happened in the simulator.
#[pyclass(frozen, get_all, module = "paymento.testing")]
pub(crate) struct Event {
    /// Counts up from 1 without gaps.
    sequence: u64,
    /// How long the simulator had been running, in seconds.
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
