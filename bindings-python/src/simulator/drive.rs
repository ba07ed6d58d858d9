//! What a test does to the payments of a running simulator.

use std::sync::Arc;

use paymento::{Error, simulator::Simulator};
use pyo3::prelude::*;

use super::{RunningSimulator, duration::duration};
use crate::{arguments::text, call::Call, errors::raise, money::amount, simulated::PaymentSnapshot};

impl RunningSimulator {
    fn with_token(
        &self,
        token: &Bound<'_, PyAny>,
        act: impl FnOnce(&Simulator, &str) -> Result<(), Error>,
    ) -> PyResult<()> {
        act(self.here()?, &text("token", token)?).map_err(raise)
    }
}

#[pymethods]
impl RunningSimulator {
    #[pyo3(signature = (token: "str") -> "None")]
    fn pay(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.with_token(token, Simulator::pay)
    }

    #[pyo3(signature = (token: "str", crypto_amount: "Amount") -> "None")]
    fn pay_amount(&self, token: &Bound<'_, PyAny>, crypto_amount: &Bound<'_, PyAny>) -> PyResult<()> {
        let paid = amount("amount", crypto_amount)?;
        self.with_token(token, |simulator, token| simulator.pay_amount(token, &paid))
    }

    #[pyo3(signature = (token: "str") -> "None")]
    fn underpay(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.with_token(token, Simulator::underpay)
    }

    #[pyo3(signature = (token: "str", crypto_amount: "Amount") -> "None")]
    fn underpay_by(&self, token: &Bound<'_, PyAny>, crypto_amount: &Bound<'_, PyAny>) -> PyResult<()> {
        let missing = amount("amount", crypto_amount)?;
        self.with_token(token, |simulator, token| simulator.underpay_by(token, &missing))
    }

    #[pyo3(signature = (token: "str") -> "None")]
    fn overpay(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.with_token(token, Simulator::overpay)
    }

    #[pyo3(signature = (token: "str") -> "None")]
    fn confirm(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.with_token(token, Simulator::confirm)
    }

    #[pyo3(signature = (token: "str") -> "None")]
    fn drop_transaction(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.with_token(token, Simulator::drop_transaction)
    }

    #[pyo3(signature = (token: "str") -> "None")]
    fn cancel(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.with_token(token, Simulator::cancel)
    }

    #[pyo3(signature = (token: "str") -> "None")]
    fn expire(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.with_token(token, Simulator::expire)
    }

    #[pyo3(signature = (token: "str") -> "None")]
    fn reject(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.with_token(token, Simulator::reject)
    }

    #[pyo3(signature = (by: "Duration") -> "Call")]
    fn advanced(&self, by: &Bound<'_, PyAny>) -> PyResult<Call> {
        let (simulator, by) = (Arc::clone(self.here()?), duration("by", by)?);
        Ok(Call::local(async move { simulator.advanced(by).await }))
    }

    /// In seconds since the start.
    fn now(&self) -> PyResult<f64> {
        Ok(self.here()?.now().as_secs_f64())
    }

    fn payments(&self) -> PyResult<Vec<PaymentSnapshot>> {
        Ok(self.here()?.payments().into_iter().map(PaymentSnapshot::from).collect())
    }

    #[pyo3(signature = (token: "str") -> "PaymentSnapshot | None")]
    fn payment(&self, token: &Bound<'_, PyAny>) -> PyResult<Option<PaymentSnapshot>> {
        Ok(self.here()?.payment(&text("token", token)?).map(PaymentSnapshot::from))
    }

    fn forgotten_payments(&self) -> PyResult<u64> {
        Ok(self.here()?.forgotten_payments())
    }
}
