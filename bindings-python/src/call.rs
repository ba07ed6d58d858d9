//! [`Call`]: one call to the gateway, to be waited for or to be started.

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

/// One call to the gateway, prepared. Dropping it cancels it.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct Call {
    client: Client,
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
        let answer = call(client.clone());
        let work = async move {
            let value = answer.await?;
            Ok(Box::new(move |py: Python<'_>| value.into_py_any(py)) as Answer)
        };
        Self { client, creates: false, state: Mutex::new(State::Prepared(Box::pin(work))) }
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
        log::hand_over(py, &self.client.take_log_records())?;
        match result {
            Ok(Ok(answer)) => answer(py),
            Ok(Err(error)) => Err(raise(error)),
            Err(interrupt) => {
                interrupt.set_cause(py, Some(raise(Client::canceled_error(self.creates))));
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

    /// Cancels it, and gives the error that says so.
    #[pyo3(signature = () -> "TransportError")]
    fn cancel(&self, py: Python<'_>) -> Py<PyAny> {
        self.abort();
        raise(Client::canceled_error(self.creates)).into_value(py).into_any()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.abort();
    }
}
