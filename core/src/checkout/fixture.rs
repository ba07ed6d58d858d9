//! For unit tests: a database of their own with one order, whose events are due, done, and put off.

use std::path::PathBuf;

use super::{
    clock::Clock,
    database::{Database, Sql, transact},
    migrate::{self, Migrate},
    url::DatabaseUrl,
};

/// Event 1 is due, 2 is done, 3 has failed and is put off.
const ORDER_WITH_THREE_EVENTS: Sql = Sql::both(
    "INSERT INTO paymento_orders (id, account, order_id, terms, price, state, lease_until, fencing, created_at, \
     updated_at) VALUES (1, 'default', 'A-578', '', '', 'paid', 0, 0, 0, 0); \
     INSERT INTO paymento_events (id, order_row, account, kind, key, payload, state, attempts, next_at, created_at) \
     VALUES (1, 1, 'default', 'paid', 'a', '{}', 0, 0, 0, 0), (2, 1, 'default', 'paid', 'b', '{}', 1, 0, 0, 0), \
     (3, 1, 'default', 'paid', 'c', '{}', 0, 1, 9000000000000000, 0);",
);

pub(super) struct Fixture {
    pub(super) database: Database,
    folder: PathBuf,
}

impl Fixture {
    /// `name`: that of the test.
    pub(super) async fn open(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("paymento-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("made");
        let url = DatabaseUrl::parse(&format!("sqlite:{}/paymento.db", folder.display())).expect("valid");
        let database = Database::open(&url, Clock::default()).await.expect("opened");
        migrate::prepare(&database, Migrate::Auto).await.expect("made");
        transact!(database, transaction => transaction.script(ORDER_WITH_THREE_EVENTS)).expect("written");
        Self { database, folder }
    }

    pub(super) async fn close(self) {
        self.database.close().await;
        let _ = std::fs::remove_dir_all(self.folder);
    }
}
