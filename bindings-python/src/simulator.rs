//! The running simulator behind `paymento.testing.Simulator`.

use std::time::Duration;

use paymento::{
    CallbackMethod, Error, ErrorCode, OrderStatus,
    simulator::{self, Simulator, SimulatorBuilder},
};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    arguments::{Options, count, entries, integer, items, text},
    body,
    errors::{raise, wrong_type},
    limits::duration,
    runtime::block_on,
    settings::callback_method,
    simulated::{Delivery, Event, PaymentSnapshot},
};

/// A simulator that runs. See `paymento.testing.Simulator`.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct RunningSimulator {
    simulator: Simulator,
    process: u32,
}

impl RunningSimulator {
    /// A forked child has the value, but not the thread behind it.
    fn here(&self) -> PyResult<&Simulator> {
        if self.process == std::process::id() {
            return Ok(&self.simulator);
        }
        Err(raise(Error::new(ErrorCode::ConfigClosed, "the simulator runs in the parent process")))
    }
}

#[pymethods]
impl RunningSimulator {
    #[new]
    #[pyo3(signature = (**options: "object"))]
    fn new(options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let simulator = builder(Options(options))?.start().map_err(raise)?;
        Ok(Self { simulator, process: std::process::id() })
    }

    #[getter]
    fn base_url(&self) -> String {
        self.simulator.base_url()
    }

    #[getter]
    fn gateway_url(&self) -> String {
        self.simulator.gateway_url()
    }

    #[getter]
    fn port(&self) -> u16 {
        self.simulator.port()
    }

    #[getter]
    fn api_key(&self) -> &str {
        self.simulator.api_key()
    }

    #[getter]
    fn secret_key(&self) -> &str {
        self.simulator.secret_key()
    }

    #[getter]
    fn store_name(&self) -> &str {
        self.simulator.store_name()
    }

    #[pyo3(signature = (url: "str", **options: "object") -> "None")]
    fn set_callback_url(&self, url: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let method = simulated_method(callback_method(Options(options), "method")?);
        self.here()?.set_callback_url(&text("url", url)?, method).map_err(raise)
    }

    #[pyo3(signature = (token: "str") -> "None")]
    fn pay(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.here()?.pay(&text("token", token)?).map_err(raise)
    }

    #[pyo3(signature = (token: "str") -> "None")]
    fn cancel(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        self.here()?.cancel(&text("token", token)?).map_err(raise)
    }

    #[pyo3(signature = (token: "str", status: "int") -> "None")]
    fn send_callback(&self, token: &Bound<'_, PyAny>, status: &Bound<'_, PyAny>) -> PyResult<()> {
        self.here()?
            .send_callback(&text("token", token)?, OrderStatus::from_code(integer("status", status)?))
            .map_err(raise)
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

    fn payments(&self) -> PyResult<Vec<PaymentSnapshot>> {
        Ok(self.here()?.payments().into_iter().map(PaymentSnapshot::from).collect())
    }

    #[pyo3(signature = (token: "str") -> "PaymentSnapshot | None")]
    fn payment(&self, token: &Bound<'_, PyAny>) -> PyResult<Option<PaymentSnapshot>> {
        Ok(self.here()?.payment(&text("token", token)?).map(PaymentSnapshot::from))
    }

    /// Without a count those so far, finished or not; with one it waits for so many finished ones.
    #[pyo3(signature = (token: "str", wanted: "int | None", timeout: "Seconds") -> "list[Delivery]")]
    fn deliveries(
        &self,
        py: Python<'_>,
        token: &Bound<'_, PyAny>,
        wanted: Option<&Bound<'_, PyAny>>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<Delivery>> {
        let (simulator, token) = (self.here()?, text("token", token)?);
        let found = match wanted {
            None => simulator.deliveries(&token),
            Some(wanted) => {
                let wanted = usize::try_from(count("count", wanted)?).unwrap_or(usize::MAX);
                let timeout = duration("timeout", timeout)?;
                block_on(py, simulator.delivered(&token, wanted, timeout))?.map_err(raise)?
            }
        };
        Ok(found.into_iter().map(|delivery| Delivery::new(py, delivery)).collect())
    }

    #[pyo3(signature = (sequence: "int", timeout: "Seconds") -> "list[Event]")]
    fn events_after(
        &self,
        py: Python<'_>,
        sequence: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<Event>> {
        let (simulator, timeout) = (self.here()?, duration("timeout", timeout)?);
        let sequence = count("sequence", sequence)?;
        Ok(block_on(py, simulator.next_events(sequence, timeout))?.into_iter().map(Event::from).collect())
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.simulator.stop());
    }
}

fn builder(options: Options<'_, '_>) -> PyResult<SimulatorBuilder> {
    let mut builder = Simulator::builder();
    if let Some(port) = options.integer("port")? {
        let taken = |_| raise(Error::new(ErrorCode::ConfigPort, format!("port is 0 to 65535; got {port}")));
        builder = builder.port(port.try_into().map_err(taken)?);
    }
    if let Some(name) = options.text("store_name")? {
        builder = builder.store_name(name);
    }
    if let Some(key) = options.text("api_key")? {
        builder = builder.api_key(key);
    }
    if let Some(key) = options.text("secret_key")? {
        builder = builder.secret_key(key);
    }
    if let Some(url) = options.text("callback_url")? {
        builder = builder.callback_url(url);
    }
    if let Some(waits) = options.get("retry_schedule")? {
        builder = builder.retry_schedule(retry_schedule(&waits)?);
    }
    Ok(builder.callback_method(simulated_method(callback_method(options, "callback_method")?)))
}

fn retry_schedule(waits: &Bound<'_, PyAny>) -> PyResult<Vec<Duration>> {
    let all = items(waits).ok_or_else(|| wrong_type("retry_schedule", "a list of seconds", waits))?;
    all.iter().map(|wait| duration("retry_schedule", wait)).collect()
}

/// The simulator shares no type with the client.
fn simulated_method(method: CallbackMethod) -> simulator::CallbackMethod {
    match method {
        CallbackMethod::Put => simulator::CallbackMethod::Put,
        _ => simulator::CallbackMethod::Post,
    }
}
