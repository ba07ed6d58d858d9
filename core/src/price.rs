//! [`Price`]: what an order costs.

use crate::{
    amount::Amount,
    error::{Error, ErrorCode},
    text::{clean, quote},
};

/// Far more than the gateway knows; each name is compared with those before it.
const MOST_COINS: usize = 1_000;
/// Room for 18 decimals, which are usual on a chain, and for any number of coins.
const LONGEST_CRYPTO_AMOUNT: usize = 60;

/// What an order costs: an amount of a currency, or an amount for each coin that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Price {
    /// In fiat money.
    Fiat {
        /// In major units.
        amount: Amount,
        /// Three letters, upper case.
        currency: String,
    },
    /// In coins: the customer pays one of these. Names as `Client::accepted_coins` gives them.
    Crypto(Vec<(String, Amount)>),
}

impl Price {
    /// From what a caller gave: exactly one of the two kinds, checked. For bindings.
    ///
    /// # Errors
    /// `input.price_missing`, `input.price_ambiguous`, `input.amount`, `input.currency`, `input.coin`.
    pub fn required(amount: Option<Amount>, currency: Option<&str>, coins: &[(String, Amount)]) -> Result<Self, Error> {
        Self::from_parts(amount, currency, coins)?.ok_or_else(|| {
            let message = "a price is missing: give a fiat amount with its currency, or crypto amounts";
            Error::new(ErrorCode::InputPriceMissing, message)
        })
    }

    /// Like [`required`](Self::required), where no price need be given.
    pub(crate) fn from_parts(
        amount: Option<Amount>,
        currency: Option<&str>,
        coins: &[(String, Amount)],
    ) -> Result<Option<Self>, Error> {
        if (amount.is_some() || currency.is_some()) && !coins.is_empty() {
            return Err(Error::new(ErrorCode::InputPriceAmbiguous, "give a price in fiat money or in coins, not both"));
        }
        match (amount, currency) {
            (Some(amount), Some(currency)) => Self::fiat(amount, currency).map(Some),
            (Some(_), None) => {
                Err(Error::new(ErrorCode::InputCurrency, "the fiat currency is missing beside the fiat amount"))
            }
            (None, Some(_)) => {
                Err(Error::new(ErrorCode::InputPriceMissing, "the fiat amount is missing beside the fiat currency"))
            }
            (None, None) if coins.is_empty() => Ok(None),
            (None, None) => Self::crypto(coins).map(Some),
        }
    }

    fn fiat(amount: Amount, currency: &str) -> Result<Self, Error> {
        check_positive(&amount)?;
        if !amount.fits_a_double() {
            let message = format!("a fiat amount has at most 15 significant digits; got {}", printable(&amount));
            return Err(Error::new(ErrorCode::InputAmount, message));
        }
        Ok(Self::Fiat { amount, currency: check_currency(currency)? })
    }

    fn crypto(coins: &[(String, Amount)]) -> Result<Self, Error> {
        if coins.len() > MOST_COINS {
            return Err(Error::new(ErrorCode::InputCoin, format!("a price names at most {MOST_COINS} coins")));
        }
        for (position, (coin, amount)) in coins.iter().enumerate() {
            check_positive(amount)?;
            if amount.to_string().len() > LONGEST_CRYPTO_AMOUNT {
                let message = format!(
                    "a crypto amount has at most {LONGEST_CRYPTO_AMOUNT} characters; got {}",
                    printable(amount)
                );
                return Err(Error::new(ErrorCode::InputAmount, message));
            }
            check_coin(coin)?;
            if coins[..position].iter().any(|(other, _)| other.eq_ignore_ascii_case(coin)) {
                return Err(Error::new(ErrorCode::InputCoin, format!("the coin {} is named twice", quote(coin))));
            }
        }
        Ok(Self::Crypto(coins.to_vec()))
    }
}

fn printable(amount: &Amount) -> String {
    clean(&amount.to_string(), 40)
}

fn check_positive(amount: &Amount) -> Result<(), Error> {
    if amount.is_positive() {
        return Ok(());
    }
    Err(Error::new(ErrorCode::InputAmount, format!("an amount is greater than zero; got {}", printable(amount))))
}

/// In any case; gives it in upper case.
pub(crate) fn check_currency(currency: &str) -> Result<String, Error> {
    if currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(currency.to_ascii_uppercase());
    }
    let message = format!("a currency is a three-letter code, like \"USD\"; got {}", quote(currency));
    Err(Error::new(ErrorCode::InputCurrency, message))
}

pub(crate) fn check_coin(coin: &str) -> Result<(), Error> {
    if coin.trim().is_empty() || coin.len() > 64 || coin.chars().any(char::is_control) {
        return Err(Error::new(
            ErrorCode::InputCoin,
            format!("a coin name has 1 to 64 characters; got {}", quote(coin)),
        ));
    }
    Ok(())
}
