//! One payment as the simulated gateway keeps it, and the snapshot of it that a test sees.

use std::collections::VecDeque;

use url::Url;

use super::coin::Coin;
use crate::{amount::Amount, status::OrderStatus};

/// What the shop asked for, checked.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the gateway's own names")]
pub(super) struct Order {
    pub(super) order_id: Option<String>,
    /// Amount and currency; none when priced in crypto only.
    pub(super) fiat: Option<(Amount, String)>,
    /// The coins to choose from and how much of each. Never empty.
    pub(super) offers: Vec<Offer>,
    pub(super) return_url: Option<Url>,
    pub(super) speed: Speed,
    pub(super) language: Option<String>,
    pub(super) email_address: Option<String>,
    pub(super) additional_data: Vec<Entry>,
}

/// A key and a value that travel with the order; the gateway's schema allows either to be null.
pub(super) type Entry = (Option<String>, Option<String>);

/// `riskSpeed` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speed {
    /// 0, and the default when the field is absent: the customer returns as soon as the chain has seen the money.
    High,
    /// 1: the customer returns once the payment is confirmed.
    Low,
}

/// One coin and how much of it.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) coin: &'static Coin,
    pub(super) amount: Amount,
}

/// The coin that the customer chose.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) offer: Offer,
    pub(super) address: String,
}

/// One payment.
#[expect(clippy::struct_field_names, reason = "the gateway's own names")]
pub(super) struct Payment {
    pub(super) token: String,
    pub(super) payment_id: i64,
    pub(super) order: Order,
    pub(super) status: OrderStatus,
    pub(super) chosen: Option<Chosen>,
    pub(super) transaction: Option<String>,
    /// Callbacks by id, oldest first.
    pub(super) callbacks: Vec<u64>,
    /// Callbacks not yet begun: one goes after the other.
    pub(super) queue: VecDeque<u64>,
    /// Whether somebody works the queue.
    pub(super) sending: bool,
}

impl Payment {
    pub(super) fn new(token: String, payment_id: i64, order: Order) -> Self {
        Self {
            token,
            payment_id,
            order,
            status: OrderStatus::Initialize,
            chosen: None,
            transaction: None,
            callbacks: Vec::new(),
            queue: VecDeque::new(),
            sending: false,
        }
    }

    /// The order id, or empty: callbacks and return URLs carry it always.
    pub(super) fn order_id(&self) -> &str {
        self.order.order_id.as_deref().unwrap_or_default()
    }

    /// Whether the customer of a paid payment goes back to the shop now.
    pub(super) fn may_return(&self) -> bool {
        self.status != OrderStatus::WaitingToConfirm || self.order.speed == Speed::High
    }

    /// The status in the return URL: at high speed the customer is back before the payment is confirmed.
    pub(super) fn return_status(&self) -> OrderStatus {
        match (self.status, self.order.speed) {
            (OrderStatus::Paid | OrderStatus::Approve, Speed::High) => OrderStatus::WaitingToConfirm,
            (OrderStatus::Approve, Speed::Low) => OrderStatus::Paid,
            (status, _) => status,
        }
    }

    pub(super) fn snapshot(&self, gateway_url: &str) -> PaymentSnapshot {
        let fiat = self.order.fiat.clone();
        let (fiat_amount, fiat_currency) = fiat.unzip();
        let offer = self.chosen.as_ref().map(|chosen| &chosen.offer);
        PaymentSnapshot {
            token: self.token.clone(),
            payment_id: self.payment_id,
            order_id: self.order.order_id.clone(),
            status: self.status,
            fiat_amount,
            fiat_currency,
            coin: offer.map(|offer| offer.coin.name.to_owned()),
            crypto_amount: offer.map(|offer| offer.amount.clone()),
            return_url: self.order.return_url.as_ref().map(Url::to_string),
            risk_speed: match self.order.speed {
                Speed::High => 0,
                Speed::Low => 1,
            },
            language: self.order.language.clone(),
            email_address: self.order.email_address.clone(),
            additional_data: self.order.additional_data.iter().cloned().map(filled).collect(),
            url: format!("{gateway_url}?token={}", self.token),
        }
    }
}

fn filled((key, value): Entry) -> (String, String) {
    (key.unwrap_or_default(), value.unwrap_or_default())
}

/// A payment as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PaymentSnapshot {
    /// The token, 32 lower-case hexadecimal characters.
    pub token: String,
    /// The gateway's own number, which callbacks carry.
    pub payment_id: i64,
    /// The shop's order id.
    pub order_id: Option<String>,
    /// Where it stands.
    pub status: OrderStatus,
    /// The fiat price; none when priced in crypto.
    pub fiat_amount: Option<Amount>,
    /// The fiat currency as the shop wrote it.
    pub fiat_currency: Option<String>,
    /// The chosen coin's name.
    pub coin: Option<String>,
    /// How much of the chosen coin.
    pub crypto_amount: Option<Amount>,
    /// Where the customer returns to.
    pub return_url: Option<String>,
    /// `riskSpeed`: 0 high, 1 low. 0 where the shop sent none.
    pub risk_speed: u8,
    /// The culture name that the shop sent.
    pub language: Option<String>,
    /// The customer's address that the shop sent.
    pub email_address: Option<String>,
    /// What travels with the order, in its order, without `OrderId`.
    pub additional_data: Vec<(String, String)>,
    /// The checkout page.
    pub url: String,
}
