//! [`Store`], a store to have, and [`StoreSnapshot`], a store as it stands.

use paymento::simulator::{self, StoreOptions};
use pyo3::prelude::*;

use super::options::{named, with};
use crate::{
    arguments::{text, texts},
    value::{data_class, not_picklable},
};

/// A store for the simulator to have.
#[pyclass(frozen, module = "paymento.testing")]
pub(crate) struct Store(pub(crate) StoreOptions);

#[pymethods]
impl Store {
    /// A store with this name, as the checkout page shows it.
    ///
    /// `api_key`, `secret_key`: made for this run by default. `callback_url`: where callbacks go; by default nowhere, until
    /// the shop sets one over the API. `callback_method`: "POST" by default, or "PUT". `coins`: names or shortcuts of the
    /// coins that it takes; by default every coin that the simulator has.
    #[new]
    #[pyo3(signature = (
        name: "str", *, api_key: "str | None" = None, secret_key: "str | None" = None,
        callback_url: "str | None" = None, callback_method: "str | None" = None, coins: "Sequence[str] | None" = None
    ))]
    fn new(
        name: &Bound<'_, PyAny>,
        api_key: Option<&Bound<'_, PyAny>>,
        secret_key: Option<&Bound<'_, PyAny>>,
        callback_url: Option<&Bound<'_, PyAny>>,
        callback_method: Option<&Bound<'_, PyAny>>,
        coins: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let given = |name, value: Option<&Bound<'_, PyAny>>| value.map(|value| text(name, value)).transpose();
        let store = StoreOptions::new(text("name", name)?);
        let store = with(store, given("api_key", api_key)?, StoreOptions::api_key);
        let store = with(store, given("secret_key", secret_key)?, StoreOptions::secret_key);
        let store = with(store, given("callback_url", callback_url)?, StoreOptions::callback_url);
        let method = named(given("callback_method", callback_method)?)?;
        let store = with(store, method, StoreOptions::callback_method);
        let coins = coins.map(|coins| texts("coins", coins)).transpose()?;
        Ok(Self(with(store, coins, StoreOptions::coins)))
    }

    /// Shows no key.
    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }

    #[pyo3(signature = () -> "NoReturn")]
    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable(slf.as_any()))
    }
}

/// A store as it stands, with its keys, which its `repr` does not show.
#[pyclass(frozen, module = "paymento.testing")]
pub(crate) struct StoreSnapshot(simulator::Store);

data_class!(StoreSnapshot, ["name", "callback_url", "callback_method", "coins"]);

impl From<simulator::Store> for StoreSnapshot {
    fn from(store: simulator::Store) -> Self {
        Self(store)
    }
}

#[pymethods]
impl StoreSnapshot {
    /// The name, as the checkout page shows it.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// The key that the API asks for.
    #[getter]
    fn api_key(&self) -> &str {
        self.0.api_key()
    }

    /// The key that callbacks are signed with.
    #[getter]
    fn secret_key(&self) -> &str {
        self.0.secret_key()
    }

    /// Where callbacks go.
    #[getter]
    fn callback_url(&self) -> Option<&str> {
        self.0.callback_url()
    }

    /// POST or PUT.
    #[getter]
    fn callback_method(&self) -> &'static str {
        self.0.callback_method().as_str()
    }

    /// The names of the coins that the store takes.
    #[getter]
    fn coins(&self) -> Vec<&'static str> {
        self.0.coins().to_vec()
    }
}
