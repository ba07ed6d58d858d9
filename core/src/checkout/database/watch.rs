//! [`Watch`]: sees that another process has committed to the same SQLite file.

use std::time::Duration;

use sqlx::{Row as _, SqliteConnection};
use tokio::{sync::Mutex, time::Instant};

/// `PRAGMA data_version` reads a counter in shared memory; this often it costs nothing that can be measured.
const LOOK: Duration = Duration::from_millis(40);

/// One connection that never writes: the counter moves when anybody else commits.
pub(super) struct Watch(Mutex<Watching>);

struct Watching {
    connection: Option<SqliteConnection>,
    seen: Option<i64>,
}

impl Watch {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        Self(Mutex::new(Watching { connection: Some(connection), seen: None }))
    }

    pub(super) async fn changed(&self, patience: Duration) {
        let end = Instant::now() + patience;
        loop {
            let changed = self.0.lock().await.has_changed().await;
            if changed || Instant::now() >= end {
                return;
            }
            tokio::time::sleep(LOOK.min(end.saturating_duration_since(Instant::now()))).await;
        }
    }

    /// Closes the connection, whoever waits on it: they see it at their next look.
    pub(super) async fn close(&self) {
        if let Some(connection) = self.0.lock().await.connection.take() {
            let _ = sqlx::Connection::close(connection).await;
        }
    }
}

impl Watching {
    async fn has_changed(&mut self) -> bool {
        let version = self.version().await;
        let changed = version != self.seen;
        self.seen = version;
        changed
    }

    async fn version(&mut self) -> Option<i64> {
        let row = sqlx::query("PRAGMA data_version").fetch_one(self.connection.as_mut()?).await.ok()?;
        row.try_get(0).ok()
    }
}
