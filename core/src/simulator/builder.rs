//! [`SimulatorBuilder`]: the options of a simulator.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use super::{
    CallbackMethod, Simulator, StoreOptions,
    clock::Clock,
    ledger::Ledger,
    profile::ApiRules,
    random::Random,
    rules::{Confirmation, Rules},
    server::Server,
    shared::Shared,
    store::Account,
};
use crate::error::{Error, ErrorCode};

/// Attempts after the first one, at most: more would outlive any test.
const MOST_RETRIES: usize = 20;
/// Confirmations that may be asked for, at most.
const MOST_CONFIRMATIONS: u32 = 100;

/// Options of a [`Simulator`], each with a default. Those about a store are the first one's.
#[derive(Debug)]
#[must_use]
pub struct SimulatorBuilder {
    address: IpAddr,
    port: u16,
    stores: Vec<StoreOptions>,
    rules: Rules,
    virtual_clock: bool,
    seed: Option<u64>,
    strict: bool,
    pub(super) api: ApiRules,
}

impl Default for SimulatorBuilder {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            stores: vec![StoreOptions::new("Simulated store")],
            rules: Rules::default(),
            virtual_clock: false,
            seed: None,
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

    /// Another address to listen on than `127.0.0.1`, to be reached from another machine or out of a container. Whoever
    /// reaches it can pay, read the keys and make it send callbacks.
    pub fn address(mut self, address: IpAddr) -> Self {
        self.address = address;
        // Under which name it is reached there is not ours to know.
        self.api.any_host |= !address.is_loopback();
        self
    }

    fn first_store(mut self, change: impl FnOnce(StoreOptions) -> StoreOptions) -> Self {
        let first = self.stores.remove(0);
        self.stores.insert(0, change(first));
        self
    }

    /// The store's name on the checkout page. Default: `Simulated store`.
    pub fn store_name(self, name: impl Into<String>) -> Self {
        self.first_store(|store| StoreOptions { name: name.into(), ..store })
    }

    /// The API key to ask for. Default: made for this run.
    pub fn api_key(self, key: impl Into<String>) -> Self {
        self.first_store(|store| store.api_key(key))
    }

    /// The secret key to sign callbacks with. Default: made for this run.
    pub fn secret_key(self, key: impl Into<String>) -> Self {
        self.first_store(|store| store.secret_key(key))
    }

    /// Where callbacks go. Default: nowhere, until the shop sets one over the API.
    pub fn callback_url(self, url: impl Into<String>) -> Self {
        self.first_store(|store| store.callback_url(url))
    }

    /// How callbacks go. Default: POST.
    pub fn callback_method(self, method: CallbackMethod) -> Self {
        self.first_store(|store| store.callback_method(method))
    }

    /// One more store, with keys, coins and a callback URL of its own. May be given several times.
    pub fn store(mut self, store: StoreOptions) -> Self {
        self.stores.push(store);
        self
    }

    /// The stores, in place of the one that the other options are about; the first of these is it then.
    pub fn stores(mut self, stores: impl IntoIterator<Item = StoreOptions>) -> Self {
        let stores: Vec<_> = stores.into_iter().collect();
        if !stores.is_empty() {
            self.stores = stores;
        }
        self
    }

    /// The waits between the attempts at one callback; none means a single attempt. Default: 1, 2, 4 and 8 seconds,
    /// as the gateway's own schedule is not published. At most 20 are kept.
    pub fn retry_schedule(mut self, waits: impl IntoIterator<Item = Duration>) -> Self {
        self.rules.retries = waits.into_iter().take(MOST_RETRIES).collect();
        self
    }

    /// How long a payment can be paid; after that it is Timeout. Default: 30 minutes; the gateway's own is not published.
    pub fn payment_window(mut self, window: Duration) -> Self {
        self.rules.payment_window = window;
        self
    }

    /// How long the rest of a partial payment may take; after that the payment is Reject. Default: 24 hours; the gateway's
    /// own is not published.
    pub fn partial_window(mut self, window: Duration) -> Self {
        self.rules.partial_window = window;
        self
    }

    /// How long a Paid payment waits to be verified; after that it is Reject. Default: 24 hours; the gateway documents that
    /// it happens, not when. [`Duration::MAX`] for never.
    pub fn verify_deadline(mut self, deadline: Duration) -> Self {
        self.rules.verify_deadline = deadline;
        self
    }

    /// The chain confirms money so long after it was seen, by the simulator's clock. Default: as soon as the first attempt
    /// at callback 3 has ended, or at once where none goes out.
    pub fn confirmation_time(mut self, time: Duration) -> Self {
        self.rules.confirmation = Confirmation::After(time);
        self
    }

    /// Whether the chain confirms money only by [`confirm`](Simulator::confirm). Default: false. The last of this and
    /// [`confirmation_time`](Self::confirmation_time) counts.
    pub fn manual_confirmation(mut self, manual: bool) -> Self {
        match (manual, self.rules.confirmation) {
            (true, _) => self.rules.confirmation = Confirmation::Manual,
            (false, Confirmation::Manual) => self.rules.confirmation = Confirmation::AfterCallback,
            (false, _) => {}
        }
        self
    }

    /// How many confirmations complete a transaction. Default: 2. With 0 a payment is Paid as soon as money is seen, and no
    /// callback 3 goes out, as on a fast chain. At most 100.
    pub fn required_confirmations(mut self, confirmations: u32) -> Self {
        self.rules.required_confirmations = confirmations.min(MOST_CONFIRMATIONS);
        self
    }

    /// Whether time stands still but for [`advance`](Simulator::advance), and begins at 2026-01-01T00:00:00Z. Default:
    /// false, time goes by, and can be moved on as well.
    pub fn virtual_clock(mut self, is_virtual: bool) -> Self {
        self.virtual_clock = is_virtual;
        self
    }

    /// Where keys, tokens, addresses, hashes and chaos come from: the same ones again with the same seed. Default: chance.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whether a request with a mistake in it is refused, with what is wrong and how to mend it. Default: false, mistakes
    /// are only listed among the [findings](Simulator::findings).
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Starts it. The port answers when this returns.
    ///
    /// # Errors
    /// `config.port` when the port is taken; `config.api_key`, `config.secret` and `config.secret_is_api_key` for unusable
    /// keys, and for an API key that two stores share; `input.callback_url` for a callback URL that is not http or https;
    /// `input.coin` for a coin that the simulator does not have.
    pub fn start(self) -> Result<Simulator, Error> {
        let random = self.seed.map_or_else(Random::new, Random::seeded)?;
        let stores = accounts(self.stores, &random)?;
        let first = stores.first().map(Account::snapshot);
        let first = first.ok_or_else(|| Error::new(ErrorCode::ConfigMissing, "the simulator needs a store"))?;
        let clock = if self.virtual_clock { Clock::manual() } else { Clock::real() };
        let mut ledger = Ledger::new(random, stores, self.rules, clock);
        ledger.strict = self.strict;
        let (shared, outbox) = Shared::new(ledger, self.api);
        let shared = Arc::new(shared);
        let server = Server::start((self.address, self.port).into(), Arc::clone(&shared), outbox)?;
        Ok(Simulator { shared, server, first })
    }
}

fn accounts(stores: Vec<StoreOptions>, random: &Random) -> Result<Vec<Account>, Error> {
    let mut keys = random.stream("keys")?;
    let accounts: Vec<_> = stores.into_iter().map(|store| store.open(&mut keys)).collect::<Result<_, _>>()?;
    let shared =
        |(place, account): (usize, &Account)| accounts[..place].iter().any(|one| one.api_key == account.api_key);
    if accounts.iter().enumerate().any(shared) {
        return Err(Error::new(
            ErrorCode::ConfigApiKey,
            "every store has an API key of its own, and two have the same",
        ));
    }
    Ok(accounts)
}
