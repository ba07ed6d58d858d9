//! What the checkout's own records say, on its way to JavaScript. Times are milliseconds since 1970.

use napi_derive::napi;
use paymento::checkout;
use serde::Serialize;

use crate::{
    checkout_event::{OrderEvent, Shortfall},
    payment::Price,
};

/// Where an order stands.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRecord {
    /// The shop's order id.
    pub order_id: String,
    /// Where it stands.
    pub state: &'static str,
    /// The current price.
    pub price: Price,
    /// The hosted page, while it can be paid.
    pub url: Option<String>,
    /// The payment that says most about it.
    pub token: Option<String>,
    /// What is missing.
    pub shortfall: Option<Shortfall>,
    /// Whether the coins are worth something, where that is known.
    pub live: Option<bool>,
    /// When it was first seen.
    pub created_at: i64,
    /// When anything last changed.
    pub updated_at: i64,
    /// When it was found to be paid.
    pub paid_at: Option<i64>,
    /// When the shop canceled it.
    pub canceled_at: Option<i64>,
}

impl From<checkout::OrderRecord> for OrderRecord {
    fn from(record: checkout::OrderRecord) -> Self {
        Self {
            state: record.state.as_str(),
            price: (&record.price).into(),
            shortfall: record.shortfall.as_ref().map(Into::into),
            order_id: record.order_id,
            url: record.url,
            token: record.token,
            live: record.live,
            created_at: record.created_at,
            updated_at: record.updated_at,
            paid_at: record.paid_at,
            canceled_at: record.canceled_at,
        }
    }
}

/// One payment as it is kept.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRecord {
    /// The shop's order id.
    pub order_id: String,
    /// The token.
    pub token: String,
    /// Where it stands.
    pub state: &'static str,
    /// What was asked for.
    pub price: Price,
    /// The hosted page.
    pub url: String,
    /// The gateway's last answer.
    pub outcome: Option<String>,
    /// The gateway's last status, as it came.
    pub status: Option<String>,
    /// Whether the coins are worth something, where that is known.
    pub live: Option<bool>,
    /// How many callbacks came for it.
    pub callbacks: i64,
    /// When it was made.
    pub created_at: i64,
    /// When anything last changed.
    pub updated_at: i64,
    /// When it was found to be approved.
    pub settled_at: Option<i64>,
    /// When the gateway is asked next.
    pub next_verify_at: Option<i64>,
}

impl From<checkout::PaymentRecord> for PaymentRecord {
    fn from(record: checkout::PaymentRecord) -> Self {
        Self {
            state: record.state.as_str(),
            price: (&record.price).into(),
            order_id: record.order_id,
            token: record.token,
            url: record.url,
            outcome: record.outcome,
            status: record.status,
            live: record.live,
            callbacks: record.callbacks,
            created_at: record.created_at,
            updated_at: record.updated_at,
            settled_at: record.settled_at,
            next_verify_at: record.next_verify_at,
        }
    }
}

/// Some payments, and where to go on.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
pub struct PaymentsPage {
    /// Oldest first.
    pub payments: Vec<PaymentRecord>,
    /// What to give as `after` for the next page.
    pub next: Option<i64>,
}

impl From<checkout::PaymentsPage> for PaymentsPage {
    fn from(page: checkout::PaymentsPage) -> Self {
        Self { payments: page.payments.into_iter().map(Into::into).collect(), next: page.next }
    }
}

/// One thing that happened to an order.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
pub struct HistoryEntry {
    /// When.
    pub at: i64,
    /// What.
    pub what: String,
    /// By whom.
    pub who: String,
    /// The payment's token.
    pub token: Option<String>,
    /// More, in words.
    pub detail: String,
}

impl From<checkout::HistoryEntry> for HistoryEntry {
    fn from(entry: checkout::HistoryEntry) -> Self {
        Self { at: entry.at, what: entry.what, who: entry.who, token: entry.token, detail: entry.detail }
    }
}

/// An event whose handler has failed for good.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
pub struct DeadLetter {
    /// What `replay` takes.
    pub id: i64,
    /// The event.
    pub event: OrderEvent,
    /// How often the handler failed.
    pub failures: i64,
    /// What the handler said last.
    pub error: String,
    /// When it was given up.
    pub since: i64,
}

impl From<checkout::DeadLetter> for DeadLetter {
    fn from(letter: checkout::DeadLetter) -> Self {
        Self {
            id: letter.id,
            event: (&letter.event).into(),
            failures: letter.failures,
            error: letter.error,
            since: letter.since,
        }
    }
}

/// How the checkout does.
#[napi(object, object_from_js = false)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Nothing is wrong.
    pub ok: bool,
    /// What is wrong.
    pub problems: Vec<&'static str>,
    /// Runners that live.
    pub runners: i64,
    /// Events that are due.
    pub events_due: i64,
    /// Paid events that are not finished.
    pub paid_unfinished: i64,
    /// Dead letters.
    pub dead_letters: i64,
    /// Verify calls that are due.
    pub verifies_due: i64,
    /// How long the oldest of them has been due.
    pub verify_lag_ms: i64,
    /// Payments that settled without any callback.
    pub settled_without_callback: i64,
    /// Callbacks without a token.
    pub probes: i64,
}

impl From<checkout::Health> for Health {
    fn from(health: checkout::Health) -> Self {
        Self {
            ok: health.ok,
            problems: health.problems.into_iter().map(checkout::Problem::as_str).collect(),
            runners: health.runners,
            events_due: health.events_due,
            paid_unfinished: health.paid_unfinished,
            dead_letters: health.dead_letters,
            verifies_due: health.verifies_due,
            verify_lag_ms: health.verify_lag_ms,
            settled_without_callback: health.settled_without_callback,
            probes: health.probes,
        }
    }
}
