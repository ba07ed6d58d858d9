//! [`Expected`]: what the shop's own records say of a payment.

use crate::{amount::Amount, error::Error, payment::Payment, price::Price, request::check_order_id};

/// What the shop's own records say of the payment, to hold the answer against.
#[derive(Clone, Debug)]
pub struct Expected {
    pub(crate) order_id: String,
    pub(crate) price: Option<Price>,
}

impl Expected {
    /// The order id, and no price: the verification then says [`amount_unchecked`](crate::Verification::amount_unchecked).
    ///
    /// # Errors
    /// `input.order_id`.
    pub fn order(order_id: impl Into<String>) -> Result<Self, Error> {
        let order_id = order_id.into();
        check_order_id(&order_id)?;
        Ok(Self { order_id, price: None })
    }

    /// Adds the recorded price in fiat money.
    ///
    /// # Errors
    /// `input.amount`, `input.currency`.
    pub fn fiat(self, amount: Amount, currency: &str) -> Result<Self, Error> {
        self.price_from_parts(Some(amount), Some(currency), &[])
    }

    /// Adds the recorded price in coins.
    ///
    /// # Errors
    /// `input.amount`, `input.coin`.
    pub fn crypto<C: Into<String>>(self, amounts: impl IntoIterator<Item = (C, Amount)>) -> Result<Self, Error> {
        let coins: Vec<_> = amounts.into_iter().map(|(coin, amount)| (coin.into(), amount)).collect();
        self.price_from_parts(None, None, &coins)
    }

    /// Adds the recorded price from its parts, of which all may be missing. For bindings.
    ///
    /// # Errors
    /// `input.price_ambiguous`, `input.price_missing`, `input.amount`, `input.currency`, `input.coin`.
    pub fn price_from_parts(
        mut self,
        amount: Option<Amount>,
        currency: Option<&str>,
        coins: &[(String, Amount)],
    ) -> Result<Self, Error> {
        self.price = Price::from_parts(amount, currency, coins)?;
        Ok(self)
    }
}

impl From<&Payment> for Expected {
    fn from(payment: &Payment) -> Self {
        Self { order_id: payment.order_id().to_owned(), price: Some(payment.price().clone()) }
    }
}
