//! [`Failure`]: an error on its way to TypeScript, which makes an instance of the right class of it and throws.

use napi::Either;
use napi_derive::napi;
use paymento::{Amount, ApiKey, Client, Error, ErrorCode, Secret};
use serde::Serialize;

use crate::checkout_records::OrderRecord;

/// What a call gives: a failure or its result. Declared for TypeScript in `native-header.txt`.
pub type Outcome<T> = Either<Failure, T>;

/// An error as plain data.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Always true; nothing else that the addon gives has this field.
    pub is_failure: bool,
    /// The class, for instance `TransportError`.
    pub kind: &'static str,
    /// The stable name, for instance `transport.timeout`.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// The likely cause or cure.
    pub hint: Option<String>,
    /// The HTTP status of the gateway's answer.
    pub http_status: Option<u16>,
    /// How long the gateway asked to wait.
    pub retry_after_ms: Option<f64>,
    /// Whether the same call may succeed later.
    pub is_retryable: bool,
    /// Whether the gateway may have carried the request out.
    pub maybe_sent: bool,
    /// Where the order stands.
    pub order: Option<OrderRecord>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = error.code();
        Self {
            is_failure: true,
            kind: error.kind().class_name(),
            code: code.as_str(),
            message: error.message().to_owned(),
            hint: error.hint().map(str::to_owned),
            http_status: error.http_status(),
            retry_after_ms: error.retry_after().map(|wait| wait.as_secs_f64() * 1_000.0),
            is_retryable: error.is_retryable(),
            maybe_sent: error.maybe_sent(),
            order: error.order().cloned().map(Into::into),
        }
    }
}

pub(crate) fn to_js<T>(result: Result<T, Error>) -> Outcome<T> {
    match result {
        Ok(value) => Either::B(value),
        Err(error) => Either::A(error.into()),
    }
}

/// One line of the table of error codes.
#[napi(object, object_from_js = false)]
pub struct ErrorCodeEntry {
    /// The stable name.
    pub code: &'static str,
    /// The class.
    pub kind: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Whether the same call may succeed later.
    pub is_retryable: bool,
}

/// The table of error codes, which the declarations in TypeScript are held against.
#[napi]
pub fn error_codes() -> Vec<ErrorCodeEntry> {
    let entry = |code: &ErrorCode| ErrorCodeEntry {
        code: code.as_str(),
        kind: code.kind().class_name(),
        meaning: code.meaning(),
        is_retryable: code.is_retryable(),
    };
    ErrorCode::ALL.iter().map(entry).collect()
}

/// The error for anything but a string where an amount is wanted.
#[napi]
pub fn refused_number(got: String) -> Failure {
    Amount::refuse_number(&got).into()
}

/// The error where no secret key was given.
#[napi]
pub fn no_secret_key() -> Failure {
    Secret::not_given().into()
}

/// The error where no API key was given.
#[napi]
pub fn no_api_key() -> Failure {
    ApiKey::not_given().into()
}

/// The error of a closed client.
#[napi]
pub fn closed_error() -> Failure {
    Client::closed_error().into()
}

/// The error for a call whose signal was aborted before it began.
#[napi]
pub fn canceled_before_start() -> Failure {
    Client::canceled_before_start_error().into()
}
