//! What the checkout gives, for the tests of a shop: with plain values, whose fields can be set.

use super::{
    Answer, AnswerPolicy, DeadLetter, EventKind, Health, HistoryEntry, OrderEvent, OrderRecord, OrderState,
    PaymentRecord, PaymentState, PaymentsPage, Shortfall,
};
use crate::{
    Amount, Price, Speed,
    error::{Error, ErrorCode},
    testing::TOKEN,
};

/// What a handler is given, with no more in it than the order, [`TOKEN`] and the key.
pub fn order_event(kind: EventKind, account: &str, order_id: &str) -> OrderEvent {
    OrderEvent {
        kind,
        reason: None,
        detail: None,
        account: account.to_owned(),
        order_id: order_id.to_owned(),
        token: Some(TOKEN.to_owned()),
        price: None,
        current_price: None,
        speed: Speed::default(),
        additional_data: Vec::new(),
        late: false,
        overpaid_by: None,
        shortfall: None,
        settlement: None,
        live: Some(false),
        key: format!("{account}/{order_id}/{kind}"),
    }
}

/// What is missing of a payment.
pub fn shortfall(amount: Amount) -> Shortfall {
    Shortfall { amount, in_mempool: None, coin: None, fiat_estimated: None }
}

/// The answer to a callback that was taken; or to one that was not, for this reason.
pub fn answer(refused: Option<ErrorCode>) -> Answer {
    match refused {
        Some(code) => Answer::refusing(&Error::new(code, "refused"), AnswerPolicy::Standard),
        None => Answer::taken(Some(TOKEN.to_owned()), None),
    }
}

/// An open order, first seen at 0.
pub fn order_record(order_id: &str, price: Price) -> OrderRecord {
    OrderRecord {
        order_id: order_id.to_owned(),
        state: OrderState::Open,
        price,
        url: None,
        token: Some(TOKEN.to_owned()),
        shortfall: None,
        live: Some(false),
        created_at: 0,
        updated_at: 0,
        paid_at: None,
        canceled_at: None,
    }
}

/// An open payment, made at 0.
pub fn payment_record(order_id: &str, price: Price) -> PaymentRecord {
    PaymentRecord {
        order_id: order_id.to_owned(),
        token: TOKEN.to_owned(),
        state: PaymentState::Open,
        price,
        url: format!("https://app.paymento.io/gateway?token={TOKEN}"),
        outcome: None,
        status: None,
        live: Some(false),
        callbacks: 0,
        created_at: 0,
        updated_at: 0,
        settled_at: None,
        next_verify_at: None,
    }
}

/// A page of payments.
pub fn payments_page(payments: Vec<PaymentRecord>, next: Option<i64>) -> PaymentsPage {
    PaymentsPage { payments, next }
}

/// What happened to an order, at 0.
pub fn history_entry(what: &str, who: &str) -> HistoryEntry {
    HistoryEntry { at: 0, what: what.to_owned(), who: who.to_owned(), token: None, detail: String::new() }
}

/// An event whose handler has failed ten times.
pub fn dead_letter(event: OrderEvent, error: &str) -> DeadLetter {
    DeadLetter { id: 1, event, failures: 10, error: error.to_owned(), since: 0 }
}

/// That all goes well.
pub fn health() -> Health {
    Health {
        ok: true,
        problems: Vec::new(),
        runners: 1,
        events_due: 0,
        paid_unfinished: 0,
        dead_letters: 0,
        verifies_due: 0,
        verify_lag_ms: 0,
        settled_without_callback: 0,
        probes: 0,
    }
}
