//! [`PaymentSnapshot`]: a payment as a test or a page sees it.

use std::time::Duration;

use url::Url;

use super::{
    Transaction,
    payment::{Entry, Payment, Speed},
};
use crate::{amount::Amount, status::OrderStatus};

/// A payment as it stands. Times are by the simulator's clock, since its start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PaymentSnapshot {
    /// The token, 32 lower-case hexadecimal characters.
    pub token: String,
    /// The gateway's own number, which callbacks carry.
    pub payment_id: i64,
    /// The store that it belongs to.
    pub store_name: String,
    /// The shop's order id.
    pub order_id: Option<String>,
    /// Where it stands.
    pub status: OrderStatus,
    /// The fiat price; none when priced in crypto.
    pub fiat_amount: Option<Amount>,
    /// The fiat currency as the shop wrote it.
    pub fiat_currency: Option<String>,
    /// The chosen coin's name.
    pub coin: Option<String>,
    /// The network of the chosen coin.
    pub network: Option<String>,
    /// Where the customer sends the coins.
    pub address: Option<String>,
    /// How much of the chosen coin is asked for.
    pub crypto_amount: Option<Amount>,
    /// How much came: the exact sum of all transactions that were not dropped.
    pub received_amount: Amount,
    /// How much is still to pay; none when no coin is chosen or enough has come.
    pub owed_amount: Option<Amount>,
    /// The money that came, oldest first, dropped transactions included.
    pub transactions: Vec<Transaction>,
    /// The fewest confirmations among the transactions that were not dropped.
    pub confirmations: u32,
    /// How many confirmations make a transaction complete.
    pub required_confirmations: u32,
    /// When the shop asked for it.
    pub created_at: Duration,
    /// When the time to pay ends.
    pub window_ends_at: Duration,
    /// Where the customer returns to.
    pub return_url: Option<String>,
    /// `riskSpeed`: 0 high, 1 low. 0 where the shop sent none.
    pub risk_speed: u8,
    /// The culture name that the shop sent.
    pub language: Option<String>,
    /// The customer's address that the shop sent.
    pub email_address: Option<String>,
    /// What travels with the order, in its order, without `OrderId`.
    pub additional_data: Vec<(String, String)>,
    /// The checkout page.
    pub url: String,
}

/// What a snapshot says beyond the payment itself.
pub(super) struct Surroundings<'a> {
    pub(super) gateway_url: &'a str,
    pub(super) store_name: &'a str,
    pub(super) required_confirmations: u32,
}

impl Payment {
    pub(super) fn snapshot(&self, around: &Surroundings<'_>) -> PaymentSnapshot {
        let (fiat_amount, fiat_currency) = self.order.fiat.clone().unzip();
        let coin = self.chosen.as_ref().map(|chosen| chosen.offer.coin);
        let counted = self.transactions().filter(|transaction| transaction.counts());
        PaymentSnapshot {
            token: self.token.clone(),
            payment_id: self.payment_id,
            store_name: around.store_name.to_owned(),
            order_id: self.order.order_id.clone(),
            status: self.status,
            fiat_amount,
            fiat_currency,
            coin: coin.map(|coin| coin.name.to_owned()),
            network: coin.map(|coin| coin.network.to_owned()),
            address: self.chosen.as_ref().map(|chosen| chosen.address.clone()),
            crypto_amount: self.expected().cloned(),
            received_amount: self.received(),
            owed_amount: self.owed(),
            transactions: self.transactions().cloned().collect(),
            confirmations: counted.map(|transaction| transaction.confirmations).min().unwrap_or_default(),
            required_confirmations: around.required_confirmations,
            created_at: self.created_at,
            window_ends_at: self.window_ends_at,
            return_url: self.order.return_url.as_ref().map(Url::to_string),
            risk_speed: match self.order.speed {
                Speed::High => 0,
                Speed::Low => 1,
            },
            language: self.order.language.clone(),
            email_address: self.order.email_address.clone(),
            additional_data: self.order.additional_data.iter().cloned().map(filled).collect(),
            url: format!("{}?token={}", around.gateway_url, self.token),
        }
    }
}

fn filled((key, value): Entry) -> (String, String) {
    (key.unwrap_or_default(), value.unwrap_or_default())
}
