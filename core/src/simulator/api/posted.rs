//! [`Posted`]: a JSON object in a request's body.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::note;
use crate::simulator::{
    request::{Fields, Invalid},
    shared::Shared,
    wire::failure,
};

pub(super) struct Posted(pub(super) Fields);

impl FromRequest<Arc<Shared>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let path = request.uri().path().to_owned();
        read_fields(request, shared).await.map(Self).map_err(|(status, reason)| {
            note(shared, format!("{path}: {reason}"));
            failure(status)
        })
    }
}

/// The JSON object, or the status and the reason for a refusal.
pub(in crate::simulator) async fn read_fields(
    request: Request,
    shared: &Arc<Shared>,
) -> Result<Fields, (StatusCode, &'static str)> {
    if !is_json(request.headers()) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type is not application/json"));
    }
    let body = Bytes::from_request(request, shared).await.map_err(unreadable)?;
    Fields::parse(&body).map_err(|Invalid(reason)| (StatusCode::BAD_REQUEST, reason))
}

fn unreadable(rejection: BytesRejection) -> (StatusCode, &'static str) {
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => (StatusCode::PAYLOAD_TOO_LARGE, "the body is over 64 KiB"),
        _ => (StatusCode::BAD_REQUEST, "the body did not arrive whole"),
    }
}

/// The kinds that the gateway's schema lists.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "application/json" | "text/json")
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}
