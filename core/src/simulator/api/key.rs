//! Whose key a request carries.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};

use super::{Store, note, teacher};
use crate::simulator::{
    profile::BadKeyAnswer,
    wire::{self, Simple},
};

/// Lets a request through that carries the store's key.
pub(super) async fn check(State(shared): Store, request: Request, next: Next) -> Response {
    let key = request.headers().get("api-key").map(|value| value.as_bytes().trim_ascii());
    if key.is_some_and(|key| shared.is_api_key(key)) {
        return next.run(request).await;
    }
    let reason = if key.is_some() { "the Api-Key header is wrong" } else { "the Api-Key header is missing" };
    note(&shared, format!("{}: {reason}", teacher::subject(&shared, &request)));
    let status = match shared.api.bad_key {
        BadKeyAnswer::Unauthorized => StatusCode::UNAUTHORIZED,
        BadKeyAnswer::Refused => StatusCode::OK,
    };
    wire::json(status, &Simple { success: false, message: "Unauthorized" })
}
