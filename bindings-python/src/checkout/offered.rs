//! [`Offered`]: work on its way to Python, which an event loop may never fetch.

use std::{
    mem,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use paymento::{Checkout, checkout};
use pyo3::{prelude::*, types::PyList};
use tokio::{runtime::Handle, task::AbortHandle, time::sleep};

use super::work::Work;

/// After this the loop is taken for one that has stopped. One that was only blocked finds nothing, and asks again.
const UNFETCHED: Duration = Duration::from_secs(3);

type Works = Arc<Mutex<Vec<checkout::Work>>>;

/// Work that is given back unless it is fetched soon: its leases are kept for as long as it exists, and a loop that has
/// stopped would keep it from everybody else.
pub(super) struct Offered {
    works: Works,
    file: Option<PathBuf>,
    ending: Option<AbortHandle>,
}

/// The same, for one at most.
pub(super) struct OfferedOne(pub(super) Offered);

impl Offered {
    pub(super) fn new(checkout: Checkout, works: Vec<checkout::Work>, file: Option<PathBuf>) -> Self {
        // A thread that waits is there to take it, and has no runtime.
        let handle = Handle::try_current().ok().filter(|_| !works.is_empty());
        let works = Works::new(works.into());
        let ending = handle.map(|handle| handle.spawn(give_back(checkout, Arc::clone(&works))).abort_handle());
        Self { works, file, ending }
    }

    /// Nothing where it was given back already, which then goes on.
    fn fetched(self) -> Vec<Work> {
        let works = taken(&self.works);
        if let Some(ending) = self.ending.filter(|_| !works.is_empty()) {
            ending.abort();
        }
        works.into_iter().map(|work| Work::new(work, self.file.as_deref())).collect()
    }
}

async fn give_back(checkout: Checkout, works: Works) {
    sleep(UNFETCHED).await;
    for work in taken(&works) {
        // Where that fails the lease ends by itself.
        let _ = checkout.release(work).await;
    }
}

fn taken(works: &Works) -> Vec<checkout::Work> {
    mem::take(&mut works.lock().unwrap_or_else(PoisonError::into_inner))
}

impl<'py> IntoPyObject<'py> for Offered {
    type Target = PyList;
    type Output = Bound<'py, PyList>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        PyList::new(py, self.fetched().into_iter().map(|work| Py::new(py, work)).collect::<PyResult<Vec<_>>>()?)
    }
}

impl<'py> IntoPyObject<'py> for OfferedOne {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        self.0.fetched().pop().into_pyobject(py)
    }
}
