//! The control API under `/simulator`: what tests and tools in other processes do to the simulator, in JSON.
//!
//! A web page in the developer's browser must not drive it. It cannot under a name of its own, which [`guard`](super::guard)
//! refuses; nor across sites, as every POST must be JSON and every DELETE is asked about first, and neither is granted.

mod actions;
mod answer;
#[cfg(test)]
mod tests;
mod views;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequest, Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    Fault,
    api::read_fields,
    guard::is_from_elsewhere,
    request::Fields,
    shared::Shared,
    wire::{self, failure},
};
use crate::error::Error;
use answer::{failed, unreadable};

const BODY_LIMIT: usize = 64 * 1024;

type Control = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    let mut router = Router::new()
        .route("/simulator/payments", get(payments))
        .route("/simulator/payments/{token}", get(payment))
        .route("/simulator/deliveries", get(deliveries))
        .route("/simulator/findings", get(findings))
        .route("/simulator/faults", get(faults).post(actions::arm).delete(actions::clear_faults))
        .route("/simulator/chaos", post(actions::chaos).delete(actions::calm))
        .route("/simulator/advance", post(actions::advance));
    for (name, act) in actions::MOVES {
        router = router.route(
            &format!("/simulator/{name}"),
            post(async move |state: Control, headers: HeaderMap, body: Posted| {
                actions::move_payment(act, &state, &headers, &body)
            }),
        );
    }
    for (name, act) in actions::PROBES {
        let handler = async move |state: Control, body: Posted| actions::send(act, &state, &body);
        router = router.route(&format!("/simulator/{name}"), post(handler));
    }
    router
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(same_site))
        .method_not_allowed_fallback(async || failure(StatusCode::METHOD_NOT_ALLOWED))
}

/// Browsers say where a request comes from; nothing of another site's is answered.
async fn same_site(request: Request, next: Next) -> Response {
    if is_from_elsewhere(request.headers()) {
        return failure(StatusCode::FORBIDDEN);
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A JSON object in a POST's body.
struct Posted(Fields);

impl FromRequest<Arc<Shared>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let fields = read_fields(request, shared).await;
        fields.map(Self).map_err(|(status, reason)| wire::failure_because(status, reason))
    }
}

/// The checkout page under the host that the request names, which the guard has checked.
fn gateway_url(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.map_or_else(|| "/gateway".to_owned(), |host| format!("http://{host}/gateway"))
}

async fn payments(State(shared): Control, headers: HeaderMap) -> Response {
    let url = gateway_url(&headers);
    let payments: Vec<_> =
        shared.read(|ledger| ledger.payments().map(|payment| ledger.snapshot(payment, &url)).collect());
    let forgotten = shared.read(super::ledger::Ledger::forgotten);
    done(&json!({ "payments": payments.iter().map(views::payment).collect::<Vec<_>>(), "forgotten": forgotten }))
}

async fn payment(State(shared): Control, headers: HeaderMap, token: Result<Path<String>, PathRejection>) -> Response {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    answer::payment(&shared, &gateway_url(&headers), &token)
}

async fn deliveries(State(shared): Control, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default().as_bytes();
    let token = form_urlencoded::parse(query).find(|(name, _)| name == "token").map(|(_, token)| token);
    let deliveries: Vec<_> = shared.read(|ledger| match &token {
        Some(token) => ledger.deliveries(token).map(views::delivery).collect(),
        None => ledger.recent_deliveries().take(views::MOST_DELIVERIES).map(views::delivery).collect(),
    });
    done(&json!({ "deliveries": deliveries }))
}

async fn findings(State(shared): Control) -> Response {
    let findings: Vec<_> = shared.read(|ledger| ledger.findings.list().iter().map(views::finding).collect());
    done(&json!({ "findings": findings }))
}

async fn faults(State(shared): Control) -> Response {
    let all: Vec<_> = Fault::ALL.iter().copied().map(views::fault).collect();
    done(&json!({ "faults": all, "armed": views::armed(&shared) }))
}

fn done(value: &Value) -> Response {
    wire::json(StatusCode::OK, value)
}

fn answered(result: Result<Value, Error>) -> Response {
    result.map_or_else(|error| failed(&error), |value| done(&value))
}
