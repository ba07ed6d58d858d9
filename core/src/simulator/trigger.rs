//! [`Trigger`]: a callback about a payment of which nothing but this callback exists here.

use super::{
    Fault, Simulator,
    coin::COINS,
    ledger::Ledger,
    message::Message,
    outbox::Draft,
    payment::{Offer, Order, Payment, Speed},
    probe::spoiling,
    store::StoreId,
};
use crate::{
    amount::Amount,
    error::{Error, ErrorCode},
    status::OrderStatus,
};

/// Not a number that any simulator or the gateway's samples use.
const PAYMENT_ID: i64 = 10_001;

/// What a callback says that no payment stands behind. For a shop's own token, say, or to look at one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Trigger {
    status: OrderStatus,
    token: Option<String>,
    order_id: String,
    faults: Vec<Fault>,
}

impl Trigger {
    /// A callback with this status, about a made-up token and order `A-578`.
    pub fn new(status: OrderStatus) -> Self {
        Self { status, token: None, order_id: "A-578".to_owned(), faults: Vec::new() }
    }

    /// The token that it names.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The order id that it names.
    pub fn order_id(mut self, order_id: impl Into<String>) -> Self {
        self.order_id = order_id.into();
        self
    }

    /// Spoils it. Faults of when and how often a callback is sent (delay, reorder, drop, duplicate) have no effect here.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }
}

impl Simulator {
    /// Sends the callback once, signed with the first store's key, and gives the delivery's id.
    ///
    /// # Errors
    /// `config.missing` when the store has no callback URL; `config.closed` when the simulator is stopped.
    pub fn trigger(&self, trigger: &Trigger) -> Result<u64, Error> {
        self.running()?;
        self.shared.change(|ledger| ledger.trigger(trigger))
    }
}

impl Ledger {
    fn trigger(&mut self, trigger: &Trigger) -> Result<u64, Error> {
        let token = trigger.token.clone().unwrap_or_else(|| self.random.token());
        let store = StoreId(0);
        let payment = Payment::new(token, PAYMENT_ID, store, order(&trigger.order_id)?, self.now());
        let status = trigger.faults.iter().find_map(|fault| fault.odd_status()).unwrap_or(trigger.status);
        let (secret, target) = self.sender(store)?;
        let message = Message::of(&payment, status, &trigger.faults, secret);
        let (token, faults) = (String::new(), spoiling(&trigger.faults));
        let draft = Draft { store, token, status: Some(status), message, faults, once: true };
        Ok(self.send_draft(draft, target))
    }
}

fn order(order_id: &str) -> Result<Order, Error> {
    let [coin, ..] = &COINS;
    let amount = Amount::parse("1").map_err(|error| Error::new(ErrorCode::InputAmount, error.to_string()))?;
    Ok(Order {
        order_id: Some(order_id.to_owned()),
        fiat: None,
        offers: vec![Offer { coin, amount }],
        return_url: None,
        speed: Speed::Low,
        language: None,
        email_address: None,
        additional_data: Vec::new(),
    })
}
