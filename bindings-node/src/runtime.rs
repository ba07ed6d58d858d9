//! The runtime of all calls: one thread, since a call only waits, and threads that hand calls to each other spend more
//! on that than on the calls.

use std::{
    future::{Future, pending},
    sync::{Mutex, PoisonError},
};

use napi::bindgen_prelude::{create_custom_tokio_runtime, spawn, spawn_blocking};
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// The host of that thread, which begins and ends with the addon. Has one thread of its own in place of one per core.
#[napi_derive::module_init]
fn host() {
    // Without it there is napi's own.
    if let Ok(runtime) = Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        create_custom_tokio_runtime(runtime);
    }
}

static CALLS: Mutex<Option<Handle>> = Mutex::new(None);

/// Runs a call. When the addon ends, it is dropped.
pub(crate) fn run(call: impl Future<Output = ()> + Send + 'static) {
    let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    match calls.take().or_else(start) {
        Some(handle) => drop(calls.insert(handle).spawn(call)),
        None => drop(spawn(call)),
    }
}

/// A runtime of one thread is cheaper than one of several that has a single one. None where the system gives no more.
fn start() -> Option<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    let handle = runtime.handle().clone();
    let (alive, ended) = oneshot::channel::<()>();
    // Dropped with the host, which waits for the other thread to end as well.
    spawn(async move {
        let _alive = alive;
        pending::<()>().await;
    });
    spawn_blocking(move || {
        runtime.block_on(async { ended.await.unwrap_or_default() });
        CALLS.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A name lookup that hangs must not hold up the end.
        runtime.shutdown_background();
    });
    Some(handle)
}
