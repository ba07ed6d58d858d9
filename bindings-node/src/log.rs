//! Log records, which TypeScript pulls after each call.

use napi_derive::napi;
use paymento::{Error, ErrorCode};

/// One attempt to ask the gateway, one refused callback, or what the checkout has to say.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct LogRecord {
    /// `debug`, `warning` or `error`.
    pub level: &'static str,
    /// The record in one line.
    pub message: String,
    /// `request`, `callback` or `checkout`.
    pub event: &'static str,
    /// The HTTP method.
    pub method: Option<&'static str>,
    /// The path, without the host.
    pub path: Option<String>,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// How long the attempt took.
    pub milliseconds: Option<f64>,
    /// Counted from 1 within one call.
    pub attempt: Option<u32>,
    /// The error code.
    pub code: Option<&'static str>,
}

impl From<paymento::LogRecord> for LogRecord {
    fn from(record: paymento::LogRecord) -> Self {
        Self {
            level: record.level.as_str(),
            message: record.message(),
            event: record.event,
            method: record.method,
            path: record.path,
            status: record.status,
            // Longer than an hour does not happen.
            milliseconds: record.milliseconds.map(|ms| f64::from(u32::try_from(ms).unwrap_or(u32::MAX))),
            attempt: record.attempt,
            code: record.code,
        }
    }
}

/// The record of a callback that was refused with this code; none for a code that does not exist.
#[napi]
pub fn refused_callback(code: String) -> Option<LogRecord> {
    let code = ErrorCode::ALL.iter().find(|known| known.as_str() == code)?;
    Some(paymento::LogRecord::refused_callback(&Error::new(*code, "")).into())
}
