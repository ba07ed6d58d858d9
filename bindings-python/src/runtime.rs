//! The tokio runtimes of this process: one that blocking calls drive themselves, one with a thread for asynchronous calls.

use std::{
    convert::Infallible,
    fmt,
    future::{Future, pending},
    pin::pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use paymento::{Error, ErrorCode};
use pyo3::prelude::*;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::yield_now,
    time::timeout,
};

use crate::{errors::raise, per_process::PerProcess};

/// How long Ctrl-C waits at most.
const SIGNAL_CHECK: Duration = Duration::from_millis(100);

/// Made when they are first needed, and again in a forked child. Never dropped: whoever exits does not wait for a call.
#[derive(Default)]
struct Runtimes {
    blocking: OnceLock<Runtime>,
    background: OnceLock<Handle>,
}

static RUNTIMES: OnceLock<PerProcess<Runtimes>> = OnceLock::new();

fn runtimes() -> &'static Runtimes {
    let first = RUNTIMES.get_or_init(|| PerProcess::new(Runtimes::default()));
    let Ok(runtimes) = first.get(|_| Ok::<_, Infallible>(Runtimes::default()));
    runtimes
}

/// Driven by the threads that wait for it, so that a blocking call costs no switch to another thread.
fn blocking() -> Result<&'static Runtime, Error> {
    once(&runtimes().blocking, runtime)
}

/// Runs on a thread of its own, which never touches Python.
pub(crate) fn background() -> Result<&'static Handle, Error> {
    once(&runtimes().background, || {
        let runtime = runtime()?;
        let handle = runtime.handle().clone();
        let run = move || runtime.block_on(pending::<()>());
        thread::Builder::new().name("paymento".to_owned()).spawn(run).map_err(cannot_start)?;
        Ok(handle)
    })
}

/// Makes first and sets then: nobody waits for somebody who is making one.
fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, Error>) -> Result<&T, Error> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

fn runtime() -> Result<Runtime, Error> {
    Builder::new_current_thread().enable_all().build().map_err(cannot_start)
}

fn cannot_start(error: impl fmt::Display) -> Error {
    Error::new(ErrorCode::TransportConnect, format!("the runtime cannot start: {error}"))
}

/// Waits without the interpreter. Ctrl-C and other signals with a handler are looked at every 100 ms, and drop the call.
pub(crate) fn block_on<T: Send>(py: Python<'_>, call: impl Future<Output = T> + Send) -> PyResult<T> {
    let runtime = blocking().map_err(raise)?;
    py.detach(|| {
        // For what the call does when it is dropped.
        let _context = runtime.enter();
        let mut call = pin!(call);
        loop {
            let waiting = async {
                catch_up().await;
                timeout(SIGNAL_CHECK, call.as_mut()).await
            };
            if let Ok(output) = runtime.block_on(waiting) {
                return Ok(output);
            }
            check_signals()?;
        }
    })
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for what another thread does, without the interpreter and without a runtime: a thread that waits for long drives
/// nobody else's calls. `signals`: looks at them as [`block_on`] does, which only the main thread has to.
pub(crate) fn park_on<T: Send>(py: Python<'_>, call: impl Future<Output = T> + Send, signals: bool) -> PyResult<T> {
    py.detach(|| {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut call = pin!(call);
        let mut checked = Instant::now();
        loop {
            if let Poll::Ready(output) = call.as_mut().poll(&mut context) {
                return Ok(output);
            }
            if !signals {
                thread::park();
                continue;
            }
            thread::park_timeout(SIGNAL_CHECK);
            if checked.elapsed() >= SIGNAL_CHECK {
                check_signals()?;
                checked = Instant::now();
            }
        }
    })
}

/// A daemon thread can outlive the interpreter. There is nowhere to return to then, and nothing left to do.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself has the wrong lifetimes")]
fn check_signals() -> PyResult<()> {
    Python::try_attach(|py| py.check_signals()).unwrap_or_else(|| {
        loop {
            thread::park();
        }
    })
}

/// Lets connections that nobody uses any more close.
pub(crate) fn settle(py: Python<'_>) {
    if let Some(runtime) = runtimes().blocking.get() {
        py.detach(|| runtime.block_on(catch_up()));
    }
}

/// Nobody drives the runtime between calls. One turn lets it hear which connections were closed meanwhile, the next one
/// lets the pool forget them, so that a request is not written to a peer that is gone.
async fn catch_up() {
    yield_now().await;
    yield_now().await;
}
