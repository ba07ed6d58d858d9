//! What happens by itself: deadlines, confirmations, retries; and moving the clock on.

use std::time::Duration;

use super::{EventKind, ledger::Ledger};
use crate::status::OrderStatus::{Initialize, Paid, PartialPaid, Pending};

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Alarm {
    /// The payment's time is over: to pay, to pay the rest, or to be verified.
    Deadline { token: String },
    /// One more block on top of this transaction.
    Confirmation { token: String, hash: String },
    /// The next attempt at this callback.
    Attempt(u64),
    /// A callback that was held back may go.
    Release(u64),
}

/// The clock on its way to a later time.
#[derive(Debug)]
pub(super) struct Journey {
    by: Duration,
    target: Duration,
    /// What must have ended before the clock moves on.
    round: u64,
}

/// Where a [`Journey`] has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Something happened; there may be more to do.
    Moved,
    /// Callbacks are under way: try again when they have ended.
    Waits,
    Arrived,
}

impl Ledger {
    fn alarm_in(&self, wait: Duration) -> Duration {
        self.now().saturating_add(wait)
    }

    /// Starts the time to pay, or goes on with what is left of it.
    pub(super) fn open_window(&mut self, token: &str) {
        let (now, window) = (self.now(), self.rules.payment_window);
        let Some(payment) = self.payment_mut(token) else { return };
        if payment.status == Initialize {
            payment.window_ends_at = payment.created_at.saturating_add(window);
        }
        if payment.window_ends_at <= now {
            // Not by a timer: a clock that stands still would never fire it.
            let _ = self.expire(token);
        } else {
            self.set_deadline(token);
        }
    }

    /// Sets the payment's deadline anew after every move.
    pub(super) fn set_deadline(&mut self, token: &str) {
        let Some(payment) = self.payment(token) else { return };
        let due = match payment.status {
            Initialize | Pending => Some(payment.window_ends_at),
            PartialPaid => Some(self.alarm_in(self.rules.partial_window)),
            Paid => Some(self.alarm_in(self.rules.verify_deadline)),
            _ => None,
        };
        let timer = due.map(|due| self.timers.set(due, Alarm::Deadline { token: token.to_owned() }));
        let old = self.payment_mut(token).and_then(|payment| std::mem::replace(&mut payment.deadline, timer));
        self.timers.cancel(old);
    }

    /// Sets the timer of a transaction's next confirmation; its confirmations are spread evenly over this time.
    pub(super) fn set_confirmation(&mut self, token: &str, hash: &str, time: Duration) {
        let (now, required) = (self.now(), self.rules.required_confirmations);
        let Some(payment) = self.payment(token) else { return };
        let Some(transaction) = payment.transactions().find(|transaction| transaction.hash == hash) else { return };
        let share = time.saturating_mul(transaction.confirmations + 1) / required.max(1);
        let due = transaction.received_at.saturating_add(share);
        if due <= now {
            return self.confirm_once(token, hash);
        }
        let alarm = Alarm::Confirmation { token: token.to_owned(), hash: hash.to_owned() };
        let timer = Some(self.timers.set(due, alarm));
        let transfers = self.payment_mut(token).map(|payment| &mut payment.transfers);
        let transfer = transfers.and_then(|all| all.iter_mut().find(|transfer| transfer.transaction.hash == hash));
        if let Some(transfer) = transfer {
            transfer.timer = timer;
        }
    }

    fn confirm_once(&mut self, token: &str, hash: &str) {
        let (required, rule) = (self.rules.required_confirmations, self.rules.confirmation);
        let transfers = self.payment_mut(token).map(|payment| &mut payment.transfers);
        let transfer = transfers.and_then(|all| all.iter_mut().find(|transfer| transfer.transaction.hash == hash));
        let Some(transfer) = transfer.filter(|transfer| transfer.transaction.is_open()) else { return };
        transfer.timer = None;
        let confirmations = transfer.transaction.confirmations + 1;
        transfer.transaction.confirm(confirmations, required);
        let open = transfer.transaction.is_open();
        self.record(EventKind::Confirmation, token, None, format!("{confirmations} of {required}"));
        match rule {
            super::rules::Confirmation::After(time) if open => self.set_confirmation(token, hash, time),
            _ => self.settle(token),
        }
    }

    fn fire(&mut self, alarm: Alarm) {
        match alarm {
            Alarm::Deadline { token } => self.pass_deadline(&token),
            Alarm::Confirmation { token, hash } => self.confirm_once(&token, &hash),
            Alarm::Attempt(id) => self.attempt_again(id),
            Alarm::Release(id) => self.release(id),
        }
    }

    fn pass_deadline(&mut self, token: &str) {
        let status = self.payment(token).map(|payment| payment.status);
        // A deadline is set for these only, and canceled by the next move.
        let _ = match status {
            Some(Initialize | Pending) => self.expire(token),
            _ => self.reject(token),
        };
    }

    /// Lets everything happen that is due, and says how long it is to the next. Nothing while the clock is on its way
    /// elsewhere: the journey lets it happen, in order, and waits for the callbacks.
    pub(super) fn fire_due(&mut self) -> Option<Duration> {
        if self.journeys > 0 {
            return None;
        }
        while let Some((_, alarm)) = self.timers.pop_due(self.now()) {
            self.fire(alarm);
        }
        self.timers.next_due().map(|due| due.saturating_sub(self.now()))
    }

    /// Sets out to move the clock on, until [`end_journey`](Self::end_journey).
    pub(super) fn set_out(&mut self, by: Duration) -> Journey {
        self.journeys += 1;
        self.horizon = self.horizon.max(self.now()).saturating_add(by);
        Journey { by, target: self.horizon, round: self.traffic.close_round() }
    }

    /// Of one that has arrived or was given up.
    pub(super) fn end_journey(&mut self) {
        self.journeys = self.journeys.saturating_sub(1);
    }

    /// Moves the clock to the next thing that is due, and lets it happen.
    pub(super) fn step(&mut self, journey: &mut Journey) -> Step {
        if !self.is_at_rest(journey) {
            return Step::Waits;
        }
        if let Some((due, alarm)) = self.timers.pop_due(journey.target) {
            self.clock.move_to(due);
            self.fire(alarm);
            journey.round = self.traffic.close_round();
            return Step::Moved;
        }
        self.clock.move_to(journey.target);
        if !journey.by.is_zero() {
            self.record(EventKind::ClockAdvanced, "", None, format!("by {:?}", journey.by));
        }
        Step::Arrived
    }

    /// Whether the callbacks have ended that the journey waits for.
    pub(super) fn is_at_rest(&self, journey: &Journey) -> bool {
        self.traffic.is_quiet(journey.round)
    }
}
