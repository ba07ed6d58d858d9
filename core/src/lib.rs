//! Crypto payments through the Paymento gateway, in five steps.
//!
//! 1. **Create**: [`Client::create_payment`] asks the gateway for a payment and gives its token and address.
//! 2. **Redirect** the customer to [`Payment::url`], the hosted page.
//! 3. **Callback**: the gateway posts a signed message. [`Callback::authenticate`] checks the raw body; there is no other
//!    way to get a [`Callback`].
//! 4. **Verify**: [`Client::verify_payment`] asks the gateway, and holds the answer against the order.
//! 5. **Fulfill**: what [`Verification::require_settled`] gives is the proof of payment. Ship once.
//!
//! [`Checkout`] does all of it and remembers: no paid order is lost and none is handed over as new after it is done. It is
//! what nearly every shop wants; the steps above are its parts.
//!
//! A callback is a reason to verify, a [`ReturnVisit`] is a hint, and neither can be fulfilled. [`Amount`] is an exact
//! decimal, [`Secret`] never prints, and every failure is an [`Error`] with a stable [`ErrorCode`].
//!
//! Features: `client` (default), `sqlite` and `postgres` (the durable checkout), `simulator` (the gateway played on
//! loopback), `cli` (the command line), `testing` (values for your tests).
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "client"), allow(dead_code, reason = "what reads the gateway's answers is the client's"))]

mod amount;
mod callback;
#[cfg(feature = "checkout")]
pub mod checkout;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "client")]
mod client;
mod decide;
mod error;
mod expected;
mod headers;
mod json;
mod log;
pub mod once;
mod outcome;
mod payment;
mod per_fork;
mod price;
mod request;
mod return_visit;
mod secret;
mod settlement;
mod signature;
#[cfg(feature = "simulator")]
pub mod simulator;
mod speed;
mod status;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod token;
mod verification;

pub use amount::Amount;
pub use callback::{Callback, MAX_CALLBACK_BYTES};
#[cfg(feature = "checkout")]
pub use checkout::Checkout;
#[cfg(feature = "client")]
pub use client::{
    AcceptedCoin, CallbackMethod, CallbackUrlChange, Client, ClientBuilder, Coin, CoinPrice, Currency, Info, Language,
    LastBlock, Limits, Merchant, Settings, parse_coin_id,
};
pub use error::{Error, ErrorCode, ErrorKind};
pub use expected::Expected;
pub use headers::Headers;
pub use log::{LogLevel, LogRecord};
pub use outcome::Outcome;
pub use payment::Payment;
pub use price::Price;
pub use request::PaymentRequest;
pub use return_visit::ReturnVisit;
pub use secret::{ApiKey, Secret};
pub use settlement::{Settlement, Transaction};
pub use signature::{SIGNATURE_HEADER, check, sign};
pub use speed::Speed;
pub use status::{Meaning, OrderStatus, UnknownStatusName};
pub use verification::Verification;

/// The README's Rust, run as it is written.
#[cfg(all(doctest, feature = "simulator", feature = "sqlite"))]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The client's page, the same.
#[cfg(all(doctest, feature = "simulator", feature = "client"))]
#[doc = include_str!("../../docs/client.md")]
struct ClientPage;
