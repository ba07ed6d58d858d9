//! The attempts at a callback: what to send, what came of it, and what follows. No I/O.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use http::HeaderMap;

use super::{
    Attempt, AttemptOutcome, Delivery, EventKind, FindingKind, ledger::Ledger, outbox::Callback, schedule::Alarm,
    target::Target, traffic::Errand,
};

/// An endpoint that takes longer is slow.
const SLOW: Duration = Duration::from_secs(5);

/// One attempt to make.
pub(super) struct Parcel {
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What came of it, with as much of the answer as is kept.
pub(super) struct Answer {
    pub(super) outcome: AttemptOutcome,
    pub(super) body: String,
}

impl Ledger {
    /// What to send now; nothing when the callback is forgotten.
    pub(super) fn begin_attempt(&mut self, errand: &Errand) -> Option<Parcel> {
        let now = self.now();
        let callback = self.callbacks.get_mut(&errand.callback)?;
        callback.began = now;
        let delivery = &callback.delivery;
        let parcel =
            Parcel { target: callback.target.clone(), headers: callback.headers.clone(), body: delivery.body.clone() };
        let (token, status, attempt) = (delivery.token.clone(), delivery.status, delivery.attempts.len() + 1);
        let detail = format!("{} {}, attempt {attempt}", parcel.target.method.as_str(), parcel.target.without_query());
        self.record(EventKind::CallbackSent, &token, status, detail);
        Some(parcel)
    }

    /// Records what came of it, and sees to what follows: another attempt, the payment's next callback, a confirmation.
    pub(super) fn end_attempt(&mut self, errand: &Errand, began: Instant, answer: Option<Answer>) {
        self.traffic.follow(errand);
        if let Some(answer) = answer {
            self.report_on(errand.callback, began.elapsed(), &answer.outcome);
            self.conclude(errand.callback, began, answer);
        }
        self.traffic.end(errand);
    }

    fn conclude(&mut self, id: u64, began: Instant, answer: Answer) {
        let took = self.clock.took(began);
        let Some(callback) = self.callbacks.get_mut(&id) else { return };
        let offset = callback.began.saturating_sub(callback.due);
        let (kind, mut detail) = in_words(&answer.outcome, took);
        let attempt = Attempt { offset, took, outcome: answer.outcome, answer_body: answer.body };
        callback.delivery.attempts.push(attempt);
        let wait = next_wait(callback, &self.rules.retries);
        callback.delivery.finished = wait.is_none();
        let confirms = std::mem::take(&mut callback.confirms);
        let delivery = &callback.delivery;
        let _ = match wait {
            Some(wait) => write!(detail, ", again in {wait:?}"),
            None if !delivery.is_delivered() => write!(detail, ", given up"),
            None => Ok(()),
        };
        let (token, status) = (delivery.token.clone(), delivery.status);
        self.record(kind, &token, status, detail);
        // A chain does not wait for a shop that is down.
        if confirms {
            self.confirm_all(&token);
        }
        match wait {
            Some(wait) => self.wait_for_attempt(id, wait),
            None => self.go_on_after(id, &token),
        }
    }

    fn wait_for_attempt(&mut self, id: u64, wait: Duration) {
        if wait.is_zero() {
            return self.traffic.start(id);
        }
        let timer = Some(self.timers.set(self.now().saturating_add(wait), Alarm::Attempt(id)));
        if let Some(callback) = self.callbacks.get_mut(&id) {
            callback.timer = timer;
        }
    }

    /// The wait before this attempt is over.
    pub(super) fn attempt_again(&mut self, id: u64) {
        if let Some(callback) = self.callbacks.get_mut(&id) {
            callback.timer = None;
            self.traffic.start(id);
        }
    }

    /// Lists what is wrong with the shop's endpoint.
    fn report_on(&mut self, id: u64, took: Duration, outcome: &AttemptOutcome) {
        let Some(callback) = self.callbacks.get(&id) else { return };
        let kind = mistake(&callback.delivery, outcome).filter(|_| !is_hopeless(callback));
        let (subject, token) = (callback.target.without_query(), callback.delivery.token.clone());
        let slow = (took > SLOW).then_some(FindingKind::CallbackSlow);
        for kind in kind.into_iter().chain(slow) {
            self.report_finding(kind, &subject, &token);
        }
    }
}

/// What the answer says of the shop. A callback that the simulator has spoilt may be refused.
fn mistake(delivery: &Delivery, outcome: &AttemptOutcome) -> Option<FindingKind> {
    let forged = delivery.status.is_none() && !delivery.token.is_empty();
    let spoilt = forged || delivery.faults.iter().any(|fault| fault.alters());
    match outcome {
        AttemptOutcome::Answered(200..=299) if !delivery.is_authentic => Some(FindingKind::TamperedCallbackAccepted),
        AttemptOutcome::Answered(200) => None,
        AttemptOutcome::Answered(300..=399) => Some(FindingKind::CallbackRedirected),
        AttemptOutcome::Answered(_) if spoilt || !delivery.is_authentic => None,
        AttemptOutcome::Answered(_) => Some(FindingKind::CallbackNotOk),
        AttemptOutcome::Failed(_) => Some(FindingKind::CallbackUnreachable),
    }
}

/// An https URL fails the same way every time.
fn is_hopeless(callback: &Callback) -> bool {
    callback.target.url.scheme() != "http"
}

fn next_wait(callback: &Callback, retries: &[Duration]) -> Option<Duration> {
    let delivery = &callback.delivery;
    let last = callback.once || delivery.is_delivered() || is_hopeless(callback);
    retries.get(delivery.attempts.len() - 1).copied().filter(|_| !last)
}

fn in_words(outcome: &AttemptOutcome, took: Duration) -> (EventKind, String) {
    match outcome {
        AttemptOutcome::Answered(status) => {
            (EventKind::CallbackAnswered, format!("{status} after {} ms", took.as_millis()))
        }
        AttemptOutcome::Failed(reason) => (EventKind::CallbackFailed, reason.clone()),
    }
}
