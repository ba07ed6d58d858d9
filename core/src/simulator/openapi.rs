//! The simulator's own description of the API it plays, in `OpenAPI` 3.1: `/openapi.json`.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::Response,
    routing::get,
};

use super::{profile::Profile, shared::Shared};

impl Profile {
    /// The `OpenAPI` 3.1 description of what the simulator answers under this profile, as JSON.
    pub const fn openapi(self) -> &'static str {
        match self {
            Self::Current => include_str!("openapi/current.json"),
            Self::Published => include_str!("openapi/published.json"),
        }
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/openapi.json", get(description))
}

async fn description(State(shared): State<Arc<Shared>>) -> Response {
    let mut response = Response::new(Body::from(shared.api.profile.openapi()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
