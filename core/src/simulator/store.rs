//! [`StoreOptions`] and [`Store`]: a merchant's store at the simulated gateway.

use std::fmt;

use zeroize::Zeroizing;

use super::{
    CallbackMethod,
    coin::{COINS, Coin},
    random::Random,
    target::{self, Target},
};
use crate::{
    error::{Error, ErrorCode},
    secret::{ApiKey, Secret},
};

/// The place of a store among the simulator's, and what the API's routes hand on of a request's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoreId(pub(super) usize);

/// A store to have, with a default for everything but its name.
#[derive(Clone)]
#[must_use]
pub struct StoreOptions {
    pub(super) name: String,
    pub(super) api_key: Option<Zeroizing<String>>,
    pub(super) secret_key: Option<Zeroizing<String>>,
    pub(super) callback_url: Option<String>,
    pub(super) callback_method: CallbackMethod,
    pub(super) coins: Option<Vec<String>>,
}

impl StoreOptions {
    /// A store with this name, as the checkout page shows it.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            api_key: None,
            secret_key: None,
            callback_url: None,
            callback_method: CallbackMethod::Post,
            coins: None,
        }
    }

    /// The API key to ask for. Default: made for this run.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(Zeroizing::new(key.into()));
        self
    }

    /// The secret key to sign callbacks with. Default: made for this run.
    pub fn secret_key(mut self, key: impl Into<String>) -> Self {
        self.secret_key = Some(Zeroizing::new(key.into()));
        self
    }

    /// Where callbacks go. Default: nowhere, until the shop sets one over the API.
    pub fn callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(url.into());
        self
    }

    /// How callbacks go. Default: POST.
    pub fn callback_method(mut self, method: CallbackMethod) -> Self {
        self.callback_method = method;
        self
    }

    /// The coins that the store takes, by name or shortcut. Default: every coin that the simulator has.
    pub fn coins(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.coins = Some(names.into_iter().map(Into::into).collect());
        self
    }

    pub(super) fn open(self, random: &mut Random) -> Result<Account, Error> {
        // Drawn whether needed or not: the next store's keys are the same either way.
        let drawn = [random.key(), random.key()].map(Zeroizing::new);
        let [api_key, secret_key] = drawn;
        let (api_key, secret_key) = (self.api_key.unwrap_or(api_key), self.secret_key.unwrap_or(secret_key));
        let secret = ApiKey::new(&api_key).and_then(|api_key| Secret::beside(&secret_key, &api_key))?;
        let target = self.callback_url.map(|url| Target::new(&url, self.callback_method)).transpose()?;
        let coins = coins(self.coins)?;
        Ok(Account { name: self.name, api_key, secret_key, secret, target, coins })
    }
}

fn coins(names: Option<Vec<String>>) -> Result<Vec<&'static Coin>, Error> {
    let Some(names) = names else { return Ok(COINS.iter().collect()) };
    let unknown = || {
        let known: Vec<_> = COINS.iter().map(|coin| coin.name).collect();
        Error::new(ErrorCode::InputCoin, "a store takes one or more of the simulator's coins")
            .with_hint(known.join(", "))
    };
    let coins: Option<Vec<_>> = names.iter().map(|name| Coin::named(name.trim())).collect();
    coins.filter(|coins| !coins.is_empty()).ok_or_else(unknown)
}

/// Without the keys, and without what may be one in the callback URL.
impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("name", &self.name)
            .field("callback_url", &self.callback_url.as_deref().map(target::shown))
            .field("callback_method", &self.callback_method)
            .field("coins", &self.coins)
            .finish_non_exhaustive()
    }
}

/// A store as the ledger keeps it.
pub(super) struct Account {
    pub(super) name: String,
    pub(super) api_key: Zeroizing<String>,
    secret_key: Zeroizing<String>,
    pub(super) secret: Secret,
    pub(super) target: Option<Target>,
    /// What a payment can be paid in. Never empty.
    pub(super) coins: Vec<&'static Coin>,
}

impl Account {
    pub(super) fn snapshot(&self) -> Store {
        Store {
            name: self.name.clone(),
            api_key: self.api_key.clone(),
            secret_key: self.secret_key.clone(),
            callback_url: self.target.as_ref().map(|target| target.text.clone()),
            callback_method: self.target.as_ref().map_or(CallbackMethod::Post, |target| target.method),
            coins: self.coins.iter().map(|coin| coin.name).collect(),
        }
    }
}

/// A store as it stands, with its keys. A snapshot.
#[derive(Clone)]
pub struct Store {
    name: String,
    api_key: Zeroizing<String>,
    secret_key: Zeroizing<String>,
    callback_url: Option<String>,
    callback_method: CallbackMethod,
    coins: Vec<&'static str>,
}

impl Store {
    /// The name, as the checkout page shows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that the API asks for.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The key that callbacks are signed with.
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// Where callbacks go.
    pub fn callback_url(&self) -> Option<&str> {
        self.callback_url.as_deref()
    }

    /// How callbacks go.
    pub fn callback_method(&self) -> CallbackMethod {
        self.callback_method
    }

    /// The names of the coins that the store takes.
    pub fn coins(&self) -> &[&'static str] {
        &self.coins
    }
}

/// Without the keys, and without what may be one in the callback URL.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("name", &self.name)
            .field("callback_url", &self.callback_url.as_deref().map(target::shown))
            .field("callback_method", &self.callback_method)
            .field("coins", &self.coins)
            .finish_non_exhaustive()
    }
}
