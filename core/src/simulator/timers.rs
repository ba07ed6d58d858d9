//! [`Timers`]: what is to happen when, in order. No clock, no waiting.

use std::{collections::BTreeMap, time::Duration};

/// One timer: when it is due, and its place among those due at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimerId {
    due: Duration,
    sequence: u64,
}

/// A queue of things to do, by time and then in the order in which they were set.
#[derive(Debug)]
pub(super) struct Timers<T> {
    queue: BTreeMap<TimerId, T>,
    last: u64,
    /// Whether the first one changed since it was last asked for.
    earlier: bool,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { queue: BTreeMap::new(), last: 0, earlier: false }
    }
}

impl<T> Timers<T> {
    pub(super) fn set(&mut self, due: Duration, what: T) -> TimerId {
        self.last += 1;
        let id = TimerId { due, sequence: self.last };
        self.earlier |= self.next_due().is_none_or(|first| due < first);
        self.queue.insert(id, what);
        id
    }

    pub(super) fn cancel(&mut self, id: Option<TimerId>) {
        if let Some(id) = id {
            self.queue.remove(&id);
        }
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.queue.first_key_value().map(|(id, _)| id.due)
    }

    /// Takes the first one that is due by then, with the time that it was due at.
    pub(super) fn pop_due(&mut self, by: Duration) -> Option<(Duration, T)> {
        if self.next_due()? > by {
            return None;
        }
        self.queue.pop_first().map(|(id, what)| (id.due, what))
    }

    /// Whether something was set, since this was last asked, that is due before everything else.
    pub(super) fn take_earlier(&mut self) -> bool {
        std::mem::take(&mut self.earlier)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn timers_come_by_time_and_then_in_the_order_they_were_set() {
        let mut timers = Timers::default();
        for (due, what) in [(2, 'c'), (1, 'a'), (2, 'd'), (1, 'b'), (3, 'e')] {
            timers.set(at(due), what);
        }
        let mut seen = Vec::new();
        while let Some((due, what)) = timers.pop_due(at(2)) {
            seen.push((due.as_secs(), what));
        }
        assert_eq!(seen, [(1, 'a'), (1, 'b'), (2, 'c'), (2, 'd')]);
        assert_eq!(timers.next_due(), Some(at(3)));
    }

    #[test]
    fn a_canceled_timer_never_comes() {
        let mut timers = Timers::default();
        let first = timers.set(at(1), 'a');
        timers.set(at(1), 'b');
        timers.cancel(Some(first));
        timers.cancel(None);
        assert_eq!((timers.pop_due(at(9)), timers.pop_due(at(9)), timers.len()), (Some((at(1), 'b')), None, 0));
    }

    #[test]
    fn it_says_when_whoever_sleeps_must_wake_earlier() {
        let mut timers = Timers::default();
        timers.set(at(5), ());
        assert!(timers.take_earlier() && !timers.take_earlier());
        timers.set(at(6), ());
        assert!(!timers.take_earlier());
        timers.set(at(4), ());
        assert!(timers.take_earlier());
    }
}
