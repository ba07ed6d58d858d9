//! [`Work`]: an event that was handed over, with its order leased to this process; and [`Stop`].

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use paymento::{ErrorCode, checkout};
use pyo3::prelude::*;
use tokio::sync::Notify;

use super::event::OrderEvent;
use crate::errors::refuse;

/// Must be completed, failed or released; when it is dropped its lease ends after 10 seconds.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct Work {
    held: Mutex<Option<checkout::Work>>,
    event: OrderEvent,
    is_last_attempt: bool,
}

impl Work {
    pub(super) fn new(work: checkout::Work, file: Option<&Path>) -> Self {
        let event = OrderEvent::new(work.event().clone(), file);
        let is_last_attempt = work.is_last_attempt();
        Self { held: Mutex::new(Some(work)), event, is_last_attempt }
    }

    pub(super) fn taken(&self) -> PyResult<checkout::Work> {
        let work = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.ok_or_else(|| refuse(ErrorCode::InputType, "work ends once"))
    }
}

#[pymethods]
impl Work {
    /// What the handler is given.
    #[getter]
    fn event(&self) -> OrderEvent {
        self.event.clone()
    }

    /// The same for one handler, whose `once` notes what it said in these claims.
    #[pyo3(signature = (claims: "object") -> "OrderEvent")]
    fn event_for(&self, claims: Py<PyAny>) -> OrderEvent {
        self.event.with_claims(claims)
    }

    /// Whether one more failure makes a dead letter of it.
    #[getter]
    fn is_last_attempt(&self) -> bool {
        self.is_last_attempt
    }

    /// Which handler.
    #[getter]
    fn kind(&self) -> &'static str {
        self.event.kind().as_str()
    }
}

/// Ends a pull early, from any thread.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct Stop(Arc<Asked>);

#[derive(Default)]
struct Asked {
    asked: AtomicBool,
    told: Notify,
}

impl Stop {
    pub(super) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let asked = Arc::clone(&self.0);
        async move {
            // Listens first and looks then, so that nothing is missed in between.
            let told = asked.told.notified();
            if !asked.asked.load(Ordering::SeqCst) {
                told.await;
            }
        }
    }
}

#[pymethods]
impl Stop {
    #[new]
    fn new() -> Self {
        Self(Arc::default())
    }

    /// From now on pulls give nothing.
    fn stop(&self) {
        self.0.asked.store(true, Ordering::SeqCst);
        self.0.told.notify_waiters();
    }

    /// Whether it was told to stop.
    #[getter]
    fn is_stopped(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }
}
