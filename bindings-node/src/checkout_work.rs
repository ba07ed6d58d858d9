//! Work that JavaScript has been handed and has not finished: handlers run there, and never in here.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use napi_derive::napi;
use paymento::{Error, ErrorCode, checkout};
use serde::Serialize;

use crate::checkout_event::OrderEvent;

/// An event handed over, and what to finish it by.
#[napi(object, object_from_js = false)]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandedOver {
    /// For `complete`, `fail` and `release`.
    pub number: u32,
    /// What happened.
    pub event: OrderEvent,
    /// Whether one more failure makes a dead letter of it.
    pub is_last_attempt: bool,
}

/// What is handed over, by number. Its leases are renewed for as long as it is in here.
#[derive(Default)]
pub(crate) struct Works {
    held: Mutex<HashMap<u32, checkout::Work>>,
    last: AtomicU32,
}

impl Works {
    pub(crate) fn hold(&self, work: checkout::Work) -> HandedOver {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let (event, is_last_attempt) = (work.event().into(), work.is_last_attempt());
        self.lock().insert(number, work);
        HandedOver { number, event, is_last_attempt }
    }

    pub(crate) fn take(&self, number: u32) -> Result<checkout::Work, Error> {
        let message = "this work is finished already";
        self.lock().remove(&number).ok_or_else(|| Error::new(ErrorCode::CheckoutLeaseLost, message))
    }

    /// Whoever is closed finishes nothing any more: the leases end by themselves.
    pub(crate) fn let_go(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, checkout::Work>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
