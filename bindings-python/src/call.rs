//! [`Call`]: one call to the gateway or wait for the simulator, to be waited for or to be started.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use paymento::{Client, Error, ErrorCode};
use pyo3::{IntoPyObjectExt, prelude::*};
use tokio::task::AbortHandle;

use crate::{
    errors::{raise, refuse},
    log,
    queue::CompletionQueue,
    runtime,
};

/// Makes the Python value of an answer, later and on a thread of Python's.
pub(crate) type Answer = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;
type Work = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// One call to the gateway or wait for the simulator, prepared. Dropping it cancels it.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct Call {
    /// Who calls the gateway; none for the simulator.
    client: Option<Client>,
    creates: bool,
    state: Mutex<State>,
}

enum State {
    Prepared(Work),
    Started(AbortHandle),
    Over,
}

impl Call {
    pub(crate) fn new<C, F, T>(client: Client, call: C) -> Self
    where
        C: FnOnce(Client) -> F,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: for<'py> IntoPyObject<'py> + Send + 'static,
    {
        let work = prepare(call(client.clone()));
        Self { client: Some(client), creates: false, state: Mutex::new(State::Prepared(work)) }
    }

    /// One that sends nothing to a gateway.
    pub(crate) fn local<F, T>(call: F) -> Self
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: for<'py> IntoPyObject<'py> + Send + 'static,
    {
        Self { client: None, creates: false, state: Mutex::new(State::Prepared(prepare(call))) }
    }

    /// Marks a call that must not be repeated blindly.
    pub(crate) fn that_creates(mut self) -> Self {
        self.creates = true;
        self
    }

    fn prepared(&self) -> PyResult<Work> {
        match mem::replace(&mut *self.state(), State::Over) {
            State::Prepared(work) => Ok(work),
            State::Started(_) | State::Over => Err(refuse(ErrorCode::InputType, "a call runs once")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn canceled_error(&self) -> Option<PyErr> {
        self.client.as_ref().map(|_| raise(Client::canceled_error(self.creates)))
    }

    fn abort(&self) {
        if let State::Started(task) = mem::replace(&mut *self.state(), State::Over) {
            task.abort();
        }
    }
}

#[pymethods]
impl Call {
    /// Waits for the answer.
    #[pyo3(signature = () -> "Any")]
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let result = runtime::block_on(py, self.prepared()?);
        if let Some(client) = &self.client {
            log::hand_over(py, &client.take_log_records())?;
        }
        match result {
            Ok(Ok(answer)) => answer(py),
            Ok(Err(error)) => Err(raise(error)),
            Err(interrupt) => {
                interrupt.set_cause(py, self.canceled_error());
                Err(interrupt)
            }
        }
    }

    /// Starts it in the background; the queue gets the answer under this number.
    fn start(&self, queue: &CompletionQueue, number: u64) -> PyResult<()> {
        let work = self.prepared()?;
        let completion = queue.promise(number, self.client.clone());
        let task = runtime::background().map_err(raise)?.spawn(async move { completion.finish(work.await) });
        *self.state() = State::Started(task.abort_handle());
        Ok(())
    }

    /// Cancels it, and gives the error that says so where something may have been sent.
    #[pyo3(signature = () -> "TransportError | None")]
    fn cancel(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.abort();
        self.canceled_error().map(|error| error.into_value(py).into_any())
    }
}

fn prepare<F, T>(call: F) -> Work
where
    F: Future<Output = Result<T, Error>> + Send + 'static,
    T: for<'py> IntoPyObject<'py> + Send + 'static,
{
    Box::pin(async move {
        let value = call.await?;
        Ok(Box::new(move |py: Python<'_>| value.into_py_any(py)) as Answer)
    })
}

impl Drop for Call {
    fn drop(&mut self) {
        self.abort();
    }
}
