//! [`Call`]: one call to the gateway, to the checkout or wait for the simulator, to be waited for or to be started.

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

/// One call, prepared. Dropping it cancels it.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct Call {
    /// Whose log records are handed over; none for the simulator.
    client: Option<Client>,
    kind: Kind,
    state: Mutex<State>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Asks,
    /// Must not be repeated blindly.
    Creates,
    /// Sends nothing to a gateway.
    Local,
    /// The checkout does it on its own thread, and to its end.
    Checkout,
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
        Self { client: Some(client), kind: Kind::Asks, state: Mutex::new(State::Prepared(work)) }
    }

    /// One that sends nothing to a gateway.
    pub(crate) fn local<F, T>(call: F) -> Self
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: for<'py> IntoPyObject<'py> + Send + 'static,
    {
        Self { client: None, kind: Kind::Local, state: Mutex::new(State::Prepared(prepare(call))) }
    }

    /// One that the checkout's own thread does; the client is the checkout's.
    pub(crate) fn of_checkout<F, T>(client: Client, call: F) -> Self
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: for<'py> IntoPyObject<'py> + Send + 'static,
    {
        Self { client: Some(client), kind: Kind::Checkout, state: Mutex::new(State::Prepared(prepare(call))) }
    }

    /// Marks a call that must not be repeated blindly.
    pub(crate) fn that_creates(mut self) -> Self {
        self.kind = Kind::Creates;
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
        let asked = matches!(self.kind, Kind::Asks | Kind::Creates);
        asked.then(|| raise(Client::canceled_error(self.kind == Kind::Creates)))
    }

    fn finished(&self, py: Python<'_>, result: PyResult<Result<Answer, Error>>) -> PyResult<Py<PyAny>> {
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
        let work = self.prepared()?;
        let result = match self.kind {
            Kind::Checkout => runtime::park_on(py, work, true),
            _ => runtime::block_on(py, work),
        };
        self.finished(py, result)
    }

    /// Waits for an answer of the checkout on a thread that signals never come to.
    #[pyo3(signature = () -> "Any")]
    fn wait_aside(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let result = runtime::park_on(py, self.prepared()?, false);
        self.finished(py, result)
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
