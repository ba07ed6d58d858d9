//! The runtime of all calls.

use napi::bindgen_prelude::create_custom_tokio_runtime;
use tokio::runtime::Builder;

/// One thread: a call only waits, and threads that hand calls to each other spend more on that than on the calls.
#[napi_derive::module_init]
fn start() {
    // Without it there is napi's own, which has more threads.
    if let Ok(runtime) = Builder::new_multi_thread().worker_threads(1).thread_name("paymento").enable_all().build() {
        create_custom_tokio_runtime(runtime);
    }
}
