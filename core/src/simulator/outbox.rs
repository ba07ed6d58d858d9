//! The callbacks of a [`Ledger`]: what is queued, and what comes after an attempt. No I/O.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::{
    Attempt, AttemptOutcome, CallbackMethod, Delivery, EventKind,
    ledger::{Ledger, Refusal},
    wire,
};
use crate::{
    error::{Error, ErrorCode},
    signature::{self, SIGNATURE_HEADER},
    status::OrderStatus,
};

/// Callbacks that are kept; a payment has two or three.
const KEPT: usize = 50_000;

/// Where callbacks go, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) url: Url,
    /// As it was given: the settings answer with the same text.
    pub(super) text: String,
    pub(super) method: CallbackMethod,
}

impl Target {
    pub(super) fn new(url: &str, method: CallbackMethod) -> Result<Self, Error> {
        let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let parsed = parsed.ok_or_else(|| {
            Error::new(ErrorCode::InputCallbackUrl, "the callback URL must be an absolute http or https URL")
        })?;
        Ok(Self { url: parsed, text: url.to_owned(), method })
    }
}

/// A delivery and what it takes to make it.
pub(super) struct Callback {
    pub(super) delivery: Delivery,
    target: Target,
    headers: HeaderMap,
    due: Instant,
}

/// One attempt to make.
pub(super) struct Parcel {
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Ledger {
    pub(super) fn set_target(&mut self, target: Option<Target>) {
        self.target = target;
    }

    /// Queues the callback for this status where the store has a callback URL.
    pub(super) fn queue_status(&mut self, token: &str, status: OrderStatus) {
        let Some(target) = self.target.clone() else {
            return self.record(EventKind::CallbackSkipped, token, Some(status), "no callback URL is set".to_owned());
        };
        let Some(body) = self.payment(token).map(|payment| wire::callback(payment, status)) else { return };
        let signature = signature::sign(&body, &self.secret);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Ok(value) = HeaderValue::try_from(signature) {
            headers.insert(SIGNATURE_HEADER, value);
        }
        self.queue(token, Some(status), body, headers, target);
    }

    pub(super) fn send_callback(&mut self, token: &str, status: OrderStatus) -> Result<(), Error> {
        self.checked_target(token)?;
        self.queue_status(token, status);
        Ok(())
    }

    pub(super) fn forge_callback(&mut self, token: &str, body: Vec<u8>, headers: HeaderMap) -> Result<(), Error> {
        let target = self.checked_target(token)?;
        self.queue(token, None, body, headers, target);
        Ok(())
    }

    fn checked_target(&self, token: &str) -> Result<Target, Error> {
        self.payment(token).ok_or(Refusal::UnknownToken)?;
        self.target.clone().ok_or_else(|| {
            Error::new(ErrorCode::ConfigMissing, "the simulated store has no callback URL")
                .with_hint("set one with set_callback_url, or over the API as the shop would")
        })
    }

    fn queue(&mut self, token: &str, status: Option<OrderStatus>, body: Vec<u8>, headers: HeaderMap, target: Target) {
        self.last_callback += 1;
        let id = self.last_callback;
        let Some(payment) = self.payment_mut(token) else { return };
        payment.callbacks.push(id);
        payment.queue.push_back(id);
        if !std::mem::replace(&mut payment.sending, true) {
            self.due.push(token.to_owned());
        }
        let delivery = Delivery {
            token: token.to_owned(),
            status,
            url: target.url.to_string(),
            method: target.method,
            body,
            signature: headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned),
            attempts: Vec::new(),
            finished: false,
        };
        self.callbacks.insert(id, Callback { delivery, target, headers, due: Instant::now() });
        if self.callbacks.len() > KEPT {
            self.callbacks.pop_first();
        }
    }

    /// The next callback of this payment. None ends the work on its queue.
    pub(super) fn next_callback(&mut self, token: &str) -> Option<u64> {
        let payment = self.payment_mut(token)?;
        let next = payment.queue.pop_front();
        payment.sending = next.is_some();
        next
    }

    /// What to send now.
    pub(super) fn begin_attempt(&mut self, id: u64) -> Option<Parcel> {
        let callback = self.callbacks.get(&id)?;
        let parcel = Parcel {
            target: callback.target.clone(),
            headers: callback.headers.clone(),
            body: callback.delivery.body.clone(),
        };
        let (token, status) = (callback.delivery.token.clone(), callback.delivery.status);
        let attempt = callback.delivery.attempts.len() + 1;
        let detail =
            format!("{} {}, attempt {attempt}", parcel.target.method.as_str(), without_query(&parcel.target.url));
        self.record(EventKind::CallbackSent, &token, status, detail);
        Some(parcel)
    }

    /// Records what came of it, and says how long to wait before the next attempt; none when the delivery is finished.
    pub(super) fn end_attempt(&mut self, id: u64, began: Instant, outcome: &AttemptOutcome) -> Option<Duration> {
        let callback = self.callbacks.get_mut(&id)?;
        let delivery = &mut callback.delivery;
        let offset = began.saturating_duration_since(callback.due);
        delivery.attempts.push(Attempt { offset, took: began.elapsed(), outcome: outcome.clone() });
        // An https URL fails the same way every time.
        let hopeless = callback.target.url.scheme() != "http";
        let wait = self.waits.get(delivery.attempts.len() - 1).copied();
        let wait = wait.filter(|_| !delivery.is_delivered() && !hopeless);
        delivery.finished = wait.is_none();
        let (token, status) = (delivery.token.clone(), delivery.status);
        let (kind, detail) = in_words(outcome, began.elapsed(), delivery.is_delivered(), wait);
        let is_first = delivery.attempts.len() == 1;
        self.record(kind, &token, status, detail);
        // A chain does not wait for a shop that is down.
        if is_first && status == Some(OrderStatus::WaitingToConfirm) {
            self.confirm(&token);
        }
        wait
    }

    /// Why deliveries do not come, where the ledger can tell.
    pub(super) fn hint_on_waiting(&self, token: &str) -> Option<&'static str> {
        if self.payment(token).is_none() {
            return Some("the simulator does not know this token");
        }
        self.target.is_none().then_some("the simulated store has no callback URL")
    }
}

fn in_words(outcome: &AttemptOutcome, took: Duration, delivered: bool, wait: Option<Duration>) -> (EventKind, String) {
    let (kind, mut detail) = match outcome {
        AttemptOutcome::Answered(status) => {
            (EventKind::CallbackAnswered, format!("{status} after {} ms", took.as_millis()))
        }
        AttemptOutcome::Failed(reason) => (EventKind::CallbackFailed, reason.clone()),
    };
    let _ = match wait {
        Some(wait) => write!(detail, ", again in {wait:?}"),
        None if !delivered => write!(detail, ", given up"),
        None => Ok(()),
    };
    (kind, detail)
}

/// A query may hold a key of the shop's own.
fn without_query(url: &Url) -> String {
    let mut plain = url.clone();
    plain.set_query(None);
    plain.set_fragment(None);
    let _ = plain.set_password(None);
    let _ = plain.set_username("");
    plain.into()
}
