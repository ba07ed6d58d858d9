//! [`PerProcess`]: what a checkout has in one process. After a fork it is made anew.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use tokio::task::AbortHandle;

use super::{
    builder::Options,
    database::{Database, Sql, transact, values},
    handled::Handled,
    lease::Leases,
    runner::CLEAN,
    verify::Verifier,
};
use crate::{
    Client,
    error::{Error, ErrorCode},
};

pub(super) struct PerProcess {
    process: u32,
    pub(super) leases: Arc<Leases>,
    pub(super) verifier: VerifierParts,
    pub(super) runner: Mutex<Option<AbortHandle>>,
    /// Handlers that are written in Rust, on the shop's own runtime.
    pub(super) handing: Mutex<Option<AbortHandle>>,
    /// Where this process runs nothing: says in the log that nobody else does.
    pub(super) lookout: Mutex<Option<AbortHandle>>,
    /// Where this process runs nothing, and has been handed something all the same: keeps its leases.
    pub(super) renewer: Mutex<Option<AbortHandle>>,
    /// Where this process runs nothing, and verifies all the same: removes what is old.
    pub(super) tending: Mutex<Option<AbortHandle>>,
    tended: Mutex<Option<Instant>>,
    pub(super) handled: Arc<Handled>,
    registered: AtomicBool,
}

/// A [`Verifier`], but for the database, which may not be open yet.
#[derive(Clone)]
pub(super) struct VerifierParts {
    /// With connections of its own, on the background thread's runtime.
    client: Client,
    account: String,
    who: String,
    pace: u32,
}

impl VerifierParts {
    pub(super) fn over(&self, database: Database) -> Verifier {
        let Self { client, account, who, pace } = self.clone();
        Verifier { database, client, account, who, pace }
    }
}

impl PerProcess {
    pub(super) fn new(client: &Client, options: &Options) -> Self {
        let owner: Arc<str> = fresh_id(&options.who).into();
        Self {
            process: std::process::id(),
            leases: Arc::new(Leases::new(owner, options.max_handler_time, options.most_failures, options.who.clone())),
            verifier: VerifierParts {
                client: client.reconnected_beside(),
                account: options.account.clone(),
                who: options.who.clone(),
                pace: options.verifies_per_second,
            },
            runner: Mutex::default(),
            handing: Mutex::default(),
            lookout: Mutex::default(),
            renewer: Mutex::default(),
            tending: Mutex::default(),
            tended: Mutex::default(),
            handled: Arc::default(),
            registered: AtomicBool::new(false),
        }
    }

    /// True once an hour.
    pub(super) fn is_time_to_tend(&self) -> bool {
        let mut tended = self.tended.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = tended.is_none_or(|last| last.elapsed() >= CLEAN);
        if is_time {
            *tended = Some(Instant::now());
        }
        is_time
    }

    pub(super) fn is_of_this_process(&self) -> bool {
        self.process == std::process::id()
    }

    /// Records the account, and refuses a database that belongs to another gateway.
    pub(super) async fn register(&self, database: &Database) -> Result<(), Error> {
        if self.registered.load(Ordering::Acquire) {
            return Ok(());
        }
        // On the heap: what every call would carry along is needed once.
        Box::pin(self.register_first(database)).await
    }

    async fn register_first(&self, database: &Database) -> Result<(), Error> {
        let (account, gateway) = (&self.verifier.account, self.verifier.client.gateway());
        let other = async |transaction: &mut super::database::Transaction| {
            let now = transaction.now();
            // Of two that come at once, the second sees the first.
            transaction.rows(ONE_AT_A_TIME, vec![]).await?;
            let row = transaction.row(OTHER_GATEWAY, values![&gateway]).await?;
            if let Some(row) = row {
                return row.text("gateway").map(Some);
            }
            transaction.execute(REGISTER, values![account, &gateway, now]).await.map(|_| None)
        };
        if let Some(other) = transact!(database, transaction => other(&mut transaction))? {
            return Err(other_gateway(&other, &gateway));
        }
        self.registered.store(true, Ordering::Release);
        Ok(())
    }
}

impl PerProcess {
    /// Ends the background tasks, whoever still holds this.
    pub(super) fn stop(&self) {
        for task in [&self.runner, &self.handing, &self.lookout, &self.renewer, &self.tending] {
            let task = task.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(task) = task.filter(|_| self.is_of_this_process()) {
                task.abort();
            }
        }
    }
}

/// The background tasks end with the last checkout; the thread ends with the last of its checkouts.
impl Drop for PerProcess {
    fn drop(&mut self) {
        self.stop();
    }
}

fn other_gateway(theirs: &str, ours: &str) -> Error {
    let message = format!("the database belongs to {theirs}, and this client talks to {ours}");
    Error::new(ErrorCode::ConfigOtherGateway, message)
        .with_hint("use a database of its own for a simulator; its payments are worth nothing")
}

/// A name that nobody else has: random numbers alone repeat themselves in a forked child.
pub(super) fn fresh_id(who: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{who} {time:x}-{count:x}-{:x}", fastrand::u64(..))
}

/// The process's name in history and health: program, process id and machine.
pub(super) fn name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(|path| path.file_name()).and_then(|name| name.to_str());
    crate::text::clean(&format!("{} {}@{}", program.unwrap_or("paymento"), std::process::id(), host.trim()), 100)
}

const ONE_AT_A_TIME: Sql =
    Sql::each("SELECT id FROM paymento_schema WHERE id = 1", "SELECT id FROM paymento_schema WHERE id = 1 FOR UPDATE");
const OTHER_GATEWAY: Sql = Sql::both("SELECT gateway FROM paymento_accounts WHERE gateway <> $1 LIMIT 1");
const REGISTER: Sql = Sql::both(
    "INSERT INTO paymento_accounts (account, gateway, pace_at, probes, missed, created_at) VALUES ($1, $2, 0, 0, 0, $3) \
     ON CONFLICT (account) DO NOTHING",
);
