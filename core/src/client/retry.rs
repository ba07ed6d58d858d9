//! What may be sent again, and when: a pure function.
//!
//! The gateway knows no idempotency key. A payment request that may have arrived is never repeated here: the second
//! would be a second payable payment.

use std::time::Duration;

/// Whether a call does harm when it is carried out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Same answer, however often: every call but one.
    Freely,
    /// Creating a payment: only where it surely was not carried out.
    OnlyUnsent,
}

/// How an attempt failed, as far as it matters for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection: nothing was sent.
    NeverSent,
    /// Sent, and no complete answer: it may have been carried out.
    MaybeSent,
    /// Refused for now (429, 503), with the gateway's own wait where it named one.
    Throttled(Option<Duration>),
    /// Another 5xx: it may have been carried out.
    ServerError,
    /// Refused for good.
    Refused,
}

impl Failure {
    /// Whether the gateway may have carried the request out.
    pub(crate) fn maybe_sent(self) -> bool {
        matches!(self, Self::MaybeSent | Self::ServerError)
    }
}

/// Where a call stands when an attempt has failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Counted from 1.
    pub(crate) attempt: u32,
    pub(crate) max_attempts: u32,
    /// Until the limit for all attempts.
    pub(crate) remaining: Duration,
    /// What an attempt should have at least. One that creates and is cut off is worse than none.
    pub(crate) least: Duration,
    /// Between 0 and 1, so that many shops do not return at the same moment.
    pub(crate) jitter: f64,
}

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// How long to wait before the next attempt; `None` to give up. Gives up at once when the wait would pass the limit.
pub(crate) fn next_wait(repeat: Repeat, failure: Failure, progress: Progress) -> Option<Duration> {
    let allowed = match failure {
        Failure::Refused => false,
        Failure::NeverSent | Failure::Throttled(_) => true,
        Failure::MaybeSent | Failure::ServerError => repeat == Repeat::Freely,
    };
    if !allowed || progress.attempt >= progress.max_attempts {
        return None;
    }
    let wait = match failure {
        Failure::Throttled(Some(asked)) => asked.max(backoff(progress)),
        _ => backoff(progress),
    };
    let least = if repeat == Repeat::OnlyUnsent { progress.least } else { Duration::ZERO };
    (wait + least < progress.remaining).then_some(wait)
}

/// Doubles with each attempt; half of it is chance.
fn backoff(progress: Progress) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << progress.attempt.saturating_sub(1).min(16));
    doubled.min(LONGEST_WAIT).mul_f64(0.5 + progress.jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(attempt: u32) -> Progress {
        Progress {
            attempt,
            max_attempts: 3,
            remaining: Duration::from_secs(25),
            least: Duration::from_secs(5),
            jitter: 1.0,
        }
    }

    #[test]
    fn a_payment_request_is_repeated_only_where_it_was_not_carried_out() {
        for (failure, freely, only_unsent) in [
            (Failure::NeverSent, true, true),
            (Failure::MaybeSent, true, false),
            (Failure::Throttled(None), true, true),
            (Failure::ServerError, true, false),
            (Failure::Refused, false, false),
        ] {
            assert_eq!(next_wait(Repeat::Freely, failure, progress(1)).is_some(), freely, "{failure:?}");
            assert_eq!(next_wait(Repeat::OnlyUnsent, failure, progress(1)).is_some(), only_unsent, "{failure:?}");
        }
    }

    #[test]
    fn waits_double_up_to_a_limit_and_end_with_the_attempts() {
        let wait = |attempt, max_attempts| {
            next_wait(Repeat::Freely, Failure::MaybeSent, Progress { max_attempts, ..progress(attempt) })
        };
        assert_eq!(wait(1, 99), Some(Duration::from_millis(250)));
        assert_eq!(wait(2, 99), Some(Duration::from_millis(500)));
        assert_eq!(wait(50, 99), Some(LONGEST_WAIT));
        assert_eq!(wait(3, 3), None);
    }

    #[test]
    fn the_gateways_own_wait_is_honored_unless_it_passes_the_limit() {
        let wait = |seconds| {
            let failure = Failure::Throttled(Some(Duration::from_secs(seconds)));
            next_wait(Repeat::OnlyUnsent, failure, progress(1))
        };
        assert_eq!(wait(2), Some(Duration::from_secs(2)));
        assert_eq!(wait(0), Some(FIRST_WAIT));
        assert_eq!(wait(3600), None);
    }

    #[test]
    fn a_payment_request_is_not_begun_without_the_time_to_finish_it() {
        let failure = Failure::Throttled(Some(Duration::from_secs(21)));
        assert_eq!(next_wait(Repeat::OnlyUnsent, failure, progress(1)), None);
        assert!(next_wait(Repeat::Freely, failure, progress(1)).is_some());
    }
}
