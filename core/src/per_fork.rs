//! [`PerFork`]: something that each process has of its own, also after a fork.

use std::{process, sync::OnceLock};

/// A value of this process. A forked child gets a fresh one, whatever the parent's threads were doing at that moment: a lock
/// that one of them held would stay locked in the child for ever. What is inherited is never dropped there, since its
/// threads and connections are the parent's.
#[derive(Debug)]
pub(crate) struct PerFork<T: Default> {
    process: u32,
    value: T,
    after_fork: OnceLock<Box<Self>>,
}

impl<T: Default> PerFork<T> {
    /// That of this process.
    pub(crate) fn here(&self) -> &T {
        let (process, mut known) = (process::id(), self);
        while known.process != process {
            known = known.after_fork.get_or_init(Box::default);
        }
        &known.value
    }
}

impl<T: Default> Default for PerFork<T> {
    fn default() -> Self {
        Self { process: process::id(), value: T::default(), after_fork: OnceLock::new() }
    }
}

impl<T: Default> Drop for PerFork<T> {
    fn drop(&mut self) {
        if self.process != process::id() {
            std::mem::forget(std::mem::take(&mut self.value));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_child_finds_a_lock_of_its_own_whatever_its_parent_has_locked() {
        // As a child sees it: made by another process, and locked there.
        let inherited = PerFork { process: 1, value: Mutex::new(7), after_fork: OnceLock::new() };
        let held = inherited.value.lock().expect("free");
        *inherited.here().try_lock().expect("its own") += 1;
        assert_eq!((*held, *inherited.here().lock().expect("free")), (7, 1));
        drop(held);
        drop(inherited);
    }
}
