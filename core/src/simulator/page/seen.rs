//! What a customer sees of a payment in the ledger.

use std::time::{Duration, SystemTime};

use super::{
    uri,
    view::{CheckoutView, Levers, OfferView, TransferView, Window},
};
use crate::{
    simulator::{
        Transaction, TransactionState,
        clock::Clock,
        ledger::Ledger,
        life::may_move,
        payment::{Chosen, Offer, Payment},
        return_link,
    },
    status::OrderStatus,
};

impl CheckoutView {
    /// The payment with this token.
    pub(in crate::simulator) fn of(ledger: &Ledger, token: &str) -> Option<Self> {
        let payment = ledger.payment(token)?;
        let required = ledger.rules.required_confirmations;
        Some(Self {
            token: payment.token.clone(),
            store: ledger.store_name_of(payment).to_owned(),
            order_id: payment.order.order_id.clone(),
            price: price(payment),
            status: payment.status,
            offers: payment.order.offers.iter().map(OfferView::from).collect(),
            transfer: payment.chosen.as_ref().map(|chosen| transfer(payment, chosen, required)),
            window: window(payment, &ledger.clock),
            return_url: return_link::of(payment).map(Into::into),
            levers: levers(payment),
            notice: None,
            stamp: stamp(payment, &ledger.clock),
        })
    }
}

/// Changes with everything that the page shows, but for time that passes by itself.
pub(in crate::simulator) fn stamp(payment: &Payment, clock: &Clock) -> String {
    let coin = payment.chosen.as_ref().map_or("", |chosen| chosen.offer.coin.shortcut);
    let transactions: u32 =
        payment.transactions().map(|transaction| 10 * transaction.confirmations + rank(transaction)).sum();
    format!("{}.{coin}.{transactions}.{}", payment.status.code(), clock.ahead().as_millis())
}

fn rank(transaction: &Transaction) -> u32 {
    match transaction.state {
        TransactionState::Mempool => 1,
        TransactionState::InBlock => 2,
        TransactionState::Completed => 3,
        TransactionState::Dropped => 4,
    }
}

/// What the shop asked for.
pub(super) fn price(payment: &Payment) -> String {
    let fiat = payment.order.fiat.as_ref().map(|(amount, currency)| format!("{amount} {}", currency.to_uppercase()));
    fiat.or_else(|| payment.order.offers.first().map(|offer| OfferView::from(offer).in_coins())).unwrap_or_default()
}

impl From<&Offer> for OfferView {
    fn from(offer: &Offer) -> Self {
        Self {
            name: offer.coin.name.to_owned(),
            shortcut: offer.coin.shortcut.to_owned(),
            network: offer.coin.network.to_owned(),
            amount: offer.amount.to_string(),
        }
    }
}

fn transfer(payment: &Payment, chosen: &Chosen, required_confirmations: u32) -> TransferView {
    let (received, owed) = (payment.received(), payment.owed());
    let excess = received.minus(&chosen.offer.amount);
    let due = owed.as_ref().unwrap_or(&chosen.offer.amount).to_string();
    let counted = || payment.transactions().filter(|transaction| transaction.counts());
    TransferView {
        offer: OfferView::from(&chosen.offer),
        address: chosen.address.clone(),
        uri: uri::payment(chosen.offer.coin, &chosen.address, &due),
        excess: excess.is_positive().then(|| excess.to_string()),
        received: received.is_positive().then(|| received.to_string()),
        owed: owed.map(|owed| owed.to_string()),
        confirmations: counted().map(|transaction| transaction.confirmations).min().unwrap_or_default(),
        required_confirmations,
        hashes: counted().map(|transaction| transaction.hash.clone()).collect(),
    }
}

fn window(payment: &Payment, clock: &Clock) -> Window {
    Window {
        left: payment.window_ends_at.saturating_sub(clock.now()),
        ends_at: moment(clock, payment.window_ends_at),
        runs: !clock.is_manual(),
    }
}

/// The date and time of this moment of the simulator's clock.
pub(in crate::simulator) fn moment(clock: &Clock, since_start: Duration) -> SystemTime {
    // A clock can be moved on farther than a date can be told.
    clock.started_at().checked_add(since_start).unwrap_or(clock.started_at())
}

pub(in crate::simulator) fn levers(payment: &Payment) -> Levers {
    let status = payment.status;
    let is_chosen = payment.chosen.is_some();
    Levers {
        pay: is_chosen && matches!(status, OrderStatus::Pending | OrderStatus::PartialPaid),
        late: (is_chosen && status == OrderStatus::Pending) || (payment.is_over()),
        confirm: payment.transactions().any(Transaction::is_open),
        drop: payment.transactions().any(|transaction| transaction.state == TransactionState::Mempool),
        reject: may_move(status, OrderStatus::Reject),
        expire: may_move(status, OrderStatus::Timeout),
    }
}
