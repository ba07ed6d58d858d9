//! [`CompletionQueue`]: how answers come from the background to an event loop, without a background thread in Python.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use paymento::{Client, Error, ErrorCode};
use pyo3::prelude::*;

use crate::{
    call::Answer,
    errors::{raise, refuse},
    log,
};

#[cfg(not(unix))]
type Socket = std::net::TcpStream;
#[cfg(unix)]
type Socket = std::os::unix::net::UnixStream;

/// Answers wait here for one event loop, which a byte on a socket wakes. What comes after the loop is gone is dropped.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct CompletionQueue {
    shared: Arc<Shared>,
    reader: Mutex<Option<Socket>>,
}

#[derive(Default)]
struct Shared(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    done: Vec<Completion>,
    /// None once nobody listens any more.
    bell: Option<Socket>,
}

struct Completion {
    number: u64,
    client: Option<Client>,
    /// None when it was canceled.
    result: Option<Result<Answer, Error>>,
}

/// Number, value and exception of a completion: what the event loop fetches.
type Fetched = (u64, Option<Py<PyAny>>, Option<Py<PyAny>>);

/// Hands in a completion, also when the task is dropped in the middle: the loop then fetches the log records.
pub(crate) struct Promise {
    shared: Arc<Shared>,
    completion: Option<Completion>,
}

impl Promise {
    pub(crate) fn finish(mut self, result: Result<Answer, Error>) {
        if let Some(completion) = self.completion.as_mut() {
            completion.result = Some(result);
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if let Some(completion) = self.completion.take() {
            self.shared.push(completion);
        }
    }
}

impl Shared {
    fn push(&self, completion: Completion) {
        let mut waiting = self.lock();
        let first = waiting.done.is_empty();
        let Some(bell) = waiting.bell.as_mut() else { return };
        if first {
            // A full socket wakes the loop as well.
            let _ = bell.write(&[1]);
        }
        waiting.done.push(completion);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CompletionQueue {
    pub(crate) fn promise(&self, number: u64, client: Option<Client>) -> Promise {
        let completion = Some(Completion { number, client, result: None });
        Promise { shared: Arc::clone(&self.shared), completion }
    }
}

#[pymethods]
impl CompletionQueue {
    #[new]
    fn new() -> PyResult<Self> {
        let (bell, reader) = pair().map_err(|error| no_sockets(&error))?;
        let waiting = Waiting { done: Vec::new(), bell: Some(bell) };
        Ok(Self { shared: Arc::new(Shared(Mutex::new(waiting))), reader: Mutex::new(Some(reader)) })
    }

    /// The descriptor of the socket to read from, once; whoever takes it closes it.
    fn take_reader(&self) -> PyResult<u64> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        reader.and_then(descriptor).ok_or_else(|| refuse(ErrorCode::InputType, "the reader is taken once"))
    }

    /// The answers since the last time: number, value and exception of each. And what a handler of log records raised to
    /// end the program, which is to be raised once the answers are where they belong.
    #[pyo3(signature = () -> "tuple[list[tuple[int, Any, Exception | None]], BaseException | None]")]
    fn drain(&self, py: Python<'_>) -> (Vec<Fetched>, Option<Py<PyAny>>) {
        let done = mem::take(&mut self.shared.lock().done);
        let mut stop = None;
        let mut fetch = |completion: Completion| {
            let records = completion.client.as_ref().map(Client::take_log_records).unwrap_or_default();
            if let Err(error) = log::hand_over(py, &records) {
                stop = Some(error.into_value(py).into_any());
            }
            completion.into_python(py)
        };
        let fetched = done.into_iter().filter_map(&mut fetch).collect();
        (fetched, stop)
    }
}

impl Drop for CompletionQueue {
    fn drop(&mut self) {
        let _ = mem::take(&mut *self.shared.lock());
    }
}

impl Completion {
    fn into_python(self, py: Python<'_>) -> Option<Fetched> {
        let value = match self.result? {
            Ok(answer) => answer(py),
            Err(error) => Err(raise(error)),
        };
        Some(match value {
            Ok(value) => (self.number, Some(value), None),
            Err(error) => (self.number, None, Some(error.into_value(py).into_any())),
        })
    }
}

fn no_sockets(error: &io::Error) -> PyErr {
    let message = format!("no socket for the event loop: {error}");
    raise(Error::new(ErrorCode::TransportConnect, message))
}

#[cfg(unix)]
fn pair() -> io::Result<(Socket, Socket)> {
    let (bell, reader) = Socket::pair()?;
    bell.set_nonblocking(true)?;
    Ok((bell, reader))
}

#[cfg(not(unix))]
fn pair() -> io::Result<(Socket, Socket)> {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
    let bell = Socket::connect(listener.local_addr()?)?;
    bell.set_nonblocking(true)?;
    bell.set_nodelay(true)?;
    loop {
        let (reader, peer) = listener.accept()?;
        if peer == bell.local_addr()? {
            return Ok((bell, reader));
        }
    }
}

#[cfg(unix)]
fn descriptor(reader: Socket) -> Option<u64> {
    use std::os::fd::IntoRawFd;
    u64::try_from(reader.into_raw_fd()).ok()
}

#[cfg(windows)]
fn descriptor(reader: Socket) -> Option<u64> {
    use std::os::windows::io::IntoRawSocket;
    Some(reader.into_raw_socket())
}
