//! [`Listening`]: where other processes wake this one, on a direct connection to PostgreSQL.

use std::{sync::Arc, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgListener, PgNotification, PgPoolOptions},
};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{
    failure::translate,
    notifier::Notifier,
    postgres::{ACQUIRE, POLL},
};
use crate::error::{Error, ErrorCode};

/// The channel on which processes wake each other: see [`Notifier`].
const CHANNEL: &str = "paymento";
/// How often a process looks that is woken: a notification can be lost with whoever should have sent it.
const LOOK: Duration = Duration::from_secs(5);
/// Until a listener that has failed is tried again, doubled each time.
const AGAIN: Duration = Duration::from_millis(500);
const LONGEST_AGAIN: Duration = Duration::from_secs(30);
/// Failures in a row after which it is told.
const TELLING: u32 = 2;

/// The direct connection on which others wake us.
pub(super) struct Listening {
    direct: PgConnectOptions,
    listener: Option<Listener>,
    /// Besides the looks, which go on meanwhile.
    connecting: Option<JoinHandle<Result<Listener, sqlx::Error>>>,
    again: Instant,
    failures: u32,
    /// For whoever waits next.
    complaint: Option<Error>,
}

/// With a pool of its own: of a connection that is given up nobody knows when it ends.
type Listener = (PgPool, PgListener);

/// Listens, and sees to it that something is heard: another database says nothing, nor does a pooler.
async fn listening(direct: PgConnectOptions, wanted: Arc<Notify>) -> Result<Listener, sqlx::Error> {
    let pool = pool_of_one(&direct);
    let mut listener =
        timeout(ACQUIRE, PgListener::connect_with(&pool)).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    timeout(ACQUIRE, listener.listen(CHANNEL)).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    wanted.notify_one();
    match timeout(ACQUIRE, listener.recv()).await {
        Ok(heard) => heard.map(|_| (pool, listener)),
        Err(_) => Err(sqlx::Error::Protocol("nothing is heard".to_owned())),
    }
}

fn why_not(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Protocol(_) => "no notification gets through: it is another database, or a pooler".to_owned(),
        error => translate(error).to_string(),
    }
}

impl Listening {
    pub(super) fn new(direct: PgConnectOptions) -> Self {
        Self { direct, listener: None, connecting: None, again: Instant::now(), failures: 0, complaint: None }
    }

    /// Returns when another process has committed something, or may have; within `patience`. An error is to be told, and
    /// changes nothing.
    pub(super) async fn changed(&mut self, patience: Duration, notifier: &Notifier) -> Result<(), Error> {
        if self.listener.is_none() {
            // What happened before is not announced again: whoever has begun to listen looks once.
            let _ = timeout(patience.min(POLL), self.connect(&notifier.wanted())).await;
            return self.complaint.take().map_or(Ok(()), Err);
        }
        let heard = match timeout(patience.min(LOOK), self.next(&notifier.name)).await {
            Ok(heard) => heard,
            // Nothing happens, or nothing gets through.
            Err(_) => self.check().await,
        };
        if heard.is_err() {
            self.listener = None;
        }
        Ok(())
    }

    pub(super) async fn close(&mut self) {
        if let Some(connecting) = self.connecting.take() {
            connecting.abort();
        }
        if let Some((pool, listener)) = self.listener.take() {
            drop(listener);
            let _ = timeout(ACQUIRE, pool.close()).await;
        }
    }

    /// Returns when it listens. Tries again after a while that grows.
    async fn connect(&mut self, wanted: &Arc<Notify>) {
        loop {
            let (direct, again) = (&self.direct, self.again);
            let connecting = self.connecting.get_or_insert_with(|| {
                let (direct, wanted) = (direct.clone(), Arc::clone(wanted));
                tokio::spawn(async move {
                    tokio::time::sleep_until(again).await;
                    listening(direct, wanted).await
                })
            });
            let connected = connecting.await;
            self.connecting = None;
            match connected {
                Ok(Ok(listener)) => {
                    (self.listener, self.failures) = (Some(listener), 0);
                    return;
                }
                Ok(Err(error)) => self.has_failed(&error),
                Err(_) => self.has_failed(&sqlx::Error::WorkerCrashed),
            }
        }
    }

    fn has_failed(&mut self, error: &sqlx::Error) {
        self.again = Instant::now() + (AGAIN * 2_u32.saturating_pow(self.failures)).min(LONGEST_AGAIN);
        self.failures = self.failures.saturating_add(1);
        // A server that is restarted is none that cannot be listened to.
        if self.failures == TELLING {
            let message =
                format!("listen_url wakes nobody, and processes look four times a second instead: {}", why_not(error));
            self.complaint = Some(Error::new(ErrorCode::DatabaseUnavailable, message));
        }
    }

    /// Returns when another process has notified.
    async fn next(&mut self, own: &str) -> Result<(), sqlx::Error> {
        let Some((_, listener)) = &mut self.listener else { return Ok(()) };
        let is_of_others = |heard: &PgNotification| heard.payload() != own;
        loop {
            // Nothing at all: the connection broke meanwhile, and is there again.
            let mut others = listener.try_recv().await?.as_ref().is_none_or(is_of_others);
            while let Some(heard) = listener.next_buffered() {
                others |= is_of_others(&heard);
            }
            if others {
                return Ok(());
            }
        }
    }

    /// Whether the connection still answers.
    async fn check(&mut self) -> Result<(), sqlx::Error> {
        let Some((_, listener)) = &mut self.listener else { return Ok(()) };
        let answer = timeout(ACQUIRE, sqlx::raw_sql("SELECT 1").execute(listener)).await;
        answer.map_err(|_| sqlx::Error::PoolTimedOut)?.map(|_| ())
    }
}

fn pool_of_one(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE).connect_lazy_with(options.clone())
}
