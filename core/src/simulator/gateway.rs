//! The hosted checkout page: `/gateway?token=…`, the forms on it, and the simulator's levers beside it.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    middleware::{Next, from_fn, map_response},
    response::Response,
    routing::{get, post},
};
use serde::Serialize;

use super::{
    EventKind,
    guard::is_from_elsewhere,
    ledger::Ledger,
    lever::{self, Given, Stuck},
    page::{
        asset::ASSETS,
        checkout, seen,
        view::{CheckoutView, Notice},
    },
    payment::Payment,
    refusal::Refusal,
    reply::{asset, field, guarded, html, json, see_other},
    return_link,
    shared::Shared,
    wire::failure,
};

/// A token, the name of a coin, an amount.
const FORM_LIMIT: usize = 4 * 1024;

const CONFIRMATION_WAIT: Duration = Duration::from_secs(10);

/// How long the answer waits for a change of the payment.
const STATE_WAIT: Duration = Duration::from_secs(20);

type Store = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    let pages = Router::new()
        .route("/gateway", get(open))
        .route("/gateway/", get(open))
        .route("/gateway/state", get(state))
        .route("/gateway/coin", post(choose_coin))
        .route("/gateway/pay", post(pay))
        .route("/gateway/cancel", post(cancel))
        .route("/gateway/lever/{name}", post(pull));
    ASSETS
        .iter()
        .fold(pages, |pages, file| pages.route(file.path, get(async || asset(file))))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(from_fn(own_forms))
        .layer(map_response(async |response: Response| guarded(response)))
}

/// Anybody may send a customer here; a form that moves a payment is this page's own.
async fn own_forms(request: Request, next: Next) -> Response {
    if request.method() == Method::POST && is_from_elsewhere(request.headers()) {
        return failure(StatusCode::FORBIDDEN);
    }
    next.run(request).await
}

/// Opening the page is an event; that the page looks again by itself is none.
async fn open(State(shared): Store, headers: HeaderMap, uri: Uri) -> Response {
    let asked = |name| field(uri.query().unwrap_or_default().as_bytes(), name);
    let token = asked("token").unwrap_or_default();
    let notice = asked("notice").and_then(|name| Notice::named(&name));
    let is_person = headers.get("sec-fetch-dest").is_none_or(|destination| destination != "empty");
    if is_person {
        shared.change(|ledger| {
            if ledger.payment(&token).is_some() {
                ledger.record(EventKind::PageOpened, &token, None, String::new());
            }
        });
    }
    let view = shared.read(|ledger| CheckoutView::of(ledger, &token));
    view.map_or_else(unknown, |view| html(StatusCode::OK, checkout::page(&CheckoutView { notice, ..view })))
}

/// What the page's script asks for again and again.
#[derive(Serialize)]
struct Answer {
    stamp: String,
    status: i64,
}

/// The payment's stamp, as soon as it is another one than the page's.
async fn state(State(shared): Store, uri: Uri) -> Response {
    let asked = |name| field(uri.query().unwrap_or_default().as_bytes(), name).unwrap_or_default();
    let (token, stamp) = (asked("token"), asked("stamp"));
    let now = |ledger: &Ledger| {
        let payment = ledger.payment(&token)?;
        Some(Answer { stamp: seen::stamp(payment, &ledger.clock), status: payment.status.code() })
    };
    let changed = |ledger: &Ledger| match now(ledger) {
        Some(answer) if answer.stamp == stamp => None,
        answer => Some(answer),
    };
    let answer = shared.wait_async(STATE_WAIT, changed).await.unwrap_or_else(|_| shared.read(now));
    answer.map_or_else(unknown, |answer| json(StatusCode::OK, &answer))
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

/// Whatever comes of it, the page shows how the payment stands.
async fn pull(State(shared): Store, Path(name): Path<String>, form: Bytes) -> Response {
    let token = field(&form, "token").unwrap_or_default();
    let (amount, by) = (field(&form, "amount"), field(&form, "by"));
    let given = Given { amount: amount.as_deref(), by: by.as_deref() };
    match lever::pull(&shared, &name, &token, given).await {
        Ok(()) => see_other(&address(&token)),
        Err(Stuck::Noticed(notice)) => see_other(&format!("{}&notice={}", address(&token), notice.as_str())),
        Err(Stuck::UnknownToken | Stuck::UnknownLever) => unknown(),
    }
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
    address(token)
}

/// Of a payment that is known: the token needs no escaping.
fn address(token: &str) -> String {
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

fn unknown() -> Response {
    html(StatusCode::NOT_FOUND, checkout::unknown())
}
