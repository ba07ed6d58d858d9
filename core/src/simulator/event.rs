//! [`Event`]: what happened in the simulator, in order, for whoever watches.

use std::time::Duration;

use crate::status::OrderStatus;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A shop asked for a payment and got a token.
    PaymentCreated,
    /// The customer opened the checkout page.
    PageOpened,
    /// The customer chose a coin.
    CoinChosen,
    /// The customer paid; the chain has not confirmed it yet.
    Paid,
    /// The chain confirmed the payment.
    Confirmed,
    /// The customer canceled.
    Canceled,
    /// A callback was sent; the detail says where to, and which attempt it is.
    CallbackSent,
    /// The shop answered a callback; the detail holds the answer's status.
    CallbackAnswered,
    /// A callback got no answer; the detail says why.
    CallbackFailed,
    /// A callback would have been sent, but the store has no callback URL.
    CallbackSkipped,
    /// The shop called verify; the detail says whether it succeeded.
    Verified,
    /// The customer was sent back to the shop.
    CustomerReturned,
    /// An API request was refused; the detail says why.
    RequestRefused,
}

impl EventKind {
    /// The stable name, for instance `payment_created`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentCreated => "payment_created",
            Self::PageOpened => "page_opened",
            Self::CoinChosen => "coin_chosen",
            Self::Paid => "paid",
            Self::Confirmed => "confirmed",
            Self::Canceled => "canceled",
            Self::CallbackSent => "callback_sent",
            Self::CallbackAnswered => "callback_answered",
            Self::CallbackFailed => "callback_failed",
            Self::CallbackSkipped => "callback_skipped",
            Self::Verified => "verified",
            Self::CustomerReturned => "customer_returned",
            Self::RequestRefused => "request_refused",
        }
    }
}

/// One thing that happened. Holds no key and no signature; the order id is the shop's own text, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Counts up from 1 without gaps.
    pub sequence: u64,
    /// How long the simulator had been running.
    pub at: Duration,
    /// What happened.
    pub kind: EventKind,
    /// The payment's token, or empty when it is about none.
    pub token: String,
    /// The shop's order id, or empty.
    pub order_id: String,
    /// The payment's status after it, or the one that a callback carries.
    pub status: Option<OrderStatus>,
    /// The rest, in words. May be empty.
    pub detail: String,
}
