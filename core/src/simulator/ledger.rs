//! [`Ledger`]: everything that the simulated gateway remembers. No I/O.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use super::{
    Chaos, Delivery, Event, EventKind, Fault, FindingKind,
    chaos::Dice,
    clock::Clock,
    fault::FaultPlan,
    finding::Findings,
    outbox::Callback,
    payment::{Order, Payment},
    random::Random,
    rules::Rules,
    schedule::Alarm,
    store::{Account, StoreId},
    target::Target,
    timers::Timers,
    traffic::Traffic,
};
use crate::{error::Error, status::OrderStatus};

/// How many payments, and how many events, are kept.
pub(super) const KEPT: usize = 10_000;
/// How many bytes of the shop's own texts the payments, and the events, may hold: far more than 10,000 of the usual size.
const HEAVIEST: usize = 16 * 1024 * 1024;
/// The first payment's number. Not 1, so that nobody takes it for a position.
const FIRST_PAYMENT_ID: i64 = 20_001;

pub(super) struct Ledger {
    pub(super) stores: Vec<Account>,
    pub(super) rules: Rules,
    /// Whether requests with a finding are refused.
    pub(super) strict: bool,
    payments: HashMap<String, Payment>,
    /// Tokens, oldest first.
    order: VecDeque<String>,
    /// Bytes of the shop's texts in the payments, and in the events.
    weight: usize,
    event_weight: usize,
    forgotten: u64,
    last_payment_id: i64,
    events: VecDeque<Event>,
    last_sequence: u64,
    pub(super) callbacks: BTreeMap<u64, Callback>,
    pub(super) last_callback: u64,
    pub(super) traffic: Traffic,
    pub(super) clock: Clock,
    pub(super) timers: Timers<Alarm>,
    /// The latest time that the clock is on its way to.
    pub(super) horizon: Duration,
    /// How many set out to move the clock on and have not arrived.
    pub(super) journeys: usize,
    pub(super) faults: FaultPlan,
    dice: Option<Dice>,
    pub(super) findings: Findings,
    pub(super) random: Random,
    closed: bool,
}

impl Ledger {
    pub(super) fn new(random: Random, stores: Vec<Account>, rules: Rules, clock: Clock) -> Self {
        Self {
            stores,
            rules,
            strict: false,
            payments: HashMap::new(),
            order: VecDeque::new(),
            weight: 0,
            event_weight: 0,
            forgotten: 0,
            last_payment_id: FIRST_PAYMENT_ID - 1,
            events: VecDeque::new(),
            last_sequence: 0,
            callbacks: BTreeMap::new(),
            last_callback: 0,
            traffic: Traffic::default(),
            clock,
            timers: Timers::default(),
            horizon: Duration::ZERO,
            journeys: 0,
            faults: FaultPlan::default(),
            dice: None,
            findings: Findings::default(),
            random,
            closed: false,
        }
    }

    /// Time since the start.
    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// A new payment's token.
    pub(super) fn create(&mut self, store: StoreId, order: Order) -> String {
        let token = self.random.token();
        self.last_payment_id += 1;
        self.order.push_back(token.clone());
        self.weight += order.weight();
        let payment = Payment::new(token.clone(), self.last_payment_id, store, order, self.now());
        self.payments.insert(token.clone(), payment);
        self.forget_the_oldest();
        self.record(EventKind::PaymentCreated, &token, None, String::new());
        self.open_window(&token);
        token
    }

    fn forget_the_oldest(&mut self) {
        while self.order.len() > KEPT || self.weight > HEAVIEST {
            let Some(gone) = self.order.pop_front().and_then(|token| self.payments.remove(&token)) else { continue };
            self.weight -= gone.order.weight();
            self.forgotten += 1;
            self.timers.cancel(gone.deadline);
            for transfer in gone.transfers {
                self.timers.cancel(transfer.timer);
            }
            for id in gone.callbacks {
                self.forget_callback(id);
            }
        }
    }

    /// How many payments are not kept any more.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn payment(&self, token: &str) -> Option<&Payment> {
        self.payments.get(token)
    }

    pub(super) fn payment_mut(&mut self, token: &str) -> Option<&mut Payment> {
        self.payments.get_mut(token)
    }

    /// Oldest first.
    pub(super) fn payments(&self) -> impl DoubleEndedIterator<Item = &Payment> {
        self.order.iter().filter_map(|token| self.payment(token))
    }

    /// The store with this id.
    pub(super) fn store(&self, id: StoreId) -> Option<&Account> {
        self.stores.get(id.0)
    }

    pub(super) fn set_target(&mut self, id: StoreId, target: Option<Target>) {
        if let Some(store) = self.stores.get_mut(id.0) {
            store.target = target;
        }
    }

    /// The name of the payment's store.
    pub(super) fn store_name_of(&self, payment: &Payment) -> &str {
        self.store(payment.store).map_or("", |store| &store.name)
    }

    /// The payment's callbacks, oldest first.
    pub(super) fn deliveries(&self, token: &str) -> impl Iterator<Item = &Delivery> {
        let ids = self.payment(token).into_iter().flat_map(|payment| &payment.callbacks);
        ids.filter_map(|id| self.delivery(*id))
    }

    pub(super) fn delivery(&self, id: u64) -> Option<&Delivery> {
        self.callbacks.get(&id).map(|callback| &callback.delivery)
    }

    /// The last callbacks of all payments and stores, newest first.
    pub(super) fn recent_deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.callbacks.values().rev().map(|callback| &callback.delivery)
    }

    /// Records what happened to this payment, with its status unless another is given.
    pub(super) fn record(&mut self, kind: EventKind, token: &str, status: Option<OrderStatus>, detail: String) {
        let at = self.now();
        let payment = self.payments.get(token);
        self.last_sequence += 1;
        self.events.push_back(Event {
            sequence: self.last_sequence,
            at,
            kind,
            token: payment.map_or_else(String::new, |payment| payment.token.clone()),
            order_id: payment.map_or_else(String::new, |payment| payment.order_id().to_owned()),
            status: status.or(payment.map(|payment| payment.status)),
            detail,
        });
        self.event_weight += self.events.back().map_or(0, Event::weight);
        while self.events.len() > KEPT || self.event_weight > HEAVIEST {
            self.event_weight -= self.events.pop_front().map_or(0, |event| event.weight());
        }
    }

    /// The events after this one, if there are any.
    pub(super) fn events_after(&self, sequence: u64) -> Option<Vec<Event>> {
        let known = self.events.partition_point(|event| event.sequence <= sequence);
        (known < self.events.len()).then(|| self.events.range(known..).cloned().collect())
    }

    /// Everything that is kept, oldest first.
    pub(super) fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter()
    }

    pub(super) fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// The chaos that reigns.
    pub(super) fn chaos(&self) -> Option<Chaos> {
        self.dice.as_ref().map(Dice::chaos)
    }

    /// Lists a mistake of the shop's: what was wrong, on what, and with which payment, if any.
    pub(super) fn report_finding(&mut self, kind: FindingKind, subject: &str, token: &str) {
        let at = self.now();
        self.findings.report(kind, subject, token, at);
    }

    /// Lets chance strike from now on; none ends it.
    pub(super) fn set_chaos(&mut self, chaos: Option<Chaos>) -> Result<(), Error> {
        self.dice = chaos.map(|chaos| Dice::new(chaos, &self.random)).transpose()?;
        Ok(())
    }

    /// The faults that befall the next API call by chance. Asking counts as a call.
    pub(super) fn chaos_for_api(&mut self) -> Vec<Fault> {
        self.dice.as_mut().map(Dice::for_api).unwrap_or_default()
    }

    /// The armed faults of the API among these that strike now.
    pub(super) fn strike_api(&mut self, token: Option<&str>, concerned: impl Fn(Fault) -> bool) -> Vec<Fault> {
        self.faults.strike(token, |fault| !fault.concerns_callbacks() && concerned(fault))
    }

    pub(super) fn chaos_for_callback(&self, payment: &Payment, status: OrderStatus) -> Vec<Fault> {
        let drawn = |dice: &Dice| dice.for_callback(payment.payment_id, status.code(), payment.callbacks.len());
        self.dice.as_ref().map(drawn).unwrap_or_default()
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}
