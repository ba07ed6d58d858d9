//! [`Handled`]: which kinds of events this process hands over, as long as somebody comes for them.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::event::EventKind;

/// Whoever waits for work comes every second; who has not come for so long has ended, hangs, or has its hands full.
const RECENT: Duration = Duration::from_secs(15);

/// The kinds that somebody has come for, and when last.
#[derive(Debug, Default)]
pub(super) struct Handled(Mutex<Vec<(EventKind, Instant)>>);

impl Handled {
    /// Somebody comes for these.
    pub(super) fn note(&self, kinds: &[EventKind], now: Instant) {
        let mut handled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handled.retain(|(kind, _)| !kinds.contains(kind));
        handled.extend(kinds.iter().map(|kind| (*kind, now)));
    }

    /// The kinds that somebody comes for. Where every handler is busy for long, that is nobody: what waits, waits.
    pub(super) fn kinds(&self, now: Instant) -> Vec<EventKind> {
        let handled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_handled = |last: Instant| now.saturating_duration_since(last) <= RECENT;
        handled.iter().filter(|(_, last)| is_handled(*last)).map(|(kind, _)| *kind).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_nobody_comes_for_are_handled_no_more() {
        let (handled, begun) = (Handled::default(), Instant::now());
        handled.note(&[EventKind::Paid, EventKind::Closed], begun);
        let later = begun + Duration::from_secs(14);
        handled.note(&[EventKind::Closed], later);
        assert_eq!(handled.kinds(later), [EventKind::Paid, EventKind::Closed]);
        let late = begun + Duration::from_secs(16);
        assert_eq!(handled.kinds(late), [EventKind::Closed]);
    }
}
