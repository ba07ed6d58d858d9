//! [`Ledger`]: everything that the simulated gateway remembers, and every move a payment makes. No I/O.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::{
    Delivery, Event, EventKind, Fault, FindingKind,
    fault::FaultPlan,
    finding::Findings,
    life::may_move,
    outbox::{Callback, Target},
    payment::{Chosen, Order, Payment},
    random::Random,
};
use crate::{
    error::{Error, ErrorCode},
    secret::Secret,
    status::OrderStatus,
};

/// How many payments, and how many events, are kept.
const KEPT: usize = 10_000;
/// The first payment's number. Not 1, so that nobody takes it for a position.
const FIRST_PAYMENT_ID: i64 = 20_001;

pub(super) struct Ledger {
    payments: HashMap<String, Payment>,
    /// Tokens, oldest first.
    order: VecDeque<String>,
    events: VecDeque<Event>,
    last_sequence: u64,
    last_payment_id: i64,
    pub(super) callbacks: BTreeMap<u64, Callback>,
    pub(super) last_callback: u64,
    pub(super) target: Option<Target>,
    pub(super) secret: Secret,
    pub(super) waits: Vec<Duration>,
    /// Tokens whose queue nobody works yet.
    pub(super) due: Vec<String>,
    pub(super) faults: FaultPlan,
    pub(super) findings: Findings,
    pub(super) strict: bool,
    random: Random,
    started: Instant,
    closed: bool,
}

/// Why a payment does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    UnknownToken,
    UnknownCoin,
    NotOpen(OrderStatus),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = match refusal {
            Refusal::UnknownToken => "the simulator does not know this token".to_owned(),
            Refusal::UnknownCoin => "the payment cannot be paid in this coin".to_owned(),
            Refusal::NotOpen(status) => format!("the payment is not open any more, it is {status}"),
        };
        Self::new(ErrorCode::ApiRejected, message)
    }
}

impl Ledger {
    pub(super) fn new(random: Random, secret: Secret, target: Option<Target>, waits: Vec<Duration>) -> Self {
        Self {
            payments: HashMap::new(),
            order: VecDeque::new(),
            events: VecDeque::new(),
            last_sequence: 0,
            last_payment_id: FIRST_PAYMENT_ID - 1,
            callbacks: BTreeMap::new(),
            last_callback: 0,
            target,
            secret,
            waits,
            due: Vec::new(),
            faults: FaultPlan::default(),
            findings: Findings::default(),
            strict: false,
            random,
            started: Instant::now(),
            closed: false,
        }
    }

    /// A new payment's token.
    pub(super) fn create(&mut self, order: Order) -> String {
        let token = self.random.token();
        self.last_payment_id += 1;
        self.order.push_back(token.clone());
        self.payments.insert(token.clone(), Payment::new(token.clone(), self.last_payment_id, order));
        self.forget_the_oldest();
        self.record(EventKind::PaymentCreated, &token, None, String::new());
        token
    }

    fn forget_the_oldest(&mut self) {
        while self.order.len() > KEPT {
            let gone = self.order.pop_front().and_then(|token| self.payments.remove(&token));
            for id in gone.into_iter().flat_map(|payment| payment.callbacks) {
                self.callbacks.remove(&id);
            }
        }
    }

    /// Chooses the coin with this name, or the first one. A customer may choose again until the money is sent.
    pub(super) fn choose_coin(&mut self, token: &str, name: Option<&str>) -> Result<(), Refusal> {
        let address = self.random.token();
        let payment = self.payments.get_mut(token).ok_or(Refusal::UnknownToken)?;
        if payment.status != OrderStatus::Pending && !may_move(payment.status, OrderStatus::Pending) {
            return Err(Refusal::NotOpen(payment.status));
        }
        let wanted = |coin: &str| name.is_none_or(|name| coin.eq_ignore_ascii_case(name));
        let offer =
            payment.order.offers.iter().find(|offer| wanted(offer.coin.name)).ok_or(Refusal::UnknownCoin)?.clone();
        let detail = format!("{} {}", offer.amount, offer.coin.shortcut);
        let address = format!("simulated-{}-{address}", offer.coin.shortcut.to_lowercase());
        payment.chosen = Some(Chosen { offer, address });
        payment.status = OrderStatus::Pending;
        self.record(EventKind::CoinChosen, token, None, detail);
        Ok(())
    }

    /// Money arrives. The chain confirms it once the shop has heard of that much, so that a shop which acts too early, on
    /// callback 3, meets a payment that is still open.
    pub(super) fn pay(&mut self, token: &str) -> Result<(), Refusal> {
        if self.payment(token).is_some_and(|payment| payment.chosen.is_none()) {
            self.choose_coin(token, None)?;
        }
        self.advance(token, OrderStatus::WaitingToConfirm)?;
        let transaction = self.random.hash();
        if let Some(payment) = self.payments.get_mut(token) {
            payment.transaction = Some(transaction);
        }
        self.record(EventKind::Paid, token, None, String::new());
        self.queue_status(token, OrderStatus::WaitingToConfirm);
        if self.target.is_none() {
            self.confirm(token);
        }
        Ok(())
    }

    /// The chain confirms a payment that waits for it; nothing happens to any other.
    pub(super) fn confirm(&mut self, token: &str) {
        if self.payment(token).is_some_and(|payment| payment.status == OrderStatus::WaitingToConfirm)
            && self.advance(token, OrderStatus::Paid).is_ok()
        {
            self.record(EventKind::Confirmed, token, None, String::new());
            self.queue_status(token, OrderStatus::Paid);
        }
    }

    pub(super) fn cancel(&mut self, token: &str) -> Result<(), Refusal> {
        self.advance(token, OrderStatus::UserCanceled)?;
        self.record(EventKind::Canceled, token, None, String::new());
        self.queue_status(token, OrderStatus::UserCanceled);
        Ok(())
    }

    /// Moves a Paid payment to Approve, and says whether the payment is approved after the call. No callback goes out:
    /// none is documented for it.
    pub(super) fn verify(&mut self, token: &str) -> Option<(bool, &Payment)> {
        let payment = self.payments.get_mut(token)?;
        if may_move(payment.status, OrderStatus::Approve) {
            payment.status = OrderStatus::Approve;
        }
        let approved = payment.status == OrderStatus::Approve;
        self.record(EventKind::Verified, token, None, format!("success: {approved}"));
        self.payment(token).map(|payment| (approved, payment))
    }

    /// Like [`verify`](Self::verify), and the payment stays where it is.
    pub(super) fn verify_in_vain(&mut self, token: &str) -> Option<(bool, &Payment)> {
        self.payment(token)?;
        self.record(EventKind::Verified, token, None, "success: false".to_owned());
        self.payment(token).map(|payment| (false, payment))
    }

    /// The armed faults of the API among these that strike now.
    pub(super) fn strike_api(&mut self, token: Option<&str>, concerned: impl Fn(Fault) -> bool) -> Vec<Fault> {
        self.faults.strike(token, |fault| !fault.concerns_callbacks() && concerned(fault))
    }

    pub(super) fn chaos_for_api(&mut self) -> Vec<Fault> {
        Vec::new()
    }

    pub(super) fn report_finding(&mut self, kind: FindingKind, subject: &str, token: &str) {
        let at = self.started.elapsed();
        self.findings.report(kind, subject, token, at);
    }

    fn advance(&mut self, token: &str, to: OrderStatus) -> Result<(), Refusal> {
        let payment = self.payments.get_mut(token).ok_or(Refusal::UnknownToken)?;
        if !may_move(payment.status, to) {
            return Err(Refusal::NotOpen(payment.status));
        }
        payment.status = to;
        Ok(())
    }

    pub(super) fn payment(&self, token: &str) -> Option<&Payment> {
        self.payments.get(token)
    }

    pub(super) fn payment_mut(&mut self, token: &str) -> Option<&mut Payment> {
        self.payments.get_mut(token)
    }

    pub(super) fn payments(&self) -> impl Iterator<Item = &Payment> {
        self.order.iter().filter_map(|token| self.payment(token))
    }

    pub(super) fn deliveries(&self, token: &str) -> impl Iterator<Item = &Delivery> {
        let ids = self.payment(token).into_iter().flat_map(|payment| &payment.callbacks);
        ids.filter_map(|id| self.callbacks.get(id)).map(|callback| &callback.delivery)
    }

    /// Records what happened to this payment, with its status unless another is given.
    pub(super) fn record(&mut self, kind: EventKind, token: &str, status: Option<OrderStatus>, detail: String) {
        let payment = self.payments.get(token);
        self.last_sequence += 1;
        self.events.push_back(Event {
            sequence: self.last_sequence,
            at: self.started.elapsed(),
            kind,
            token: payment.map_or_else(String::new, |payment| payment.token.clone()),
            order_id: payment.map_or_else(String::new, |payment| payment.order_id().to_owned()),
            status: status.or(payment.map(|payment| payment.status)),
            detail,
        });
        if self.events.len() > KEPT {
            self.events.pop_front();
        }
    }

    /// The events after this one, if there are any.
    pub(super) fn events_after(&self, sequence: u64) -> Option<Vec<Event>> {
        let known = self.events.partition_point(|event| event.sequence <= sequence);
        (known < self.events.len()).then(|| self.events.range(known..).cloned().collect())
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::{CallbackMethod, order, request::Fields};

    fn ledger() -> Ledger {
        let secret = Secret::new("secret").expect("valid");
        let target = Target::new("http://127.0.0.1:9/", CallbackMethod::Post).expect("a URL");
        Ledger::new(Random::new().expect("seeded"), secret, Some(target), Vec::new())
    }

    fn an_order() -> Order {
        let fields = Fields::parse(br#"{"fiatAmount":"29.99","fiatCurrency":"USD"}"#).expect("an object");
        order::read(&fields).expect("an order")
    }

    #[test]
    fn memory_is_bounded_to_the_last_payments_and_events() {
        let mut ledger = ledger();
        let first = ledger.create(an_order());
        ledger.cancel(&first).expect("canceled");
        for _ in 0..KEPT {
            ledger.create(an_order());
        }
        assert_eq!((ledger.payments.len(), ledger.order.len(), ledger.events.len()), (KEPT, KEPT, KEPT));
        assert!(ledger.payment(&first).is_none() && ledger.callbacks.is_empty());
        let rest = ledger.events_after(ledger.last_sequence - 3).expect("events");
        assert_eq!(rest.len(), 3);
        assert!(ledger.events_after(ledger.last_sequence).is_none());
        assert!(ledger.events_after(u64::MAX).is_none());
    }

    #[test]
    fn a_payment_is_paid_once_and_approved_only_when_paid() {
        let mut ledger = ledger();
        let token = ledger.create(an_order());
        assert!(ledger.verify(&token).is_some_and(|(approved, _)| !approved));
        ledger.pay(&token).expect("paid");
        assert!(ledger.verify(&token).is_some_and(|(approved, _)| !approved), "not confirmed yet");
        ledger.confirm(&token);
        assert_eq!(ledger.pay(&token), Err(Refusal::NotOpen(OrderStatus::Paid)));
        assert_eq!(ledger.cancel(&token), Err(Refusal::NotOpen(OrderStatus::Paid)));
        assert!(ledger.verify(&token).is_some_and(|(approved, _)| approved));
        assert!(ledger.verify(&token).is_some_and(|(approved, _)| approved));
        assert_eq!(ledger.deliveries(&token).count(), 2);
    }

    #[test]
    fn an_unknown_token_or_coin_moves_nothing() {
        let mut ledger = ledger();
        let token = ledger.create(an_order());
        assert_eq!(ledger.pay("x"), Err(Refusal::UnknownToken));
        assert!(ledger.verify("x").is_none());
        assert_eq!(ledger.choose_coin(&token, Some("doge")), Err(Refusal::UnknownCoin));
        assert_eq!(ledger.payment(&token).map(|payment| payment.status), Some(OrderStatus::Initialize));
    }
}
