//! Plain data of the small endpoints: coins, prices, currencies, languages, the gateway and the merchant.

use crate::{
    amount::Amount,
    error::{Error, ErrorCode},
    json::{self, Object},
    settlement::amount,
    text::quote,
};

/// A coin that the store takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptedCoin {
    /// For instance `bitcoin`.
    pub name: String,
    /// For instance `btc`.
    pub shortcut: String,
}

/// A coin that the gateway knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coin {
    /// For instance `Tether`.
    pub name: String,
    /// For instance `USDT`.
    pub shortcut: String,
    /// The token contract, for coins that are one.
    pub contract_address: Option<String>,
    /// The EVM chain id, where there is one.
    pub chain_id: Option<i64>,
    /// For instance `TRC20`.
    pub network: Option<String>,
    /// Whether it lives on a test network and is worth nothing.
    pub is_test: bool,
}

/// How far the gateway has read a coin's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastBlock {
    /// The coin's id.
    pub coin_id: i64,
    /// The coin's name.
    pub coin_name: String,
    /// Height of the last block read.
    pub height: i64,
    /// When it was read, as the gateway writes it.
    pub time: String,
}

/// What one coin costs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoinPrice {
    /// The coin's id.
    pub id: i64,
    /// The coin's name.
    pub name: String,
    /// For instance `BTC`.
    pub shortcut: String,
    /// In major units of the currency.
    pub price: Amount,
    /// The currency asked for.
    pub currency: String,
    /// Change over 24 hours, where it was asked for.
    pub change_24h: Option<Amount>,
}

/// A currency that prices can be given in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Currency {
    /// The currency's id.
    pub id: i64,
    /// For instance `USD`.
    pub title: String,
}

/// A language of the hosted page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Language {
    /// In English.
    pub name: String,
    /// In the language itself.
    pub display_name: String,
    /// What `create_payment` takes, for instance `en-US`.
    pub culture: String,
}

/// What the gateway says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// The API's version.
    pub version: String,
}

/// The merchant that the API key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Merchant {
    /// The store's name.
    pub name: String,
    /// Whether the store can take payments.
    pub is_active: bool,
}

/// Reads a coin's id: a whole number of at most 64 bits. For bindings, where ids are text or numbers of any size.
///
/// # Errors
/// `input.coin`.
pub fn parse_coin_id(text: &str) -> Result<i64, Error> {
    let id = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    id.ok_or_else(|| {
        Error::new(ErrorCode::InputCoin, format!("a coin id is a whole number of at most 64 bits; got {}", quote(text)))
    })
}

/// Read from one JSON object; `None` when what it is about cannot be read.
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "named by testing::from_json"))]
pub trait FromFields: Sized {
    #[doc(hidden)]
    fn from_fields(fields: &Object<'_>) -> Option<Self>;
}

fn text(fields: &Object<'_>, name: &str) -> String {
    fields.text(name).unwrap_or_default()
}

fn integer(fields: &Object<'_>, name: &str) -> Option<i64> {
    json::integer(fields.get(name)?)
}

fn boolean(fields: &Object<'_>, name: &str) -> bool {
    fields.get(name).and_then(json::boolean).unwrap_or_default()
}

impl FromFields for AcceptedCoin {
    fn from_fields(fields: &Object<'_>) -> Option<Self> {
        Some(Self { name: fields.text("name")?, shortcut: text(fields, "shortcut") })
    }
}

impl FromFields for Coin {
    fn from_fields(fields: &Object<'_>) -> Option<Self> {
        Some(Self {
            name: fields.text("name")?,
            shortcut: text(fields, "shortcut"),
            contract_address: fields.text("contractAddress"),
            chain_id: integer(fields, "chainId"),
            network: fields.text("network"),
            // Coins worth nothing must never be taken for real ones by default.
            is_test: fields.get("isTest").and_then(json::boolean)?,
        })
    }
}

impl FromFields for LastBlock {
    fn from_fields(fields: &Object<'_>) -> Option<Self> {
        Some(Self {
            coin_id: integer(fields, "coinId")?,
            coin_name: text(fields, "coinName"),
            height: integer(fields, "lastReceiveBlockHeight")?,
            time: text(fields, "lastReceiveBlockTime"),
        })
    }
}

impl FromFields for CoinPrice {
    fn from_fields(fields: &Object<'_>) -> Option<Self> {
        Some(Self {
            id: integer(fields, "id")?,
            name: text(fields, "name"),
            shortcut: text(fields, "shortcut"),
            price: amount(fields.get("price")?)?,
            currency: text(fields, "currency"),
            change_24h: fields.get("change24H").and_then(amount),
        })
    }
}

impl FromFields for Currency {
    fn from_fields(fields: &Object<'_>) -> Option<Self> {
        Some(Self { id: integer(fields, "id")?, title: text(fields, "title") })
    }
}

impl FromFields for Language {
    fn from_fields(fields: &Object<'_>) -> Option<Self> {
        let culture = fields.text("culture")?;
        Some(Self { name: text(fields, "name"), display_name: text(fields, "displayName"), culture })
    }
}

impl FromFields for Info {
    fn from_fields(fields: &Object<'_>) -> Option<Self> {
        Some(Self { version: fields.text("version")? })
    }
}

impl FromFields for Merchant {
    fn from_fields(fields: &Object<'_>) -> Option<Self> {
        Some(Self { name: fields.text("name")?, is_active: boolean(fields, "isActive") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coin_id_is_digits_of_at_most_64_bits() {
        assert_eq!(parse_coin_id("9223372036854775807").expect("valid"), i64::MAX);
        for text in ["", "+5", "-1", "1.0", "9223372036854775808", "x", "\u{0661}"] {
            assert_eq!(parse_coin_id(text).expect_err("refused").code(), ErrorCode::InputCoin);
        }
    }
}
