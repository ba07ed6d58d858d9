//! [`Traffic`]: which attempts at callbacks are under way, so that moving the clock can wait for them.

use std::collections::BTreeMap;

/// One attempt to make, and the round of the clock that it belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Errand {
    pub(super) callback: u64,
    round: u64,
}

/// Attempts by the round in which the first of their chain began: what follows from an attempt belongs to its round, so
/// that waiting for a round ends although others keep the simulator busy.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    under_way: BTreeMap<u64, usize>,
    round: u64,
    cause: Option<u64>,
    /// Attempts that nobody makes yet.
    due: Vec<Errand>,
}

impl Traffic {
    /// An attempt at this callback is to be made now.
    pub(super) fn start(&mut self, callback: u64) {
        let round = self.cause.unwrap_or(self.round);
        *self.under_way.entry(round).or_default() += 1;
        self.due.push(Errand { callback, round });
    }

    pub(super) fn take_due(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.due)
    }

    /// What starts until [`end`](Self::end) follows from this attempt.
    pub(super) fn follow(&mut self, errand: &Errand) {
        self.cause = Some(errand.round);
    }

    pub(super) fn end(&mut self, errand: &Errand) {
        self.cause = None;
        if let Some(count) = self.under_way.get_mut(&errand.round) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(&errand.round);
            }
        }
    }

    /// Ends the present round, and names it.
    pub(super) fn close_round(&mut self) -> u64 {
        self.round += 1;
        self.round - 1
    }

    /// Whether nothing of this round, or of one before it, is under way.
    pub(super) fn is_quiet(&self, round: u64) -> bool {
        self.under_way.first_key_value().is_none_or(|(first, _)| *first > round)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_quiet_when_its_attempts_and_what_follows_from_them_have_ended() {
        let mut traffic = Traffic::default();
        traffic.start(1);
        let first = traffic.take_due().pop().expect("one");
        let round = traffic.close_round();
        assert!(!traffic.is_quiet(round));
        traffic.follow(&first);
        traffic.start(2);
        traffic.end(&first);
        let second = traffic.take_due().pop().expect("one");
        assert!(!traffic.is_quiet(round), "the second follows from the first");
        traffic.start(3);
        traffic.end(&second);
        assert!(traffic.is_quiet(round), "the third is another round's");
        assert!(!traffic.is_quiet(round + 1));
    }
}
