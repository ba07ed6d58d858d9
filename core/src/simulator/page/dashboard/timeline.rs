//! What happened to one payment, in order.

use super::{
    super::escape::text,
    Visit,
    words::{chip, moment, sentence},
};
use crate::simulator::{Event, EventKind};

/// Events that are shown; a payment seldom has more than twenty.
const MOST: usize = 200;

pub(super) fn section(visit: &Visit<'_>, token: &str) -> String {
    let mut events: Vec<_> = visit.ledger.events().rev().filter(|event| event.token == token).take(MOST).collect();
    events.reverse();
    let items: String = events.into_iter().map(|event| item(visit, event)).collect();
    if items.is_empty() {
        return "<p class=\"soft\">Its events are not kept any more.</p>".to_owned();
    }
    format!("<ol class=\"timeline\">{items}</ol>")
}

fn item(visit: &Visit<'_>, event: &Event) -> String {
    let detail = if event.detail.is_empty() { String::new() } else { format!("<p>{}</p>", text(&event.detail)) };
    format!(
        "<li id=\"e{sequence}\" data-kind=\"{kind}\"><span class=\"when\">{when}</span><div><strong>{words}</strong> {chip}{detail}</div></li>",
        sequence = event.sequence,
        kind = kind(event),
        when = moment(visit, event.at),
        words = sentence(event.kind.as_str()),
        chip = event.status.map(chip).unwrap_or_default(),
    )
}

/// An answer other than 200 is a failure to the gateway.
fn kind(event: &Event) -> &'static str {
    let lost = event.kind == EventKind::CallbackAnswered && !event.detail.starts_with("200 ");
    if lost { EventKind::CallbackFailed.as_str() } else { event.kind.as_str() }
}
