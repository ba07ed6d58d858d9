//! [`Limits`]: how long a call may take.

use std::time::Duration;

use crate::error::{Error, ErrorCode};

/// Time limits of a call. Web hosts cut a request at 30 seconds, so that all attempts together end before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands: name lookup, TCP and TLS. Default 5 seconds.
    pub connect: Duration,
    /// For one attempt, its connection and the answer's last byte included. Default 20 seconds.
    pub attempt: Duration,
    /// For all attempts and the waits between them. Default 25 seconds.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(5), attempt: seconds(20), total: seconds(25) }
    }
}

const LONGEST: Duration = Duration::from_hours(1);

impl Limits {
    /// With those limits replaced that are given.
    #[must_use]
    pub fn replaced(self, connect: Option<Duration>, attempt: Option<Duration>, total: Option<Duration>) -> Self {
        Self {
            connect: connect.unwrap_or(self.connect),
            attempt: attempt.unwrap_or(self.attempt),
            total: total.unwrap_or(self.total),
        }
    }

    /// Every limit is more than zero and an hour at most. A longer inner limit ends with the outer one.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        for (name, limit) in [("connect", self.connect), ("attempt", self.attempt), ("total", self.total)] {
            if limit.is_zero() || limit > LONGEST {
                let message = format!("the {name} time limit is more than nothing and at most an hour; got {limit:?}");
                return Err(Error::new(ErrorCode::ConfigTimeout, message));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_nothing_or_of_for_ever_is_refused() {
        for total in [Duration::ZERO, Duration::MAX] {
            let error = Limits { total, ..Limits::default() }.checked().expect_err("refused");
            assert_eq!(error.code(), ErrorCode::ConfigTimeout);
        }
    }
}
