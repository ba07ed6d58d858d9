//! Small parts that the dashboard's pages share.

use std::time::{Duration, SystemTime};

use super::{
    super::{
        escape::{text, whole},
        seen, time,
    },
    Visit,
};
use crate::status::OrderStatus;

/// A status with its number, in its color.
pub(super) fn chip(status: OrderStatus) -> String {
    format!(
        "<span class=\"chip\" data-status=\"{code}\">{name} <small>{code}</small></span>",
        code = status.code(),
        name = text(&name(status))
    )
}

/// The gateway's own name, or `Status 42`.
pub(super) fn name(status: OrderStatus) -> String {
    if OrderStatus::KNOWN.contains(&status) { status.to_string() } else { format!("Status {}", status.code()) }
}

/// A moment of the simulator's clock as a time of day, with the date where the pointer rests.
pub(super) fn moment(visit: &Visit<'_>, at: Duration) -> String {
    let at: SystemTime = seen::moment(&visit.ledger.clock, at);
    format!(
        "<time datetime=\"{machine}\" title=\"{date} UTC\">{clock}</time>",
        machine = time::machine(at),
        date = time::date(at),
        clock = time::clock(at)
    )
}

/// Opens a form of the dashboard.
pub(super) fn form(visit: &Visit<'_>, action: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/dashboard/do/{action}\"><input type=\"hidden\" name=\"form\" value=\"{}\">\
         <input type=\"hidden\" name=\"back\" value=\"{}\">",
        whole(visit.form_token),
        whole(visit.here)
    )
}

/// A button with something to copy. It shows itself where a script runs.
pub(super) fn copy(value: &str, what: &str) -> String {
    format!(
        "<button type=\"button\" class=\"copy\" data-copy=\"{}\" hidden>Copy<span class=\"hidden\"> {what}</span></button>",
        whole(value)
    )
}

/// `1 payment`, `2 payments`.
pub(super) fn count(number: u64, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}

/// `payment_created` as people write it.
pub(super) fn sentence(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
