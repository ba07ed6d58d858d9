//! [`PaymentState`] and [`OrderState`]: where our own records stand.

use std::fmt;

macro_rules! states {
    ($(#[$docs:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$meaning])* $variant,)+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name, as it stands in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Reads the stable name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(super) use states;

states! {
    /// Where a payment stands by the last verify answer. Settled is final.
    PaymentState {
        /// The gateway is being asked for it; it has no token yet.
        Creating = "creating",
        /// Nothing has arrived.
        Open = "open",
        /// Less than the amount owed has arrived.
        PartiallyPaid = "partially_paid",
        /// Enough has arrived, and it is being confirmed or approved.
        Confirming = "confirming",
        /// Expired, canceled or rejected. Money can still arrive.
        Closed = "closed",
        /// The gateway's answer is none to rely on; somebody should look.
        Attention = "attention",
        /// Approved. Final.
        Settled = "settled",
    }
}

states! {
    /// Where an order stands. Paid is final.
    OrderState {
        /// A payment can be made.
        Open = "open",
        /// Less than the amount owed has arrived.
        PartiallyPaid = "partially_paid",
        /// Enough has arrived, and it is being confirmed.
        Confirming = "confirming",
        /// Paid: a settled payment of the order's price. Final.
        Paid = "paid",
        /// No payment is open: expired, canceled or rejected.
        Closed = "closed",
        /// Money has come that pays nothing, or an answer cannot be relied on: somebody should look.
        Attention = "attention",
    }
}

impl OrderState {
    /// The state of an unpaid order, from those of its payments.
    pub(super) fn of_payments(states: impl IntoIterator<Item = PaymentState>) -> Self {
        let rank = |state: PaymentState| match state {
            PaymentState::Settled | PaymentState::Attention => 4,
            PaymentState::Confirming => 3,
            PaymentState::PartiallyPaid => 2,
            PaymentState::Open | PaymentState::Creating => 1,
            PaymentState::Closed => 0,
        };
        match states.into_iter().map(rank).max() {
            Some(4) => Self::Attention,
            Some(3) => Self::Confirming,
            Some(2) => Self::PartiallyPaid,
            Some(1) => Self::Open,
            _ => Self::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        assert!(PaymentState::ALL.iter().all(|state| PaymentState::parse(state.as_str()) == Some(*state)));
        assert!(OrderState::ALL.iter().all(|state| OrderState::parse(state.as_str()) == Some(*state)));
    }

    #[test]
    fn an_order_stands_where_its_furthest_payment_stands() {
        use PaymentState::{Attention, Closed, Confirming, Open, PartiallyPaid, Settled};
        assert_eq!(OrderState::of_payments([Closed, Open, Confirming, PartiallyPaid]), OrderState::Confirming);
        assert_eq!(OrderState::of_payments([Closed, Open]), OrderState::Open);
        assert_eq!(OrderState::of_payments([Closed]), OrderState::Closed);
        assert_eq!(OrderState::of_payments([Open, Settled]), OrderState::Attention);
        assert_eq!(OrderState::of_payments([Confirming, Attention]), OrderState::Attention);
    }
}
