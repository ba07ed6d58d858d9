//! What a simulator shows: payments, events, stores.

use std::time::Duration;

use napi_derive::napi;
use paymento::simulator;

use crate::{simulator_watch::count, status::code_to_js};

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// A payment as it stands.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct PaymentSnapshot {
    /// The token.
    pub token: String,
    /// All 64 bits.
    pub payment_id: String,
    /// The store's name.
    pub store_name: String,
    /// The shop's order id.
    pub order_id: Option<String>,
    /// Where it stands.
    pub status: f64,
    /// The fiat price.
    pub fiat_amount: Option<String>,
    /// As the shop wrote it.
    pub fiat_currency: Option<String>,
    /// The chosen coin's name.
    pub coin: Option<String>,
    /// The chosen coin's network.
    pub network: Option<String>,
    /// Where the customer sends the coins.
    pub address: Option<String>,
    /// How much of the chosen coin.
    pub crypto_amount: Option<String>,
    /// How much came.
    pub received_amount: String,
    /// How much is still to pay.
    pub owed_amount: Option<String>,
    /// The money that came.
    pub transactions: Vec<TransactionSnapshot>,
    /// The fewest among the transactions.
    pub confirmations: u32,
    /// How many complete a transaction.
    pub required_confirmations: u32,
    /// When the shop asked for it.
    pub created_at_ms: f64,
    /// When the time to pay ends.
    pub window_ends_at_ms: f64,
    /// Where the customer returns to.
    pub return_url: Option<String>,
    /// 0 high, 1 low.
    pub risk_speed: u8,
    /// The culture name.
    pub language: Option<String>,
    /// The customer's address.
    pub email_address: Option<String>,
    /// What travels with the order.
    pub additional_data: Vec<(String, String)>,
    /// The checkout page.
    pub url: String,
}

impl From<simulator::PaymentSnapshot> for PaymentSnapshot {
    fn from(payment: simulator::PaymentSnapshot) -> Self {
        Self {
            token: payment.token,
            payment_id: payment.payment_id.to_string(),
            store_name: payment.store_name,
            order_id: payment.order_id,
            status: code_to_js(payment.status),
            fiat_amount: payment.fiat_amount.map(|amount| amount.to_string()),
            fiat_currency: payment.fiat_currency,
            coin: payment.coin,
            network: payment.network,
            address: payment.address,
            crypto_amount: payment.crypto_amount.map(|amount| amount.to_string()),
            received_amount: payment.received_amount.to_string(),
            owed_amount: payment.owed_amount.map(|amount| amount.to_string()),
            transactions: payment.transactions.into_iter().map(Into::into).collect(),
            confirmations: payment.confirmations,
            required_confirmations: payment.required_confirmations,
            created_at_ms: milliseconds(payment.created_at),
            window_ends_at_ms: milliseconds(payment.window_ends_at),
            return_url: payment.return_url,
            risk_speed: payment.risk_speed,
            language: payment.language,
            email_address: payment.email_address,
            additional_data: payment.additional_data,
            url: payment.url,
        }
    }
}

/// Money on its way to a payment's address.
#[napi(object, object_from_js = false)]
pub struct TransactionSnapshot {
    /// The hash on its chain.
    pub hash: String,
    /// How much of the coin.
    pub amount: String,
    /// `mempool`, `in_block`, `completed` or `dropped`.
    pub state: &'static str,
    /// Blocks on top of it, its own included.
    pub confirmations: u32,
    /// When it was seen.
    pub received_at_ms: f64,
}

impl From<simulator::Transaction> for TransactionSnapshot {
    fn from(transaction: simulator::Transaction) -> Self {
        Self {
            hash: transaction.hash,
            amount: transaction.amount.to_string(),
            state: transaction.state.as_str(),
            confirmations: transaction.confirmations,
            received_at_ms: milliseconds(transaction.received_at),
        }
    }
}

/// One thing that happened.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct SimulatorEvent {
    /// Counts up from 1 without gaps.
    pub sequence: f64,
    /// How long the simulator had been running.
    pub at_ms: f64,
    /// For instance `payment_created`.
    pub kind: &'static str,
    /// The payment's token, or empty.
    pub token: String,
    /// The shop's order id, or empty.
    pub order_id: String,
    /// The payment's status after it.
    pub status: Option<f64>,
    /// The rest, in words.
    pub detail: String,
}

impl From<simulator::Event> for SimulatorEvent {
    fn from(event: simulator::Event) -> Self {
        Self {
            sequence: count(event.sequence),
            at_ms: milliseconds(event.at),
            kind: event.kind.as_str(),
            token: event.token,
            order_id: event.order_id,
            status: event.status.map(code_to_js),
            detail: event.detail,
        }
    }
}

/// A store as it stands, with its keys.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct StoreSnapshot {
    /// The name.
    pub name: String,
    /// The key that the API asks for.
    pub api_key: String,
    /// The key that signs callbacks.
    pub secret_key: String,
    /// Where callbacks go.
    pub callback_url: Option<String>,
    /// How they go.
    pub callback_method: &'static str,
    /// What it takes.
    pub coins: Vec<&'static str>,
}

impl From<&simulator::Store> for StoreSnapshot {
    fn from(store: &simulator::Store) -> Self {
        Self {
            name: store.name().to_owned(),
            api_key: store.api_key().to_owned(),
            secret_key: store.secret_key().to_owned(),
            callback_url: store.callback_url().map(str::to_owned),
            callback_method: store.callback_method().as_str(),
            coins: store.coins().to_vec(),
        }
    }
}
