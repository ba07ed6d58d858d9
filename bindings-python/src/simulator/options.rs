//! The options of `Simulator.start`, each of which is one of core's builder.

use std::{net::IpAddr, str::FromStr, time::Duration};

use paymento::{
    Error, ErrorCode,
    simulator::{Simulator, SimulatorBuilder, StoreOptions},
};
use pyo3::prelude::*;

use super::{Store, duration::duration};
use crate::{
    arguments::{Options, count, items, whole},
    errors::{raise, refuse, wrong_type},
};

type Built = PyResult<SimulatorBuilder>;

/// Those that are not given stay at core's defaults.
pub(super) fn builder(options: Options<'_, '_>) -> Built {
    let builder = about_stores(Simulator::builder(), options)?;
    let builder = about_time(about_place(builder, options)?, options)?;
    about_chain(about_answers(builder, options)?, options)
}

fn about_place(builder: SimulatorBuilder, options: Options<'_, '_>) -> Built {
    let address = options.text("address")?.map(|text| {
        let wrong = |_| refuse(ErrorCode::InputType, "address must be an IP address like \"0.0.0.0\"");
        text.parse::<IpAddr>().map_err(wrong)
    });
    let port = options.integer("port")?.map(|port| {
        let wrong = |_| raise(Error::new(ErrorCode::ConfigPort, format!("port is 0 to 65535; got {port}")));
        port.try_into().map_err(wrong)
    });
    let builder = with(builder, address.transpose()?, SimulatorBuilder::address);
    Ok(with(builder, port.transpose()?, SimulatorBuilder::port))
}

fn about_stores(builder: SimulatorBuilder, options: Options<'_, '_>) -> Built {
    let builder = with(builder, stores(options)?, SimulatorBuilder::stores);
    let builder = with(builder, options.text("store_name")?, SimulatorBuilder::store_name);
    let builder = with(builder, options.text("api_key")?, SimulatorBuilder::api_key);
    let builder = with(builder, options.text("secret_key")?, SimulatorBuilder::secret_key);
    let builder = with(builder, options.text("callback_url")?, SimulatorBuilder::callback_url);
    let method = named(options.text("callback_method")?)?;
    Ok(with(builder, method, SimulatorBuilder::callback_method))
}

fn about_time(builder: SimulatorBuilder, options: Options<'_, '_>) -> Built {
    let builder = with(builder, retry_schedule(options)?, SimulatorBuilder::retry_schedule);
    let builder = with(builder, time(options, "payment_window")?, SimulatorBuilder::payment_window);
    let builder = with(builder, time(options, "partial_window")?, SimulatorBuilder::partial_window);
    let builder = with(builder, time(options, "verify_deadline")?, SimulatorBuilder::verify_deadline);
    Ok(builder.virtual_clock(options.flag("virtual_clock")?))
}

fn about_chain(builder: SimulatorBuilder, options: Options<'_, '_>) -> Built {
    let builder = with(builder, time(options, "confirmation_time")?, SimulatorBuilder::confirmation_time);
    let builder = builder.manual_confirmation(options.flag("manual_confirmation")?);
    let confirmations = options.get("required_confirmations")?.map(|value| count("required_confirmations", &value));
    let confirmations = confirmations.transpose()?.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    let builder = with(builder, confirmations, SimulatorBuilder::required_confirmations);
    Ok(with(builder, seed(options)?, SimulatorBuilder::seed))
}

fn about_answers(builder: SimulatorBuilder, options: Options<'_, '_>) -> Built {
    let builder = with(builder, named(options.text("profile")?)?, SimulatorBuilder::profile);
    let builder = with(builder, named(options.text("bad_key_answer")?)?, SimulatorBuilder::bad_key_answer);
    let status = options.integer("business_error_status")?.map(|status| status.to_string());
    let builder = with(builder, named(status)?, SimulatorBuilder::business_error_status);
    let unknown = named(options.text("unknown_token_answer")?)?;
    let builder = with(builder, unknown, SimulatorBuilder::unknown_token_answer);
    Ok(builder.any_host(options.flag("any_host")?).strict(options.flag("strict")?))
}

/// The builder with this option set, where it is given.
pub(super) fn with<B, T>(builder: B, value: Option<T>, set: impl FnOnce(B, T) -> B) -> B {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

/// One of core's options with names.
pub(super) fn named<T: FromStr<Err = Error>>(name: Option<String>) -> PyResult<Option<T>> {
    name.map(|name| name.parse().map_err(raise)).transpose()
}

fn time(options: Options<'_, '_>, name: &str) -> PyResult<Option<Duration>> {
    options.get(name)?.map(|value| duration(name, &value)).transpose()
}

/// A whole number of 64 bits without a sign.
pub(super) fn seed(options: Options<'_, '_>) -> PyResult<Option<u64>> {
    let Some(value) = options.get("seed")? else { return Ok(None) };
    let too_far = |_| refuse(ErrorCode::InputType, "seed must be from 0 to 2**64 - 1");
    whole("seed", &value)?.extract().map(Some).map_err(too_far)
}

fn retry_schedule(options: Options<'_, '_>) -> PyResult<Option<Vec<Duration>>> {
    let Some(waits) = options.get("retry_schedule")? else { return Ok(None) };
    let all = items(&waits).ok_or_else(|| wrong_type("retry_schedule", "a list of durations", &waits))?;
    all.iter().map(|wait| duration("retry_schedule", wait)).collect::<PyResult<_>>().map(Some)
}

fn stores(options: Options<'_, '_>) -> PyResult<Option<Vec<StoreOptions>>> {
    let Some(stores) = options.get("stores")? else { return Ok(None) };
    let wrong = || wrong_type("stores", "a list of paymento.testing.Store", &stores);
    let one = |store: &Bound<'_, PyAny>| store.cast::<Store>().map(|store| store.get().0.clone()).map_err(|_| wrong());
    items(&stores).ok_or_else(wrong)?.iter().map(one).collect::<PyResult<_>>().map(Some)
}
