//! [`Terms`]: what makes two attempts at an order the same purchase: price and speed.

use serde_json::{Value, json};

use crate::{
    amount::Amount,
    error::{Error, ErrorCode},
    price::Price,
    speed::Speed,
};

/// Price and speed as one text: equal where they ask for the same, however the amounts were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms(String);

impl Terms {
    pub(super) fn new(price: &Price, speed: Speed) -> Self {
        let price = match price {
            Price::Fiat { amount, currency } => format!("{} {currency}", plain(amount)),
            Price::Crypto(coins) => {
                let coin = |(coin, amount): &(String, Amount)| json!([coin.to_lowercase(), plain(amount)]).to_string();
                let mut coins: Vec<_> = coins.iter().map(coin).collect();
                coins.sort_unstable();
                coins.join(",")
            }
        };
        Self(format!("{price} {}", speed.as_str()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without zeros that say nothing: 29.9 for 29.90.
fn plain(amount: &Amount) -> String {
    let text = amount.to_string();
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A price as it is kept, with every digit it was given.
pub(super) fn price_to_json(price: &Price) -> Value {
    match price {
        Price::Fiat { amount, currency } => json!({ "fiat": [amount.to_string(), currency] }),
        Price::Crypto(coins) => {
            let coins: Vec<_> = coins.iter().map(|(coin, amount)| json!([coin, amount.to_string()])).collect();
            json!({ "crypto": coins })
        }
    }
}

/// A price as it was kept.
pub(super) fn price_from_json(value: &Value) -> Result<Price, Error> {
    let pair = |value: &Value| Some((value.get(0)?.as_str()?.to_owned(), value.get(1)?.as_str()?.to_owned()));
    if let Some((amount, currency)) = value.get("fiat").and_then(pair) {
        return Ok(Price::Fiat { amount: Amount::parse(&amount)?, currency });
    }
    let coins = value.get("crypto").and_then(Value::as_array).ok_or_else(unreadable)?;
    let coin = |value: &Value| {
        let (coin, amount) = pair(value).ok_or_else(unreadable)?;
        Ok((coin, Amount::parse(&amount)?))
    };
    coins.iter().map(coin).collect::<Result<_, Error>>().map(Price::Crypto)
}

pub(super) fn price_from_text(text: &str) -> Result<Price, Error> {
    price_from_json(&serde_json::from_str(text).map_err(|_| unreadable())?)
}

fn unreadable() -> Error {
    Error::new(ErrorCode::DatabaseValue, "a price in the database cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fiat(amount: &str) -> Price {
        Price::Fiat { amount: Amount::parse(amount).expect("valid"), currency: "USD".to_owned() }
    }

    fn crypto(coins: &[(&str, &str)]) -> Price {
        let coin = |(coin, amount): &(&str, &str)| ((*coin).to_owned(), Amount::parse(amount).expect("valid"));
        Price::Crypto(coins.iter().map(coin).collect())
    }

    #[test]
    fn the_same_price_is_the_same_however_it_is_written() {
        let terms = |price: &Price| Terms::new(price, Speed::Low);
        assert_eq!(terms(&fiat("29.9")), terms(&fiat("29.900")));
        assert_eq!(terms(&fiat("100")), terms(&fiat("1e2")));
        assert_ne!(terms(&fiat("100")), terms(&fiat("1")));
        assert_ne!(terms(&fiat("29.9")), terms(&fiat("29.91")));
        assert_ne!(terms(&fiat("29.9")), Terms::new(&fiat("29.9"), Speed::High));
        let (one, other) = ([("Bitcoin", "0.10"), ("Ethereum", "2")], [("ethereum", "2.0"), ("bitcoin", "0.1")]);
        assert_eq!(terms(&crypto(&one)), terms(&crypto(&other)));
    }

    #[test]
    fn a_price_is_kept_with_every_digit() {
        for price in [fiat("29.90"), crypto(&[("Bitcoin", "0.018547930"), ("a \"coin\"", "1")])] {
            let kept = price_from_text(&price_to_json(&price).to_string()).expect("readable");
            assert_eq!(format!("{kept:?}"), format!("{price:?}"));
        }
        assert_eq!(price_from_text("{}").expect_err("unreadable").code(), ErrorCode::DatabaseValue);
    }
}
