//! The hosted checkout page: `/gateway?token=…` and the forms on it.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use url::form_urlencoded;

use super::{EventKind, ledger::Ledger, page, payment::Payment, refusal::Refusal, return_link, shared::Shared};

/// A token and the name of a coin.
const FORM_LIMIT: usize = 4 * 1024;

const CONFIRMATION_WAIT: Duration = Duration::from_secs(10);

/// Nothing from elsewhere, no script. `form-action` stays open: Chromium applies it to the redirect to the shop as well.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

type Store = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(async || html(StatusCode::OK, page::welcome())))
        .route("/gateway", get(open))
        .route("/gateway/", get(open))
        .route("/gateway/coin", post(choose_coin))
        .route("/gateway/pay", post(pay))
        .route("/gateway/cancel", post(cancel))
        .route("/gateway/style.css", get(style))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(map_response(async |response: Response| guarded(response)))
}

async fn open(State(shared): Store, uri: Uri) -> Response {
    let token = field(uri.query().unwrap_or_default().as_bytes(), "token").unwrap_or_default();
    let page = shared.change(|ledger| {
        ledger.payment(&token)?;
        ledger.record(EventKind::PageOpened, &token, None, String::new());
        ledger.payment(&token).map(|payment| page::of(payment, ledger.store_name_of(payment)))
    });
    page.map_or_else(unknown, |page| html(StatusCode::OK, page))
}

async fn choose_coin(State(shared): Store, form: Bytes) -> Response {
    let coin = field(&form, "coin");
    act(&shared, &form, |ledger, token| ledger.choose_coin(token, coin.as_deref()), show)
}

/// The customer goes back at once where the shop takes payments from the mempool, and otherwise when the chain has
/// confirmed; whoever waits longer sees a page that says so.
async fn pay(State(shared): Store, form: Bytes) -> Response {
    let token = field(&form, "token").unwrap_or_default();
    let paid = shared.change(|ledger| match ledger.payment(&token) {
        // Money that comes late does not come through this form.
        Some(payment) if payment.is_over() => Err(Refusal::NotOpen(payment.status)),
        _ => ledger.pay(&token),
    });
    if paid.is_ok() {
        let returns = |ledger: &Ledger| ledger.payment(&token).filter(|payment| payment.may_return()).map(|_| ());
        let _ = shared.wait_async(CONFIRMATION_WAIT, returns).await;
    }
    let may_return = shared.read(|ledger| ledger.payment(&token).is_some_and(Payment::may_return));
    let next = if may_return { send_back } else { show };
    act(&shared, &form, |_, _| paid, next)
}

async fn cancel(State(shared): Store, form: Bytes) -> Response {
    act(&shared, &form, Ledger::cancel, send_back)
}

/// Does what the form asks for and sends the customer on. A payment that cannot be moved any more is shown as it is.
fn act(
    shared: &Shared,
    form: &[u8],
    action: impl FnOnce(&mut Ledger, &str) -> Result<(), Refusal>,
    next: impl FnOnce(&mut Ledger, &str) -> String,
) -> Response {
    let token = field(form, "token").unwrap_or_default();
    let target = shared.change(|ledger| match action(ledger, &token) {
        Ok(()) => Some(next(ledger, &token)),
        Err(Refusal::UnknownToken) => None,
        Err(_) => Some(show(ledger, &token)),
    });
    target.map_or_else(unknown, |target| see_other(&target))
}

fn show(_: &mut Ledger, token: &str) -> String {
    format!("/gateway?token={token}")
}

/// To the shop, or to the page that says how it ended where the shop gave no return URL.
fn send_back(ledger: &mut Ledger, token: &str) -> String {
    let link = ledger.payment(token).and_then(|payment| Some((return_link::of(payment)?, payment.return_status())));
    let Some((url, status)) = link else { return show(ledger, token) };
    let detail = format!("status={} in the return URL", status.code());
    ledger.record(EventKind::CustomerReturned, token, Some(status), detail);
    url.into()
}

async fn style() -> Response {
    let mut response = Response::new(Body::from(include_str!("page.css")));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response
}

fn unknown() -> Response {
    html(StatusCode::NOT_FOUND, page::unknown())
}

fn html(status: StatusCode, page: String) -> Response {
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

fn see_other(target: &str) -> Response {
    let mut response = Response::new(Body::empty());
    if let Ok(location) = HeaderValue::try_from(target) {
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn guarded(mut response: Response) -> Response {
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

fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.trim().to_owned())
}
