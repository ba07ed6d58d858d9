//! Named places at which a test ends the process, or stops for good: where it would hurt most.

/// Does nothing, outside of tests.
#[cfg(not(feature = "testing"))]
pub(super) fn fail_point(_: &'static str) {}

#[cfg(feature = "testing")]
pub(super) use testing::fail_point;
#[cfg(feature = "testing")]
pub use testing::set_fail_point;

#[cfg(feature = "testing")]
mod testing {
    use std::sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    };

    /// What happens at a place.
    pub(super) type Action = Box<dyn Fn(&str) + Send>;

    static ACTION: Mutex<Option<Action>> = Mutex::new(None);

    /// Sets what happens at the named places of this process: `after_intent`, `after_create`, `after_commit`,
    /// `after_verify`, `before_complete`. In a debug build `PAYMENTO_FAIL_POINT=after_commit` kills the process there with
    /// SIGKILL's effect, and `after_commit:3` when it is there for the third time.
    pub fn set_fail_point(action: Option<Action>) {
        *ACTION.lock().unwrap_or_else(PoisonError::into_inner) = action;
    }

    pub(in crate::checkout) fn fail_point(name: &'static str) {
        // What is shipped has the feature as well, for the tests of shops; it does not look.
        if cfg!(debug_assertions) && std::env::var("PAYMENTO_FAIL_POINT").is_ok_and(|wanted| is_reached(&wanted, name))
        {
            std::process::abort();
        }
        if let Some(action) = &*ACTION.lock().unwrap_or_else(PoisonError::into_inner) {
            action(name);
        }
    }

    /// Whether this is the place, for as many times as the number after it says.
    fn is_reached(wanted: &str, name: &str) -> bool {
        static PASSED: AtomicU32 = AtomicU32::new(0);
        let (place, times) = wanted.split_once(':').unwrap_or((wanted, "1"));
        place == name && PASSED.fetch_add(1, Ordering::Relaxed) + 1 >= times.parse().unwrap_or(1)
    }
}
