//! [`Refusal`]: why a payment does not move.

use crate::{
    error::{Error, ErrorCode},
    status::OrderStatus,
};

/// Why a payment does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    UnknownToken,
    UnknownCoin,
    NotOpen(OrderStatus),
    NothingToConfirm,
    NothingToDrop,
    TooManyTransactions,
    UnknownDelivery,
    /// An amount that is not positive, or more than what is owed.
    WrongAmount(&'static str),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = match refusal {
            Refusal::UnknownToken => "the simulator does not know this token".to_owned(),
            Refusal::UnknownCoin => "the payment cannot be paid in this coin".to_owned(),
            Refusal::NotOpen(status) => format!("the payment is not open any more, it is {status}"),
            Refusal::NothingToConfirm => "the payment has no transaction that waits for the chain".to_owned(),
            Refusal::NothingToDrop => "the payment has no transaction in the mempool".to_owned(),
            Refusal::TooManyTransactions => "the payment has as many transactions as the simulator keeps".to_owned(),
            Refusal::UnknownDelivery => "the simulator does not know this delivery".to_owned(),
            Refusal::WrongAmount(expected) => return Self::new(ErrorCode::InputAmount, expected),
        };
        Self::new(ErrorCode::ApiRejected, message)
    }
}
