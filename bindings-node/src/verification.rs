//! A verify answer, held against what was expected.

use napi_derive::napi;
use paymento::{Error, Expected};
use serde::Serialize;

use crate::{
    errors::{Outcome, to_js},
    payment::PriceParts,
    settlement::Settlement,
    status::code_to_js,
};

/// What the shop recorded.
#[napi(object, object_to_js = false)]
pub struct ExpectedPayment {
    /// The shop's order id.
    pub order_id: String,
    /// The recorded price.
    pub price: PriceParts,
}

impl TryFrom<ExpectedPayment> for Expected {
    type Error = Error;

    fn try_from(given: ExpectedPayment) -> Result<Self, Error> {
        let (amount, coins) = (given.price.fiat_amount()?, given.price.crypto_amounts()?);
        Self::order(given.order_id)?.price_from_parts(amount, given.price.fiat_currency.as_deref(), &coins)
    }
}

/// A verification as plain data.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// What the answer comes to.
    pub outcome: &'static str,
    /// Whether the order is to be fulfilled.
    pub is_settled: bool,
    /// The token that was asked about.
    pub token: String,
    /// The order that was expected.
    pub order_id: String,
    /// The status after the call.
    pub status: Option<f64>,
    /// The status as it came.
    pub status_text: Option<String>,
    /// Whether no amount was compared.
    pub amount_unchecked: bool,
    /// What does not match.
    pub detail: Option<String>,
    /// The gateway's own message.
    pub message: Option<String>,
    /// The shop's own notes.
    pub additional_data: Vec<(String, String)>,
    /// What the gateway reports of the money.
    pub settlement: Option<Settlement>,
    /// What requiring a settled payment gives; none where that is the settlement above.
    #[napi(ts_type = "Failure | Settlement")]
    pub required: Option<Outcome<Settlement>>,
}

impl From<&paymento::Verification> for Verification {
    fn from(verification: &paymento::Verification) -> Self {
        let required = || to_js(verification.require_settled().map(|settlement| (&settlement).into()));
        let is_reported = verification.is_settled() && verification.settlement().is_some();
        Self {
            outcome: verification.outcome().as_str(),
            is_settled: verification.is_settled(),
            token: verification.token().to_owned(),
            order_id: verification.order_id().to_owned(),
            status: verification.status().map(code_to_js),
            status_text: verification.status_text().map(str::to_owned),
            amount_unchecked: verification.amount_unchecked(),
            detail: verification.detail().map(str::to_owned),
            message: verification.message().map(str::to_owned),
            additional_data: verification.additional_data().to_vec(),
            settlement: verification.settlement().map(Into::into),
            required: (!is_reported).then(required),
        }
    }
}
