//! [`Settlement`] and [`Transaction`]: what the gateway reports of the money.

use paymento::Amount;
use pyo3::{
    prelude::*,
    types::{PyDict, PyList},
};

use crate::{
    money::Money,
    value::{Fields, data_class},
};

/// What the gateway reports of the money: the documented fields, the transactions, and the JSON for the rest.
///
/// All may be missing: older servers send no settlement at all. Nothing here proves a payment; the outcome does.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Settlement(pub(crate) paymento::Settlement);

data_class!(
    Settlement,
    ["expected_crypto_amount", "requested_fiat_amount", "received_crypto_amount", "pending_tx_hash"]
);

impl From<paymento::Settlement> for Settlement {
    fn from(settlement: paymento::Settlement) -> Self {
        Self(settlement)
    }
}

fn money(amount: Option<&Amount>) -> Option<Money> {
    amount.cloned().map(Money)
}

#[pymethods]
impl Settlement {
    /// What the customer was asked to pay, in the coin chosen.
    #[getter]
    fn expected_crypto_amount(&self) -> Option<Money> {
        money(self.0.expected_crypto_amount())
    }

    /// The fiat amount that was asked for, not what arrived. None for a price in coins.
    #[getter]
    fn requested_fiat_amount(&self) -> Option<Money> {
        money(self.0.requested_fiat_amount())
    }

    /// The coins seen so far, those that still wait in the mempool included: no proof of payment.
    #[getter]
    fn received_crypto_amount(&self) -> Option<Money> {
        money(self.0.received_crypto_amount())
    }

    /// The hash of a transaction that is still expected on the chain.
    #[getter]
    fn pending_tx_hash(&self) -> Option<&str> {
        self.0.pending_tx_hash()
    }

    /// The transactions, in the gateway's order.
    #[getter]
    fn transactions(&self) -> Vec<Transaction> {
        self.0.transactions().iter().cloned().map(Transaction).collect()
    }

    /// The gateway's JSON as text, character for character; `null` where it reported no settlement.
    #[getter]
    fn raw(&self) -> &str {
        self.0.raw()
    }

    /// The fields as JSON takes them; amounts as strings.
    #[pyo3(signature = () -> "dict[str, Any]")]
    pub(crate) fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let transactions = PyList::empty(py);
        for transaction in self.transactions() {
            transactions.append(transaction.to_dict(py)?)?;
        }
        let fields = Fields::new(py)
            .with("expected_crypto_amount", self.0.expected_crypto_amount().map(ToString::to_string))?
            .with("requested_fiat_amount", self.0.requested_fiat_amount().map(ToString::to_string))?
            .with("received_crypto_amount", self.0.received_crypto_amount().map(ToString::to_string))?
            .with("pending_tx_hash", self.pending_tx_hash())?
            .with("transactions", transactions)?
            .with("raw", self.raw())?;
        Ok(fields.done())
    }
}

/// One transaction on a chain.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Transaction(paymento::Transaction);

data_class!(Transaction, ["tx_hash"]);

#[pymethods]
impl Transaction {
    /// The transaction's hash on its chain.
    #[getter]
    fn tx_hash(&self) -> Option<&str> {
        self.0.tx_hash()
    }

    /// The gateway's JSON as text, character for character: its other fields are not documented.
    #[getter]
    fn raw(&self) -> &str {
        self.0.raw()
    }

    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        Ok(Fields::new(py).with("tx_hash", self.tx_hash())?.with("raw", self.raw())?.done())
    }
}
