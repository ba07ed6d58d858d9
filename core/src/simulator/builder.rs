//! [`SimulatorBuilder`]: the options of a simulator.

use std::{fmt, sync::Arc, time::Duration};

use zeroize::Zeroizing;

use super::{
    CallbackMethod, Simulator, ledger::Ledger, outbox::Target, profile::ApiRules, random::Random, server::Server,
    shared::Shared,
};
use crate::{
    error::Error,
    secret::{ApiKey, Secret},
};

/// Attempts after the first one, at most: more would outlive any test.
const MOST_RETRIES: usize = 20;

/// Options of a [`Simulator`], each with a default.
#[must_use]
pub struct SimulatorBuilder {
    port: u16,
    store_name: String,
    api_key: Option<Zeroizing<String>>,
    secret_key: Option<Zeroizing<String>>,
    callback_url: Option<String>,
    callback_method: CallbackMethod,
    retry_schedule: Vec<Duration>,
    strict: bool,
    pub(super) api: ApiRules,
}

impl Default for SimulatorBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            store_name: "Simulated store".to_owned(),
            api_key: None,
            secret_key: None,
            callback_url: None,
            callback_method: CallbackMethod::Post,
            retry_schedule: [1, 2, 4, 8].map(Duration::from_secs).to_vec(),
            strict: false,
            api: ApiRules::default(),
        }
    }
}

impl SimulatorBuilder {
    /// The port on `127.0.0.1`. Default: 0, any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The store's name on the checkout page. Default: `Simulated store`.
    pub fn store_name(mut self, name: impl Into<String>) -> Self {
        self.store_name = name.into();
        self
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

    /// The waits between the attempts at one callback; none means a single attempt. Default: 1, 2, 4 and 8 seconds,
    /// as the gateway's own schedule is not published. At most 20 are kept.
    pub fn retry_schedule(mut self, waits: impl IntoIterator<Item = Duration>) -> Self {
        self.retry_schedule = waits.into_iter().take(MOST_RETRIES).collect();
        self
    }

    /// Whether a request with a [finding](super::FindingKind) is refused with HTTP 400. Default: false, it is only listed.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Starts it. The port answers when this returns.
    ///
    /// # Errors
    /// `config.port` when the port is taken; `config.api_key`, `config.secret` and `config.secret_is_api_key` for unusable
    /// keys; `input.callback_url` for a callback URL that is not http or https.
    pub fn start(self) -> Result<Simulator, Error> {
        let mut random = Random::new()?;
        let keys = Keys {
            api_key: self.api_key.unwrap_or_else(|| Zeroizing::new(random.key())),
            secret_key: self.secret_key.unwrap_or_else(|| Zeroizing::new(random.key())),
        };
        ApiKey::new(&keys.api_key).and_then(|api_key| Secret::beside(&keys.secret_key, &api_key))?;
        let target = self.callback_url.map(|url| Target::new(&url, self.callback_method)).transpose()?;
        let mut ledger = Ledger::new(random, Secret::new(&keys.secret_key)?, target, self.retry_schedule);
        ledger.strict = self.strict;
        let texts = (keys.api_key.clone(), keys.secret_key.clone());
        let (shared, outbox) = Shared::new(self.store_name, texts, self.api, ledger);
        let shared = Arc::new(shared);
        let server = Server::start(self.port, Arc::clone(&shared), outbox)?;
        Ok(Simulator { shared, server, keys })
    }
}

/// Without the keys.
impl fmt::Debug for SimulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorBuilder")
            .field("port", &self.port)
            .field("store_name", &self.store_name)
            .field("callback_url", &self.callback_url)
            .field("callback_method", &self.callback_method)
            .field("retry_schedule", &self.retry_schedule)
            .finish_non_exhaustive()
    }
}

/// The texts that a shop is set up with. Wiped on drop, never printed.
pub(super) struct Keys {
    pub(super) api_key: Zeroizing<String>,
    pub(super) secret_key: Zeroizing<String>,
}
