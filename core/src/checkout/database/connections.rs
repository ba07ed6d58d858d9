//! [`Connections`]: those of one process to a PostgreSQL server, kept for the next one who needs one.
//!
//! Not the driver's own pool, which asks the server after each use whether the connection still lives: one more round trip
//! for every transaction. Here the next BEGIN shows it.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgDatabaseError},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

use super::{planned::Planned, postgres::ACQUIRE};
use crate::log::{self, LogLevel, LogRecord};

/// One that nobody has needed for so long is closed.
const IDLE: Duration = Duration::from_mins(5);
const LOOK_FOR_IDLE: Duration = Duration::from_mins(1);
/// What a server keeps for a connection grows with its age.
const LIFETIME: Duration = Duration::from_mins(30);
/// Before the next attempt at a server that is starting, or has no place.
const AGAIN: Duration = Duration::from_millis(50);

pub(super) struct Connections {
    options: PgConnectOptions,
    most: u32,
    places: Arc<Semaphore>,
    /// The one last used comes last, and goes first.
    idle: Mutex<Vec<Idle>>,
    /// Nothing stays planned on a connection: somebody stands between us and the server.
    plans_nothing: AtomicBool,
}

struct Idle {
    connection: PgConnection,
    planned: Planned,
    opened: Instant,
    since: Instant,
}

impl Connections {
    /// Opens none before one is needed. Starts on the runtime that it is called on.
    pub(super) fn new(options: PgConnectOptions, most: u32) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(most as usize));
        let connections =
            Arc::new(Self { options, most, places, idle: Mutex::default(), plans_nothing: AtomicBool::new(false) });
        tokio::spawn(close_idle(Arc::downgrade(&connections)));
        connections
    }

    /// One that lives as far as anybody knows, as soon as there is a place.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Taken, sqlx::Error> {
        let end = Instant::now() + ACQUIRE;
        timeout(ACQUIRE, self.wait_and_take(end)).await.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    async fn wait_and_take(self: &Arc<Self>, end: Instant) -> Result<Taken, sqlx::Error> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let known = self.idle().pop();
        let (connection, mut planned, opened) = match known {
            Some(idle) => (idle.connection, idle.planned, idle.opened),
            None => (self.connect(end).await?, Planned::default(), Instant::now()),
        };
        if self.plans_nothing.load(Ordering::Relaxed) {
            planned.stop();
        }
        Ok(Taken { connection, planned, opened, of: Arc::clone(self), place })
    }

    /// A server that has just been restarted is waited for.
    async fn connect(&self, end: Instant) -> Result<PgConnection, sqlx::Error> {
        loop {
            match self.options.connect().await {
                Err(error) if may_soon_be_there(&error) && Instant::now() + 2 * AGAIN < end => sleep(AGAIN).await,
                result => return result,
            }
        }
    }

    /// From the next use of each connection on.
    fn plan_nothing(&self) {
        if !self.plans_nothing.swap(true, Ordering::Relaxed) {
            let detail = "PostgreSQL, or a pooler in front of it, keeps no prepared statements: \
                          each statement is planned at each use from now on";
            log::emit(&LogRecord::checkout(LogLevel::Debug, None, detail.to_owned()));
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.places.is_closed()
    }

    /// Closes them all, and returns when those are closed that were in use. Then nobody gets one any more.
    pub(super) async fn close(&self) {
        let all = self.places.acquire_many(self.most).await;
        self.places.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle());
        close_all(idle).await;
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_long_idle(&self) -> Vec<Idle> {
        let mut idle = self.idle();
        let long = idle.partition_point(|one| one.since.elapsed() >= IDLE);
        idle.drain(..long).collect()
    }
}

/// A connection in use. Where it is only dropped, it is closed: somebody may have given up in the middle of an answer.
pub(super) struct Taken {
    connection: PgConnection,
    pub(super) planned: Planned,
    opened: Instant,
    of: Arc<Connections>,
    place: OwnedSemaphorePermit,
}

impl Taken {
    /// What was believed of the plans on this connection is wrong.
    pub(super) fn is_misled(&mut self) {
        self.planned.stop();
        self.of.plan_nothing();
    }

    /// The server takes no writes on it, and perhaps for as long as it lives: the setting of when it was opened. The others may be
    /// as old.
    pub(super) fn takes_no_writes(&self) {
        let idle = std::mem::take(&mut *self.of.idle());
        tokio::spawn(close_all(idle));
    }

    /// For the next one. Everything that was asked has been answered, and no transaction is open.
    pub(super) fn give_back(self) {
        let Self { connection, planned, opened, of, place } = self;
        let idle = Idle { connection, planned, opened, since: Instant::now() };
        if opened.elapsed() < LIFETIME {
            of.idle().push(idle);
        } else {
            tokio::spawn(close_all(vec![idle]));
        }
        // Whoever waits finds it.
        drop(place);
    }
}

impl Deref for Taken {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

async fn close_idle(connections: Weak<Connections>) {
    loop {
        sleep(LOOK_FOR_IDLE).await;
        let Some(connections) = connections.upgrade() else { return };
        let idle = connections.take_long_idle();
        drop(connections);
        close_all(idle).await;
    }
}

async fn close_all(idle: Vec<Idle>) {
    for one in idle {
        let _ = timeout(ACQUIRE, one.connection.close()).await;
    }
}

/// Whether the server is starting, or has no place at the moment.
fn may_soon_be_there(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => {
            let code = error.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::code);
            matches!(code, Some("57P03" | "53300"))
        }
        _ => false,
    }
}
