//! [`Speed`]: how sure a payment must be.

use crate::{
    error::{Error, ErrorCode},
    text::quote,
};

/// How sure a payment must be before the gateway calls it paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Speed {
    /// Wait for confirmations on the chain. The default.
    #[default]
    Low,
    /// Accept a transaction from the mempool, which can still be replaced by one that pays somebody else.
    High,
}

impl Speed {
    /// The number on the wire, which the gateway calls `riskSpeed`.
    pub const fn code(self) -> u8 {
        match self {
            Self::High => 0,
            Self::Low => 1,
        }
    }

    /// `low` or `high`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
        }
    }

    /// Reads `low` or `high`. Numbers are refused: they have been mixed up too often.
    ///
    /// # Errors
    /// `input.speed` for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "low" => Ok(Self::Low),
            "high" => Ok(Self::High),
            _ => Err(Error::new(ErrorCode::InputSpeed, format!("speed is \"low\" or \"high\"; got {}", quote(text)))
                .with_hint("low waits for confirmations on the chain and is the default")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_name_never_a_number() {
        assert_eq!((Speed::default(), Speed::Low.code(), Speed::High.code()), (Speed::Low, 1, 0));
        for text in ["0", "1", "Low", "fast", ""] {
            assert_eq!(Speed::parse(text).expect_err("refused").code(), ErrorCode::InputSpeed);
        }
    }
}
