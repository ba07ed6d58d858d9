//! What goes wrong on the way to an answer of the API, on request.

use std::{
    cell::Cell,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;

use super::{Fault, ledger::Ledger, shared::Shared};
use crate::status::OrderStatus;

/// Its faults may be meant for one payment only, so they wait until its body is read.
pub(super) const VERIFY: &str = "/payment/verify";

/// A client without a time limit is let go after this.
const LONGEST_SILENCE: Duration = Duration::from_mins(1);

const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>";

/// What can befall a call, whatever it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    BadGateway,
    RateLimited,
    StalledBody,
}

impl Mishap {
    fn of(fault: Fault) -> Option<Self> {
        match fault {
            Fault::ApiBadGateway => Some(Self::BadGateway),
            Fault::ApiRateLimited => Some(Self::RateLimited),
            Fault::ApiStalledBody => Some(Self::StalledBody),
            _ => None,
        }
    }
}

/// The mishap that befalls this call, if any. Only that one is used up.
pub(super) fn mishap(ledger: &mut Ledger, token: Option<&str>) -> Option<Mishap> {
    let struck_already = Cell::new(false);
    let struck = ledger.strike_api(token, |fault| is_mishap(fault) && !struck_already.replace(true));
    struck.into_iter().chain(ledger.chaos_for_api()).find_map(Mishap::of)
}

pub(super) fn is_mishap(fault: Fault) -> bool {
    Mishap::of(fault).is_some()
}

/// Faults of a create. An answer that never comes needs no other.
pub(super) const OF_CREATE: [Fault; 2] = [Fault::ApiLostCreate, Fault::ApiTokenWithSpace];

/// The fault that befalls a create, if any. Only that one is used up.
pub(super) fn of_create(ledger: &mut Ledger) -> Option<Fault> {
    OF_CREATE.into_iter().find(|fault| !ledger.strike_api(None, |armed| armed == *fault).is_empty())
}

/// A fault of verify that would change nothing now waits for a call where it does.
pub(super) fn concerns_verify(fault: Fault, status: OrderStatus) -> bool {
    match fault {
        Fault::ApiStatusInteger | Fault::ApiStatusNumericText | Fault::ApiStatusAbsent | Fault::ApiLegacyVerify => true,
        Fault::ApiPaidNotApproved => status == OrderStatus::Paid,
        _ => false,
    }
}

pub(super) async fn befall_call(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if request.uri().path().trim_end_matches('/').ends_with(VERIFY) {
        return next.run(request).await;
    }
    let mishap = shared.change(|ledger| mishap(ledger, None));
    befall(mishap, next.run(request)).await
}

/// The answer, or what becomes of it. A stalled answer's request has been carried out; the others' have not.
pub(super) async fn befall(mishap: Option<Mishap>, answer: impl Future<Output = Response>) -> Response {
    match mishap {
        None => answer.await,
        Some(Mishap::BadGateway) => bad_gateway(),
        Some(Mishap::RateLimited) => rate_limited(),
        Some(Mishap::StalledBody) => stalled(answer.await).await,
    }
}

fn bad_gateway() -> Response {
    let mut response = Response::new(Body::from(BAD_GATEWAY));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

fn rate_limited() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The first half of the answer, and then nothing more.
async fn stalled(answer: Response) -> Response {
    let (head, body) = answer.into_parts();
    let whole = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Response::from_parts(head, Body::new(Stalled::new(&whole)))
}

/// No answer at all: the client leaves, or the connection ends after a minute.
pub(super) async fn silence() -> Response {
    tokio::time::sleep(LONGEST_SILENCE).await;
    let never = Stalled { first: None, promised: 1, silence: Box::pin(tokio::time::sleep(Duration::ZERO)) };
    Response::new(Body::new(never))
}

/// Promises more than it sends.
struct Stalled {
    first: Option<Bytes>,
    promised: usize,
    silence: Pin<Box<Sleep>>,
}

impl Stalled {
    fn new(whole: &Bytes) -> Self {
        let first = Some(whole.slice(..whole.len() / 2));
        Self { first, promised: whole.len(), silence: Box::pin(tokio::time::sleep(LONGEST_SILENCE)) }
    }
}

impl HttpBody for Stalled {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        self.silence.as_mut().poll(context).map(|()| Some(Err(std::io::ErrorKind::TimedOut.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised as u64)
    }
}
