//! The gateway, played on loopback: the API, the checkout page, and signed callbacks.
//!
//! Paymento has no sandbox and cannot reach a developer's machine. [`Simulator`] stands in for it, offline: point the
//! client at [`base_url`](Simulator::base_url) and [`gateway_url`](Simulator::gateway_url), with the simulator's keys.
//!
//! It is a reading of the gateway's contract of its own, and shares no code with the client or the callback parser: a
//! mistake made twice would otherwise cancel itself out.
//!
//! ```
//! # fn main() -> Result<(), paymento::Error> {
//! let simulator = paymento::simulator::Simulator::start()?;
//! println!("pay at {}", simulator.gateway_url());
//! assert!(simulator.payments().is_empty());
//! # Ok(())
//! # }
//! ```

mod api;
mod api_fault;
mod attempts;
mod builder;
mod chaos;
mod clock;
mod coin;
mod control;
mod dashboard;
mod dashboard_form;
mod delivery;
mod drive;
mod duration;
mod event;
mod fault;
mod finding;
mod gateway;
mod guard;
mod ledger;
mod lever;
mod life;
mod message;
mod misbehave;
mod money;
mod moves;
mod notice;
mod openapi;
mod order;
mod outbox;
mod page;
mod payment;
mod probe;
mod profile;
mod random;
mod refusal;
mod reply;
mod request;
mod return_link;
mod rules;
mod schedule;
mod send;
mod server;
mod shared;
mod snapshot;
mod store;
mod target;
mod timers;
mod traffic;
mod transaction;
mod trigger;
mod verify_shape;
mod watch;
mod wire;

#[cfg(test)]
mod callback_tests;
#[cfg(test)]
mod dashboard_tests;
#[cfg(test)]
mod end_to_end;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod finding_tests;
#[cfg(test)]
mod ledger_tests;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod repeatable;
#[cfg(test)]
mod store_tests;
#[cfg(test)]
mod testbed;
#[cfg(test)]
mod time_tests;

use std::{fmt, sync::Arc, time::SystemTime};

pub use builder::SimulatorBuilder;
pub use chaos::Chaos;
pub use delivery::{Attempt, AttemptOutcome, CallbackMethod, Delivery};
pub use duration::parse_duration;
pub use event::{Event, EventKind};
pub use fault::{ArmedFault, Fault};
pub use finding::{Finding, FindingKind};
pub use profile::{BadKeyAnswer, BusinessErrorStatus, Profile, UnknownTokenAnswer};
pub use snapshot::PaymentSnapshot;
pub use store::{Store, StoreOptions};
pub use transaction::{Transaction, TransactionState};
pub use trigger::Trigger;

use crate::error::Error;
use server::Server;
use shared::Shared;

/// A running simulator. It has its own thread, listens on `127.0.0.1` unless told otherwise, and ends when it is dropped or
/// [stopped](Self::stop).
///
/// Every method can be called from any thread, with or without an async runtime around.
pub struct Simulator {
    shared: Arc<Shared>,
    server: Server,
    first: Store,
}

impl Simulator {
    /// Starts on a free port, with keys made for this run.
    ///
    /// # Errors
    /// `config.port` when the machine refuses a port or a thread.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// Options, each with a default.
    pub fn builder() -> SimulatorBuilder {
        SimulatorBuilder::default()
    }

    /// The API's base URL, for instance `http://127.0.0.1:40213`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.server.reached_at())
    }

    /// The checkout page's URL, to which `?token=` is appended.
    pub fn gateway_url(&self) -> String {
        format!("{}/gateway", self.base_url())
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The key that the API asks for: the first store's, as with the next two.
    pub fn api_key(&self) -> &str {
        self.first.api_key()
    }

    /// The key that callbacks are signed with.
    pub fn secret_key(&self) -> &str {
        self.first.secret_key()
    }

    /// The store's name, as the checkout page shows it.
    pub fn store_name(&self) -> &str {
        self.first.name()
    }

    /// The date and time at which its clock began: now, or 2026-01-01T00:00:00Z for a virtual one.
    pub fn started_at(&self) -> SystemTime {
        self.shared.read(|ledger| ledger.clock.started_at())
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.shared.read(ledger::Ledger::is_closed)
    }

    /// Ends it: the port is free when this returns, callbacks still due are dropped, and whoever waits is woken.
    /// Stopping twice does nothing.
    pub fn stop(&self) {
        if self.server.belongs_to_this_process() {
            self.shared.close();
            self.server.stop();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Without the keys.
impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("base_url", &self.base_url())
            .field("store_name", &self.store_name())
            .finish_non_exhaustive()
    }
}
