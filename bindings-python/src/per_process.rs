//! [`PerProcess`]: a value that belongs to one process and is made again in a forked child.

use std::{
    mem, process,
    sync::{Arc, OnceLock},
};

/// A value with threads, connections or tasks behind it, which do not survive a fork.
///
/// Read and set without a lock that waits: a lock that another thread held while the process was forked would stay locked
/// in the child for ever. What the parent made is never dropped in a child, where it might wait for threads that are gone.
pub(crate) struct PerProcess<T> {
    process: u32,
    value: Arc<T>,
    in_child: OnceLock<Box<Self>>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: process::id(), value: Arc::new(value), in_child: OnceLock::new() }
    }

    /// This process's value; in a forked child `again` makes it from the parent's. `again` must not touch Python.
    pub(crate) fn get<E>(&self, again: impl FnOnce(&T) -> Result<T, E>) -> Result<&T, E> {
        let mut last = self;
        while let Some(child) = last.in_child.get() {
            last = child;
        }
        if last.process != process::id() {
            // Made first and then set, so that nobody ever waits for somebody who is making one.
            let made = Box::new(Self::new(again(&last.value)?));
            last = last.in_child.get_or_init(|| made);
        }
        Ok(&last.value)
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        if self.process != process::id() {
            mem::forget(Arc::clone(&self.value));
        }
    }
}
