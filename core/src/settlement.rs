//! [`Settlement`]: what the gateway reports of the money.

use serde_json::value::RawValue;

use crate::{
    amount::Amount,
    json::{self, Object},
};

/// What the gateway reports of the money: four documented fields, the transactions, and the JSON for the rest.
///
/// All four may be missing: older servers send no settlement at all. Nothing here proves a payment; the
/// [outcome](crate::Verification::outcome) does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    expected_crypto_amount: Option<Amount>,
    requested_fiat_amount: Option<Amount>,
    received_crypto_amount: Option<Amount>,
    pending_tx_hash: Option<String>,
    transactions: Vec<Transaction>,
    raw: String,
}

impl Settlement {
    /// Where the gateway reported none.
    pub(crate) fn absent() -> Self {
        Self::read(RawValue::NULL)
    }

    pub(crate) fn read(raw: &RawValue) -> Self {
        let fields = json::object(raw).unwrap_or_default();
        let amount = |name| fields.get(name).and_then(amount);
        Self {
            expected_crypto_amount: amount("expectedCryptoAmount"),
            requested_fiat_amount: amount("requestedFiatAmount"),
            received_crypto_amount: amount("receivedCryptoAmount"),
            pending_tx_hash: fields.text("pendingTxHash"),
            transactions: transactions(&fields),
            raw: raw.get().to_owned(),
        }
    }

    /// What the customer was asked to pay, in the coin chosen.
    pub fn expected_crypto_amount(&self) -> Option<&Amount> {
        self.expected_crypto_amount.as_ref()
    }

    /// The fiat amount that was asked for, not what arrived. None for a price in coins.
    pub fn requested_fiat_amount(&self) -> Option<&Amount> {
        self.requested_fiat_amount.as_ref()
    }

    /// The coins seen so far, those that still wait in the mempool included: no proof of payment.
    pub fn received_crypto_amount(&self) -> Option<&Amount> {
        self.received_crypto_amount.as_ref()
    }

    /// The hash of a transaction that is still expected on the chain.
    pub fn pending_tx_hash(&self) -> Option<&str> {
        self.pending_tx_hash.as_deref()
    }

    /// The transactions, in the gateway's order.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// The gateway's JSON, character for character; `null` where it reported no settlement.
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

/// One transaction on a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    tx_hash: Option<String>,
    raw: String,
}

impl Transaction {
    /// The transaction's hash on its chain.
    pub fn tx_hash(&self) -> Option<&str> {
        self.tx_hash.as_deref()
    }

    /// The gateway's JSON, character for character: its other fields are not documented.
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

/// From the number's literal text, or from a string that holds one.
pub(crate) fn amount(raw: &RawValue) -> Option<Amount> {
    Amount::parse(json::text(raw)?.trim()).ok()
}

fn transactions(fields: &Object<'_>) -> Vec<Transaction> {
    let items = fields.get("transactions").and_then(json::array).unwrap_or_default();
    items.into_iter().map(transaction).collect()
}

fn transaction(raw: &RawValue) -> Transaction {
    let tx_hash = json::object(raw).and_then(|fields| fields.text("txHash"));
    Transaction { tx_hash, raw: raw.get().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_digit_for_digit_and_the_rest_is_kept_raw() {
        let json = r#"{"expectedCryptoAmount":0.000417320000000001,"receivedCryptoAmount":4.1732E-4,"requestedFiatAmount":"29.99",
            "explorer": "x", "transactions":[{"txHash":"ab","n":1},{},7]}"#;
        let settlement = Settlement::read(serde_json::from_str(json).expect("JSON"));
        let text = |amount: Option<&Amount>| amount.map(ToString::to_string);
        assert_eq!(text(settlement.expected_crypto_amount()).as_deref(), Some("0.000417320000000001"));
        assert_eq!(text(settlement.received_crypto_amount()).as_deref(), Some("0.00041732"));
        assert_eq!(text(settlement.requested_fiat_amount()).as_deref(), Some("29.99"));
        assert_eq!(settlement.transactions().len(), 3);
        assert_eq!(settlement.transactions()[0].tx_hash(), Some("ab"));
        assert_eq!(settlement.raw(), json);
    }

    #[test]
    fn a_settlement_of_another_shape_is_kept_and_invents_nothing() {
        for json in ["null", "[]", "7", "{}", r#"{"expectedCryptoAmount":1e9999,"transactions":{}}"#] {
            let settlement = Settlement::read(serde_json::from_str(json).expect("JSON"));
            assert_eq!(
                (settlement.expected_crypto_amount(), settlement.transactions(), settlement.raw()),
                (None, &[][..], json)
            );
        }
    }
}
