//! [`Delivery`] and [`Attempt`]: a callback of the simulator, and what came of it.

use paymento::simulator;
use pyo3::prelude::*;

use crate::{enums::StatusEnum, value::data_class};

/// One callback of the simulator: what was sent, and what came of every attempt.
#[pyclass(frozen, eq, module = "paymento.testing")]
#[derive(PartialEq)]
pub(crate) struct Delivery(simulator::Delivery);

data_class!(Delivery, ["id", "token", "status", "url", "method", "faults", "attempts", "finished"]);

impl From<simulator::Delivery> for Delivery {
    fn from(delivery: simulator::Delivery) -> Self {
        Self(delivery)
    }
}

#[pymethods]
impl Delivery {
    /// Counts up from 1, over all payments.
    #[getter]
    fn id(&self) -> u64 {
        self.0.id
    }

    /// The store whose secret key signs it.
    #[getter]
    fn store_name(&self) -> &str {
        &self.0.store_name
    }

    /// The payment's token; empty for a probe that is about none.
    #[getter]
    fn token(&self) -> &str {
        &self.0.token
    }

    /// The payment's number.
    #[getter]
    fn payment_id(&self) -> Option<i64> {
        self.0.payment_id
    }

    /// The shop's order id.
    #[getter]
    fn order_id(&self) -> Option<&str> {
        self.0.order_id.as_deref()
    }

    /// The status that it carries; None for a forged body.
    #[getter]
    fn status(&self) -> Option<StatusEnum> {
        self.0.status.map(StatusEnum)
    }

    /// When it was queued, in seconds by the simulator's clock.
    #[getter]
    fn queued_at(&self) -> f64 {
        self.0.queued_at.as_secs_f64()
    }

    /// Where it goes.
    #[getter]
    fn url(&self) -> &str {
        &self.0.url
    }

    /// POST or PUT.
    #[getter]
    fn method(&self) -> &'static str {
        self.0.method.as_str()
    }

    /// The headers that are about the callback, the signature's included; names in lower case.
    #[getter]
    fn headers(&self) -> Vec<(&str, &str)> {
        self.0.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The exact body.
    #[getter]
    fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// The signature header's value; None when a forged callback carries none.
    #[getter]
    fn signature(&self) -> Option<&str> {
        self.0.signature.as_deref()
    }

    /// Whether the signature is the store's own for exactly this body.
    #[getter]
    fn is_authentic(&self) -> bool {
        self.0.is_authentic
    }

    /// The names of the faults that befell it.
    #[getter]
    fn faults(&self) -> Vec<&'static str> {
        self.0.faults.iter().map(|fault| fault.as_str()).collect()
    }

    /// Every attempt so far, oldest first.
    #[getter]
    fn attempts(&self) -> Vec<Attempt> {
        self.0.attempts.iter().cloned().map(Attempt).collect()
    }

    /// Whether it was answered 200, given up, or dropped by a fault: nothing more happens to it.
    #[getter]
    fn finished(&self) -> bool {
        self.0.finished
    }

    /// Whether the shop took it: answered 200.
    #[getter]
    fn is_delivered(&self) -> bool {
        self.0.is_delivered()
    }
}

/// One attempt to deliver a callback.
#[pyclass(frozen, eq, module = "paymento.testing")]
#[derive(PartialEq)]
pub(crate) struct Attempt(simulator::Attempt);

data_class!(Attempt, ["offset", "took", "answer_status", "failure"]);

#[pymethods]
impl Attempt {
    /// When it began, in seconds from the moment the callback was due.
    #[getter]
    fn offset(&self) -> f64 {
        self.0.offset.as_secs_f64()
    }

    /// How long the answer took, or the failure, in seconds. 0 under a virtual clock, which stands still meanwhile.
    #[getter]
    fn took(&self) -> f64 {
        self.0.took.as_secs_f64()
    }

    /// The answer's HTTP status, where there was one.
    #[getter]
    fn answer_status(&self) -> Option<u16> {
        self.0.answer_status()
    }

    /// Why there was no answer, where there was none.
    #[getter]
    fn failure(&self) -> Option<&str> {
        self.0.failure()
    }

    /// The answer's body as text, up to 4 KiB of it; empty when there was none.
    #[getter]
    fn answer_body(&self) -> &str {
        &self.0.answer_body
    }
}
