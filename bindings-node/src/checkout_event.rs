//! What a shop is told of an order, on its way to JavaScript.

use paymento::checkout;
use serde::Serialize;

use crate::{payment::Price, settlement::Settlement};

/// An event as plain data.
#[napi_derive::napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderEvent {
    /// `paid`, `partially_paid`, `closed` or `attention`.
    pub kind: &'static str,
    /// Why somebody should look.
    pub reason: Option<&'static str>,
    /// The reason in words.
    pub detail: Option<String>,
    /// The store.
    pub account: String,
    /// The shop's order id.
    pub order_id: String,
    /// The payment's token.
    pub token: Option<String>,
    /// The payment's price.
    pub price: Option<Price>,
    /// The order's current price, where it differs.
    pub current_price: Option<Price>,
    /// `low` or `high`.
    pub speed: &'static str,
    /// The shop's own notes.
    pub additional_data: Vec<(String, String)>,
    /// Whether the payment had ended before it was paid.
    pub late: bool,
    /// What came beyond the amount asked for.
    pub overpaid_by: Option<String>,
    /// What is missing.
    pub shortfall: Option<Shortfall>,
    /// What the gateway reports of the money.
    pub settlement: Option<Settlement>,
    /// Whether the coins are worth something, where that is known.
    pub live: Option<bool>,
    /// The same each time.
    pub key: String,
}

impl From<&checkout::OrderEvent> for OrderEvent {
    fn from(event: &checkout::OrderEvent) -> Self {
        Self {
            kind: event.kind.as_str(),
            reason: event.reason.map(checkout::Reason::as_str),
            detail: event.detail.clone(),
            account: event.account.clone(),
            order_id: event.order_id.clone(),
            token: event.token.clone(),
            price: event.price.as_ref().map(Into::into),
            current_price: event.current_price.as_ref().map(Into::into),
            speed: event.speed.as_str(),
            additional_data: event.additional_data.clone(),
            late: event.late,
            overpaid_by: event.overpaid_by.as_ref().map(ToString::to_string),
            shortfall: event.shortfall.as_ref().map(Into::into),
            settlement: event.settlement.as_ref().map(Into::into),
            live: event.live,
            key: event.key.clone(),
        }
    }
}

/// What is missing, as plain data.
#[napi_derive::napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shortfall {
    /// In the coin that the customer chose.
    pub amount: String,
    /// What is not confirmed yet.
    pub in_mempool: Option<String>,
    /// The coin.
    pub coin: Option<String>,
    /// In the order's currency.
    pub fiat_estimated: Option<String>,
}

impl From<&checkout::Shortfall> for Shortfall {
    fn from(shortfall: &checkout::Shortfall) -> Self {
        Self {
            amount: shortfall.amount.to_string(),
            in_mempool: shortfall.in_mempool.as_ref().map(ToString::to_string),
            coin: shortfall.coin.clone(),
            fiat_estimated: shortfall.fiat_estimated.as_ref().map(ToString::to_string),
        }
    }
}
