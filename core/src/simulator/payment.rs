//! One payment as the simulated gateway keeps it.

use std::{collections::VecDeque, time::Duration};

use url::Url;

use super::{
    Transaction, TransactionState,
    coin::Coin,
    store::StoreId,
    timers::TimerId,
    transaction::{self, Transfer},
};
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

impl Order {
    /// Bytes of what the shop wrote.
    pub(super) fn weight(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let entries: usize = self.additional_data.iter().map(|(key, value)| length(key) + length(value)).sum();
        let url = self.return_url.as_ref().map_or(0, |url| url.as_str().len());
        length(&self.order_id) + length(&self.language) + length(&self.email_address) + entries + url
    }
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
    pub(super) store: StoreId,
    pub(super) order: Order,
    pub(super) status: OrderStatus,
    pub(super) chosen: Option<Chosen>,
    /// Money that came, oldest first; dropped transactions stay in the list.
    pub(super) transfers: Vec<Transfer>,
    pub(super) created_at: Duration,
    /// When the time to pay ends.
    pub(super) window_ends_at: Duration,
    /// What happens to the payment if nothing else does.
    pub(super) deadline: Option<TimerId>,
    /// Callbacks by id, oldest first.
    pub(super) callbacks: VecDeque<u64>,
    /// Callbacks not yet begun: one goes after the other.
    pub(super) queue: VecDeque<u64>,
    /// The callback that is being sent, or sent again.
    pub(super) sending: Option<u64>,
    /// Callbacks that wait for the next one to overtake them.
    pub(super) held: Vec<u64>,
}

impl Payment {
    /// A payment created now.
    pub(super) fn new(token: String, payment_id: i64, store: StoreId, order: Order, now: Duration) -> Self {
        Self {
            token,
            payment_id,
            store,
            order,
            status: OrderStatus::Initialize,
            chosen: None,
            transfers: Vec::new(),
            created_at: now,
            window_ends_at: now,
            deadline: None,
            callbacks: VecDeque::new(),
            queue: VecDeque::new(),
            sending: None,
            held: Vec::new(),
        }
    }

    /// The order id, or empty: callbacks and return URLs carry it always.
    pub(super) fn order_id(&self) -> &str {
        self.order.order_id.as_deref().unwrap_or_default()
    }

    pub(super) fn transactions(&self) -> impl DoubleEndedIterator<Item = &Transaction> {
        self.transfers.iter().map(|transfer| &transfer.transaction)
    }

    /// How much the customer was asked to pay, once a coin is chosen.
    pub(super) fn expected(&self) -> Option<&Amount> {
        self.chosen.as_ref().map(|chosen| &chosen.offer.amount)
    }

    /// The money that came, confirmed or not.
    pub(super) fn received(&self) -> Amount {
        transaction::sum(self.transactions().filter(|transaction| transaction.counts()))
    }

    /// The money that the chain has confirmed.
    pub(super) fn confirmed(&self) -> Amount {
        transaction::sum(self.transactions().filter(|transaction| transaction.state == TransactionState::Completed))
    }

    /// What is still to pay; none when no coin is chosen or enough has come.
    pub(super) fn owed(&self) -> Option<Amount> {
        self.expected().map(|expected| expected.minus(&self.received())).filter(Amount::is_positive)
    }

    /// Whether its time is over and money that still comes is late.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.status, OrderStatus::Timeout | OrderStatus::UserCanceled)
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
}
