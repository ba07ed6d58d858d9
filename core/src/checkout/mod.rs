//! [`Checkout`]: the five steps, durable. No paid order is lost, and none is handed over as new after it is done.
//!
//! [`create_payment`](Checkout::create_payment) records what is sold before the gateway is asked.
//! [`receive`](Checkout::receive) is the callback route: it answers 200 when the callback is synced to disk.
//! A background thread verifies, also payments whose callback never came. [`on`](Checkout::on) and
//! [`run`](Checkout::run) hand over what has happened; `paid` comes from a settled verify answer about the order's current
//! price, and from nothing else.
//!
//! The same tables and the same behavior on SQLite and PostgreSQL. Several processes, in several languages, and with
//! PostgreSQL several machines, share one database.

mod adopt;
mod builder;
mod cancel;
mod claim;
mod clock;
mod clockwise;
mod create;
mod database;
mod dead;
mod decide;
mod engine;
mod event;
mod fail_point;
mod finish;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod fixture;
mod handled;
mod health;
mod history;
mod intent;
mod lease;
mod migrate;
#[cfg(test)]
mod model_tests;
mod money;
mod orders;
#[cfg(feature = "sqlite")]
mod place;
mod process;
mod raise;
mod receive;
mod record;
mod retention;
mod run;
mod runner;
mod schedule;
#[cfg(feature = "postgres")]
mod server;
mod state;
mod status;
mod terms;
#[cfg(feature = "testing")]
pub(crate) mod testing;
mod url;
mod verify;
mod visit;
mod work;
mod writer;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use self::{
    builder::Options,
    database::Database,
    engine::{Engine, EngineSlot},
    fail_point::fail_point,
    lease::Leases,
    process::{PerProcess, VerifierParts},
    run::Handlers,
    writer::Writer,
};
pub use self::{
    builder::{CheckoutBuilder, Worker},
    clock::Clock,
    dead::DeadLetter,
    event::{EventKind, OrderEvent, Reason, Shortfall},
    health::{Health, Problem},
    history::HistoryEntry,
    migrate::Migrate,
    receive::{Answer, AnswerPolicy},
    state::{OrderState, PaymentState},
    status::{OrderRecord, PaymentRecord, PaymentsPage},
    work::Work,
};
use crate::{
    Client,
    error::{Error, ErrorCode},
    per_fork::PerFork,
};
#[cfg(feature = "testing")]
pub use fail_point::set_fail_point;

/// A statement takes no longer than this, or the database counts as down.
const PATIENCE: Duration = Duration::from_secs(20);

/// The checkout of one store: takes payments for orders, and tells the shop once what became of them. Cheap to clone.
///
/// Making one opens nothing. The first use opens the database and starts one background thread in this process, which all
/// checkouts on the same database share. Its methods can be awaited on any async runtime.
#[derive(Clone)]
pub struct Checkout {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    options: Options,
    slot: EngineSlot,
    current: PerFork<Mutex<Option<Arc<PerProcess>>>>,
    handlers: Handlers,
}

impl Checkout {
    /// Options to start from.
    pub fn builder(client: Client) -> CheckoutBuilder {
        CheckoutBuilder::new(client)
    }

    /// A checkout from `PAYMENTO_DATABASE_URL` and, where it is set, `PAYMENTO_LISTEN_URL`, with a client from
    /// the environment.
    ///
    /// # Errors
    /// `config.missing` names what is not set; other `config.` codes what cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        CheckoutBuilder::from_env()?.build()
    }

    /// The SQL that makes the tables, for roles that may not: `postgres` or `sqlite`.
    ///
    /// # Errors
    /// `config.database_url` for any other name.
    pub fn schema_sql(database: &str) -> Result<&'static str, Error> {
        match database {
            "postgres" | "postgresql" => Ok(migrate::POSTGRES),
            "sqlite" => Ok(migrate::SQLITE),
            _ => Err(Error::new(ErrorCode::ConfigDatabaseUrl, "the schema is written for \"postgres\" and \"sqlite\"")),
        }
    }

    /// The client that it was made with.
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// The account: one store of a merchant whose stores share a database.
    pub fn account(&self) -> &str {
        &self.inner.options.account
    }

    /// The SQLite file it keeps its records in, which no other SQLite library of this process may open.
    pub fn sqlite_file(&self) -> Option<&std::path::Path> {
        self.inner.options.sqlite_file.as_deref()
    }

    /// Closes the connections and ends the background thread, unless other checkouts of this process use them. Before a
    /// fork, so that the child may open the database. Work that is held keeps its lease for 10 seconds.
    pub async fn close(&self) {
        let current = self.inner.current.here().lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(current) = current {
            // Calls that have not ended hold it as well.
            current.stop();
        }
        self.inner.slot.close().await;
    }

    /// Who does the work between a callback and the shop's handler.
    pub fn worker(&self) -> Worker {
        self.inner.options.worker
    }

    /// How many handlers run at once.
    pub fn concurrency(&self) -> usize {
        self.inner.options.concurrency
    }

    /// How long a handler may run. After that its lease is renewed no longer, and its place belongs to others.
    pub fn max_handler_time(&self) -> Duration {
        self.inner.options.max_handler_time
    }

    fn answer_policy(&self) -> AnswerPolicy {
        self.inner.options.answer_policy
    }

    fn most_failures(&self) -> i64 {
        self.inner.options.most_failures
    }

    fn who(&self) -> &str {
        &self.inner.options.who
    }

    fn engine(&self) -> Result<Arc<Engine>, Error> {
        self.inner.slot.get()
    }

    /// What this process has of the checkout; made anew after a fork.
    fn per_process(&self) -> Arc<PerProcess> {
        let mut current = self.inner.current.here().lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(PerProcess::new(&self.inner.client, &self.inner.options));
        Arc::clone(current.get_or_insert_with(fresh))
    }

    fn leases(&self) -> Arc<Leases> {
        Arc::clone(&self.per_process().leases)
    }

    fn verifier_parts(&self) -> VerifierParts {
        self.per_process().verifier.clone()
    }

    /// A name that nobody else has.
    fn fresh_id(&self) -> String {
        process::fresh_id(self.who())
    }

    /// Runs on the background thread with the opened database.
    async fn with_database<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        work: impl FnOnce(Database) -> F + Send + 'static,
    ) -> Result<T, Error> {
        self.with_database_for(PATIENCE, work).await
    }

    async fn with_database_for<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(Database) -> F + Send + 'static,
    ) -> Result<T, Error> {
        let (engine, known) = (self.engine()?, self.per_process());
        let task = async move {
            let opened = Arc::clone(&engine);
            tokio::time::timeout(patience, async move {
                let database = opened.database().await?;
                known.register(&database).await?;
                work(database).await
            })
            .await
            .unwrap_or_else(|_| Err(too_late()))
        };
        self.engine()?.run(task).await
    }

    async fn with_writer<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        work: impl FnOnce(Writer) -> F + Send + 'static,
    ) -> Result<T, Error> {
        self.with_writer_for(PATIENCE, work).await
    }

    async fn with_writer_for<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(Writer) -> F + Send + 'static,
    ) -> Result<T, Error> {
        let engine = self.engine()?;
        self.with_database_for(patience, async move |_| work(engine.writer().await?).await).await
    }

    /// Gives up after `patience`, by the background thread's timer: the caller's runtime may have none.
    async fn within<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let mut work = std::pin::pin!(work);
        let engine = self.engine()?;
        let mut timer = std::pin::pin!(engine.run(async move {
            tokio::time::sleep(patience).await;
            Ok(())
        }));
        std::future::poll_fn(|context| match work.as_mut().poll(context) {
            std::task::Poll::Ready(result) => std::task::Poll::Ready(result),
            std::task::Poll::Pending => timer.as_mut().poll(context).map(|_| Err(too_late())),
        })
        .await
    }
}

fn too_late() -> Error {
    Error::new(ErrorCode::DatabaseUnavailable, "the database did not answer in time")
}

/// Without anything secret.
impl fmt::Debug for Checkout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkout").field("account", &self.account()).finish_non_exhaustive()
    }
}
