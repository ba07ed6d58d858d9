//! What a checkout is made with.

use std::time::Duration;

use paymento::{
    Checkout, Client, ErrorCode, Price,
    checkout::{AnswerPolicy, CheckoutBuilder, Migrate, Worker},
};
use pyo3::prelude::*;

use super::one_of;
use crate::{
    arguments::{Options, count},
    errors::{raise, refuse},
    limits,
};

/// Everything that the options say. Core checks what they say.
pub(super) fn builder(client: Client, from_env: bool, options: Options<'_, '_>) -> PyResult<CheckoutBuilder> {
    let mut builder = Checkout::builder(client);
    if let Some(url) = options.text("database")? {
        builder = builder.database(&url);
    } else if from_env {
        builder = builder.database_from_env().map_err(raise)?;
    }
    if let Some(url) = options.text("listen_url")? {
        builder = builder.listen_url(&url);
    }
    if let Some(name) = options.text("migrate")? {
        builder = builder.migrate(one_of("migrate", &name, Migrate::ALL, Migrate::as_str)?);
    }
    if let Some(name) = options.text("worker")? {
        builder = builder.worker(one_of("worker", &name, Worker::ALL, Worker::as_str)?);
    }
    if let Some(name) = options.text("answer_policy")? {
        builder = builder.answer_policy(one_of("answer_policy", &name, AnswerPolicy::ALL, AnswerPolicy::as_str)?);
    }
    if let Some(account) = options.text("account")? {
        builder = builder.account(account);
    }
    if let Some(name) = options.text("name")? {
        builder = builder.name(name);
    }
    builder = builder.require_live(options.flag("require_live")?);
    limited(builder, options)
}

fn limited(mut builder: CheckoutBuilder, options: Options<'_, '_>) -> PyResult<CheckoutBuilder> {
    if let Some(calls) = number(options, "verifies_per_second")? {
        builder = builder.verifies_per_second(calls);
    }
    if let Some(most) = number(options, "max_failures")? {
        builder = builder.max_failures(most);
    }
    if let Some(handlers) = number(options, "concurrency")? {
        builder = builder.concurrency(usize::try_from(handlers).unwrap_or(usize::MAX));
    }
    if let Some(time) = time(options, "max_handler_time")? {
        builder = builder.max_handler_time(time);
    }
    if let Some(time) = time(options, "keep_bodies")? {
        builder = builder.keep_bodies(time);
    }
    if let Some(time) = time(options, "keep_decisions")? {
        builder = builder.keep_decisions(time);
    }
    Ok(builder)
}

/// Core says which numbers are in range; one that is too large stays so.
fn number(options: Options<'_, '_>, name: &str) -> PyResult<Option<u32>> {
    let number = options.get(name)?.map(|value| count(name, &value)).transpose()?;
    Ok(number.map(|number| u32::try_from(number).unwrap_or(u32::MAX)))
}

fn time(options: Options<'_, '_>, name: &str) -> PyResult<Option<Duration>> {
    let out_of_range = || refuse(ErrorCode::ConfigWorker, format!("{name} must be a time of more than 0 seconds"));
    options.get(name)?.map(|value| limits::seconds(name, &value, out_of_range)).transpose()
}

/// The price that a payment was made with.
pub(super) fn price(options: Options<'_, '_>) -> PyResult<Price> {
    let amount = options.amount("fiat_amount")?;
    let currency = options.text("fiat_currency")?;
    let coins = options.coin_amounts("crypto_amounts")?;
    Price::required(amount, currency.as_deref(), &coins).map_err(raise)
}
