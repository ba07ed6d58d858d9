//! The simulator's pages as HTML: the checkout page and the dashboard. They work without JavaScript; everything that
//! comes from outside goes through [`escape`].

pub(super) mod asset;
pub(super) mod checkout;
pub(super) mod dashboard;
mod document;
mod ending;
pub(super) mod escape;
mod icon;
mod levers;
mod qr;
pub(super) mod seen;
mod time;
mod uri;
pub(super) mod view;
