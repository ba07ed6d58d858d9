//! [`Notifier`]: tells the other processes that something was committed.
//!
//! Beside the transaction, not in it: a transaction that notifies holds a lock of the whole server while its commit is
//! synced, so that all would be synced one after the other. A notification that is lost costs seconds: whoever
//! waits also looks.

use std::{sync::Arc, time::Duration};

use sqlx::AssertSqlSafe;
use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{sleep, timeout},
};

use super::{connections::Connections, postgres::ACQUIRE};

/// It has nothing that would be lost: it waits for no disk.
fn notification(name: &str) -> String {
    format!("BEGIN; SET LOCAL synchronous_commit = off; NOTIFY paymento, '{name}'; COMMIT")
}

/// What is committed meanwhile is told of together: whoever is woken looks for everything that is due.
const PAUSE: Duration = Duration::from_millis(2);
/// After a server that does not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

pub(super) struct Notifier {
    /// With which it signs: whoever has notified need not be woken by it.
    pub(super) name: String,
    wanted: Arc<Notify>,
    task: AbortHandle,
}

impl Notifier {
    /// Starts on the runtime that it is called on.
    pub(super) fn start(connections: Arc<Connections>) -> Self {
        let (name, wanted) = (format!("{:016x}", fastrand::u64(..)), Arc::<Notify>::default());
        let task = tokio::spawn(notify(connections, notification(&name), Arc::clone(&wanted))).abort_handle();
        Self { name, wanted, task }
    }

    /// To be told of every commit that others wait for: many at a time are one notification.
    pub(super) fn wanted(&self) -> Arc<Notify> {
        Arc::clone(&self.wanted)
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn notify(connections: Arc<Connections>, notification: String, wanted: Arc<Notify>) {
    while !connections.is_closed() {
        wanted.notified().await;
        sleep(if is_told(&connections, &notification).await { PAUSE } else { AFTER_FAILURE }).await;
    }
}

async fn is_told(connections: &Arc<Connections>, notification: &str) -> bool {
    let Ok(mut connection) = connections.take().await else { return false };
    let told = timeout(ACQUIRE, sqlx::raw_sql(AssertSqlSafe(notification.to_owned())).execute(&mut *connection)).await;
    let is_told = matches!(told, Ok(Ok(_)));
    // Otherwise the next answer on it might be to this.
    if is_told {
        connection.give_back();
    }
    is_told
}
