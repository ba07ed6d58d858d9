//! The gateway's API under `/v1`.

mod directory;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod finding_tests;
mod key;
mod payments;
mod posted;
mod settings;
mod teacher;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    middleware,
    response::Response,
    routing::{MethodRouter, get, post},
};

use super::{
    EventKind, FindingKind, api_fault,
    order::Rejection,
    request::Invalid,
    shared::Shared,
    store::StoreId,
    wire::{failure, refused},
};

/// Larger than any request that makes sense.
const BODY_LIMIT: usize = 64 * 1024;

pub(super) use posted::read_fields;

type Store = State<Arc<Shared>>;
/// The store whose key the request carries.
type Of = Extension<StoreId>;

pub(super) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let endpoints: [(&str, MethodRouter<Arc<Shared>>); 12] = [
        ("/payment/request", post(payments::request)),
        (api_fault::VERIFY, post(payments::verify)),
        ("/payment/settings", get(settings::read).post(settings::write)),
        ("/payment/coins", get(directory::accepted_coins)),
        ("/coins", get(directory::coins)),
        ("/coins/{coin_id}/last-block", get(directory::last_block)),
        ("/coins/price", post(directory::prices)),
        ("/currencies", get(directory::currencies)),
        ("/languages", get(directory::languages)),
        ("/info", get(directory::info)),
        ("/ping", get(directory::ping)),
        ("/ping/merchant", get(directory::merchant)),
    ];
    let mut router = Router::new();
    for (path, endpoint) in endpoints {
        // The gateway's own plugins put a slash at the end of some.
        router = router.route(&format!("/v1{path}"), endpoint.clone()).route(&format!("/v1{path}/"), endpoint);
    }
    router
        .route_layer(middleware::from_fn_with_state(Arc::clone(shared), api_fault::befall_call))
        .route_layer(middleware::from_fn_with_state(Arc::clone(shared), key::check))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .method_not_allowed_fallback(async || failure(StatusCode::METHOD_NOT_ALLOWED))
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::clone(shared), teacher::look_for_keys))
}

async fn unknown(State(shared): Store, request: Request) -> Response {
    let path = request.uri().path();
    let first = path.split('/').nth(1).unwrap_or_default();
    if matches!(first.to_ascii_lowercase().as_str(), "v1" | "api") {
        let subject = teacher::subject(&shared, &request);
        if let Some(refusal) = teacher::teach(&shared, &[FindingKind::UnknownEndpoint], &subject) {
            return refusal;
        }
    }
    failure(StatusCode::NOT_FOUND)
}

fn note(shared: &Shared, detail: String) {
    shared.change(|ledger| ledger.record(EventKind::RequestRefused, "", None, detail));
}

fn rejected(shared: &Shared, path: &str, rejection: &Rejection) -> Response {
    let (reason, response) = match rejection {
        Rejection::Invalid(Invalid(reason)) => (reason, failure(StatusCode::BAD_REQUEST)),
        Rejection::Refused(message) => (message, refused(shared.api, message)),
    };
    note(shared, format!("{path}: {reason}"));
    response
}
