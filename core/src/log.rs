//! [`LogRecord`]: what happened, without bodies, keys or signatures. Records are handed out, never pushed into a host.

use std::{
    collections::VecDeque,
    io::Write as _,
    sync::{
        LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{error::Error, per_fork::PerFork};

/// How much a record matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// An attempt that was answered as hoped.
    Debug,
    /// A failed attempt or a refused callback.
    Warning,
    /// Somebody has to look: an order is paid and nobody ships it.
    Error,
}

impl LogLevel {
    /// `debug`, `warning` or `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One attempt to ask the gateway, one refused callback, or what the checkout has to say. The fields have the same names everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogRecord {
    /// How much it matters.
    pub level: LogLevel,
    /// `request`: one attempt of a call to the gateway. `callback`: a callback was refused.
    /// `checkout`: see the detail.
    pub event: &'static str,
    /// The HTTP method of a request.
    pub method: Option<&'static str>,
    /// The path of a request, without the host.
    pub path: Option<String>,
    /// The HTTP status of the answer, where there was one.
    pub status: Option<u16>,
    /// How long the attempt took.
    pub milliseconds: Option<u64>,
    /// Counted from 1 within one call.
    pub attempt: Option<u32>,
    /// The error code, where it failed.
    pub code: Option<&'static str>,
    /// What the checkout says, in one sentence.
    pub detail: Option<String>,
}

impl LogRecord {
    /// A callback was refused.
    pub fn refused_callback(error: &Error) -> Self {
        Self {
            level: LogLevel::Warning,
            event: "callback",
            method: None,
            path: None,
            status: None,
            milliseconds: None,
            attempt: None,
            code: Some(error.code().as_str()),
            detail: None,
        }
    }

    #[cfg(feature = "checkout")]
    pub(crate) fn checkout(level: LogLevel, code: Option<&'static str>, detail: String) -> Self {
        Self {
            level,
            event: "checkout",
            method: None,
            path: None,
            status: None,
            milliseconds: None,
            attempt: None,
            code,
            detail: Some(detail),
        }
    }

    /// The record in one line, for instance `POST /v1/payment/verify 200 in 41 ms, attempt 1`.
    pub fn message(&self) -> String {
        if self.event == "callback" {
            return format!("callback refused: {}", self.code.unwrap_or_default());
        }
        if let Some(detail) = &self.detail {
            return detail.clone();
        }
        let (method, path) = (self.method.unwrap_or_default(), self.path.as_deref().unwrap_or_default());
        let status = self.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let (milliseconds, attempt) = (self.milliseconds.unwrap_or_default(), self.attempt.unwrap_or_default());
        let code = self.code.map(|code| format!(": {code}")).unwrap_or_default();
        format!("{method} {path} {status} in {milliseconds} ms, attempt {attempt}{code}")
    }
}

/// Tells `tracing`, and standard error where `PAYMENTO_LOG` asks for it.
pub(crate) fn emit(record: &LogRecord) {
    let LogRecord { event, method, path, status, milliseconds, attempt, code, .. } = record;
    let path = path.as_deref();
    match record.level {
        LogLevel::Debug => {
            tracing::debug!(target: "paymento", event, method, path, status, milliseconds, attempt, code, "{}", record.message());
        }
        LogLevel::Warning => {
            tracing::warn!(target: "paymento", event, method, path, status, milliseconds, attempt, code, "{}", record.message());
        }
        LogLevel::Error => {
            tracing::error!(target: "paymento", event, code, "{}", record.message());
        }
    }
    if STANDARD_ERROR.is_some_and(|level| record.level >= level) {
        // Standard error may be closed; a payment does not fail for it.
        let _ = writeln!(std::io::stderr(), "paymento {}: {}", record.level.as_str(), record.message());
    }
}

/// `PAYMENTO_LOG=debug`, `warning` or `error`; anything else is off.
static STANDARD_ERROR: LazyLock<Option<LogLevel>> =
    LazyLock::new(|| match std::env::var("PAYMENTO_LOG").ok()?.as_str() {
        "debug" => Some(LogLevel::Debug),
        "warning" => Some(LogLevel::Warning),
        "error" => Some(LogLevel::Error),
        _ => None,
    });

/// Records that wait until a binding fetches them; the oldest give way.
#[derive(Debug, Default)]
pub(crate) struct LogQueue {
    are_kept: AtomicBool,
    /// Whoever looks often takes no lock where there are none.
    any_wait: AtomicBool,
    /// Of each process: a thread of the parent may have had the lock when it forked.
    records: PerFork<Mutex<VecDeque<LogRecord>>>,
}

const MAX_WAITING: usize = 1_000;

impl LogQueue {
    /// From now on records are kept for [`take`](Self::take).
    pub(crate) fn keep(&self) {
        self.are_kept.store(true, Ordering::Relaxed);
    }

    pub(crate) fn push(&self, record: LogRecord) {
        emit(&record);
        if !self.are_kept.load(Ordering::Relaxed) {
            return;
        }
        let mut records = self.lock();
        if records.len() == MAX_WAITING {
            records.pop_front();
        }
        records.push_back(record);
        self.any_wait.store(true, Ordering::Release);
    }

    pub(crate) fn take(&self) -> Vec<LogRecord> {
        if !self.any_wait.swap(false, Ordering::Acquire) {
            return vec![];
        }
        self.lock().drain(..).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LogRecord>> {
        self.records.here().lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn record() -> LogRecord {
        LogRecord::refused_callback(&Error::new(ErrorCode::SignatureMismatch, "x"))
    }

    #[test]
    fn records_wait_only_where_somebody_fetches_them_and_never_without_bound() {
        let queue = LogQueue::default();
        queue.push(record());
        assert_eq!(queue.take(), []);
        queue.keep();
        (0..2 * MAX_WAITING).for_each(|_| queue.push(record()));
        assert_eq!(queue.take().len(), MAX_WAITING);
        assert_eq!(queue.take(), []);
    }

    #[test]
    fn a_record_reads_as_one_line() {
        assert_eq!(record().message(), "callback refused: signature.mismatch");
    }
}
