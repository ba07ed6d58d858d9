//! The running simulator behind `paymento.testing.Simulator`.

mod drive;
mod duration;
mod misbehave;
mod options;
mod store;
mod watch;

use std::{sync::Arc, time::SystemTime};

use paymento::{Error, ErrorCode, simulator};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    arguments::{Options, text},
    errors::{raise, refuse},
};
pub(crate) use store::{Store, StoreSnapshot};

/// A simulator that runs. See `paymento.testing.Simulator`.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct RunningSimulator {
    simulator: Arc<simulator::Simulator>,
    process: u32,
}

impl RunningSimulator {
    /// A forked child has the value, but not the thread behind it.
    fn here(&self) -> PyResult<&Arc<simulator::Simulator>> {
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
    fn new(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let builder = options::builder(Options(options))?;
        let simulator = Arc::new(py.detach(|| builder.start()).map_err(raise)?);
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

    #[getter]
    fn started_at(&self) -> PyResult<SystemTime> {
        Ok(self.here()?.started_at())
    }

    // In a forked child nothing of it runs.
    #[getter]
    fn is_stopped(&self) -> bool {
        self.here().map_or(true, |simulator| simulator.is_stopped())
    }

    fn stores(&self) -> PyResult<Vec<StoreSnapshot>> {
        Ok(self.here()?.stores().into_iter().map(StoreSnapshot::from).collect())
    }

    #[pyo3(signature = (name: "str") -> "StoreSnapshot")]
    fn store(&self, name: &Bound<'_, PyAny>) -> PyResult<StoreSnapshot> {
        let (stores, name) = (self.here()?.stores(), text("store", name)?);
        let store = stores.into_iter().find(|store| store.name() == name).map(StoreSnapshot::from);
        store.ok_or_else(|| refuse(ErrorCode::ConfigMissing, "the simulator has no store of this name"))
    }

    #[pyo3(signature = (url: "str", **options: "object") -> "None")]
    fn set_callback_url(&self, url: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let (simulator, options, url) = (self.here()?, Options(options), text("url", url)?);
        let method = options::named(options.text("method")?)?.unwrap_or_default();
        match options.text("store")? {
            Some(store) => simulator.set_callback_url_of(&store, &url, method),
            None => simulator.set_callback_url(&url, method),
        }
        .map_err(raise)
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.simulator.stop());
    }
}
