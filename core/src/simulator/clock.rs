//! [`Clock`]: the simulator's own time, which can be moved on.

use std::time::{Duration, Instant, SystemTime};

/// 2026-01-01T00:00:00Z, since 1970: where a virtual clock begins, so that one run is like the other.
const VIRTUAL_START: Duration = Duration::from_hours(20_454 * 24);

/// Time since the simulator's start.
pub(super) struct Clock {
    /// None for a virtual clock, which stands still but for [`move_to`](Self::move_to).
    started: Option<Instant>,
    started_at: SystemTime,
    /// How far the clock was moved on by hand.
    ahead: Duration,
}

impl Clock {
    /// Runs as time does, and may be moved ahead.
    pub(super) fn real() -> Self {
        Self { started: Some(Instant::now()), started_at: SystemTime::now(), ahead: Duration::ZERO }
    }

    /// Stands still until it is moved.
    pub(super) fn manual() -> Self {
        Self { started: None, started_at: SystemTime::UNIX_EPOCH + VIRTUAL_START, ahead: Duration::ZERO }
    }

    pub(super) fn is_manual(&self) -> bool {
        self.started.is_none()
    }

    /// Time since the start.
    pub(super) fn now(&self) -> Duration {
        self.ahead.saturating_add(self.started.map_or(Duration::ZERO, |started| started.elapsed()))
    }

    /// How far it was moved on by hand.
    pub(super) fn ahead(&self) -> Duration {
        self.ahead
    }

    /// The date and time of the start.
    pub(super) fn started_at(&self) -> SystemTime {
        self.started_at
    }

    /// Moves on to this time, never back.
    pub(super) fn move_to(&mut self, time: Duration) {
        self.ahead = self.ahead.saturating_add(time.saturating_sub(self.now()));
    }

    /// How long something took that began then: nothing by a clock that stands still.
    pub(super) fn took(&self, began: Instant) -> Duration {
        if self.is_manual() { Duration::ZERO } else { began.elapsed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_it_is_moved_and_never_back() {
        let mut clock = Clock::manual();
        assert_eq!(clock.now(), Duration::ZERO);
        clock.move_to(Duration::from_mins(20));
        clock.move_to(Duration::from_mins(5));
        assert_eq!((clock.now(), clock.took(Instant::now())), (Duration::from_mins(20), Duration::ZERO));
        clock.move_to(Duration::MAX);
        assert_eq!(clock.now(), Duration::MAX);
    }

    #[test]
    fn a_real_clock_runs_on_from_where_it_was_moved() {
        let mut clock = Clock::real();
        clock.move_to(Duration::from_hours(1));
        let now = clock.now();
        assert!(now >= Duration::from_hours(1) && now < Duration::from_hours(2) && clock.now() >= now);
    }
}
