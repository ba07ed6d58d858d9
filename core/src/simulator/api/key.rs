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

/// Lets a request through that carries a store's key. The handlers find the store in the request's extensions.
pub(super) async fn check(State(shared): Store, mut request: Request, next: Next) -> Response {
    let key = request.headers().get("api-key").map(|value| value.as_bytes().trim_ascii());
    if let Some(store) = key.and_then(|key| shared.store_of(key)) {
        request.extensions_mut().insert(store);
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
