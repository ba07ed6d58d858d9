//! [`Writer`]: whoever waits to have something recorded shares one transaction and one sync of the disk.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{
    database::{self, Arrival, ArrivalKind, Database, Sql, Transaction, give_way},
    engine::Woken,
    finish::{self, Finish},
};
use crate::error::{Error, ErrorCode};

/// Most that shares one transaction.
const MOST: usize = 512;
/// Most that waits; more than that is told to come again.
const QUEUE: usize = 8_192;
/// A callback is answered within 4 seconds, or not recorded as far as the gateway knows.
const PATIENCE: Duration = Duration::from_millis(3_800);

/// Records callbacks and finished work, many at a time.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Entry>,
}

enum Entry {
    Arrival(Arrival, oneshot::Sender<Result<(), Error>>),
    Finish(Finish, oneshot::Sender<Result<bool, Error>>),
}

impl Writer {
    pub(super) fn start(database: Database, woken: Woken) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write(database, waiting, woken));
        Self { queue }
    }

    /// Returns when the callback is committed, and synced.
    pub(super) async fn store(&self, arrival: Arrival) -> Result<(), Error> {
        let (done, stored) = oneshot::channel();
        self.queue.try_send(Entry::Arrival(arrival, done)).map_err(|_| overloaded())?;
        match tokio::time::timeout(PATIENCE, stored).await {
            Ok(Ok(result)) => result,
            _ => Err(Error::new(ErrorCode::DatabaseUnavailable, "the database did not commit in time")),
        }
    }

    /// Returns whether the work was still the caller's to finish.
    pub(super) async fn finish(&self, finish: Finish) -> Result<bool, Error> {
        let (done, finished) = oneshot::channel();
        self.queue.send(Entry::Finish(finish, done)).await.map_err(|_| overloaded())?;
        finished.await.unwrap_or_else(|_| Err(overloaded()))
    }
}

fn overloaded() -> Error {
    Error::new(ErrorCode::DatabaseUnavailable, "more is waiting for the database than it can take")
}

async fn write(database: Database, mut waiting: mpsc::Receiver<Entry>, woken: Woken) {
    let at_once = Arc::new(Semaphore::new(database.writers()));
    while let Ok(place) = Arc::clone(&at_once).acquire_owned().await {
        let mut entries = Vec::new();
        if waiting.recv_many(&mut entries, MOST).await == 0 {
            return;
        }
        let (database, woken) = (database.clone(), woken.clone());
        tokio::spawn(async move {
            write_all(&database, entries, &woken).await;
            drop(place);
        });
    }
}

async fn write_all(database: &Database, entries: Vec<Entry>, woken: &Woken) {
    let (mut arrivals, mut finishes) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::Arrival(arrival, done) => arrivals.push((arrival, done)),
            Entry::Finish(finish, done) => finishes.push((finish, done)),
        }
    }
    let any_arrived = !arrivals.is_empty();
    let any_odd = arrivals.iter().any(|(arrival, _)| arrival.kind != ArrivalKind::Callback);
    record(database, arrivals, finishes).await;
    match (any_arrived, any_odd) {
        // What cannot be read is told of without a verify call.
        (_, true) => woken.all(),
        (true, false) => woken.to_verify.notify_waiters(),
        (false, false) => {}
    }
}

type Arrivals = Vec<(Arrival, oneshot::Sender<Result<(), Error>>)>;
type Finishes = Vec<(Finish, oneshot::Sender<Result<bool, Error>>)>;

async fn record(database: &Database, arrivals: Arrivals, finishes: Finishes) {
    let (arrivals, arrived): (Vec<_>, Vec<_>) = arrivals.into_iter().unzip();
    let (finishes, told): (Vec<_>, Vec<_>) = finishes.into_iter().unzip();
    match together(database, &arrivals, &finishes).await {
        Ok(own) => {
            for done in arrived {
                tell(done, Ok(()));
            }
            for (done, own) in told.into_iter().zip(own) {
                tell(done, Ok(own));
            }
        }
        Err(error) if database::is_refused_value(&error) => {
            // One of them cannot be written. It must not stand in the way of the others.
            let waiting = arrivals.into_iter().zip(arrived).collect();
            halved(database, waiting).await;
            for (finish, done) in finishes.iter().zip(told) {
                let own = together(database, &[], std::slice::from_ref(finish)).await;
                tell(done, own.map(|own| own.first() == Some(&true)));
            }
        }
        Err(error) => {
            for done in arrived {
                tell(done, Err(again(&error)));
            }
            for done in told {
                tell(done, Err(again(&error)));
            }
        }
    }
}

/// Who has given up waiting is not told.
fn tell<T>(done: oneshot::Sender<T>, result: T) {
    let _ = done.send(result);
}

/// The same error for each who waits.
fn again(error: &Error) -> Error {
    Error::new(error.code(), error.message())
}

/// Finds the one that cannot be written in as few transactions as there are halves: whoever waits with it waits seconds.
async fn halved(database: &Database, waiting: Arrivals) {
    let mut parts = vec![waiting];
    while let Some(mut part) = parts.pop() {
        let arrivals: Vec<_> = part.iter().map(|(arrival, _)| arrival.clone()).collect();
        match together(database, &arrivals, &[]).await {
            Err(error) if database::is_refused_value(&error) && part.len() > 1 => {
                parts.push(part.split_off(part.len() / 2));
                parts.push(part);
            }
            Err(error) if database::is_refused_value(&error) => {
                for (arrival, done) in part {
                    tell(done, quarantined(database, arrival).await);
                }
            }
            result => {
                for (_, done) in part {
                    tell(done, result.as_ref().map(|_| ()).map_err(again));
                }
            }
        }
    }
}

/// What was read from it is left out; the bytes are what must not be lost.
async fn quarantined(database: &Database, arrival: Arrival) -> Result<(), Error> {
    let bare = Arrival { kind: ArrivalKind::Quarantined, token: None, status: None, ..arrival };
    together(database, &[bare], &[]).await.map(|_| ())
}

/// One transaction for all of them. Says which finishes were their callers'.
async fn together(database: &Database, arrivals: &[Arrival], finishes: &[Finish]) -> Result<Vec<bool>, Error> {
    let arrivals = database::merged(arrivals.to_vec());
    let mut attempt = 0;
    loop {
        match attempt_together(database, &arrivals, finishes).await {
            Err(error) if database::is_conflict(&error) && give_way(attempt).await => attempt += 1,
            result => return result,
        }
    }
}

async fn attempt_together(database: &Database, arrivals: &[Arrival], finishes: &[Finish]) -> Result<Vec<bool>, Error> {
    if finishes.is_empty() && arrivals.iter().all(|arrival| arrival.kind == ArrivalKind::Callback) {
        return database.store(arrivals).await.map(|()| vec![]);
    }
    // Orders are locked before payments, as everywhere.
    let (mut transaction, let_go) = database.begin_with(finish::letting_go(finishes)).await?;
    let now = transaction.now();
    let own = finish::all(&mut transaction, &let_go, finishes, now).await?;
    if !arrivals.is_empty() {
        transaction.store(arrivals, now).await?;
        store_beside(&mut transaction, arrivals, now).await?;
    }
    transaction.commit().await?;
    Ok(own)
}

/// What belongs to no payment: probes are counted, and somebody should look at what cannot be read.
async fn store_beside(transaction: &mut Transaction, arrivals: &[Arrival], now: i64) -> Result<(), Error> {
    for arrival in arrivals {
        match arrival.kind {
            ArrivalKind::Callback => {}
            ArrivalKind::Probe => {
                let values = database::values![&arrival.account, arrival.count];
                transaction.later(COUNT_PROBES, values).await?;
            }
            ArrivalKind::Undecodable | ArrivalKind::Quarantined => {
                super::raise::undecodable(transaction, arrival, now).await?;
            }
        }
    }
    transaction.notify();
    Ok(())
}

const COUNT_PROBES: Sql = Sql::both("UPDATE paymento_accounts SET probes = probes + $2 WHERE account = $1");
