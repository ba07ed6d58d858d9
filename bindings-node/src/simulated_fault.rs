//! What went wrong on request, and what is wrong with the shop.

use napi_derive::napi;
use paymento::simulator;

use crate::{simulated::milliseconds, simulator_watch::count};

/// A fault that is armed.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct ArmedFault {
    /// For instance `callback.duplicate`.
    pub fault: &'static str,
    /// How many times more.
    pub times: Option<u32>,
    /// The payment that it befalls.
    pub token: Option<String>,
}

impl From<simulator::ArmedFault> for ArmedFault {
    fn from(armed: simulator::ArmedFault) -> Self {
        Self { fault: armed.fault.as_str(), times: armed.times, token: armed.token }
    }
}

/// What is wrong with the shop, and how to mend it.
#[napi(object, object_from_js = false)]
pub struct Finding {
    /// For instance `speed_only`.
    pub kind: &'static str,
    /// What is wrong.
    pub problem: &'static str,
    /// How to mend it.
    pub fix: &'static str,
    /// What it was first seen on.
    pub subject: String,
    /// The payment it was first seen on, or empty.
    pub token: String,
    /// How often it was seen.
    pub count: f64,
    /// When it was first seen.
    pub at_ms: f64,
}

impl From<simulator::Finding> for Finding {
    fn from(finding: simulator::Finding) -> Self {
        Self {
            kind: finding.kind.as_str(),
            problem: finding.kind.problem(),
            fix: finding.kind.fix(),
            subject: finding.subject,
            token: finding.token,
            count: count(finding.count),
            at_ms: milliseconds(finding.at),
        }
    }
}
