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
    /// The customer paid; the chain has not confirmed it yet. The detail says how much, here and below.
    Paid,
    /// The customer paid less than is asked for.
    PartiallyPaid,
    /// The customer paid more than is asked for.
    Overpaid,
    /// Money came after the payment was over.
    PaidLate,
    /// A transaction has one confirmation more.
    Confirmation,
    /// The chain confirmed the payment.
    Confirmed,
    /// A transaction disappeared from the mempool.
    TransactionDropped,
    /// The customer canceled.
    Canceled,
    /// The time to pay ended.
    Expired,
    /// The payment is no longer watched, or was never verified.
    Rejected,
    /// A callback was sent; the detail says where to, and which attempt it is.
    CallbackSent,
    /// The shop answered a callback; the detail holds the answer's status.
    CallbackAnswered,
    /// A callback got no answer; the detail says why.
    CallbackFailed,
    /// A callback would have been sent, but the store has no callback URL.
    CallbackSkipped,
    /// A fault befell a callback; the detail names it.
    CallbackFault,
    /// The shop called verify; the detail says whether it succeeded.
    Verified,
    /// The customer was sent back to the shop.
    CustomerReturned,
    /// An API request was refused; the detail says why.
    RequestRefused,
    /// The clock was moved on.
    ClockAdvanced,
}

impl Event {
    /// Bytes of text.
    pub(super) fn weight(&self) -> usize {
        self.order_id.len() + self.detail.len()
    }
}

impl EventKind {
    /// The stable name, for instance `payment_created`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentCreated => "payment_created",
            Self::PageOpened => "page_opened",
            Self::CoinChosen => "coin_chosen",
            Self::Paid => "paid",
            Self::PartiallyPaid => "partially_paid",
            Self::Overpaid => "overpaid",
            Self::PaidLate => "paid_late",
            Self::Confirmation => "confirmation",
            Self::Confirmed => "confirmed",
            Self::TransactionDropped => "transaction_dropped",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::CallbackSent => "callback_sent",
            Self::CallbackAnswered => "callback_answered",
            Self::CallbackFailed => "callback_failed",
            Self::CallbackSkipped => "callback_skipped",
            Self::CallbackFault => "callback_fault",
            Self::Verified => "verified",
            Self::CustomerReturned => "customer_returned",
            Self::RequestRefused => "request_refused",
            Self::ClockAdvanced => "clock_advanced",
        }
    }
}

/// One thing that happened. Holds no key and no signature; the order id is the shop's own text, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Counts up from 1 without gaps.
    pub sequence: u64,
    /// When, by the simulator's clock since its start.
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
