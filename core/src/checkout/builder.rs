//! [`CheckoutBuilder`]: settings, checked before the first use. Nothing is opened here.

use std::{
    collections::BTreeSet,
    env, fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use zeroize::Zeroizing;

use super::{
    Checkout, Inner, clock::Clock, engine::EngineSlot, migrate::Migrate, process, receive::AnswerPolicy, run::Handlers,
    url::DatabaseUrl,
};
use crate::{
    Client,
    error::{Error, ErrorCode},
    log::{LogLevel, LogRecord},
    per_fork::PerFork,
    text::{clean, quote},
};

super::state::states! {
    /// Who does the work between a callback and the shop's handler.
    Worker {
        /// A thread of each process that uses the checkout, started by the first `create_payment`, `visit` or `receive`,
        /// never before. The default.
        Thread = "thread",
        /// `receive` commits, then verifies and runs the handlers within its 4 seconds. For hosts without background work.
        Inline = "inline",
        /// Only `run`, `run_once` and `paymento worker`.
        External = "external",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro makes the type")]
impl Default for Worker {
    fn default() -> Self {
        Self::Thread
    }
}

/// What a checkout is set up with.
pub(super) struct Options {
    pub(super) account: String,
    pub(super) worker: Worker,
    pub(super) answer_policy: AnswerPolicy,
    pub(super) verifies_per_second: u32,
    pub(super) max_handler_time: Duration,
    pub(super) most_failures: i64,
    pub(super) concurrency: usize,
    pub(super) keep_bodies: Duration,
    pub(super) keep_decisions: Option<Duration>,
    pub(super) who: String,
    pub(super) clock: Clock,
    /// The SQLite file, which no other SQLite library of this process may open.
    pub(super) sqlite_file: Option<PathBuf>,
}

/// Settings of a [`Checkout`]. Begin with [`Checkout::builder`].
#[must_use]
pub struct CheckoutBuilder {
    client: Client,
    database: Zeroizing<String>,
    listen_url: Option<Zeroizing<String>>,
    migrate: Migrate,
    require_live: bool,
    name: Option<String>,
    isolated: bool,
    options: Options,
}

/// Without the database URL, which may hold a password.
impl fmt::Debug for CheckoutBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckoutBuilder").field("account", &self.options.account).finish_non_exhaustive()
    }
}

const DAY: Duration = Duration::from_hours(24);

impl CheckoutBuilder {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            database: Zeroizing::new("sqlite:paymento.db".to_owned()),
            listen_url: None,
            migrate: Migrate::default(),
            require_live: false,
            name: None,
            isolated: false,
            options: Options {
                account: "default".to_owned(),
                worker: Worker::default(),
                answer_policy: AnswerPolicy::default(),
                verifies_per_second: 2,
                max_handler_time: Duration::from_mins(15),
                most_failures: 10,
                concurrency: 8,
                keep_bodies: 400 * DAY,
                keep_decisions: None,
                who: String::new(),
                clock: Clock::default(),
                sqlite_file: None,
            },
        }
    }

    /// A client and a database from the environment; see [`Checkout::from_env`].
    ///
    /// # Errors
    /// `config.missing`, and as `Client::from_env`.
    pub fn from_env() -> Result<Self, Error> {
        Self::new(Client::from_env()?).database_from_env()
    }

    /// The database of the environment: `PAYMENTO_DATABASE_URL` and, where it is set, `PAYMENTO_LISTEN_URL`.
    ///
    /// # Errors
    /// `config.missing`.
    pub fn database_from_env(self) -> Result<Self, Error> {
        let missing = || {
            Error::new(ErrorCode::ConfigMissing, "the environment variable PAYMENTO_DATABASE_URL is not set")
                .with_hint("for one machine: sqlite:paymento.db; for several: postgres://user:password@host/database")
        };
        let read = |name| env::var(name).ok().filter(|text| !text.is_empty());
        let builder = self.database(&read("PAYMENTO_DATABASE_URL").ok_or_else(missing)?);
        Ok(match read("PAYMENTO_LISTEN_URL") {
            Some(url) => builder.listen_url(&url),
            None => builder,
        })
    }

    /// Where the records are kept. Default `sqlite:paymento.db`, in the working directory of now; `sqlite:///a/whole/path`;
    /// `postgres://user:password@host/database?sslmode=verify-full&sslrootcert=/a/path`, as libpq reads it.
    pub fn database(mut self, url: &str) -> Self {
        self.database = Zeroizing::new(url.to_owned());
        self
    }

    /// A direct connection to the same PostgreSQL, for LISTEN, where the database URL leads to a pooler in transaction
    /// mode or not: with it a process is woken at once, without it looks four times a second.
    pub fn listen_url(mut self, url: &str) -> Self {
        self.listen_url = Some(Zeroizing::new(url.to_owned()));
        self
    }

    /// What happens to tables that are missing or older. Default: they are made.
    pub fn migrate(mut self, migrate: Migrate) -> Self {
        self.migrate = migrate;
        self
    }

    /// The store, where several share a database: 1 to 64 letters, digits, `.`, `_` or `-`. Default `default`. Give each
    /// store its own callback path and its own client: the secret is chosen by the path, never by the body.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.options.account = account.into();
        self
    }

    /// Who does the work. Default: a thread.
    pub fn worker(mut self, worker: Worker) -> Self {
        self.options.worker = worker;
        self
    }

    /// What callbacks are answered with. Default: the HTTP status that fits.
    pub fn answer_policy(mut self, policy: AnswerPolicy) -> Self {
        self.options.answer_policy = policy;
        self
    }

    /// Refuses a client that talks to a simulator. Default: false.
    pub fn require_live(mut self, required: bool) -> Self {
        self.require_live = required;
        self
    }

    /// Verify calls a second for this account, by all processes together. Default 2; 1 to 1,000.
    pub fn verifies_per_second(mut self, calls: u32) -> Self {
        self.options.verifies_per_second = calls;
        self
    }

    /// How long a handler may run before its lease is no longer renewed. Default 15 minutes; at least 10 seconds.
    pub fn max_handler_time(mut self, longest: Duration) -> Self {
        self.options.max_handler_time = longest;
        self
    }

    /// How often a handler may fail before its event is a dead letter. Default 10; at least 1.
    pub fn max_failures(mut self, most: u32) -> Self {
        self.options.most_failures = i64::from(most);
        self
    }

    /// How many handlers [`Checkout::run`] runs at once. Default 8; 1 to 256.
    pub fn concurrency(mut self, handlers: usize) -> Self {
        self.options.concurrency = handlers;
        self
    }

    /// How long callback bodies are kept. Default 400 days; at least 8 days, since callbacks of unknown tokens wait for 7.
    pub fn keep_bodies(mut self, time: Duration) -> Self {
        self.options.keep_bodies = time;
        self
    }

    /// How long the history of decisions is kept. Default: for ever; at least 30 days.
    pub fn keep_decisions(mut self, time: Duration) -> Self {
        self.options.keep_decisions = Some(time);
        self
    }

    /// The process's name in history and health. Default: program, process id and machine.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A clock that a test puts forward, and connections that are shared with no other checkout: as a process of its own.
    #[cfg(feature = "testing")]
    pub fn testing_clock(mut self, clock: &Clock) -> Self {
        self.options.clock = clock.clone();
        self.isolated = true;
        self
    }

    /// Checks everything and makes the checkout. Opens nothing.
    ///
    /// # Errors
    /// `config.database_url`, `config.worker`, `config.other_gateway`, `database.network_file_system`,
    /// `database.ephemeral`.
    pub fn build(self) -> Result<Checkout, Error> {
        let Self { client, database, listen_url, migrate, require_live, name, isolated, mut options } = self;
        check(&options)?;
        if require_live && client.gateway() == "simulator" {
            let message = "live payments are required, and the client talks to a simulator";
            return Err(Error::new(ErrorCode::ConfigOtherGateway, message));
        }
        let mut url = placed(DatabaseUrl::parse(&database)?)?;
        let mut key = engine_key(&database, &url, migrate, isolated);
        if let Some(listen) = listen_url {
            url = url.listening_at(&listen)?;
            key = format!("{key} {}", &*listen);
        }
        options.who = clean(&name.unwrap_or_else(process::name), 200);
        options.sqlite_file = url.file().map(ToOwned::to_owned);
        if let Some(path) = &options.sqlite_file {
            log_once(&client, path);
        }
        let slot = EngineSlot::new(url, key, migrate, options.clock.clone());
        let inner = Inner { client, options, slot, current: PerFork::default(), handlers: Handlers::default() };
        Ok(Checkout { inner: Arc::new(inner) })
    }
}

/// Where the file is, by the working directory of now: said once in a process.
fn log_once(client: &Client, path: &Path) {
    static SAID: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
        let detail = format!("the checkout's database is {}", path.display());
        client.log(LogRecord::checkout(LogLevel::Debug, None, detail));
    }
}

/// Checkouts with the same key share one background thread and its connections.
fn engine_key(text: &str, url: &DatabaseUrl, migrate: Migrate, isolated: bool) -> String {
    let own = if isolated { process::fresh_id("") } else { String::new() };
    match url.file() {
        Some(file) => format!("{} {migrate:?} {own}", file.display()),
        None => format!("{text} {migrate:?} {own}"),
    }
}

fn check(options: &Options) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::new(ErrorCode::ConfigWorker, message));
    let account = &options.account;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !(1..=64).contains(&account.len()) || !account.bytes().all(fits) {
        return refuse(format!(
            "an account has 1 to 64 letters, digits, dots, underscores or hyphens; got {}",
            quote(account)
        ));
    }
    if !(1..=1_000).contains(&options.verifies_per_second) {
        return refuse(format!("verify calls a second are 1 to 1,000; got {}", options.verifies_per_second));
    }
    if options.max_handler_time < Duration::from_secs(10) || options.max_handler_time > DAY {
        return refuse(format!("a handler may run for 10 seconds to a day; got {:?}", options.max_handler_time));
    }
    if options.most_failures < 1 || !(1..=256).contains(&options.concurrency) {
        return refuse("a handler may fail at least once, and 1 to 256 run at a time".to_owned());
    }
    if options.keep_bodies < 8 * DAY || options.keep_decisions.is_some_and(|time| time < 30 * DAY) {
        return refuse("bodies are kept for at least 8 days, and decisions for at least 30".to_owned());
    }
    Ok(())
}

/// With a SQLite file's whole path, by the working directory of now.
#[cfg_attr(not(feature = "sqlite"), expect(clippy::unnecessary_wraps, reason = "a file may be refused"))]
fn placed(url: DatabaseUrl) -> Result<DatabaseUrl, Error> {
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => {
            super::place::check_lasting(&path, |name| env::var_os(name).is_some_and(|value| !value.is_empty()))?;
            let path = super::place::absolute(&path)?;
            super::place::check_local(&path)?;
            Ok(DatabaseUrl::Sqlite(path))
        }
        #[cfg(feature = "postgres")]
        server @ DatabaseUrl::Postgres(_) => Ok(server),
    }
}
