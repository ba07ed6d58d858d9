//! What every page of the dashboard has around it.

use super::{
    super::{document::Document, levers::STEPS, seen, time},
    Section, Visit,
    words::form,
};

/// Seconds between two looks of a page without a script.
const REFRESH: u32 = 5;

pub(super) fn page(visit: &Visit<'_>, section: Section, title: &str, main: &str) -> String {
    // Not where somebody is about to type.
    let looks_again = matches!(section, Section::Payments | Section::Callbacks | Section::Findings);
    let refresh = format!("<noscript><meta http-equiv=\"refresh\" content=\"{REFRESH}\"></noscript>");
    let body = format!(
        "<a class=\"skip\" href=\"#main\">Skip to the content</a><div id=\"live\" data-stamp=\"{stamp}\">\
         <p class=\"simulator\" role=\"note\"><strong>Simulator</strong> &ndash; no real money</p>\
         <header class=\"top\"><a class=\"mark\" href=\"/\"><img src=\"/gateway/icon.svg\" alt=\"\" width=\"28\" height=\"28\">\
         Paymento <span>simulator</span></a><nav aria-label=\"Sections\">{nav}</nav>{clock}</header>\
         <main id=\"main\" tabindex=\"-1\">{notice}{main}</main></div>\
         <p id=\"announcer\" class=\"hidden\" role=\"status\"></p><p id=\"offline\" role=\"alert\" hidden>The simulator does not \
         answer. This page looks again by itself.</p>",
        stamp = super::stamp(visit.ledger),
        nav = nav(visit, section),
        clock = clock(visit),
        notice = visit.notice.map(super::Notice::html).unwrap_or_default(),
    );
    let title = format!("{title} – Paymento simulator");
    Document { title: &title, kind: "dashboard", head: if looks_again { &refresh } else { "" }, body: &body }.html()
}

fn nav(visit: &Visit<'_>, here: Section) -> String {
    let (findings, faults) = (visit.ledger.findings.list().len(), visit.ledger.faults.armed().len());
    let links = [
        (Section::Payments, "/", "Payments", 0),
        (Section::Callbacks, "/dashboard/callbacks", "Callbacks", 0),
        (Section::Findings, "/dashboard/findings", "Findings", findings),
        (Section::Faults, "/dashboard/faults", "Faults", faults),
        (Section::Stores, "/dashboard/stores", "Stores", 0),
    ];
    links
        .map(|(section, path, name, count)| {
            let current = if section == here { " aria-current=\"page\"" } else { "" };
            let badge = if count > 0 { format!(" <span class=\"badge\">{count}</span>") } else { String::new() };
            format!("<a href=\"{path}\"{current}>{name}{badge}</a>")
        })
        .concat()
}

/// The simulator's time of day, and moving it on.
fn clock(visit: &Visit<'_>) -> String {
    let clock = &visit.ledger.clock;
    let now = seen::moment(clock, clock.now());
    let steps = STEPS.map(|(by, label)| {
        format!("<button class=\"small\" name=\"by\" value=\"{by}\"><span class=\"hidden\">Advance the clock by </span>+{label}</button>")
    });
    format!(
        "<details class=\"clock\" data-key=\"clock\"><summary><span class=\"hidden\">The simulator's clock: </span>\
         <time id=\"clock\" datetime=\"{machine}\" data-runs=\"{runs}\">{time}</time> UTC{still}</summary>{form}\
         <p>{date}. Advancing lets everything happen that is due until then.</p><div class=\"steps\">{steps}</div></form></details>",
        machine = time::machine(now),
        runs = !clock.is_manual(),
        time = time::clock(now),
        still = if clock.is_manual() { ", stands still" } else { "" },
        date = time::date(now),
        form = form(visit, "advance"),
        steps = steps.concat(),
    )
}
