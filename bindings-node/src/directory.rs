//! Plain data of the small endpoints. Ids are strings: JavaScript's numbers have 53 bits.

use napi_derive::napi;
use serde::Serialize;

/// Heights and chain ids: far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no chain comes near 2^53")]
fn number(value: i64) -> f64 {
    value as f64
}

/// A coin that the store takes.
#[napi(object, object_from_js = false)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedCoin {
    /// For instance `bitcoin`.
    pub name: String,
    /// For instance `btc`.
    pub shortcut: String,
}

impl From<paymento::AcceptedCoin> for AcceptedCoin {
    fn from(coin: paymento::AcceptedCoin) -> Self {
        Self { name: coin.name, shortcut: coin.shortcut }
    }
}

/// A coin that the gateway knows.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coin {
    /// For instance `Tether`.
    pub name: String,
    /// For instance `USDT`.
    pub shortcut: String,
    /// The token contract.
    pub contract_address: Option<String>,
    /// The EVM chain id.
    pub chain_id: Option<f64>,
    /// For instance `TRC20`.
    pub network: Option<String>,
    /// Whether it is worth nothing.
    pub is_test: bool,
}

impl From<paymento::Coin> for Coin {
    fn from(coin: paymento::Coin) -> Self {
        Self {
            name: coin.name,
            shortcut: coin.shortcut,
            contract_address: coin.contract_address,
            chain_id: coin.chain_id.map(number),
            network: coin.network,
            is_test: coin.is_test,
        }
    }
}

/// How far the gateway has read a coin's chain.
#[napi(object, object_from_js = false)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastBlock {
    /// The coin's id.
    pub coin_id: String,
    /// The coin's name.
    pub coin_name: String,
    /// Height of the last block read.
    pub height: f64,
    /// When it was read.
    pub time: String,
}

impl From<paymento::LastBlock> for LastBlock {
    fn from(block: paymento::LastBlock) -> Self {
        Self {
            coin_id: block.coin_id.to_string(),
            coin_name: block.coin_name,
            height: number(block.height),
            time: block.time,
        }
    }
}

/// What one coin costs.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CoinPrice {
    /// The coin's id.
    pub id: String,
    /// The coin's name.
    pub name: String,
    /// For instance `BTC`.
    pub shortcut: String,
    /// In major units of the currency.
    pub price: String,
    /// The currency asked for.
    pub currency: String,
    /// Change over 24 hours.
    #[napi(js_name = "change24h")]
    pub change_24h: Option<String>,
}

impl From<paymento::CoinPrice> for CoinPrice {
    fn from(price: paymento::CoinPrice) -> Self {
        Self {
            id: price.id.to_string(),
            name: price.name,
            shortcut: price.shortcut,
            price: price.price.to_string(),
            currency: price.currency,
            change_24h: price.change_24h.map(|change| change.to_string()),
        }
    }
}

/// A currency that prices can be given in.
#[napi(object, object_from_js = false)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Currency {
    /// The currency's id.
    pub id: String,
    /// For instance `USD`.
    pub title: String,
}

impl From<paymento::Currency> for Currency {
    fn from(currency: paymento::Currency) -> Self {
        Self { id: currency.id.to_string(), title: currency.title }
    }
}

/// A language of the hosted page.
#[napi(object, object_from_js = false)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Language {
    /// In English.
    pub name: String,
    /// In the language itself.
    pub display_name: String,
    /// For instance `en-US`.
    pub culture: String,
}

impl From<paymento::Language> for Language {
    fn from(language: paymento::Language) -> Self {
        Self { name: language.name, display_name: language.display_name, culture: language.culture }
    }
}

/// What the gateway says of itself.
#[napi(object, object_from_js = false)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// The API's version.
    pub version: String,
}

impl From<paymento::Info> for Info {
    fn from(info: paymento::Info) -> Self {
        Self { version: info.version }
    }
}

/// The merchant that the API key belongs to.
#[napi(object, object_from_js = false)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Merchant {
    /// The store's name.
    pub name: String,
    /// Whether the store can take payments.
    pub is_active: bool,
}

impl From<paymento::Merchant> for Merchant {
    fn from(merchant: paymento::Merchant) -> Self {
        Self { name: merchant.name, is_active: merchant.is_active }
    }
}
