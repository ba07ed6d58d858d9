//! [`Amount`]: exact decimal money in major units, never binary floating point.

use std::{fmt, str::FromStr};

use bigdecimal::{BigDecimal, RoundingMode, num_bigint::Sign};

use crate::error::{Error, ErrorCode};

/// Digits that survive a trip through a JSON double, which is how the gateway reports amounts.
const DOUBLE_DIGITS: u64 = 15;
/// Longest text taken for an amount. A double printed in full needs fewer.
const MAX_TEXT: usize = 128;
/// Largest power of ten taken, either way. A double reaches 308; `1e999999999` would fill the memory.
const MAX_EXPONENT: i64 = 400;

/// An exact decimal amount in major units: `29.99` is twenty-nine dollars and ninety-nine cents, `2999` is not.
///
/// Keeps every digit it was given. `29.9` and `29.90` are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(BigDecimal);

impl Amount {
    /// Reads a decimal such as `29.99`, `0.00041732` or `4.1732E-4`.
    ///
    /// # Errors
    /// `input.amount` for anything else: a comma, a currency sign, `NaN`, more than 128 characters,
    /// an exponent beyond 400.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if !is_decimal(text) {
            return Err(not_decimal(text));
        }
        let value = BigDecimal::from_str(text).map_err(|_| not_decimal(text))?;
        Ok(Self(value))
    }

    /// That a binary number was given where an amount is wanted; `got` names its type. For bindings.
    ///
    /// A float has lost digits already, and a whole number leaves open whether cents are meant.
    pub fn refuse_number(got: &str) -> Error {
        let message = format!("amounts are decimal strings in major units, like \"29.99\"; not cents; got {got}");
        Error::new(ErrorCode::InputAmount, message)
    }

    /// Whether the amount is greater than zero.
    pub fn is_positive(&self) -> bool {
        self.0.sign() == Sign::Plus
    }

    /// Whether the amount is zero.
    pub fn is_zero(&self) -> bool {
        self.0.sign() == Sign::NoSign
    }

    /// Digits between the first and the last that is not zero.
    pub fn significant_digits(&self) -> u64 {
        self.0.normalized().digits()
    }

    /// Whether a fiat amount survives the gateway's JSON doubles unchanged: at most 15 significant digits,
    /// and not more than 15 on either side of the point.
    pub fn fits_a_double(&self) -> bool {
        let limit = BigDecimal::new(1.into(), -DOUBLE_DIGITS.cast_signed());
        let fraction = self.0.normalized().fractional_digit_count();
        self.significant_digits() <= DOUBLE_DIGITS && fraction <= DOUBLE_DIGITS.cast_signed() && self.0.abs() < limit
    }

    /// Whether both are the same amount to 15 significant digits, which is as exact as the gateway reports it.
    ///
    /// True as well when they differ by less than half a unit of the fifteenth digit, so that an amount with more digits,
    /// reported as the nearest double, still equals itself where rounding would part the two.
    pub fn equals_as_reported(&self, other: &Self) -> bool {
        let round = |amount: &Self| amount.0.with_precision_round(PRECISION, RoundingMode::HalfEven);
        round(self) == round(other) || self.within_half_a_unit(other)
    }

    /// Exact, with as many decimals as the longer of the two.
    #[cfg(any(feature = "checkout", feature = "simulator"))]
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// Exact, with as many decimals as the longer of the two.
    #[cfg(any(feature = "checkout", feature = "simulator"))]
    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    /// This times `part` over `whole`, to the cent. `None` over zero.
    #[cfg(feature = "checkout")]
    pub(crate) fn in_proportion(&self, part: &Self, whole: &Self) -> Option<Self> {
        if whole.is_zero() {
            return None;
        }
        let share: BigDecimal = &self.0 * &part.0 / &whole.0;
        Some(Self(share.with_scale_round(2, RoundingMode::HalfUp)))
    }

    fn within_half_a_unit(&self, other: &Self) -> bool {
        let larger = self.0.abs().max(other.0.abs());
        if larger.sign() == Sign::NoSign {
            return true;
        }
        let larger = larger.normalized();
        let (digits, scale) = (i64::try_from(larger.digits()).unwrap_or(i64::MAX), larger.fractional_digit_count());
        let unit = BigDecimal::new(1.into(), scale - digits + DOUBLE_DIGITS.cast_signed());
        let difference: BigDecimal = (&self.0 - &other.0).abs() * 2;
        difference < unit
    }
}

/// What the simulated gateway reckons with.
#[cfg(feature = "simulator")]
impl Amount {
    pub(crate) fn zero() -> Self {
        Self(BigDecimal::from(0))
    }

    /// Half of it, rounded down to this many decimals where that leaves something, and exact otherwise.
    pub(crate) fn half(&self, decimals: i64) -> Self {
        let half: BigDecimal = &self.0 / 2;
        let rounded = half.with_scale_round(decimals, RoundingMode::Down).normalized();
        Self(if rounded.sign() == Sign::NoSign { half } else { rounded })
    }

    /// A tenth of it, rounded up to this many decimals.
    pub(crate) fn tenth(&self, decimals: i64) -> Self {
        let tenth: BigDecimal = &self.0 / 10;
        Self(tenth.with_scale_round(decimals, RoundingMode::Up).normalized())
    }
}

const PRECISION: std::num::NonZeroU64 = std::num::NonZeroU64::new(DOUBLE_DIGITS).unwrap();

impl FromStr for Amount {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// Without an exponent, with every digit that was given: `29.90`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

/// An optional minus, digits with at most one dot among them, an optional exponent within bounds.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (digits, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    text.len() <= MAX_TEXT && are_digits(whole) && are_digits(fraction) && is_small_exponent(exponent)
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_small_exponent(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    are_digits(unsigned) && unsigned.parse::<i64>().is_ok_and(|exponent| exponent <= MAX_EXPONENT)
}

fn not_decimal(text: &str) -> Error {
    let error = Error::new(
        ErrorCode::InputAmount,
        format!("an amount is a decimal in major units, like \"29.99\"; got {}", crate::text::quote(text)),
    );
    if text.contains(',') {
        return error.with_hint("write a dot before the cents, and no thousands separators");
    }
    error
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect(text)
    }

    #[test]
    fn an_amount_keeps_every_digit() {
        for text in ["29.90", "0.000000000000000001", "123456789012345678901234567890.123456789", "-1.42", "0"] {
            assert_eq!(amount(text).to_string(), text);
        }
        assert_eq!(amount("4.1732E-4").to_string(), "0.00041732");
        assert_eq!(amount("1e3").to_string(), "1000");
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        let bad = [
            "",
            " ",
            "NaN",
            "inf",
            "29,99",
            "1,000.00",
            "$5",
            "5 USD",
            "1e401",
            "1e999999999",
            "1e",
            "1e99999999999999999999",
            ".5",
            "5.",
            "--1",
            "+1",
            "0x10",
            "1_000",
            "٣",
            "1.2.3",
            "1e1e1",
            " 1",
        ];
        for text in bad {
            assert_eq!(Amount::parse(text).expect_err(text).code(), ErrorCode::InputAmount);
        }
        assert!(Amount::parse(&"9".repeat(129)).is_err());
    }

    #[test]
    fn equal_amounts_are_equal_whatever_their_zeros() {
        assert_eq!(amount("29.9"), amount("29.90"));
        assert_eq!(amount("1e2"), amount("100.00"));
    }

    #[test]
    fn amounts_are_equal_as_reported_to_fifteen_digits() {
        assert!(amount("29.99").equals_as_reported(&amount("29.990000000000002")));
        assert!(amount("29.99").equals_as_reported(&amount("29.989999999999998")));
        assert!(!amount("29.99").equals_as_reported(&amount("29.9900000000001")));
        assert!(!amount("29.99").equals_as_reported(&amount("29.98")));
        assert!(!amount("0").equals_as_reported(&amount("29.98")));
        assert!(amount("0").equals_as_reported(&amount("0.00")));
        assert!(!amount("1").equals_as_reported(&amount("-1")));
    }

    #[test]
    fn significant_digits_leave_zeros_at_the_ends_out() {
        for (text, digits) in [("0.00041732", 5), ("2999000", 4), ("29.990", 4), ("123456789012345.6", 16)] {
            assert_eq!(amount(text).significant_digits(), digits, "{text}");
        }
    }

    proptest! {
        /// The gateway prints a double; whatever was asked must still be recognized.
        #[test]
        fn any_amount_equals_itself_after_a_trip_through_a_double(digits in 1_u64..1_000_000_000_000_000_000, scale in 0_u32..19) {
            let text = decimal(digits, scale);
            let double: f64 = text.parse().expect("a double");
            prop_assert!(amount(&text).equals_as_reported(&amount(&double.to_string())), "{text} {double}");
        }

        #[test]
        fn amounts_a_cent_apart_are_not_equal(cents in 1_u64..99_999_999_999_999) {
            prop_assert!(!amount(&decimal(cents, 2)).equals_as_reported(&amount(&decimal(cents + 1, 2))));
        }

        #[test]
        fn no_text_makes_parsing_panic(text in "\\PC{0,40}|[-+0-9eE.]{0,40}") {
            if let Ok(amount) = Amount::parse(&text) {
                prop_assert_eq!(&Amount::parse(&amount.to_string()).expect("round trip"), &amount);
            }
        }
    }

    fn decimal(digits: u64, scale: u32) -> String {
        let power = 10_u128.pow(scale);
        let digits = u128::from(digits);
        format!("{}.{:0width$}", digits / power, digits % power, width = scale.max(1) as usize)
    }
}
