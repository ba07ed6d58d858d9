//! [`Health`] and [`DeadLetter`]: whether all goes well, and what did not.

use std::{path::Path, time::SystemTime};

use paymento::checkout;
use pyo3::{prelude::*, types::PyDict};

use super::event::OrderEvent;
use crate::{
    enums::ProblemEnum,
    times::{text, time},
    value::{Fields, data_class},
};

/// How the checkout does, by its database: for `/healthz` and for metrics.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Health(pub(super) checkout::Health);

data_class!(Health, ["ok", "problems"]);

#[pymethods]
impl Health {
    /// Whether nothing is wrong.
    #[getter]
    fn ok(&self) -> bool {
        self.0.ok
    }

    /// What is wrong: `no_paid_handler`, `no_runner`, `dead_letters`, `verify_behind`.
    #[getter]
    fn problems(&self) -> Vec<ProblemEnum> {
        self.0.problems.iter().copied().map(ProblemEnum).collect()
    }

    /// Processes that live and hand over.
    #[getter]
    fn runners(&self) -> i64 {
        self.0.runners
    }

    /// Events that are due to be handed over, or being handed over.
    #[getter]
    fn events_due(&self) -> i64 {
        self.0.events_due
    }

    /// Paid orders whose handler has not finished, dead letters aside.
    #[getter]
    fn paid_unfinished(&self) -> i64 {
        self.0.paid_unfinished
    }

    /// Events whose handler has failed for good.
    #[getter]
    fn dead_letters(&self) -> i64 {
        self.0.dead_letters
    }

    /// Verify calls that are due.
    #[getter]
    fn verifies_due(&self) -> i64 {
        self.0.verifies_due
    }

    /// How long the oldest of them has been due, in seconds.
    #[getter]
    #[expect(clippy::cast_precision_loss, reason = "of milliseconds in a century nothing is lost")]
    fn verify_lag(&self) -> f64 {
        self.0.verify_lag_ms as f64 / 1_000.0
    }

    /// Payments that settled without any callback: a wrong callback URL, or callbacks that were lost.
    #[getter]
    fn settled_without_callback(&self) -> i64 {
        self.0.settled_without_callback
    }

    /// Callbacks without a token, as the dashboard's test sends them.
    #[getter]
    fn probes(&self) -> i64 {
        self.0.probes
    }

    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let problems: Vec<_> = self.0.problems.iter().map(|problem| problem.as_str()).collect();
        let fields = Fields::new(py)
            .with("ok", self.ok())?
            .with("problems", problems)?
            .with("runners", self.runners())?
            .with("events_due", self.events_due())?
            .with("paid_unfinished", self.paid_unfinished())?
            .with("dead_letters", self.dead_letters())?
            .with("verifies_due", self.verifies_due())?
            .with("verify_lag", self.verify_lag())?
            .with("settled_without_callback", self.settled_without_callback())?
            .with("probes", self.probes())?;
        Ok(fields.done())
    }
}

/// An event whose handler has failed for good. `Checkout.replay` hands it over again.
#[pyclass(frozen, module = "paymento")]
pub(crate) struct DeadLetter {
    letter: checkout::DeadLetter,
    event: OrderEvent,
}

data_class!(DeadLetter, ["id", "event", "failures", "error", "since"]);

impl DeadLetter {
    pub(super) fn new(letter: checkout::DeadLetter, file: Option<&Path>) -> Self {
        let event = OrderEvent::new(letter.event.clone(), file);
        Self { letter, event }
    }
}

#[pymethods]
impl DeadLetter {
    /// What to give to `replay`.
    #[getter]
    fn id(&self) -> i64 {
        self.letter.id
    }

    /// The event.
    #[getter]
    fn event(&self) -> OrderEvent {
        self.event.clone()
    }

    /// How often the handler failed.
    #[getter]
    fn failures(&self) -> i64 {
        self.letter.failures
    }

    /// What the handler raised last: the exception's type and text.
    #[getter]
    fn error(&self) -> &str {
        &self.letter.error
    }

    /// When it was given up; in UTC, by the database's clock.
    #[getter]
    fn since(&self) -> SystemTime {
        time(self.letter.since)
    }

    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("id", self.id())?
            .with("event", self.event.to_dict(py)?)?
            .with("failures", self.failures())?
            .with("error", self.error())?
            .with("since", text(py, self.letter.since)?)?;
        Ok(fields.done())
    }
}
