//! The Node.js addon of `paymento`: it converts, and decides nothing.
//!
//! A failure is a value here ([`errors::Failure`]); TypeScript throws it. Arguments arrive with their types checked.

#![expect(clippy::needless_pass_by_value, reason = "napi hands arguments over by value")]

pub mod call;
pub mod callback;
pub mod client;
pub mod client_options;
pub mod directory;
pub mod errors;
pub mod log;
pub mod once;
pub mod payment;
pub mod return_visit;
pub mod settings;
pub mod settlement;
pub mod signature;
pub mod simulated;
pub mod simulator;
pub mod status;
pub mod testing;
pub mod verification;
