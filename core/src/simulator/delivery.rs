//! [`Delivery`]: one callback and every attempt to hand it over.

use std::{fmt, str::FromStr, time::Duration};

use http::Method;

use super::{Fault, target};
use crate::{
    error::{Error, ErrorCode},
    status::OrderStatus,
};

/// How the store wants its callbacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CallbackMethod {
    /// `IPN_Method` 1, the default.
    #[default]
    Post,
    /// `IPN_Method` 2.
    Put,
}

impl CallbackMethod {
    /// The number on the wire.
    pub const fn code(self) -> i64 {
        match self {
            Self::Post => 1,
            Self::Put => 2,
        }
    }

    /// `POST` or `PUT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    pub(super) const fn method(self) -> Method {
        match self {
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
        }
    }
}

impl FromStr for CallbackMethod {
    type Err = Error;

    /// Reads `POST` or `PUT`, in any case.
    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Post, Self::Put]
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| Error::new(ErrorCode::InputMethod, "the callback method is either POST or PUT"))
    }
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The shop answered with this HTTP status.
    Answered(u16),
    /// No answer came; the text says why.
    Failed(String),
}

/// One attempt to deliver a callback.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// When it began, counted from the moment the callback was due, by the simulator's clock.
    pub offset: Duration,
    /// How long the answer took, or the failure. Zero under a virtual clock, which stands still meanwhile.
    pub took: Duration,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The answer's body as text, up to 4 KiB of it; empty when there was none.
    pub answer_body: String,
}

/// Without the answer's body.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("offset", &self.offset)
            .field("took", &self.took)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

impl Attempt {
    /// The answer's HTTP status, where there was an answer.
    pub fn answer_status(&self) -> Option<u16> {
        match self.outcome {
            AttemptOutcome::Answered(status) => Some(status),
            AttemptOutcome::Failed(_) => None,
        }
    }

    /// Why there was no answer, where there was none.
    pub fn failure(&self) -> Option<&str> {
        match &self.outcome {
            AttemptOutcome::Answered(_) => None,
            AttemptOutcome::Failed(reason) => Some(reason),
        }
    }
}

/// One callback: what was sent, and what came of every attempt. A snapshot.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Counts up from 1, over all payments.
    pub id: u64,
    /// The store whose secret key signs it.
    pub store_name: String,
    /// The payment whose deliveries this belongs to; empty for a probe that is about none.
    pub token: String,
    /// The payment's number.
    pub payment_id: Option<i64>,
    /// The shop's order id.
    pub order_id: Option<String>,
    /// The status that the callback carries; none for a forged body.
    pub status: Option<OrderStatus>,
    /// When it was queued, by the simulator's clock since its start.
    pub queued_at: Duration,
    /// Where it goes.
    pub url: String,
    /// How it goes.
    pub method: CallbackMethod,
    /// The headers that are about the callback, the signature's included; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The exact body bytes.
    pub body: Vec<u8>,
    /// The signature header's value; none when a forged callback carries none.
    pub signature: Option<String>,
    /// Whether the signature is the store's own for exactly this body.
    pub is_authentic: bool,
    /// The faults that befell it.
    pub faults: Vec<Fault>,
    /// Every attempt so far, oldest first.
    pub attempts: Vec<Attempt>,
    /// Whether it was answered 200, given up, or dropped by a fault: nothing more happens to it.
    pub finished: bool,
}

impl Delivery {
    /// Whether the shop took it: answered 200.
    pub fn is_delivered(&self) -> bool {
        self.attempts.last().is_some_and(|attempt| attempt.outcome == AttemptOutcome::Answered(200))
    }
}

/// Without the bodies, the headers, the signature and the query, so that a failing test does not print them into a log.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("token", &self.token)
            .field("status", &self.status)
            .field("url", &target::shown(&self.url))
            .field("method", &self.method)
            .field("faults", &self.faults)
            .field("attempts", &self.attempts)
            .field("finished", &self.finished)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_read_in_any_case() {
        assert_eq!("put".parse::<CallbackMethod>().ok(), Some(CallbackMethod::Put));
        assert_eq!("GET".parse::<CallbackMethod>().map_err(|error| error.code()), Err(ErrorCode::InputMethod));
    }
}
