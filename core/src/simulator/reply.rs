//! Answers of the pages: HTML, redirects, small JSON, and the headers that keep them safe.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use url::form_urlencoded;

use super::page::asset::Asset;

/// Everything comes from here. `form-action` stays open: Chromium applies it to the redirect to the shop as well.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

pub(super) fn html(status: StatusCode, page: String) -> Response {
    with_type(status, "text/html; charset=utf-8", page)
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    with_type(status, "application/json", serde_json::to_string(value).unwrap_or_default())
}

pub(super) fn asset(asset: &'static Asset) -> Response {
    with_type(StatusCode::OK, asset.kind, asset.content)
}

fn with_type(status: StatusCode, kind: &'static str, content: impl Into<Body>) -> Response {
    let mut response = Response::new(content.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// To be fetched with GET.
pub(super) fn see_other(target: &str) -> Response {
    let mut response = Response::new(Body::empty());
    if let Ok(location) = HeaderValue::try_from(target) {
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

pub(super) fn guarded(mut response: Response) -> Response {
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The address holds the token.
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The first field of this name in a form or a query.
pub(super) fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.trim().to_owned())
}
