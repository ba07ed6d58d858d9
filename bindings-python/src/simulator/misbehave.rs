//! Making a running simulator misbehave, and what it found wrong with the shop.

use paymento::{
    OrderStatus,
    simulator::{Chaos, Fault, Trigger},
};
use pyo3::{
    prelude::*,
    types::{PyBool, PyDict},
};

use super::{RunningSimulator, options::seed};
use crate::{
    arguments::{Options, count, entries, integer, text},
    body,
    errors::{raise, wrong_type},
    simulated::{ArmedFault, Finding},
};

#[pymethods]
impl RunningSimulator {
    #[pyo3(signature = (token: "str", status: "int") -> "None")]
    fn send_callback(&self, token: &Bound<'_, PyAny>, status: &Bound<'_, PyAny>) -> PyResult<()> {
        let status = OrderStatus::from_code(integer("status", status)?);
        self.here()?.send_callback(&text("token", token)?, status).map_err(raise)
    }

    #[pyo3(signature = (token: "str", body: "bytes", headers: "Mapping[str, str]") -> "None")]
    fn forge_callback(
        &self,
        token: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let wrong = || wrong_type("headers", "a mapping of strings to strings", headers);
        let pair = |(name, value): &(_, _)| PyResult::Ok((text("headers", name)?, text("headers", value)?));
        let headers: Vec<_> = entries(headers, wrong)?.iter().map(pair).collect::<PyResult<_>>()?;
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.here()?.forge_callback(&text("token", token)?, body::raw(body)?.as_bytes(), &headers).map_err(raise)
    }

    #[pyo3(signature = (delivery: "int") -> "int")]
    fn resend(&self, delivery: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.here()?.resend(count("delivery", delivery)?).map_err(raise)
    }

    #[pyo3(signature = (delivery: "int") -> "int")]
    fn tamper(&self, delivery: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.here()?.tamper(count("delivery", delivery)?).map_err(raise)
    }

    #[pyo3(signature = (store: "str | None") -> "int")]
    fn send_test_webhook(&self, store: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
        let store = store.map(|store| text("store", store)).transpose()?;
        self.here()?.send_test_webhook(store.as_deref()).map_err(raise)
    }

    #[pyo3(signature = (store: "str | None") -> "int")]
    fn send_tampered_probe(&self, store: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
        let store = store.map(|store| text("store", store)).transpose()?;
        self.here()?.send_tampered_probe(store.as_deref()).map_err(raise)
    }

    #[pyo3(signature = (status: "int", **options: "object") -> "int")]
    fn trigger(&self, status: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<u64> {
        let options = Options(options);
        let mut trigger = Trigger::new(OrderStatus::from_code(integer("status", status)?));
        if let Some(token) = options.text("token")? {
            trigger = trigger.token(token);
        }
        if let Some(order_id) = options.text("order_id")? {
            trigger = trigger.order_id(order_id);
        }
        for name in options.texts("faults")? {
            trigger = trigger.fault(name.parse().map_err(raise)?);
        }
        self.here()?.trigger(&trigger).map_err(raise)
    }

    #[pyo3(signature = (fault: "str", **options: "object") -> "None")]
    fn arm(&self, fault: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let options = Options(options);
        let fault: Fault = text("fault", fault)?.parse().map_err(raise)?;
        let times = options.get("times")?.map(|times| count("times", &times)).transpose()?;
        let times = times.map(|times| u32::try_from(times).unwrap_or(u32::MAX));
        self.here()?.arm(fault, times, options.text("token")?.as_deref());
        Ok(())
    }

    fn faults(&self) -> PyResult<Vec<ArmedFault>> {
        Ok(self.here()?.faults().into_iter().map(ArmedFault::from).collect())
    }

    fn clear_faults(&self) -> PyResult<()> {
        self.here()?.clear_faults();
        Ok(())
    }

    #[pyo3(signature = (**options: "object") -> "None")]
    fn chaos(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let options = Options(options);
        let chaos = Chaos {
            duplicate: chance(options, "duplicate")?,
            reorder: chance(options, "reorder")?,
            drop: chance(options, "drop")?,
            delay: chance(options, "delay")?,
            stalled_body: chance(options, "stalled_body")?,
            bad_gateway: chance(options, "bad_gateway")?,
            seed: seed(options)?,
        };
        self.here()?.chaos(chaos).map_err(raise)
    }

    fn calm(&self) -> PyResult<()> {
        self.here()?.calm();
        Ok(())
    }

    fn findings(&self) -> PyResult<Vec<Finding>> {
        Ok(self.here()?.findings().into_iter().map(Finding::from).collect())
    }

    fn check_findings(&self) -> PyResult<()> {
        self.here()?.check_findings().map_err(raise)
    }
}

/// A probability; core says which ones there are.
fn chance(options: Options<'_, '_>, name: &str) -> PyResult<f64> {
    let Some(value) = options.get(name)? else { return Ok(0.0) };
    let number = if value.is_instance_of::<PyBool>() { None } else { value.extract().ok() };
    number.ok_or_else(|| wrong_type(name, "a number from 0 to 1", &value))
}
