//! What the checkout's own database says: [`OrderRecord`], [`PaymentRecord`], [`PaymentsPage`], [`HistoryEntry`].

use std::time::SystemTime;

use paymento::checkout;
use pyo3::{
    prelude::*,
    types::{PyDict, PyList},
};

use super::event::Shortfall;
use crate::{
    enums::{OrderStateEnum, PaymentStateEnum},
    payment::Price,
    times::{maybe_text, text, time},
    value::{Fields, data_class},
};

/// Where an order stands, by the checkout's own database. Show it only to whom the order belongs.
#[pyclass(frozen, module = "paymento")]
pub(crate) struct OrderRecord(pub(super) checkout::OrderRecord);

data_class!(OrderRecord, ["order_id", "state", "token"]);

impl From<checkout::OrderRecord> for OrderRecord {
    fn from(record: checkout::OrderRecord) -> Self {
        Self(record)
    }
}

#[pymethods]
impl OrderRecord {
    /// The shop's order id.
    #[getter]
    fn order_id(&self) -> &str {
        &self.0.order_id
    }

    /// `open`, `partially_paid`, `confirming`, `paid`, `closed` or `attention`. Equal to its text.
    #[getter]
    fn state(&self) -> OrderStateEnum {
        OrderStateEnum(self.0.state)
    }

    /// The order's current price.
    #[getter]
    fn price(&self) -> Price {
        Price(self.0.price.clone())
    }

    /// The hosted page, while the order can be paid.
    #[getter]
    fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// The token of the payment that pays the order, has paid it, or was the last attempt.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.0.token.as_deref()
    }

    /// What is missing, where the order is partially paid and the gateway reports amounts.
    #[getter]
    fn shortfall(&self) -> Option<Shortfall> {
        self.0.shortfall.clone().map(Shortfall)
    }

    /// False for a simulator's payment; None where it is not known whether the coins are worth anything.
    #[getter]
    fn live(&self) -> Option<bool> {
        self.0.live
    }

    /// When the order was first seen; as all times in UTC, by the database's clock.
    #[getter]
    fn created_at(&self) -> SystemTime {
        time(self.0.created_at)
    }

    /// When anything last changed.
    #[getter]
    fn updated_at(&self) -> SystemTime {
        time(self.0.updated_at)
    }

    /// When the order was found to be paid.
    #[getter]
    fn paid_at(&self) -> Option<SystemTime> {
        self.0.paid_at.map(time)
    }

    /// When the shop canceled it.
    #[getter]
    fn canceled_at(&self) -> Option<SystemTime> {
        self.0.canceled_at.map(time)
    }

    /// The fields as JSON takes them; amounts as strings, times in ISO 8601.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("order_id", self.order_id())?
            .with("state", self.0.state.as_str())?
            .with("price", self.price().to_dict(py)?)?
            .with("url", self.url())?
            .with("token", self.token())?
            .with("shortfall", self.shortfall().map(|shortfall| shortfall.to_dict(py)).transpose()?)?
            .with("live", self.live())?
            .with("created_at", text(py, self.0.created_at)?)?
            .with("updated_at", text(py, self.0.updated_at)?)?
            .with("paid_at", maybe_text(py, self.0.paid_at)?)?
            .with("canceled_at", maybe_text(py, self.0.canceled_at)?)?;
        Ok(fields.done())
    }
}

/// One payment as the checkout keeps it.
#[pyclass(frozen, module = "paymento")]
#[derive(Clone)]
pub(crate) struct PaymentRecord(pub(super) checkout::PaymentRecord);

data_class!(PaymentRecord, ["order_id", "token", "state"]);

#[pymethods]
impl PaymentRecord {
    /// The shop's order id.
    #[getter]
    fn order_id(&self) -> &str {
        &self.0.order_id
    }

    /// The payment's token.
    #[getter]
    fn token(&self) -> &str {
        &self.0.token
    }

    /// `creating`, `open`, `partially_paid`, `confirming`, `closed`, `attention` or `settled`. Equal to its text.
    #[getter]
    fn state(&self) -> PaymentStateEnum {
        PaymentStateEnum(self.0.state)
    }

    /// What was asked for.
    #[getter]
    fn price(&self) -> Price {
        Price(self.0.price.clone())
    }

    /// The hosted page.
    #[getter]
    fn url(&self) -> &str {
        &self.0.url
    }

    /// What the gateway's last answer came to, as one of `Outcome`'s texts; None before the first.
    #[getter]
    fn outcome(&self) -> Option<&str> {
        self.0.outcome.as_deref()
    }

    /// The gateway's last status, as it came.
    #[getter]
    fn status(&self) -> Option<&str> {
        self.0.status.as_deref()
    }

    /// False for a simulator's payment; None where it is not known whether the coins are worth anything.
    #[getter]
    fn live(&self) -> Option<bool> {
        self.0.live
    }

    /// How many callbacks came for it.
    #[getter]
    fn callbacks(&self) -> i64 {
        self.0.callbacks
    }

    /// When it was made; as all times in UTC, by the database's clock.
    #[getter]
    fn created_at(&self) -> SystemTime {
        time(self.0.created_at)
    }

    /// When anything last changed.
    #[getter]
    fn updated_at(&self) -> SystemTime {
        time(self.0.updated_at)
    }

    /// When the gateway was found to have approved it.
    #[getter]
    fn settled_at(&self) -> Option<SystemTime> {
        self.0.settled_at.map(time)
    }

    /// When the gateway is asked about it next; None when it no longer is.
    #[getter]
    fn next_verify_at(&self) -> Option<SystemTime> {
        self.0.next_verify_at.map(time)
    }

    /// The fields as JSON takes them; amounts as strings, times in ISO 8601.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("order_id", self.order_id())?
            .with("token", self.token())?
            .with("state", self.0.state.as_str())?
            .with("price", self.price().to_dict(py)?)?
            .with("url", self.url())?
            .with("outcome", self.outcome())?
            .with("status", self.status())?
            .with("live", self.live())?
            .with("callbacks", self.callbacks())?
            .with("created_at", text(py, self.0.created_at)?)?
            .with("updated_at", text(py, self.0.updated_at)?)?
            .with("settled_at", maybe_text(py, self.0.settled_at)?)?
            .with("next_verify_at", maybe_text(py, self.0.next_verify_at)?)?;
        Ok(fields.done())
    }
}

/// Some payments, and where to go on.
#[pyclass(frozen, module = "paymento")]
pub(crate) struct PaymentsPage(pub(super) checkout::PaymentsPage);

data_class!(PaymentsPage, ["payments", "next"]);

#[pymethods]
impl PaymentsPage {
    /// Oldest first, a hundred at most.
    #[getter]
    fn payments(&self) -> Vec<PaymentRecord> {
        self.0.payments.iter().cloned().map(PaymentRecord).collect()
    }

    /// What to give as `after` for the next page; None at the end.
    #[getter]
    fn next(&self) -> Option<i64> {
        self.0.next
    }

    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let payments = PyList::empty(py);
        for payment in self.payments() {
            payments.append(payment.to_dict(py)?)?;
        }
        Ok(Fields::new(py).with("payments", payments)?.with("next", self.next())?.done())
    }
}

/// One thing that happened to an order.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct HistoryEntry(pub(super) checkout::HistoryEntry);

data_class!(HistoryEntry, ["at", "what", "who", "token", "detail"]);

#[pymethods]
impl HistoryEntry {
    /// When; in UTC, by the database's clock.
    #[getter]
    fn at(&self) -> SystemTime {
        time(self.0.at)
    }

    /// What: `created`, `repriced`, `received`, `verified`, `decided`, `handed_over`, `completed`, `failed`, `dead_letter`,
    /// `replayed`, `canceled`, `reopened` or `adopted`.
    #[getter]
    fn what(&self) -> &str {
        &self.0.what
    }

    /// By whom: a process's name, or `gateway` for a callback.
    #[getter]
    fn who(&self) -> &str {
        &self.0.who
    }

    /// The payment's token, where it is about one.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.0.token.as_deref()
    }

    /// More, in words.
    #[getter]
    fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The fields as JSON takes them; the time in ISO 8601.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("at", text(py, self.0.at)?)?
            .with("what", self.what())?
            .with("who", self.who())?
            .with("token", self.token())?
            .with("detail", self.detail())?;
        Ok(fields.done())
    }
}
