//! What the browser brings back.

use napi::Either;
use napi_derive::napi;

/// Hints from the return URL.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct ReturnVisit {
    /// The token, if it has the form of one.
    pub token: Option<String>,
    /// The order id, if it has the form of one.
    pub order_id: Option<String>,
}

/// Reads a query string or decoded parameters.
#[napi]
pub fn parse_return_visit(query: Either<String, Vec<(String, String)>>) -> ReturnVisit {
    let visit = match query {
        Either::A(query) => paymento::ReturnVisit::parse(&query),
        Either::B(pairs) => paymento::ReturnVisit::from_pairs(pairs),
    };
    ReturnVisit { token: visit.token().map(str::to_owned), order_id: visit.order_id().map(str::to_owned) }
}
