//! [`OrderStatus`]: what the gateway says of a payment, and what each means to a shop. Here and nowhere else.

use std::{fmt, str::FromStr};

/// What a status means to a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Meaning {
    /// Nothing to do: the customer has not paid yet, or the chain has not confirmed.
    Open,
    /// Still open, and somebody should look: less than the amount owed has arrived.
    Attention,
    /// Paid on the chain: ask the gateway to verify, which approves it.
    VerifyNow,
    /// Approved. Final.
    Settled,
    /// Expired, canceled or rejected. Money can still arrive late.
    Closed,
    /// Not in the gateway's documentation: never fulfill on it.
    Unknown,
}

impl Meaning {
    /// The stable name, for instance `verify_now`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Attention => "attention",
            Self::VerifyNow => "verify_now",
            Self::Settled => "settled",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }
}

/// A payment's status at the gateway. An open set: a number that is not documented is kept as [`OrderStatus::Unknown`].
///
/// A status in a callback or a return URL is a reason to verify, never a proof of payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OrderStatus {
    /// 0: created; the customer has not chosen a coin.
    Initialize,
    /// 1: an address is issued; waiting for the customer.
    Pending,
    /// 2: less than the amount owed has arrived.
    PartialPaid,
    /// 3: enough has arrived, and the chain has not confirmed it.
    WaitingToConfirm,
    /// 4: the payment window ended.
    Timeout,
    /// 5: the customer canceled on the hosted page.
    UserCanceled,
    /// 7: confirmed on the chain, and not yet verified by the store.
    Paid,
    /// 8: verified by the store. Final.
    Approve,
    /// 9: no longer watched, or never verified by the store.
    Reject,
    /// Any other number, as it came.
    Unknown(i64),
}

impl OrderStatus {
    /// The documented statuses, by number.
    pub const KNOWN: [Self; 9] = [
        Self::Initialize,
        Self::Pending,
        Self::PartialPaid,
        Self::WaitingToConfirm,
        Self::Timeout,
        Self::UserCanceled,
        Self::Paid,
        Self::Approve,
        Self::Reject,
    ];

    /// The status with this number; any number is taken.
    pub fn from_code(code: i64) -> Self {
        Self::KNOWN.into_iter().find(|status| status.code() == code).unwrap_or(Self::Unknown(code))
    }

    /// The number on the wire.
    pub const fn code(self) -> i64 {
        match self {
            Self::Initialize => 0,
            Self::Pending => 1,
            Self::PartialPaid => 2,
            Self::WaitingToConfirm => 3,
            Self::Timeout => 4,
            Self::UserCanceled => 5,
            Self::Paid => 7,
            Self::Approve => 8,
            Self::Reject => 9,
            Self::Unknown(code) => code,
        }
    }

    /// The documented name, or `Unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initialize => "Initialize",
            Self::Pending => "Pending",
            Self::PartialPaid => "PartialPaid",
            Self::WaitingToConfirm => "WaitingToConfirm",
            Self::Timeout => "Timeout",
            Self::UserCanceled => "UserCanceled",
            Self::Paid => "Paid",
            Self::Approve => "Approve",
            Self::Reject => "Reject",
            Self::Unknown(_) => "Unknown",
        }
    }

    /// What the status means to a shop.
    pub const fn meaning(self) -> Meaning {
        match self {
            Self::Initialize | Self::Pending | Self::WaitingToConfirm => Meaning::Open,
            Self::PartialPaid => Meaning::Attention,
            Self::Paid => Meaning::VerifyNow,
            Self::Approve => Meaning::Settled,
            Self::Timeout | Self::UserCanceled | Self::Reject => Meaning::Closed,
            Self::Unknown(_) => Meaning::Unknown,
        }
    }

    /// Whether a callback with this status says that the money is there.
    #[cfg(feature = "checkout")]
    pub(crate) const fn says_paid(self) -> bool {
        matches!(self, Self::Paid | Self::Approve)
    }

    /// Whether the status is in the gateway's documentation.
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

/// The text is neither a number nor a documented name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownStatusName;

impl fmt::Display for UnknownStatusName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither a number nor a documented status name")
    }
}

impl std::error::Error for UnknownStatusName {}

/// Reads a numeric string or a name, ignoring case, spaces, hyphens and underscores.
impl FromStr for OrderStatus {
    type Err = UnknownStatusName;

    fn from_str(text: &str) -> Result<Self, UnknownStatusName> {
        let digits = text.trim();
        if !digits.starts_with('+')
            && let Ok(code) = digits.parse()
        {
            return Ok(Self::from_code(code));
        }
        let name = plain(text);
        Self::KNOWN.into_iter().find(|status| plain(status.name()) == name).ok_or(UnknownStatusName)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(code) => write!(f, "Unknown({code})"),
            known => f.write_str(known.name()),
        }
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_from_a_number_a_numeric_string_or_a_name_in_any_case() {
        for status in OrderStatus::KNOWN {
            assert_eq!(OrderStatus::from_code(status.code()), status);
            assert_eq!(status.code().to_string().parse(), Ok(status));
            assert_eq!(status.name().parse(), Ok(status));
            assert_eq!(status.name().to_uppercase().parse(), Ok(status));
        }
        assert_eq!("waiting_to-Confirm".parse(), Ok(OrderStatus::WaitingToConfirm));
    }

    #[test]
    fn an_undocumented_number_is_kept_and_means_nothing() {
        for code in [6, 10, 42, -1, i64::MAX, i64::MIN] {
            let status = OrderStatus::from_code(code);
            assert_eq!((status.code(), status.meaning()), (code, Meaning::Unknown));
        }
    }

    #[test]
    fn only_approve_is_settled() {
        let settled: Vec<_> = OrderStatus::KNOWN.into_iter().filter(|s| s.meaning() == Meaning::Settled).collect();
        assert_eq!(settled, [OrderStatus::Approve]);
    }

    #[test]
    fn an_undocumented_name_is_an_error_not_a_status() {
        assert_eq!("Revert".parse::<OrderStatus>(), Err(UnknownStatusName));
        assert_eq!("".parse::<OrderStatus>(), Err(UnknownStatusName));
    }
}
