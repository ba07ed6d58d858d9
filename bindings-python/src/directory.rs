//! Plain data of the small endpoints: coins, prices, currencies, languages, the gateway and the merchant.

use pyo3::{prelude::*, types::PyDict};

use crate::{
    money::Money,
    value::{Fields, data_class},
};

/// A coin that the store takes.
#[pyclass(frozen, eq, get_all, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct AcceptedCoin {
    /// For instance `bitcoin`.
    name: String,
    /// For instance `btc`.
    shortcut: String,
}

data_class!(AcceptedCoin, ["name", "shortcut"]);

impl From<paymento::AcceptedCoin> for AcceptedCoin {
    fn from(coin: paymento::AcceptedCoin) -> Self {
        Self { name: coin.name, shortcut: coin.shortcut }
    }
}

#[pymethods]
impl AcceptedCoin {
    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py).with("name", &self.name)?.with("shortcut", &self.shortcut)?;
        Ok(fields.done())
    }
}

/// A coin that the gateway knows.
#[pyclass(frozen, eq, get_all, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Coin {
    /// For instance `Tether`.
    name: String,
    /// For instance `USDT`.
    shortcut: String,
    /// The token contract, for coins that are one.
    contract_address: Option<String>,
    /// The EVM chain id, where there is one.
    chain_id: Option<i64>,
    /// For instance `TRC20`.
    network: Option<String>,
    /// Whether it lives on a test network and is worth nothing.
    is_test: bool,
}

data_class!(Coin, ["name", "shortcut", "contract_address", "chain_id", "network", "is_test"]);

impl From<paymento::Coin> for Coin {
    fn from(coin: paymento::Coin) -> Self {
        Self {
            name: coin.name,
            shortcut: coin.shortcut,
            contract_address: coin.contract_address,
            chain_id: coin.chain_id,
            network: coin.network,
            is_test: coin.is_test,
        }
    }
}

#[pymethods]
impl Coin {
    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("name", &self.name)?
            .with("shortcut", &self.shortcut)?
            .with("contract_address", self.contract_address.as_deref())?
            .with("chain_id", self.chain_id)?
            .with("network", self.network.as_deref())?
            .with("is_test", self.is_test)?;
        Ok(fields.done())
    }
}

/// How far the gateway has read a coin's chain.
#[pyclass(frozen, eq, get_all, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct LastBlock {
    /// The coin's id.
    coin_id: i64,
    /// The coin's name.
    coin_name: String,
    /// Height of the last block read.
    height: i64,
    /// When it was read, as the gateway writes it.
    time: String,
}

data_class!(LastBlock, ["coin_id", "coin_name", "height", "time"]);

impl From<paymento::LastBlock> for LastBlock {
    fn from(block: paymento::LastBlock) -> Self {
        Self { coin_id: block.coin_id, coin_name: block.coin_name, height: block.height, time: block.time }
    }
}

#[pymethods]
impl LastBlock {
    /// The fields as JSON takes them; amounts and ids as strings.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("coin_id", self.coin_id.to_string())?
            .with("coin_name", &self.coin_name)?
            .with("height", self.height)?
            .with("time", &self.time)?;
        Ok(fields.done())
    }
}

/// What one coin costs.
#[pyclass(frozen, eq, get_all, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct CoinPrice {
    /// The coin's id.
    id: i64,
    /// The coin's name.
    name: String,
    /// For instance `BTC`.
    shortcut: String,
    /// In major units of the currency.
    price: Money,
    /// The currency asked for.
    currency: String,
    /// Change over 24 hours, where it was asked for.
    change_24h: Option<Money>,
}

data_class!(CoinPrice, ["id", "name", "shortcut", "price", "currency", "change_24h"]);

impl From<paymento::CoinPrice> for CoinPrice {
    fn from(price: paymento::CoinPrice) -> Self {
        Self {
            id: price.id,
            name: price.name,
            shortcut: price.shortcut,
            price: Money(price.price),
            currency: price.currency,
            change_24h: price.change_24h.map(Money),
        }
    }
}

#[pymethods]
impl CoinPrice {
    /// The fields as JSON takes them; amounts and ids as strings.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("id", self.id.to_string())?
            .with("name", &self.name)?
            .with("shortcut", &self.shortcut)?
            .with("price", self.price.0.to_string())?
            .with("currency", &self.currency)?
            .with("change_24h", self.change_24h.as_ref().map(|change| change.0.to_string()))?;
        Ok(fields.done())
    }
}

/// A currency that prices can be given in.
#[pyclass(frozen, eq, get_all, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Currency {
    /// The currency's id.
    id: i64,
    /// For instance `USD`.
    title: String,
}

data_class!(Currency, ["id", "title"]);

impl From<paymento::Currency> for Currency {
    fn from(currency: paymento::Currency) -> Self {
        Self { id: currency.id, title: currency.title }
    }
}

#[pymethods]
impl Currency {
    /// The fields as JSON takes them; amounts and ids as strings.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py).with("id", self.id.to_string())?.with("title", &self.title)?;
        Ok(fields.done())
    }
}

/// A language of the hosted page.
#[pyclass(frozen, eq, get_all, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Language {
    /// In English.
    name: String,
    /// In the language itself.
    display_name: String,
    /// What `create_payment` takes, for instance `en-US`.
    culture: String,
}

data_class!(Language, ["name", "display_name", "culture"]);

impl From<paymento::Language> for Language {
    fn from(language: paymento::Language) -> Self {
        Self { name: language.name, display_name: language.display_name, culture: language.culture }
    }
}

#[pymethods]
impl Language {
    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("name", &self.name)?
            .with("display_name", &self.display_name)?
            .with("culture", &self.culture)?;
        Ok(fields.done())
    }
}

/// What the gateway says of itself.
#[pyclass(frozen, eq, get_all, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Info {
    /// The API's version.
    version: String,
}

data_class!(Info, ["version"]);

impl From<paymento::Info> for Info {
    fn from(info: paymento::Info) -> Self {
        Self { version: info.version }
    }
}

#[pymethods]
impl Info {
    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py).with("version", &self.version)?;
        Ok(fields.done())
    }
}

/// The merchant that the API key belongs to.
#[pyclass(frozen, eq, get_all, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Merchant {
    /// The store's name.
    name: String,
    /// Whether the store can take payments.
    is_active: bool,
}

data_class!(Merchant, ["name", "is_active"]);

impl From<paymento::Merchant> for Merchant {
    fn from(merchant: paymento::Merchant) -> Self {
        Self { name: merchant.name, is_active: merchant.is_active }
    }
}

#[pymethods]
impl Merchant {
    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py).with("name", &self.name)?.with("is_active", self.is_active)?;
        Ok(fields.done())
    }
}
