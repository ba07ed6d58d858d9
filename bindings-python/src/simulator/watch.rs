//! Looking at a running simulator, and waiting for it. What waits is a [`Call`]: for a thread or for an event loop.

use std::sync::Arc;

use pyo3::prelude::*;

use super::{RunningSimulator, duration::duration};
use crate::{
    arguments::{count, text},
    call::Call,
    simulated::{Delivery, Event},
};

#[pymethods]
impl RunningSimulator {
    /// Those so far, finished or not.
    #[pyo3(signature = (token: "str") -> "list[Delivery]")]
    fn deliveries(&self, token: &Bound<'_, PyAny>) -> PyResult<Vec<Delivery>> {
        Ok(delivered(self.here()?.deliveries(&text("token", token)?)))
    }

    #[pyo3(signature = (id: "int") -> "Delivery | None")]
    fn delivery(&self, id: &Bound<'_, PyAny>) -> PyResult<Option<Delivery>> {
        Ok(self.here()?.delivery(count("id", id)?).map(Delivery::from))
    }

    #[pyo3(signature = (limit: "int") -> "list[Delivery]")]
    fn recent_deliveries(&self, limit: &Bound<'_, PyAny>) -> PyResult<Vec<Delivery>> {
        Ok(delivered(self.here()?.recent_deliveries(size("limit", limit)?)))
    }

    /// Waits for so many finished ones.
    #[pyo3(signature = (token: "str", count: "int", timeout: "Duration") -> "Call")]
    fn delivered(
        &self,
        token: &Bound<'_, PyAny>,
        count: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Call> {
        let (simulator, token) = (Arc::clone(self.here()?), text("token", token)?);
        let (count, timeout) = (size("count", count)?, duration("timeout", timeout)?);
        Ok(Call::local(async move { simulator.delivered(&token, count, timeout).await.map(delivered) }))
    }

    #[pyo3(signature = (id: "int", timeout: "Duration") -> "Call")]
    fn delivery_finished(&self, id: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<Call> {
        let (simulator, id) = (Arc::clone(self.here()?), count("id", id)?);
        let timeout = duration("timeout", timeout)?;
        Ok(Call::local(async move { simulator.delivery_finished(id, timeout).await.map(Delivery::from) }))
    }

    #[pyo3(signature = (sequence: "int", timeout: "Duration") -> "Call")]
    fn next_events(&self, sequence: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<Call> {
        let (simulator, sequence) = (Arc::clone(self.here()?), count("sequence", sequence)?);
        let timeout = duration("timeout", timeout)?;
        let events = async move { simulator.next_events(sequence, timeout).await };
        Ok(Call::local(async move { Ok(events.await.into_iter().map(Event::from).collect::<Vec<_>>()) }))
    }
}

fn delivered(deliveries: Vec<paymento::simulator::Delivery>) -> Vec<Delivery> {
    deliveries.into_iter().map(Delivery::from).collect()
}

fn size(name: &str, value: &Bound<'_, PyAny>) -> PyResult<usize> {
    Ok(usize::try_from(count(name, value)?).unwrap_or(usize::MAX))
}
