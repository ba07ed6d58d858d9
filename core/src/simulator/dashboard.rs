//! The dashboard: `/` and `/dashboard/…`, for the developer at this machine.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::map_response,
    response::Response,
    routing::{MethodRouter, get, post},
};
use serde::Serialize;
use url::form_urlencoded;

use super::{
    dashboard_form,
    ledger::Ledger,
    page::dashboard::{self, Notice, Section, Visit, Wanted},
    random::Random,
    reply::{field, guarded, html, json},
    shared::Shared,
};
use crate::{error::Error, status::OrderStatus};

/// A callback URL is the longest thing that is sent.
const FORM_LIMIT: usize = 16 * 1024;

/// How long the answer waits for a change.
const STATE_WAIT: Duration = Duration::from_secs(20);

/// What a form must hold, so that no page from elsewhere can send one: drawn anew for every run, and independent of its
/// seed, which others may know.
#[derive(Clone)]
pub(super) struct FormToken(Arc<str>);

impl FormToken {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self(Random::new()?.token().into()))
    }

    pub(super) fn is(&self, given: &str) -> bool {
        *self.0 == *given
    }
}

pub(super) fn routes(form_token: FormToken) -> Router<Arc<Shared>> {
    Router::new()
        .route("/", section(Section::Payments))
        .route("/dashboard/payment", get(payment))
        .route("/dashboard/callbacks", section(Section::Callbacks))
        .route("/dashboard/findings", section(Section::Findings))
        .route("/dashboard/faults", section(Section::Faults))
        .route("/dashboard/stores", section(Section::Stores))
        .route("/dashboard/state", get(state))
        .route("/dashboard/do/{action}", post(dashboard_form::take))
        .layer(Extension(form_token))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(map_response(async |response: Response| guarded(response)))
}

/// What a request for a page says.
struct Asked {
    here: String,
    host: String,
    query: Vec<(String, String)>,
}

impl Asked {
    fn new(uri: &Uri, headers: &HeaderMap) -> Self {
        let query: Vec<(String, String)> =
            form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let kept = query.iter().filter(|(name, _)| name != "notice");
        let rest = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
        let here = if rest.is_empty() { uri.path().to_owned() } else { format!("{}?{rest}", uri.path()) };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
        Self { here, host: host.to_owned(), query }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())
    }

    fn visit<'a>(&'a self, ledger: &'a Ledger, form_token: &'a FormToken) -> Visit<'a> {
        let notice = self.get("notice").and_then(Notice::named);
        Visit { ledger, form_token: &form_token.0, host: &self.host, here: &self.here, notice }
    }

    fn wanted(&self) -> Wanted {
        let status = self.get("status").and_then(|code| code.parse().ok()).map(OrderStatus::from_code);
        Wanted {
            search: self.get("q").unwrap_or_default().to_owned(),
            status,
            page: self.get("page").and_then(|page| page.parse().ok()).unwrap_or_default(),
        }
    }
}

type Desk = Extension<FormToken>;

fn section(section: Section) -> MethodRouter<Arc<Shared>> {
    get(move |State(shared): State<Arc<Shared>>, Extension(token): Desk, headers: HeaderMap, uri: Uri| async move {
        let asked = Asked::new(&uri, &headers);
        let page = shared.read(|ledger| asked.visit(ledger, &token).page(section, &asked.wanted()));
        html(StatusCode::OK, page)
    })
}

async fn payment(State(shared): State<Arc<Shared>>, Extension(token): Desk, headers: HeaderMap, uri: Uri) -> Response {
    let asked = Asked::new(&uri, &headers);
    shared.read(|ledger| {
        let visit = asked.visit(ledger, &token);
        match visit.payment(asked.get("token").unwrap_or_default()) {
            Some(page) => html(StatusCode::OK, page),
            None => html(StatusCode::NOT_FOUND, visit.not_found()),
        }
    })
}

/// What the page's script asks for again and again. A text, as it is beyond what a JavaScript number holds.
#[derive(Serialize)]
struct Answer {
    stamp: String,
}

/// The stamp, as soon as it is another one than the page's.
async fn state(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    let known = field(uri.query().unwrap_or_default().as_bytes(), "stamp").unwrap_or_default();
    let now = |ledger: &Ledger| dashboard::stamp(ledger).to_string();
    let changed = |ledger: &Ledger| Some(now(ledger)).filter(|stamp| *stamp != known);
    let stamp = shared.wait_async(STATE_WAIT, changed).await.unwrap_or_else(|_| shared.read(now));
    json(StatusCode::OK, &Answer { stamp })
}
