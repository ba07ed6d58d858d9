//! SQLite's connections: one that writes, one that reads, one that watches. WAL, and every commit is synced.

use std::{
    mem::ManuallyDrop,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions as _, Connection as _, SqlSafeStr as _,
    pool::PoolConnection,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use super::{
    failure::{is_locked, translate},
    watch::Watch,
};
use crate::{
    checkout::place,
    error::{Error, ErrorCode},
};

/// A writer waits this long for another process: a callback must be answered in 4 seconds.
const BUSY: Duration = Duration::from_secs(3);

pub(super) struct Sqlite {
    writer: SqlitePool,
    reader: SqlitePool,
    pub(super) watch: Watch,
    path: PathBuf,
    /// Until it is closed. Where it is only dropped, the driver's threads close it some time later: a fork meanwhile would
    /// lose commits, so that the mark stays.
    opened: Mutex<ManuallyDrop<Option<Opened>>>,
}

impl Sqlite {
    pub(super) async fn open(path: &Path) -> Result<Self, Error> {
        let opened = Opened::by_this_process()?;
        place::make_file(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            // The default of many recipes, NORMAL, may lose the last commits when the power goes.
            .synchronous(SqliteSynchronous::Full)
            // 16 MB: callbacks lie at random places of their index. And as much is written before it is put in its place.
            .pragma("cache_size", "-16384")
            .pragma("wal_autocheckpoint", "4000")
            // What it keeps to take back one statement of many rows would otherwise be a file, made for each.
            .pragma("temp_store", "MEMORY")
            .busy_timeout(BUSY)
            .disable_statement_logging();
        match patiently(|| open_all(&options)).await {
            Ok((writer, reader, watch)) => Ok(Self {
                writer,
                reader,
                watch: Watch::new(watch),
                path: path.to_owned(),
                opened: Mutex::new(ManuallyDrop::new(Some(opened))),
            }),
            Err(error) => Err(explain(translate(&error), path)),
        }
    }

    pub(super) async fn begin(&self, writes: bool) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, Error> {
        let (pool, statement) = if writes { (&self.writer, "BEGIN IMMEDIATE") } else { (&self.reader, "BEGIN") };
        let begun = match clean(pool).await {
            Ok(connection) => sqlx::Transaction::begin(connection, Some(statement.into_sql_str())).await,
            Err(error) => Err(error),
        };
        begun.map_err(|error| explain(translate(&error), &self.path))
    }

    /// Runs statements that are a transaction, with BEGIN and COMMIT.
    pub(super) async fn whole(&self, statements: Query<'_, sqlx::Sqlite, SqliteArguments>) -> Result<(), Error> {
        self.try_whole(statements).await.map_err(|error| explain(translate(&error), &self.path))
    }

    async fn try_whole(&self, statements: Query<'_, sqlx::Sqlite, SqliteArguments>) -> Result<(), sqlx::Error> {
        let mut connection = ClosedUnlessEnded(Some(clean(&self.writer).await?));
        let Some(open) = &mut connection.0 else { return Err(sqlx::Error::PoolClosed) };
        let done = statements.execute(&mut **open).await;
        // The driver does not see a transaction that began within a text: one that failed is rolled back whatever it says.
        if done.is_ok() || sqlx::raw_sql("ROLLBACK").execute(&mut **open).await.is_ok() {
            drop(connection.0.take());
        }
        done.map(|_| ())
    }

    pub(super) async fn close(&self) {
        self.watch.close().await;
        self.reader.close().await;
        self.writer.close().await;
        // Now, and not when the last user of this goes: the process may be about to fork.
        drop(self.opened.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Where it is still there when this is dropped, its transaction may be open, with SQLite's one lock: it is closed.
struct ClosedUnlessEnded(Option<PoolConnection<sqlx::Sqlite>>);

impl Drop for ClosedUnlessEnded {
    fn drop(&mut self) {
        if let Some(mut connection) = self.0.take() {
            connection.close_on_drop();
        }
    }
}

/// SQLite says of a disk that takes no writes only that a file beside the database cannot be made.
fn explain(error: Error, path: &Path) -> Error {
    if error.code() == ErrorCode::DatabaseUnavailable && place::is_read_only(path) {
        return Error::new(ErrorCode::DatabaseReadOnly, "the disk of the SQLite file takes no writes");
    }
    error
}

/// A connection that is in no transaction. SQLite ends one by itself when the disk is full, and the driver then counts one
/// too many for ever.
async fn clean(pool: &SqlitePool) -> Result<PoolConnection<sqlx::Sqlite>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    if connection.is_in_transaction() {
        // A rollback may still be on its way.
        connection.ping().await?;
        if connection.is_in_transaction() {
            connection.close().await?;
            return pool.acquire().await;
        }
    }
    Ok(connection)
}

async fn open_all(options: &SqliteConnectOptions) -> Result<(SqlitePool, SqlitePool, SqliteConnection), sqlx::Error> {
    let watch = options.connect().await?;
    Ok((pool(options, BUSY).await?, pool(options, BUSY).await?, watch))
}

/// SQLite lets nobody wait for its turn to switch a file to WAL: of processes that make it at once, one does so, and the others
/// are told at once that it is locked.
async fn patiently<T, F: Future<Output = Result<T, sqlx::Error>>>(open: impl Fn() -> F) -> Result<T, sqlx::Error> {
    let begun = Instant::now();
    loop {
        match open().await {
            Err(error) if is_locked(&translate(&error)) && begun.elapsed() < BUSY => {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=20))).await;
            }
            result => return result,
        }
    }
}

async fn pool(options: &SqliteConnectOptions, patience: Duration) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(patience)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options.clone())
        .await
}

/// The process that has SQLite open, and how many databases: process id in the upper half, count in the lower.
///
/// SQLite keeps its locks by process. A child that is forked while a database is open inherits the belief to hold locks
/// that the kernel has given to its parent only, also on connections it opens afresh, and then loses commits.
static OPEN: AtomicU64 = AtomicU64::new(0);

struct Opened;

impl Opened {
    fn by_this_process() -> Result<Self, Error> {
        let enter = |open| entered(open, std::process::id());
        OPEN.fetch_update(Ordering::SeqCst, Ordering::SeqCst, enter).map(|_| Self).map_err(|_| forked())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let _ = OPEN.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |open| left(open, std::process::id()));
    }
}

/// The mark with one database more. `None` where a parent had one open when it forked.
fn entered(open: u64, process: u32) -> Option<u64> {
    match open {
        0 => Some((u64::from(process) << 32) + 1),
        open if open >> 32 == u64::from(process) => Some(open + 1),
        _ => None,
    }
}

/// The mark with one database less. `None` where it is not this process's.
fn left(open: u64, process: u32) -> Option<u64> {
    let is_ours = open >> 32 == u64::from(process);
    is_ours.then(|| if open & 0xffff_ffff == 1 { 0 } else { open - 1 })
}

fn forked() -> Error {
    let message = "the parent process had the SQLite database open when it forked";
    Error::new(ErrorCode::DatabaseForked, message).with_hint(
        "call checkout.close() before the fork, or do not use it there: open it in the worker, \
         in gunicorn's post_fork or Celery's worker_process_init",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_who_make_one_file_at_once_wait_for_each_other() {
        let folder = std::env::temp_dir().join(format!("paymento-opening-{:016x}", fastrand::u64(..)));
        std::fs::create_dir(&folder).expect("made");
        for round in 0..20 {
            let path = folder.join(format!("{round}.db"));
            let opening: Vec<_> = (0..6)
                .map(|_| {
                    let path = path.clone();
                    tokio::spawn(async move { Sqlite::open(&path).await })
                })
                .collect();
            for opened in opening {
                opened.await.expect("ran").expect("waits").close().await;
            }
        }
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_child_is_refused_while_its_parent_had_a_database_open() {
        let (parent, child) = (4_000_000, 17);
        let one = entered(0, parent).expect("nothing is open");
        let two = entered(one, parent).expect("the same process");
        assert_eq!(entered(two, child), None);
        assert_eq!(left(two, child), None, "what a child drops is not the parent's to count");
        let none = left(left(two, parent).expect("ours"), parent).expect("ours");
        assert_eq!((none, entered(none, child).is_some()), (0, true));
    }
}
