//! [`Results`]: what calls come to, on its way to JavaScript.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use napi::{
    Status,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;
use serde::Serialize;

/// Does not keep the process alive; JavaScript does that while it waits for a result.
type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// Results that JavaScript has not taken yet. All that have come by then share one wake-up and one text, since both
/// cost more than most results.
#[napi]
pub struct Results {
    queue: Arc<Queue>,
}

#[napi]
impl Results {
    /// `wake`: called when there is something to take.
    #[napi(constructor, ts_args_type = "wake: () => void")]
    pub fn new(wake: Wake) -> Self {
        Self { queue: Arc::new(Queue { wake, last_ticket: AtomicU32::new(0), untaken: Mutex::default() }) }
    }

    /// A JSON array of pairs: the ticket of a call, and its result or its failure. A ticket alone is that of a call that
    /// ended without either.
    #[napi]
    pub fn take(&self) -> String {
        let untaken = std::mem::take(&mut *self.queue.lock());
        format!("[{untaken}]")
    }

    /// A place for the result of one call.
    pub(crate) fn ticket(&self) -> Ticket {
        let number = self.queue.last_ticket.fetch_add(1, Ordering::Relaxed);
        Ticket { number, queue: Arc::clone(&self.queue), is_used: false }
    }
}

impl Clone for Results {
    fn clone(&self) -> Self {
        Self { queue: Arc::clone(&self.queue) }
    }
}

struct Queue {
    wake: Wake,
    last_ticket: AtomicU32,
    untaken: Mutex<String>,
}

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, String> {
        self.untaken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, pair: &str) {
        let mut untaken = self.lock();
        let is_first = untaken.is_empty();
        if !is_first {
            untaken.push(',');
        }
        untaken.push_str(pair);
        drop(untaken);
        // Whoever takes the first takes the others as well. An environment that is going away needs no result.
        if is_first {
            self.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

/// The promise of one result. When it is dropped unused, because the call panicked or its runtime ended, JavaScript is
/// told, so that nobody waits for ever.
pub(crate) struct Ticket {
    number: u32,
    queue: Arc<Queue>,
    is_used: bool,
}

impl Ticket {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn end_with(mut self, result: &impl Serialize) {
        // Plain data with names for keys: serde_json has no way to fail on these.
        if let Ok(pair) = serde_json::to_string(&(self.number, result)) {
            self.is_used = true;
            self.queue.push(&pair);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.is_used {
            self.queue.push(&format!("[{}]", self.number));
        }
    }
}
