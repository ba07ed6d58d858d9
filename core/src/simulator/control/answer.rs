//! What the control API answers when something is not as it should be.

use axum::{http::StatusCode, response::Response};
use serde_json::json;

use super::{done, views};
use crate::{
    error::{Error, ErrorCode},
    simulator::{refusal::Refusal, request::Invalid, shared::Shared, wire},
};

/// The error's code, message and hint. 409 where the payment's state is in the way, and 400 where the request is.
pub(super) fn failed(error: &Error) -> Response {
    let status = match error.code() {
        ErrorCode::ApiRejected | ErrorCode::ConfigMissing | ErrorCode::ConfigClosed => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({ "error": error.message(), "code": error.code().as_str(), "hint": error.hint() });
    wire::json(status, &body)
}

pub(super) fn unreadable(field: &str, Invalid(reason): Invalid) -> Response {
    wire::failure_because(StatusCode::BAD_REQUEST, &format!("{field}: {reason}"))
}

/// The payment as it stands.
pub(super) fn payment(shared: &Shared, gateway_url: &str, token: &str) -> Response {
    let found = shared.read(|ledger| ledger.payment(token).map(|payment| ledger.snapshot(payment, gateway_url)));
    match found {
        Some(payment) => done(&views::payment(&payment)),
        None => unknown_token(),
    }
}

pub(super) fn unknown_token() -> Response {
    let error = Error::from(Refusal::UnknownToken);
    let body = json!({ "error": error.message(), "code": error.code().as_str(), "hint": error.hint() });
    wire::json(StatusCode::NOT_FOUND, &body)
}
