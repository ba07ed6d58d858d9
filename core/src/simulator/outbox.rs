//! The callbacks of a [`Ledger`]: what is queued, held back and forgotten. No I/O.

use std::time::Duration;

use http::HeaderMap;

use super::{
    Delivery, EventKind, Fault, ledger::Ledger, message::Message, schedule::Alarm, store::StoreId, target::Target,
    timers::TimerId,
};
use crate::status::OrderStatus;

/// Callbacks that are kept; a payment has two or three.
const KEPT: usize = 50_000;
/// How late a delayed callback is.
const DELAY: Duration = Duration::from_mins(1);
/// How long a callback waits, at most, for the next one to overtake it.
const LONGEST_HOLD: Duration = Duration::from_secs(30);

/// A delivery and what it takes to make it.
pub(super) struct Callback {
    pub(super) store: StoreId,
    pub(super) delivery: Delivery,
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    /// When it should have gone out.
    pub(super) due: Duration,
    /// When the attempt under way, or the last one, began.
    pub(super) began: Duration,
    /// Whether one attempt is all it gets.
    pub(super) once: bool,
    /// Whether the chain confirms the payment after the first attempt.
    pub(super) confirms: bool,
    pub(super) timer: Option<TimerId>,
}

/// A callback to make a delivery of.
pub(super) struct Draft {
    pub(super) store: StoreId,
    /// Empty for a probe, which is about no payment.
    pub(super) token: String,
    pub(super) status: Option<OrderStatus>,
    pub(super) message: Message,
    pub(super) faults: Vec<Fault>,
    pub(super) once: bool,
}

impl Ledger {
    /// Queues the callback for this status where the store has a callback URL, with the faults that befall it. Says
    /// whether it is on its way, and not skipped, dropped or held back.
    pub(super) fn queue_status(&mut self, token: &str, status: OrderStatus, confirms: bool) -> bool {
        let Some(store) = self.payment(token).map(|payment| payment.store) else { return false };
        let Some(target) = self.store(store).and_then(|store| store.target.clone()) else {
            self.record(EventKind::CallbackSkipped, token, Some(status), "no callback URL is set".to_owned());
            return false;
        };
        let faults = self.faults_for(token, status);
        let status = faults.iter().find_map(|fault| fault.odd_status()).unwrap_or(status);
        let copies = if faults.contains(&Fault::CallbackDuplicate) { 2 } else { 1 };
        let mut on_its_way = true;
        for copy in 0..copies {
            let Some((payment, store)) = self.payment(token).zip(self.store(store)) else { break };
            let message = Message::of(payment, status, &faults, &store.secret);
            let (token, faults) = (token.to_owned(), faults.clone());
            let draft = Draft { store: payment.store, token, status: Some(status), message, faults, once: false };
            let id = self.post(draft, target.clone());
            on_its_way &= self.dispatch(id, confirms && copy == 0);
        }
        on_its_way
    }

    fn faults_for(&mut self, token: &str, status: OrderStatus) -> Vec<Fault> {
        let mut faults = self.faults.strike(Some(token), Fault::concerns_callbacks);
        let drawn = self.payment(token).map(|payment| self.chaos_for_callback(payment, status)).unwrap_or_default();
        faults.extend(drawn.into_iter().filter(|fault| !faults.contains(fault)).collect::<Vec<_>>());
        if !faults.is_empty() {
            let names: Vec<_> = faults.iter().map(|fault| fault.as_str()).collect();
            self.record(EventKind::CallbackFault, token, Some(status), names.join(", "));
        }
        faults
    }

    /// Makes a delivery of it, which is not on its way yet.
    pub(super) fn post(&mut self, draft: Draft, target: Target) -> u64 {
        self.last_callback += 1;
        let (id, now) = (self.last_callback, self.now());
        let delivery = self.delivery_of(id, &draft, &target);
        if let Some(payment) = self.payment_mut(&draft.token) {
            payment.callbacks.push_back(id);
        }
        let Draft { store, once, message: Message { headers, .. }, .. } = draft;
        let (due, began) = (now, now);
        let callback = Callback { store, delivery, target, headers, due, began, once, confirms: false, timer: None };
        self.callbacks.insert(id, callback);
        if self.callbacks.len() > KEPT
            && let Some(oldest) = self.callbacks.keys().next().copied()
        {
            self.forget_callback(oldest);
        }
        id
    }

    fn delivery_of(&self, id: u64, draft: &Draft, target: &Target) -> Delivery {
        let (store, payment) = (self.store(draft.store), self.payment(&draft.token));
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Delivery {
            id,
            store_name: store.map_or_else(String::new, |store| store.name.clone()),
            token: draft.token.clone(),
            payment_id: payment.map(|payment| payment.payment_id),
            order_id: payment.and_then(|payment| payment.order.order_id.clone()),
            status: draft.status,
            queued_at: self.now(),
            url: target.url.to_string(),
            method: target.method,
            headers: draft.message.headers.iter().map(header).collect(),
            body: draft.message.body.clone(),
            signature: draft.message.signature().map(str::to_owned),
            is_authentic: store.is_some_and(|store| draft.message.is_authentic(&store.secret)),
            faults: draft.faults.clone(),
            attempts: Vec::new(),
            finished: false,
        }
    }

    /// Sends it on its way, unless one of its faults holds it back.
    fn dispatch(&mut self, id: u64, confirms: bool) -> bool {
        let Some(callback) = self.callbacks.get_mut(&id) else { return false };
        let has = |fault| callback.delivery.faults.contains(&fault);
        if has(Fault::CallbackDrop) {
            callback.delivery.finished = true;
        } else if has(Fault::CallbackDelay) {
            self.hold(id, DELAY);
        } else if has(Fault::CallbackReorder) {
            let token = callback.delivery.token.clone();
            self.hold(id, LONGEST_HOLD);
            if let Some(payment) = self.payment_mut(&token) {
                payment.held.push(id);
            }
        } else {
            callback.confirms = confirms;
            self.enqueue(id);
            return true;
        }
        false
    }

    fn hold(&mut self, id: u64, time: Duration) {
        let timer = Some(self.timers.set(self.now().saturating_add(time), Alarm::Release(id)));
        if let Some(callback) = self.callbacks.get_mut(&id) {
            callback.timer = timer;
        }
    }

    /// One callback of a payment goes after the other; one that is about no payment goes at once.
    pub(super) fn enqueue(&mut self, id: u64) {
        let Some(token) = self.callbacks.get(&id).map(|callback| callback.delivery.token.clone()) else { return };
        match self.payment_mut(&token) {
            Some(payment) if payment.sending.is_some() => payment.queue.push_back(id),
            Some(payment) => {
                payment.sending = Some(id);
                self.traffic.start(id);
            }
            None => self.traffic.start(id),
        }
    }

    /// A callback that was held back goes now.
    pub(super) fn release(&mut self, id: u64) {
        let Some(callback) = self.callbacks.get_mut(&id) else { return };
        let (timer, token) = (callback.timer.take(), callback.delivery.token.clone());
        self.timers.cancel(timer);
        if let Some(payment) = self.payment_mut(&token) {
            payment.held.retain(|held| *held != id);
        }
        self.enqueue(id);
    }

    /// The payment's queue goes on after this callback: first those that it was to overtake, then the next.
    pub(super) fn go_on_after(&mut self, id: u64, token: &str) {
        let Some(payment) = self.payment_mut(token).filter(|payment| payment.sending == Some(id)) else { return };
        payment.sending = None;
        // One that was held back after this one waits for another.
        let (held, still) = std::mem::take(&mut payment.held).into_iter().partition::<Vec<_>, _>(|held| *held < id);
        payment.held = still;
        let next = std::mem::take(&mut payment.queue);
        for held in held {
            self.release(held);
        }
        for next in next {
            self.enqueue(next);
        }
    }

    pub(super) fn forget_callback(&mut self, id: u64) {
        let Some(callback) = self.callbacks.remove(&id) else { return };
        self.timers.cancel(callback.timer);
        let token = callback.delivery.token;
        if let Some(payment) = self.payment_mut(&token) {
            payment.callbacks.retain(|known| *known != id);
            payment.queue.retain(|queued| *queued != id);
            payment.held.retain(|held| *held != id);
        }
        self.go_on_after(id, &token);
    }
}
