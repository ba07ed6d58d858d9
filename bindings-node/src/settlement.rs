//! What the gateway reports of the money.

use napi_derive::napi;
use serde::Serialize;

/// A settlement as plain data.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// What the customer was asked to pay, in the coin chosen.
    pub expected_crypto_amount: Option<String>,
    /// The fiat amount that was asked for.
    pub requested_fiat_amount: Option<String>,
    /// The coins seen so far.
    pub received_crypto_amount: Option<String>,
    /// The hash of a transaction that is still expected.
    pub pending_tx_hash: Option<String>,
    /// The transactions.
    pub transactions: Vec<Transaction>,
    /// The gateway's JSON.
    pub raw: String,
}

/// A transaction as plain data.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// The hash on its chain.
    pub tx_hash: Option<String>,
    /// The gateway's JSON.
    pub raw: String,
}

impl From<&paymento::Settlement> for Settlement {
    fn from(settlement: &paymento::Settlement) -> Self {
        Self {
            expected_crypto_amount: settlement.expected_crypto_amount().map(ToString::to_string),
            requested_fiat_amount: settlement.requested_fiat_amount().map(ToString::to_string),
            received_crypto_amount: settlement.received_crypto_amount().map(ToString::to_string),
            pending_tx_hash: settlement.pending_tx_hash().map(str::to_owned),
            transactions: settlement.transactions().iter().map(Into::into).collect(),
            raw: settlement.raw().to_owned(),
        }
    }
}

impl From<&paymento::Transaction> for Transaction {
    fn from(transaction: &paymento::Transaction) -> Self {
        Self { tx_hash: transaction.tx_hash().map(str::to_owned), raw: transaction.raw().to_owned() }
    }
}
