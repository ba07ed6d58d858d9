//! [`OrderEvent`]: what the shop is told of an order.

use serde_json::{Value, json};

use super::{
    orders::{OrderRow, PaymentRow},
    state::states,
    terms::{price_from_json, price_to_json},
};
use crate::{
    amount::Amount,
    error::{Error, ErrorCode},
    price::Price,
    settlement::Settlement,
    speed::Speed,
};
use std::fmt;

states! {
    /// The four things a shop is told. One handler each.
    EventKind {
        /// The order is paid: fulfill it, once. A late or overpaid payment is paid, and says so.
        Paid = "paid",
        /// Less than the amount owed has arrived.
        PartiallyPaid = "partially_paid",
        /// Expired, canceled or rejected, and no other payment of the order is open or paid: stock can be released.
        Closed = "closed",
        /// Somebody should look; see the [`Reason`].
        Attention = "attention",
    }
}

states! {
    /// Why somebody should look.
    Reason {
        /// A second payment of an order that is paid.
        DuplicatePayment = "duplicate_payment",
        /// The gateway's answer is about another token, order or amount.
        Mismatch = "mismatch",
        /// The gateway does not know the token for this store: mostly another store's API key.
        InvalidToken = "invalid_token",
        /// Success and status of the gateway's answer do not go together.
        Contradictory = "contradictory",
        /// A settled payment of an earlier price of the order.
        SupersededPrice = "superseded_price",
        /// A status that is not documented, in a callback or an answer.
        UnknownStatus = "unknown_status",
        /// Paid on the chain, and for five minutes not approved by the gateway.
        NotApproved = "not_approved",
        /// The gateway takes back what was settled. Nothing is undone by itself.
        ReversedAfterSettled = "reversed_after_settled",
        /// A settled payment of an order that the shop has canceled.
        PaidAfterCancel = "paid_after_cancel",
        /// A handler failed as often as it may; the event is a dead letter and can be replayed.
        HandlerFailed = "handler_failed",
        /// A handler runs longer than it may; its lease is no longer renewed.
        HandlerTooSlow = "handler_too_slow",
        /// After a week the payment is neither settled nor closed.
        NothingHeard = "nothing_heard",
        /// An authentic callback that cannot be read.
        UndecodableCallback = "undecodable_callback",
    }
}

/// What is missing of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shortfall {
    /// Expected less received, in the coin that the customer chose. Exact.
    pub amount: Amount,
    /// What has been received, and is not confirmed yet. `None` where the gateway does not say.
    pub in_mempool: Option<Amount>,
    /// The coin, where the gateway tells it.
    pub coin: Option<String>,
    /// The shortfall in the order's currency, estimated by the price that was asked for.
    pub fiat_estimated: Option<Amount>,
}

/// What the shop is told of an order. [`key`](Self::key) is the same each time this event is handed over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OrderEvent {
    /// Which of the four.
    pub kind: EventKind,
    /// Why somebody should look; for attention only.
    pub reason: Option<Reason>,
    /// The reason in words, where there is more to say.
    pub detail: Option<String>,
    /// The account of the store.
    pub account: String,
    /// The shop's order id. Empty for an attention that belongs to no order.
    pub order_id: String,
    /// The payment's token, where it is about a payment.
    pub token: Option<String>,
    /// The price of the payment.
    pub price: Option<Price>,
    /// The order's current price, where it differs from the payment's.
    pub current_price: Option<Price>,
    /// How sure the payment had to be.
    pub speed: Speed,
    /// The shop's own notes from `create_payment`.
    pub additional_data: Vec<(String, String)>,
    /// The payment had expired, or was canceled or rejected, before it was paid.
    pub late: bool,
    /// What came beyond the amount asked for, in the coin that the customer chose.
    pub overpaid_by: Option<Amount>,
    /// What is missing; for partially paid only, where the gateway reports amounts.
    pub shortfall: Option<Shortfall>,
    /// What the gateway reports of the money.
    pub settlement: Option<Settlement>,
    /// `Some(false)` for a simulator's payment; `None` where it is not known whether the coins are worth anything.
    pub live: Option<bool>,
    /// A text that is the same for the same event, whoever hands it over and however often. That of `paid` is the same
    /// for the whole order: put it under a unique key, and nothing is done twice.
    pub key: String,
}

/// The part of an event that is kept as JSON.
#[derive(Clone, Debug, Default)]
pub(super) struct Payload {
    pub(super) detail: Option<String>,
    pub(super) price: Option<Price>,
    pub(super) current_price: Option<Price>,
    pub(super) speed: Speed,
    pub(super) additional_data: Vec<(String, String)>,
    pub(super) late: bool,
    pub(super) overpaid_by: Option<Amount>,
    pub(super) shortfall: Option<Shortfall>,
    pub(super) settlement: Option<String>,
    pub(super) live: Option<bool>,
}

impl Payload {
    /// What is known of a payment without asking the gateway.
    pub(super) fn of(order: &OrderRow, payment: &PaymentRow) -> Self {
        Self {
            price: Some(payment.price.clone()),
            current_price: (payment.terms != order.terms).then(|| order.price.clone()),
            speed: payment.speed,
            additional_data: payment.additional_data.clone(),
            settlement: payment.settlement.clone(),
            live: payment.live,
            ..Self::default()
        }
    }

    pub(super) fn to_json(&self) -> String {
        let amount = |amount: &Option<Amount>| amount.as_ref().map(ToString::to_string);
        let price = |price: &Option<Price>| price.as_ref().map(price_to_json);
        let shortfall = self.shortfall.as_ref().map(|shortfall| {
            json!({ "amount": shortfall.amount.to_string(), "in_mempool": amount(&shortfall.in_mempool),
                "coin": shortfall.coin, "fiat_estimated": amount(&shortfall.fiat_estimated) })
        });
        json!({
            "detail": self.detail,
            "price": price(&self.price),
            "current_price": price(&self.current_price),
            "speed": self.speed.as_str(),
            "additional_data": self.additional_data,
            "late": self.late,
            "overpaid_by": amount(&self.overpaid_by),
            "shortfall": shortfall,
            "settlement": self.settlement,
            "live": self.live,
        })
        .to_string()
    }

    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let value: Value = serde_json::from_str(text).map_err(|_| unreadable())?;
        let price = |name: &str| value.get(name).filter(|price| !price.is_null()).map(price_from_json).transpose();
        Ok(Self {
            detail: text_of(&value, "detail"),
            price: price("price")?,
            current_price: price("current_price")?,
            speed: text_of(&value, "speed").and_then(|speed| Speed::parse(&speed).ok()).unwrap_or_default(),
            additional_data: pairs_from_json(value.get("additional_data")),
            late: value.get("late").and_then(Value::as_bool).unwrap_or_default(),
            overpaid_by: amount_of(&value, "overpaid_by"),
            shortfall: value.get("shortfall").and_then(shortfall),
            settlement: text_of(&value, "settlement"),
            live: value.get("live").and_then(Value::as_bool),
        })
    }
}

/// What is only told beside an event. Amounts that the gateway reports may be too long to be read: no reason to keep `paid` back.
fn shortfall(value: &Value) -> Option<Shortfall> {
    Some(Shortfall {
        amount: amount_of(value, "amount")?,
        in_mempool: amount_of(value, "in_mempool"),
        coin: text_of(value, "coin"),
        fiat_estimated: amount_of(value, "fiat_estimated"),
    })
}

fn text_of(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(ToOwned::to_owned)
}

fn amount_of(value: &Value, name: &str) -> Option<Amount> {
    Amount::parse(&text_of(value, name)?).ok()
}

/// The shop's notes as they are kept.
pub(super) fn pairs_from_json(value: Option<&Value>) -> Vec<(String, String)> {
    let pair = |value: &Value| Some((value.get(0)?.as_str()?.to_owned(), value.get(1)?.as_str()?.to_owned()));
    value.and_then(Value::as_array).map(|pairs| pairs.iter().filter_map(pair).collect()).unwrap_or_default()
}

fn unreadable() -> Error {
    Error::new(ErrorCode::DatabaseValue, "an event in the database cannot be read")
}

/// The columns beside the payload.
pub(super) struct Columns {
    pub(super) kind: String,
    pub(super) reason: Option<String>,
    pub(super) key: String,
    pub(super) token: Option<String>,
    pub(super) account: String,
    pub(super) order_id: String,
}

impl OrderEvent {
    pub(super) fn new(columns: Columns, payload: Payload) -> Result<Self, Error> {
        Ok(Self {
            kind: EventKind::parse(&columns.kind).ok_or_else(unreadable)?,
            reason: columns.reason.as_deref().and_then(Reason::parse),
            detail: payload.detail,
            account: columns.account,
            order_id: columns.order_id,
            token: columns.token,
            price: payload.price,
            current_price: payload.current_price,
            speed: payload.speed,
            additional_data: payload.additional_data,
            late: payload.late,
            overpaid_by: payload.overpaid_by,
            shortfall: payload.shortfall,
            settlement: payload.settlement.as_deref().and_then(read_settlement),
            live: payload.live,
            key: columns.key,
        })
    }
}

pub(super) fn read_settlement(json: &str) -> Option<Settlement> {
    serde_json::from_str(json).ok().map(Settlement::read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_read_as_it_was_kept() {
        let amount = |text: &str| Amount::parse(text).expect("valid");
        let payload = Payload {
            detail: Some("why".to_owned()),
            price: Some(Price::Fiat { amount: amount("29.90"), currency: "USD".to_owned() }),
            additional_data: vec![("cart".to_owned(), "17".to_owned())],
            late: true,
            overpaid_by: Some(amount("0.000000000000000001")),
            shortfall: Some(Shortfall {
                amount: amount("1"),
                in_mempool: None,
                coin: Some("Bitcoin".to_owned()),
                fiat_estimated: Some(amount("3.10")),
            }),
            settlement: Some("{\"receivedCryptoAmount\":1.10}".to_owned()),
            live: Some(false),
            speed: Speed::High,
            current_price: None,
        };
        let read = Payload::parse(&payload.to_json()).expect("readable");
        assert_eq!(format!("{read:?}"), format!("{payload:?}"));
        let long = payload.to_json().replace("0.000000000000000001", &"9".repeat(129));
        assert_eq!(Payload::parse(&long).expect("still readable").overpaid_by, None);
        assert_eq!(Payload::parse("[").expect_err("unreadable").code(), ErrorCode::DatabaseValue);
    }
}
