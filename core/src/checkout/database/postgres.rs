//! PostgreSQL's connections: at most three a process, with PgBouncer in front where the shop has one.

use std::{sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _, Row as _,
    postgres::{PgConnectOptions, PgRow, PgSslMode},
};
use tokio::{sync::Mutex, time::timeout};

use super::{
    connections::{Connections, Taken},
    failure::{is_read_only, translate},
    listening::Listening,
    notifier::Notifier,
    planned::is_misled,
    session::{Answered, Session},
    transaction::Statement,
};
use crate::{
    checkout::{
        clock::Millis,
        server::{Server, SslMode},
    },
    error::Error,
};

/// Within this time a connection is there, or the call fails: a callback must be answered in 4 seconds.
pub(super) const ACQUIRE: Duration = Duration::from_secs(3);
/// Longer than this nobody waits for a callback to be stored: a connection that is dead without having been closed costs the
/// writer this, and not the time of a statement, before the next one is tried.
const WHOLE: Duration = Duration::from_millis(3_800);
/// How often a process looks where nobody can wake it.
pub(super) const POLL: Duration = Duration::from_millis(250);
const MOST_CONNECTIONS: u32 = 3;

macro_rules! now {
    () => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now"
    };
}

/// Transactions whose statements may be planned once: then what is looked for is looked for by an index, whatever the size of
/// the tables is at that moment. A sequential scan that cannot be avoided costs so much on paper that it would be compiled.
macro_rules! by_index {
    () => {
        "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off; "
    };
}

/// With limits for this transaction only, which PgBouncer lets through: who waits for a lock gives up, and a machine that
/// vanishes holds none for long. Where the server's own setting would commit without waiting for the disk, here it waits:
/// a callback is answered with 200 when it cannot be lost any more.
const BEGIN: &str = concat!(
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 10000; ",
    "SET LOCAL idle_in_transaction_session_timeout = 15000; ",
    by_index!(),
    "SELECT CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', true) END, ",
    now!(),
    "; "
);
const BEGIN_READ: &str = concat!(
    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL statement_timeout = 10000; SELECT ",
    now!(),
    "; "
);
/// For a message that is a transaction.
const BEGIN_LOOK: &str = concat!(
    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL statement_timeout = 10000; ",
    by_index!(),
    "SELECT ",
    now!(),
    "; "
);
/// The same, for callbacks, whose statement itself sees to it that the commit waits for the disk.
const BEGIN_STORE: &str =
    concat!("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 10000; ", by_index!());

pub(super) struct Postgres {
    connections: Arc<Connections>,
    notifier: Notifier,
    /// The direct connection on which others wake us, where the shop has named one.
    listener: Option<Mutex<Listening>>,
}

impl Postgres {
    pub(super) fn open(server: &Server) -> Self {
        let direct = server.listen.as_deref();
        let most = MOST_CONNECTIONS - u32::from(direct.is_some());
        let listener = direct.map(|direct| Mutex::new(Listening::new(options(direct))));
        let connections = Connections::new(options(server), most);
        let notifier = Notifier::start(Arc::clone(&connections));
        Self { connections, notifier, listener }
    }

    /// Begins, and runs what is to be run first, which may be run again where a connection breaks. Nobody runs one that only
    /// reads again, so that nothing is planned for it. Gives the time by the server's clock, and what was answered to each.
    pub(super) async fn begin(
        &self,
        writes: bool,
        first: &[Statement],
    ) -> Result<(Session, Millis, Vec<Answered>), Error> {
        let statements = if writes { BEGIN } else { BEGIN_READ };
        let begun = self.on_one_that_lives(|connection| {
            Session::begin(connection, statements, first, writes, self.notifier.wanted())
        });
        timeout(ACQUIRE, begun).await.map_err(|_| super::failure::timed_out())?.map_err(|error| translate(&error))
    }

    /// Runs a statement that stores a callback, in a transaction of its own and in one round trip. Where a connection breaks, it
    /// is run again, and may have been run before; where nothing is answered, it is given up, and may have been run.
    pub(super) async fn store(&self, statement: Statement) -> Result<(), Error> {
        let done = timeout(WHOLE, self.in_one_message(BEGIN_STORE, &[statement])).await;
        done.map_err(|_| super::failure::timed_out())??;
        self.notifier.wanted().notify_one();
        Ok(())
    }

    /// Runs statements that only read, in one round trip. Gives the time by the server's clock as well.
    pub(super) async fn look(&self, statements: &[Statement]) -> Result<(Millis, Vec<PgRow>), Error> {
        let looked = timeout(ACQUIRE, self.in_one_message(BEGIN_LOOK, statements)).await;
        let mut rows = looked.map_err(|_| super::failure::timed_out())??;
        if rows.is_empty() {
            return Err(super::failure::unreadable("now"));
        }
        let now = rows.remove(0).try_get("now").map_err(|_| super::failure::unreadable("now"))?;
        Ok((now, rows))
    }

    async fn in_one_message(&self, begin: &str, statements: &[Statement]) -> Result<Vec<PgRow>, Error> {
        let done = self.on_one_that_lives(|connection| Session::whole(connection, begin, statements)).await;
        done.map_err(|error| translate(&error))
    }

    /// On a connection that lives: those that broke while they were idle are passed over, and what is not planned there after
    /// all is written out.
    async fn on_one_that_lives<T, F: Future<Output = Result<T, sqlx::Error>>>(
        &self,
        work: impl Fn(Taken) -> F,
    ) -> Result<T, sqlx::Error> {
        let mut attempt = 0;
        loop {
            let done = work(self.connections.take().await?).await;
            attempt += 1;
            match done {
                Err(error) if attempt <= MOST_CONNECTIONS && (is_broken(&error) || is_misled(&error)) => {}
                // A new one may take writes again.
                Err(error) if attempt == 1 && is_read_only(&error) => {}
                done => return done,
            }
        }
    }

    /// Waits for a notification, or as long as polling takes. An error is to be told, and changes nothing.
    pub(super) async fn changed(&self, patience: Duration) -> Result<(), Error> {
        let Some(listener) = &self.listener else {
            tokio::time::sleep(patience.min(POLL)).await;
            return Ok(());
        };
        listener.lock().await.changed(patience, &self.notifier).await
    }

    pub(super) async fn close(&self) {
        if let Some(listener) = &self.listener {
            listener.lock().await.close().await;
        }
        self.connections.close().await;
    }
}

/// Whether the connection is gone, and the statement with it: the server said nothing.
fn is_broken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        // The server says that it ends this connection, or PgBouncer does.
        sqlx::Error::Database(database) => {
            database.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
        }
        _ => false,
    }
}

fn options(server: &Server) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&server.host)
        .port(server.port)
        .username(&server.user)
        .database(&server.database)
        .application_name("paymento")
        // PgBouncer refuses start-up parameters that it does not know.
        .extra_float_digits(None)
        .statement_cache_capacity(0)
        .ssl_mode(match server.ssl_mode {
            SslMode::Disable => PgSslMode::Disable,
            SslMode::Allow => PgSslMode::Allow,
            SslMode::Prefer => PgSslMode::Prefer,
            SslMode::Require => PgSslMode::Require,
            SslMode::VerifyCa => PgSslMode::VerifyCa,
            SslMode::VerifyFull => PgSslMode::VerifyFull,
        })
        .disable_statement_logging();
    if let Some(password) = &server.password {
        options = options.password(password);
    }
    if let Some(path) = &server.ssl_root_cert {
        options = options.ssl_root_cert(path);
    }
    options
}
