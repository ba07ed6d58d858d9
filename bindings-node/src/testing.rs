//! What `paymento/testing` makes values with: core's own makers, which read what the gateway would send.

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use paymento::{Error, ErrorCode, Expected, Secret, testing};

use crate::{
    directory::{AcceptedCoin, Coin, CoinPrice, Currency, Info, Language, LastBlock, Merchant},
    errors::{Outcome, to_js},
    payment::{Payment, Price, PriceParts},
    settings::Settings,
    settlement::Settlement,
    status::status_from_js,
    verification::{ExpectedPayment, Verification},
};

/// The token used where none is given.
#[napi]
pub const TESTING_TOKEN: &str = testing::TOKEN;

macro_rules! from_json {
    ($($function:ident => $type:ident,)+) => {
        $(
            /// From the JSON object that the gateway would send.
            #[napi]
            pub fn $function(json: String) -> Outcome<$type> {
                to_js(testing::from_json::<paymento::$type>(&json).map(Into::into))
            }
        )+
    };
}

from_json! {
    testing_accepted_coin => AcceptedCoin,
    testing_coin => Coin,
    testing_coin_price => CoinPrice,
    testing_currency => Currency,
    testing_info => Info,
    testing_language => Language,
    testing_last_block => LastBlock,
    testing_merchant => Merchant,
    testing_settings => Settings,
}

/// From the JSON object that the gateway would send.
#[napi]
pub fn testing_settlement(json: String) -> Settlement {
    (&testing::settlement(&json)).into()
}

/// A verification of an answer of the gateway, by core's real decision.
#[napi]
pub fn testing_verification(
    success: bool,
    message: String,
    body: String,
    token: String,
    expected: ExpectedPayment,
) -> Outcome<Verification> {
    let verification = Expected::try_from(expected)
        .and_then(|expected| testing::verification(success, &message, &body, &token, &expected));
    to_js(verification.map(|verification| (&verification).into()))
}

/// A price, checked as everywhere.
#[napi]
pub fn testing_price(parts: PriceParts) -> Outcome<Price> {
    to_js(price(&parts).map(|price| (&price).into()))
}

fn price(parts: &PriceParts) -> Result<paymento::Price, Error> {
    let (amount, coins) = (parts.fiat_amount()?, parts.crypto_amounts()?);
    testing::price(amount, parts.fiat_currency.as_deref(), &coins)
}

/// A payment as `createPayment` gives it.
#[napi]
pub fn testing_payment(
    token: String,
    gateway_url: String,
    order_id: String,
    parts: PriceParts,
    live: Option<bool>,
) -> Outcome<Payment> {
    let payment = price(&parts).and_then(|price| testing::payment(&token, &gateway_url, &order_id, price, live));
    to_js(payment.map(|payment| (&payment).into()))
}

/// What a callback says.
#[napi(object, object_to_js = false)]
pub struct CallbackParts {
    /// The token.
    pub token: Option<String>,
    /// All 64 bits.
    pub payment_id: Option<String>,
    /// The shop's order id.
    pub order_id: String,
    /// Default Paid.
    pub status: Option<f64>,
    /// Default none.
    pub additional_data: Option<Vec<(String, String)>>,
}

impl TryFrom<CallbackParts> for testing::CallbackFields {
    type Error = Error;

    fn try_from(parts: CallbackParts) -> Result<Self, Error> {
        let wrong = |what: &str| Error::new(ErrorCode::InputType, format!("{what} is a whole number"));
        let mut fields = Self::paid(parts.order_id);
        if let Some(token) = parts.token {
            fields.token = token;
        }
        if let Some(id) = parts.payment_id {
            fields.payment_id = id.parse().map_err(|_| wrong("paymentId"))?;
        }
        if let Some(code) = parts.status {
            fields.status = status_from_js(code).ok_or_else(|| wrong("status"))?;
        }
        fields.additional_data = parts.additional_data.unwrap_or_default();
        Ok(fields)
    }
}

/// Headers and body of a callback.
#[napi(object, object_from_js = false)]
pub struct SignedCallback {
    /// Name and value.
    pub headers: Vec<(String, String)>,
    /// The raw bytes.
    pub body: Buffer,
}

/// A callback, signed as the gateway signs.
#[napi]
pub fn testing_signed_callback(parts: CallbackParts, secret_key: String) -> Outcome<SignedCallback> {
    to_js(signed_callback(parts, &secret_key))
}

fn signed_callback(parts: CallbackParts, secret_key: &str) -> Result<SignedCallback, Error> {
    let (headers, body) = testing::signed_callback(&parts.try_into()?, &Secret::new(secret_key)?);
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    Ok(SignedCallback { headers: headers.collect(), body: body.into() })
}
