//! What the simulator shows of itself: payments and their money, callbacks and their attempts, events, faults, findings.

mod delivery;
mod event;
mod finding;
mod payment;

pub(crate) use delivery::{Attempt, Delivery};
pub(crate) use event::Event;
pub(crate) use finding::{ArmedFault, Finding};
pub(crate) use payment::{PaymentSnapshot, TransactionSnapshot};
