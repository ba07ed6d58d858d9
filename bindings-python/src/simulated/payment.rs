//! [`PaymentSnapshot`] and [`TransactionSnapshot`]: a payment as the simulator keeps it, and its money.

use paymento::simulator;
use pyo3::prelude::*;

use crate::{
    enums::StatusEnum,
    money::Money,
    value::{Notes, data_class},
};

/// A payment as the simulator keeps it.
#[pyclass(frozen, module = "paymento.testing")]
pub(crate) struct PaymentSnapshot(simulator::PaymentSnapshot);

data_class!(PaymentSnapshot, ["token", "order_id", "status"]);

impl From<simulator::PaymentSnapshot> for PaymentSnapshot {
    fn from(payment: simulator::PaymentSnapshot) -> Self {
        Self(payment)
    }
}

#[pymethods]
impl PaymentSnapshot {
    /// The token, 32 lower-case hexadecimal characters.
    #[getter]
    fn token(&self) -> &str {
        &self.0.token
    }

    /// The gateway's own number, which callbacks carry.
    #[getter]
    fn payment_id(&self) -> i64 {
        self.0.payment_id
    }

    /// The store that it belongs to.
    #[getter]
    fn store_name(&self) -> &str {
        &self.0.store_name
    }

    /// The shop's order id.
    #[getter]
    fn order_id(&self) -> Option<&str> {
        self.0.order_id.as_deref()
    }

    /// Where it stands.
    #[getter]
    fn status(&self) -> StatusEnum {
        StatusEnum(self.0.status)
    }

    /// The fiat price; None when priced in coins.
    #[getter]
    fn fiat_amount(&self) -> Option<Money> {
        self.0.fiat_amount.clone().map(Money)
    }

    /// The fiat currency as the shop wrote it.
    #[getter]
    fn fiat_currency(&self) -> Option<&str> {
        self.0.fiat_currency.as_deref()
    }

    /// The chosen coin's name.
    #[getter]
    fn coin(&self) -> Option<&str> {
        self.0.coin.as_deref()
    }

    /// The network of the chosen coin.
    #[getter]
    fn network(&self) -> Option<&str> {
        self.0.network.as_deref()
    }

    /// Where the customer sends the coins.
    #[getter]
    fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// How much of the chosen coin is asked for.
    #[getter]
    fn crypto_amount(&self) -> Option<Money> {
        self.0.crypto_amount.clone().map(Money)
    }

    /// How much came: the exact sum of all transactions that were not dropped.
    #[getter]
    fn received_amount(&self) -> Money {
        Money(self.0.received_amount.clone())
    }

    /// How much is still to pay; None when no coin is chosen or enough has come.
    #[getter]
    fn owed_amount(&self) -> Option<Money> {
        self.0.owed_amount.clone().map(Money)
    }

    /// The money that came, oldest first, dropped transactions included.
    #[getter]
    fn transactions(&self) -> Vec<TransactionSnapshot> {
        self.0.transactions.iter().cloned().map(TransactionSnapshot).collect()
    }

    /// The fewest confirmations among the transactions that were not dropped.
    #[getter]
    fn confirmations(&self) -> u32 {
        self.0.confirmations
    }

    /// How many confirmations make a transaction complete.
    #[getter]
    fn required_confirmations(&self) -> u32 {
        self.0.required_confirmations
    }

    /// When the shop asked for it, in seconds by the simulator's clock.
    #[getter]
    fn created_at(&self) -> f64 {
        self.0.created_at.as_secs_f64()
    }

    /// When the time to pay ends, in seconds by the simulator's clock.
    #[getter]
    fn window_ends_at(&self) -> f64 {
        self.0.window_ends_at.as_secs_f64()
    }

    /// Where the customer returns to.
    #[getter]
    fn return_url(&self) -> Option<&str> {
        self.0.return_url.as_deref()
    }

    /// The number on the wire: 0 high, 1 low. 0 where the shop sent none.
    #[getter]
    fn risk_speed(&self) -> u8 {
        self.0.risk_speed
    }

    /// The culture name that the shop sent.
    #[getter]
    fn language(&self) -> Option<&str> {
        self.0.language.as_deref()
    }

    /// The customer's address that the shop sent.
    #[getter]
    fn email_address(&self) -> Option<&str> {
        self.0.email_address.as_deref()
    }

    /// What travels with the order.
    #[getter]
    fn additional_data(&self) -> Notes<'_> {
        Notes(&self.0.additional_data)
    }

    /// The checkout page.
    #[getter]
    fn url(&self) -> &str {
        &self.0.url
    }
}

/// Money on its way to a payment's address.
#[pyclass(frozen, eq, module = "paymento.testing")]
#[derive(PartialEq)]
pub(crate) struct TransactionSnapshot(simulator::Transaction);

data_class!(TransactionSnapshot, ["hash", "amount", "state", "confirmations"]);

#[pymethods]
impl TransactionSnapshot {
    /// 64 lower-case hexadecimal characters.
    #[getter]
    fn hash(&self) -> &str {
        &self.0.hash
    }

    /// How much of the coin.
    #[getter]
    fn amount(&self) -> Money {
        Money(self.0.amount.clone())
    }

    /// `mempool`, `in_block`, `completed` or `dropped`.
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state.as_str()
    }

    /// Blocks on top of it, its own included.
    #[getter]
    fn confirmations(&self) -> u32 {
        self.0.confirmations
    }

    /// When it was seen, in seconds by the simulator's clock.
    #[getter]
    fn received_at(&self) -> f64 {
        self.0.received_at.as_secs_f64()
    }
}
