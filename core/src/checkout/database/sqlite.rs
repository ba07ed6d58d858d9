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
    ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    failure::{is_locked, translate},
    sqlite_session::{Bound, One, SqliteSession},
    watch::Watch,
};
use crate::{
    checkout::place,
    error::{Error, ErrorCode},
};

/// A writer waits this long for another process: a callback must be answered in 4 seconds.
pub(super) const BUSY: Duration = Duration::from_secs(3);

pub(super) struct Sqlite {
    writer: One,
    reader: One,
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

    pub(super) async fn begin(&self, writes: bool) -> Result<SqliteSession, Error> {
        let (one, statement) = if writes { (&self.writer, "BEGIN IMMEDIATE") } else { (&self.reader, "BEGIN") };
        one.begin(statement).await.map_err(|error| explain(translate(&error), &self.path))
    }

    /// Runs one statement, which is a transaction by itself.
    pub(super) async fn execute(&self, statement: Bound<'_>) -> Result<(), Error> {
        self.writer.execute(statement).await.map_err(|error| explain(translate(&error), &self.path))
    }

    pub(super) async fn close(&self) {
        self.watch.close().await;
        self.reader.close().await;
        self.writer.close().await;
        // Now, and not when the last user of this goes: the process may be about to fork.
        drop(self.opened.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// SQLite says of a disk that takes no writes only that a file beside the database cannot be made.
fn explain(error: Error, path: &Path) -> Error {
    if error.code() == ErrorCode::DatabaseUnavailable && place::is_read_only(path) {
        return Error::new(ErrorCode::DatabaseReadOnly, "the disk of the SQLite file takes no writes");
    }
    error
}

async fn open_all(options: &SqliteConnectOptions) -> Result<(One, One, SqliteConnection), sqlx::Error> {
    let watch = options.connect().await?;
    Ok((One::open(options).await?, One::open(options).await?, watch))
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
