//! [`Finding`] and [`ArmedFault`]: what the simulator found wrong with the shop, and what it is going to do to it.

use paymento::simulator;
use pyo3::prelude::*;

use crate::value::data_class;

/// What is wrong with the shop, and how to mend it.
#[pyclass(frozen, eq, module = "paymento.testing")]
#[derive(PartialEq)]
pub(crate) struct Finding(simulator::Finding);

data_class!(Finding, ["kind", "subject", "count", "problem", "fix"]);

impl From<simulator::Finding> for Finding {
    fn from(finding: simulator::Finding) -> Self {
        Self(finding)
    }
}

#[pymethods]
impl Finding {
    /// The stable name of what is wrong, for instance `speed_only`.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.as_str()
    }

    /// What is wrong, in one sentence.
    #[getter]
    fn problem(&self) -> &'static str {
        self.0.kind.problem()
    }

    /// How to mend it.
    #[getter]
    fn fix(&self) -> &'static str {
        self.0.kind.fix()
    }

    /// What it was first seen on, for instance `POST /v1/payment/request` or the callback URL without its query.
    #[getter]
    fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The payment it was first seen on, or empty.
    #[getter]
    fn token(&self) -> &str {
        &self.0.token
    }

    /// How often it was seen.
    #[getter]
    fn count(&self) -> u64 {
        self.0.count
    }

    /// When it was first seen, in seconds by the simulator's clock.
    #[getter]
    fn at(&self) -> f64 {
        self.0.at.as_secs_f64()
    }
}

/// A fault that waits for what it befalls.
#[pyclass(frozen, eq, module = "paymento.testing")]
#[derive(PartialEq)]
pub(crate) struct ArmedFault(simulator::ArmedFault);

data_class!(ArmedFault, ["fault", "times", "token"]);

impl From<simulator::ArmedFault> for ArmedFault {
    fn from(fault: simulator::ArmedFault) -> Self {
        Self(fault)
    }
}

#[pymethods]
impl ArmedFault {
    /// The name, for instance `callback.duplicate`.
    #[getter]
    fn fault(&self) -> &'static str {
        self.0.fault.as_str()
    }

    /// How many times more; None until it is cleared.
    #[getter]
    fn times(&self) -> Option<u32> {
        self.0.times
    }

    /// The payment that it befalls; None for any.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.0.token.as_deref()
    }
}
