//! What the checkout page shows of a payment: plain texts, not yet escaped.

use std::time::{Duration, SystemTime};

use crate::status::OrderStatus;

/// A payment as its customer sees it.
#[derive(Clone, Debug)]
pub(in crate::simulator) struct CheckoutView {
    pub(in crate::simulator) token: String,
    pub(in crate::simulator) store: String,
    pub(in crate::simulator) order_id: Option<String>,
    /// As the shop asked for it, for instance `29.99 USD`.
    pub(in crate::simulator) price: String,
    pub(in crate::simulator) status: OrderStatus,
    /// What the payment can be paid in. Never empty.
    pub(in crate::simulator) offers: Vec<OfferView>,
    /// Once a coin is chosen.
    pub(in crate::simulator) transfer: Option<TransferView>,
    pub(in crate::simulator) window: Window,
    /// Back to the shop, with token, order id and status.
    pub(in crate::simulator) return_url: Option<String>,
    pub(in crate::simulator) levers: Levers,
    /// Why the last lever did nothing.
    pub(in crate::simulator) notice: Option<Notice>,
    /// Changes whenever the page would look different.
    pub(in crate::simulator) stamp: String,
}

/// One coin and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulator) struct OfferView {
    pub(in crate::simulator) name: String,
    pub(in crate::simulator) shortcut: String,
    pub(in crate::simulator) network: String,
    /// Without the coin, for instance `0.00041732`.
    pub(in crate::simulator) amount: String,
}

impl OfferView {
    /// For instance `0.00041732 BTC`.
    pub(in crate::simulator) fn in_coins(&self) -> String {
        self.of(&self.amount)
    }

    /// Another amount of the same coin.
    pub(in crate::simulator) fn of(&self, amount: &str) -> String {
        format!("{amount} {}", self.shortcut)
    }
}

/// The chosen coin, where the money goes, and how much came. Amounts are without the coin.
#[derive(Clone, Debug)]
pub(in crate::simulator) struct TransferView {
    pub(in crate::simulator) offer: OfferView,
    pub(in crate::simulator) address: String,
    /// What the QR code holds.
    pub(in crate::simulator) uri: String,
    /// None when nothing came.
    pub(in crate::simulator) received: Option<String>,
    /// None when enough came.
    pub(in crate::simulator) owed: Option<String>,
    /// None when no more came than was asked for.
    pub(in crate::simulator) excess: Option<String>,
    pub(in crate::simulator) confirmations: u32,
    pub(in crate::simulator) required_confirmations: u32,
    /// The hashes of what came, oldest first.
    pub(in crate::simulator) hashes: Vec<String>,
}

/// The time to pay.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulator) struct Window {
    pub(in crate::simulator) left: Duration,
    /// By the simulator's clock.
    pub(in crate::simulator) ends_at: SystemTime,
    /// Whether the clock runs by itself.
    pub(in crate::simulator) runs: bool,
}

/// Which levers make sense now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each lever")]
pub(in crate::simulator) struct Levers {
    /// To pay what is owed, less or more.
    pub(in crate::simulator) pay: bool,
    /// To pay after the time is over.
    pub(in crate::simulator) late: bool,
    pub(in crate::simulator) confirm: bool,
    pub(in crate::simulator) reject: bool,
    pub(in crate::simulator) drop: bool,
    pub(in crate::simulator) expire: bool,
}

/// Why a lever did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) enum Notice {
    /// The payment had moved on meanwhile.
    Moved,
    /// Not a positive amount.
    Amount,
}

impl Notice {
    const ALL: [Self; 2] = [Self::Moved, Self::Amount];

    /// As it stands in the page's address.
    pub(in crate::simulator) const fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Amount => "amount",
        }
    }

    pub(in crate::simulator) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == name)
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Moved => "That makes no sense now: the payment has moved on.",
            Self::Amount => "An amount is a decimal above zero, like 0.0004.",
        }
    }
}
