//! [`Outcome`]: what a verify answer comes to.

use std::fmt;

use crate::error::ErrorCode;

/// What a verify answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Approved, and it is the expected payment: fulfill the order, once.
    Settled,
    /// Not paid yet, or not confirmed.
    Open,
    /// Expired, canceled or rejected. Money can still arrive late.
    Closed,
    /// Paid on the chain, and not approved by this call: ask again soon.
    PaidNotApproved,
    /// The gateway does not know the token for this store.
    InvalidToken,
    /// The answer is about another token, order or amount: never fulfill.
    Mismatch,
    /// Success and status do not go together: never fulfill.
    Contradictory,
    /// A status that is not documented, or none: never fulfill, ask again later.
    Unknown,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Settled,
        Self::Open,
        Self::Closed,
        Self::PaidNotApproved,
        Self::InvalidToken,
        Self::Mismatch,
        Self::Contradictory,
        Self::Unknown,
    ];

    /// The stable name, for instance `paid_not_approved`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::PaidNotApproved => "paid_not_approved",
            Self::InvalidToken => "invalid_token",
            Self::Mismatch => "mismatch",
            Self::Contradictory => "contradictory",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) const fn error_code(self) -> ErrorCode {
        match self {
            Self::Open => ErrorCode::VerifyOpen,
            Self::Closed => ErrorCode::VerifyClosed,
            Self::PaidNotApproved => ErrorCode::VerifyPaidNotApproved,
            Self::InvalidToken => ErrorCode::VerifyInvalidToken,
            Self::Mismatch => ErrorCode::VerifyMismatch,
            Self::Contradictory => ErrorCode::VerifyContradictory,
            Self::Unknown | Self::Settled => ErrorCode::VerifyUnknown,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
