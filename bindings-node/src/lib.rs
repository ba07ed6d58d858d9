//! The Node.js addon of `paymento`: it converts, and decides nothing.
//!
//! A failure is a value here ([`errors::Failure`]); TypeScript throws it. Arguments arrive with their types checked.

#![expect(clippy::needless_pass_by_value, reason = "napi hands arguments over by value")]

pub mod call;
pub mod callback;
pub mod checkout;
pub mod checkout_answer;
pub mod checkout_event;
pub mod checkout_options;
pub mod checkout_records;
pub mod checkout_work;
pub mod cli;
pub mod client;
pub mod client_options;
pub mod directory;
pub mod errors;
pub mod log;
pub mod once;
pub mod payment;
pub mod results;
pub mod return_visit;
pub mod runtime;
pub mod settings;
pub mod settlement;
pub mod signature;
pub mod simulated;
pub mod simulated_delivery;
pub mod simulated_fault;
pub mod simulator;
pub mod simulator_misbehave;
pub mod simulator_options;
pub mod simulator_watch;
pub mod status;
pub mod testing;
pub mod verification;
