//! [`Rules`]: how long things take, where the gateway's documentation leaves it open.

use std::time::Duration;

/// When the chain confirms money that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Confirmation {
    /// Once the first attempt at callback 3 has ended, or at once where none goes out: a shop that acts too early, on
    /// callback 3, meets a payment that is still open.
    AfterCallback,
    /// So long after the money was seen.
    After(Duration),
    /// Only by hand.
    Manual,
}

/// The options of a payment's life.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) payment_window: Duration,
    pub(super) partial_window: Duration,
    pub(super) verify_deadline: Duration,
    pub(super) confirmation: Confirmation,
    pub(super) required_confirmations: u32,
    /// Waits between the attempts at one callback.
    pub(super) retries: Vec<Duration>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            payment_window: Duration::from_mins(30),
            partial_window: Duration::from_hours(24),
            verify_deadline: Duration::from_hours(24),
            confirmation: Confirmation::AfterCallback,
            required_confirmations: 2,
            retries: [1, 2, 4, 8].map(Duration::from_secs).to_vec(),
        }
    }
}
