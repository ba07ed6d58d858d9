//! What is asked for, and what came of it.

use napi_derive::napi;
use paymento::{Amount, Error, Speed};
use serde::Serialize;

/// A price as it was given: all parts may be missing.
#[napi(object, object_to_js = false)]
pub struct PriceParts {
    /// In major units.
    pub fiat_amount: Option<String>,
    /// Three letters.
    pub fiat_currency: Option<String>,
    /// Coin and amount.
    pub crypto_amounts: Option<Vec<(String, String)>>,
}

impl PriceParts {
    pub(crate) fn fiat_amount(&self) -> Result<Option<Amount>, Error> {
        self.fiat_amount.as_deref().map(Amount::parse).transpose()
    }

    pub(crate) fn crypto_amounts(&self) -> Result<Vec<(String, Amount)>, Error> {
        let coins = self.crypto_amounts.as_deref().unwrap_or_default();
        coins.iter().map(|(coin, amount)| Ok((coin.clone(), Amount::parse(amount)?))).collect()
    }
}

/// A payment to ask the gateway for.
#[napi(object, object_to_js = false)]
pub struct PaymentRequest {
    /// The price.
    pub price: PriceParts,
    /// The shop's order id.
    pub order_id: String,
    /// Where the browser goes afterwards.
    pub return_url: Option<String>,
    /// `low` or `high`.
    pub speed: Option<String>,
    /// A culture name.
    pub language: Option<String>,
    /// The customer's address.
    pub email_address: Option<String>,
    /// The shop's own notes.
    pub additional_data: Option<Vec<(String, String)>>,
}

impl TryFrom<PaymentRequest> for paymento::PaymentRequest {
    type Error = Error;

    fn try_from(given: PaymentRequest) -> Result<Self, Error> {
        let mut request = Self::default().order_id(given.order_id);
        request.fiat_amount = given.price.fiat_amount()?;
        request.crypto_amounts = given.price.crypto_amounts()?;
        request.fiat_currency = given.price.fiat_currency;
        request.return_url = given.return_url;
        request.speed = given.speed.as_deref().map(Speed::parse).transpose()?.unwrap_or_default();
        request.language = given.language;
        request.email_address = given.email_address;
        request.additional_data = given.additional_data.unwrap_or_default();
        Ok(request)
    }
}

/// A price as plain data.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// In major units.
    pub fiat_amount: Option<String>,
    /// Three letters, upper case.
    pub fiat_currency: Option<String>,
    /// Coin and amount; empty for a price in fiat money.
    pub crypto_amounts: Vec<(String, String)>,
}

impl From<&paymento::Price> for Price {
    fn from(price: &paymento::Price) -> Self {
        let mut plain = Self { fiat_amount: None, fiat_currency: None, crypto_amounts: Vec::new() };
        match price {
            paymento::Price::Fiat { amount, currency } => {
                plain.fiat_amount = Some(amount.to_string());
                plain.fiat_currency = Some(currency.clone());
            }
            paymento::Price::Crypto(coins) => {
                let coins = coins.iter().map(|(coin, amount)| (coin.clone(), amount.to_string()));
                plain.crypto_amounts = coins.collect();
            }
            // The kinds of price are an open list in Rust; another kind has neither part here.
            _ => {}
        }
        plain
    }
}

/// A payment as plain data.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The payment's name at the gateway.
    pub token: String,
    /// The hosted page.
    pub url: String,
    /// The shop's order id.
    pub order_id: String,
    /// What was asked for.
    pub price: Price,
    /// Whether the coins are worth something, where that is known.
    pub live: Option<bool>,
}

impl From<&paymento::Payment> for Payment {
    fn from(payment: &paymento::Payment) -> Self {
        Self {
            token: payment.token().to_owned(),
            url: payment.url().to_owned(),
            order_id: payment.order_id().to_owned(),
            price: payment.price().into(),
            live: payment.live(),
        }
    }
}
