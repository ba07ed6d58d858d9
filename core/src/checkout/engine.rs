//! [`Engine`]: the one background thread a process has for a database. It verifies, renews leases and stores; it never
//! waits for the shop's code, nor for the language that the shop is written in.

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::{Notify, OnceCell, oneshot},
    time::timeout,
};

use super::{
    clock::Clock,
    database::Database,
    migrate::{self, Migrate},
    url::DatabaseUrl,
    writer::Writer,
};
use crate::{
    error::{Error, ErrorCode},
    per_fork::PerFork,
};

/// Closing waits this long for what is under way.
const CLOSING: Duration = Duration::from_secs(10);

/// One database's connections and the thread they live on, shared by every checkout of this process.
pub(super) struct Engine {
    handle: Handle,
    stop: Mutex<Option<oneshot::Sender<Option<Database>>>>,
    url: DatabaseUrl,
    migrate: Migrate,
    clock: Clock,
    open: OnceCell<Opened>,
    /// Checkouts of this process that use it.
    users: AtomicUsize,
    pub(super) woken: Woken,
}

/// Who is to look in this process. Whoever waits for the one is not kept busy by the other.
#[derive(Clone, Default)]
pub(super) struct Woken {
    /// A verify call may be due.
    pub(super) to_verify: Arc<Notify>,
    /// An event may be due.
    pub(super) to_hand_over: Arc<Notify>,
}

impl Woken {
    pub(super) fn all(&self) {
        self.to_verify.notify_waiters();
        self.to_hand_over.notify_waiters();
    }
}

struct Opened {
    database: Database,
    writer: Writer,
}

impl Engine {
    fn start(url: DatabaseUrl, migrate: Migrate, clock: Clock) -> Result<Arc<Self>, Error> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|_| no_thread())?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<Option<Database>>();
        let run = move || {
            if let Ok(Some(database)) = runtime.block_on(stopped) {
                // Nobody waits for it, but a fork is safe afterwards.
                runtime.block_on(async { timeout(CLOSING, database.close()).await.unwrap_or_default() });
            }
            // Whoever stops has finished, or wants nothing finished.
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name("paymento".to_owned()).spawn(run).map_err(|_| no_thread())?;
        let stop = Mutex::new(Some(stop));
        let (open, users) = (OnceCell::new(), AtomicUsize::new(0));
        Ok(Arc::new(Self { handle, stop, url, migrate, clock, open, users, woken: Woken::default() }))
    }

    /// Runs on the engine's thread, to its end even where the caller gives up: what was begun is recorded.
    pub(super) fn run<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T, F> {
        let running = self.handle.spawn(work);
        async move { running.await.unwrap_or_else(|_| Err(closed())) }
    }

    /// Runs the shop's code on the caller's runtime, so that it cannot hold up this thread; here where there is none.
    pub(super) fn run_beside<T: Send + 'static, F: Future<Output = Result<T, Error>> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T, F> {
        let running = Handle::try_current().unwrap_or_else(|_| self.handle.clone()).spawn(work);
        async move { running.await.unwrap_or_else(|_| Err(closed())) }
    }

    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> tokio::task::AbortHandle {
        self.handle.spawn(work).abort_handle()
    }

    /// The database, opened and migrated at the first use, and again after that failed.
    pub(super) async fn database(&self) -> Result<Database, Error> {
        Ok(self.opened().await?.database.clone())
    }

    pub(super) async fn writer(&self) -> Result<Writer, Error> {
        Ok(self.opened().await?.writer.clone())
    }

    async fn opened(&self) -> Result<&Opened, Error> {
        match self.open.get() {
            Some(opened) => Ok(opened),
            // On the heap: what every call would carry along is needed once.
            None => Box::pin(self.open_first()).await,
        }
    }

    async fn open_first(&self) -> Result<&Opened, Error> {
        let open = async {
            migrate::check_file(&self.url, self.migrate)?;
            let database = Database::open(&self.url, self.clock.clone()).await?;
            if let Err(error) = migrate::prepare(&database, self.migrate).await {
                database.close().await;
                return Err(error);
            }
            let writer = Writer::start(database.clone(), self.woken.clone());
            Ok(Opened { database, writer })
        };
        self.open.get_or_try_init(|| open).await
    }

    /// Closes the connections and ends the thread.
    async fn close(self: Arc<Self>) {
        let engine = Arc::clone(&self);
        let closing = async move {
            if let Some(open) = engine.open.get() {
                // By this thread's timer: the caller may have none.
                let _ = timeout(CLOSING, open.database.close()).await;
            }
            Ok(())
        };
        let _ = self.run(closing).await;
        self.stop(None);
    }

    /// Ends the thread, which closes what is still open.
    fn stop(&self, open: Option<Database>) {
        if let Some(stop) = self.stop.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = stop.send(open);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop(self.open.get().map(|open| open.database.clone()));
    }
}

fn no_thread() -> Error {
    Error::new(ErrorCode::ConfigWorker, "the machine refuses a thread for the checkout")
}

fn closed() -> Error {
    Error::new(ErrorCode::ConfigClosed, "the checkout is closed")
}

/// The engines of this process by database: connections are counted a process, not a checkout.
static ENGINES: LazyLock<PerFork<Mutex<Engines>>> = LazyLock::new(PerFork::default);
type Engines = HashMap<String, Weak<Engine>>;

fn engines() -> MutexGuard<'static, Engines> {
    ENGINES.here().lock().unwrap_or_else(PoisonError::into_inner)
}

/// The engine of a database as a process sees it: not made before it is needed, made anew after a fork.
pub(super) struct EngineSlot {
    url: DatabaseUrl,
    key: String,
    migrate: Migrate,
    clock: Clock,
    current: PerFork<Mutex<Option<Arc<Engine>>>>,
}

impl EngineSlot {
    pub(super) fn new(url: DatabaseUrl, key: String, migrate: Migrate, clock: Clock) -> Self {
        Self { url, key, migrate, clock, current: PerFork::default() }
    }

    pub(super) fn get(&self) -> Result<Arc<Engine>, Error> {
        let mut current = self.current();
        if let Some(engine) = &*current {
            return Ok(Arc::clone(engine));
        }
        let engine = self.shared()?;
        *current = Some(Arc::clone(&engine));
        Ok(engine)
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Engine>>> {
        self.current.here().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process's engine for this database, or a new one, with one user more: counted under the lock, so that nobody gets
    /// one that its last user is closing.
    fn shared(&self) -> Result<Arc<Engine>, Error> {
        let mut engines = engines();
        if let Some(engine) = engines.get(&self.key).and_then(Weak::upgrade) {
            engine.users.fetch_add(1, Ordering::SeqCst);
            return Ok(engine);
        }
        let engine = Engine::start(self.url.clone(), self.migrate, self.clock.clone())?;
        engine.users.fetch_add(1, Ordering::SeqCst);
        engines.insert(self.key.clone(), Arc::downgrade(&engine));
        Ok(engine)
    }

    /// Lets the engine go; it ends with the last checkout that uses it, its connections closed when this returns.
    pub(super) async fn close(&self) {
        let current = self.current().take();
        if let Some(engine) = current.filter(|engine| self.is_last_to_leave(engine)) {
            engine.close().await;
        }
    }

    /// Whether nobody uses it any more. Then nobody gets it any more.
    fn is_last_to_leave(&self, engine: &Engine) -> bool {
        let mut engines = engines();
        let is_last = engine.users.fetch_sub(1, Ordering::SeqCst) == 1;
        if is_last {
            engines.remove(&self.key);
        }
        is_last
    }
}

impl Drop for EngineSlot {
    fn drop(&mut self) {
        let current = self.current().take();
        if let Some(engine) = current {
            self.is_last_to_leave(&engine);
        }
    }
}
