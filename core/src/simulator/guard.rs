//! Only this machine talks to the simulator: no web page does that has a name of its own made to point here.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use url::Url;

use super::{return_link::is_loopback, shared::Shared, wire::failure_because};

/// Refuses a request for another host than loopback. Whoever sends no `Host` at all is no browser.
pub(super) async fn check_host(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let uri = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let mut hosts = request.headers().get_all(header::HOST).iter().map(HeaderValue::as_bytes).chain(uri);
    if shared.api.any_host || hosts.all(names_loopback) {
        return next.run(request).await;
    }
    let reason = "the simulator answers to localhost, 127.0.0.1 and [::1] only";
    failure_because(StatusCode::MISDIRECTED_REQUEST, reason)
}

/// Whether a browser says that a page of another site makes this request.
pub(super) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    matches!(site, Some(b"cross-site" | b"same-site"))
}

fn names_loopback(host: &[u8]) -> bool {
    let url = str::from_utf8(host).ok().and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    url.is_some_and(|url| is_loopback(&url))
}

#[cfg(test)]
mod tests {
    use super::names_loopback;
    use crate::simulator::{Simulator, testbed::send_to};

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:4000", "127.1.2.3", "[::1]:1", "shop.localhost:3000"] {
            assert!(names_loopback(host.as_bytes()), "{host}");
        }
        for host in
            ["", "evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "10.0.0.1", "[::2]", "0.0.0.0:1", "a b"]
        {
            assert!(!names_loopback(host.as_bytes()), "{host}");
        }
        assert!(!names_loopback(b"\xff"));
    }

    #[test]
    fn a_page_that_rebinds_its_name_reaches_nothing() {
        let simulator = Simulator::start().expect("started");
        for path in ["/", "/gateway?token=x", "/v1/ping", "/openapi.json", "/simulator/payments", "/nowhere"] {
            assert_eq!(
                send_to(simulator.port(), "evil.test", &format!("GET {path} HTTP/1.1"), b"").status(),
                421,
                "{path}"
            );
        }
        assert_eq!(send_to(simulator.port(), "127.0.0.1", "GET /openapi.json HTTP/1.1", b"").status(), 200);
    }

    #[test]
    fn any_host_is_answered_only_on_request() {
        let simulator = Simulator::builder().any_host(true).start().expect("started");
        assert_eq!(send_to(simulator.port(), "tunnel.test", "GET /openapi.json HTTP/1.1", b"").status(), 200);
    }
}
