//! Callbacks: what was sent, what came back, and sending it again.

use super::{
    super::{
        escape::{lines, text, whole},
        time,
    },
    Visit, pretty,
    words::{chip, form, moment},
};
use crate::simulator::{Attempt, AttemptOutcome, Delivery};

/// Callbacks on the page of all.
const RECENT: usize = 100;

/// The last ones of all payments, newest first.
pub(super) fn recent(visit: &Visit<'_>) -> String {
    let cards: String =
        visit.ledger.recent_deliveries().take(RECENT).map(|delivery| card(visit, delivery, true)).collect();
    if cards.is_empty() {
        return "<div class=\"head\"><h1>Callbacks</h1></div><section class=\"empty\"><p class=\"soft\">None was sent yet. A store \
                needs a callback URL, and a payment that moves.</p></section>"
            .to_owned();
    }
    format!(
        "<div class=\"head\"><h1>Callbacks</h1><p class=\"soft\">The last {RECENT}, newest first.</p></div>\
         <div class=\"deliveries\">{cards}</div>"
    )
}

/// One callback; `alone` when its payment is not on the same page.
pub(super) fn card(visit: &Visit<'_>, delivery: &Delivery, alone: bool) -> String {
    let payment = match (alone, delivery.token.is_empty()) {
        (true, false) => format!(
            "<a href=\"/dashboard/payment?token={}\">Order <bdi>{}</bdi></a>",
            whole(&delivery.token),
            text(delivery.order_id.as_deref().unwrap_or("without an id"))
        ),
        (_, true) => "<span class=\"soft\">about no payment</span>".to_owned(),
        _ => String::new(),
    };
    format!(
        "<article class=\"delivery\" id=\"d{id}\"><header><p><span class=\"number\">#{id}</span> {status} {payment}</p>{result}</header>\
         <p class=\"line\">{when} {method} <code>{url}</code></p>{flags}{request}{attempts}{buttons}</article>",
        id = delivery.id,
        status = delivery.status.map_or_else(|| nature(delivery), chip),
        result = result(delivery),
        when = moment(visit, delivery.queued_at),
        method = delivery.method.as_str(),
        url = text(&delivery.url),
        flags = flags(delivery),
        request = request(delivery),
        attempts = attempts(delivery),
        buttons = buttons(visit, delivery.id),
    )
}

/// What stands in the place of a status.
fn nature(delivery: &Delivery) -> String {
    let word = if delivery.is_authentic { "probe" } else { "forged" };
    format!("<span class=\"chip\">{word}</span>")
}

fn result(delivery: &Delivery) -> String {
    let again = if delivery.finished { "" } else { ", again soon" };
    let number = match delivery.attempts.len() {
        0 | 1 => String::new(),
        several => format!(" at attempt {several}"),
    };
    let (mood, words) = match delivery.attempts.last() {
        None if delivery.finished => ("bad", "never sent".to_owned()),
        None => ("wait", "on its way".to_owned()),
        Some(attempt) => {
            let mood = if delivery.is_delivered() { "good" } else { "bad" };
            (mood, format!("{}{number}{again}", outcome(attempt)))
        }
    };
    format!("<p class=\"result {mood}\">{words}</p>")
}

fn outcome(attempt: &Attempt) -> String {
    match &attempt.outcome {
        AttemptOutcome::Answered(status) => format!("HTTP {status} in {}", time::span(attempt.took)),
        AttemptOutcome::Failed(reason) => text(reason),
    }
}

fn flags(delivery: &Delivery) -> String {
    let forged = if delivery.is_authentic { "" } else { "<span class=\"flag bad\">wrong signature</span>" };
    let faults: Vec<_> = delivery.faults.iter().map(|fault| format!("<span class=\"flag\">{fault}</span>")).collect();
    if forged.is_empty() && faults.is_empty() {
        String::new()
    } else {
        format!("<p class=\"flags\">{forged}{}</p>", faults.concat())
    }
}

fn request(delivery: &Delivery) -> String {
    let headers: String = delivery.headers.iter().map(header).collect();
    let raw = String::from_utf8_lossy(&delivery.body);
    let body = match pretty::json(&delivery.body) {
        Some(pretty) => format!(
            "<pre>{}</pre><details data-key=\"raw{}\"><summary>The exact bytes</summary><pre class=\"raw\">{}</pre></details>",
            lines(&pretty),
            delivery.id,
            lines(&raw)
        ),
        None => format!("<pre class=\"raw\">{}</pre>", lines(&raw)),
    };
    format!(
        "<details data-key=\"request{id}\"><summary>Request <small>{size} bytes</small></summary>\
         <dl class=\"headers\">{headers}</dl>{body}</details>",
        id = delivery.id,
        size = delivery.body.len(),
    )
}

fn header((name, value): &(String, String)) -> String {
    format!("<div><dt>{}</dt><dd><code>{}</code></dd></div>", text(name), whole(value))
}

fn attempts(delivery: &Delivery) -> String {
    if delivery.attempts.is_empty() {
        return String::new();
    }
    let items: String =
        delivery.attempts.iter().enumerate().map(|(place, attempt)| attempt_item(place, attempt)).collect();
    let title = match delivery.attempts.len() {
        1 => "Answer".to_owned(),
        several => format!("Answers <small>{several} attempts</small>"),
    };
    format!(
        "<details data-key=\"attempts{}\"><summary>{title}</summary><ol class=\"attempts\">{items}</ol></details>",
        delivery.id
    )
}

fn attempt_item(place: usize, attempt: &Attempt) -> String {
    let after = if place == 0 { String::new() } else { format!(", {} later", time::span(attempt.offset)) };
    let body = if attempt.answer_body.is_empty() {
        String::new()
    } else {
        format!("<pre class=\"raw\">{}</pre>", lines(&attempt.answer_body))
    };
    format!("<li><p>{}{after}</p>{body}</li>", outcome(attempt))
}

fn buttons(visit: &Visit<'_>, id: u64) -> String {
    format!(
        "{form}<input type=\"hidden\" name=\"delivery\" value=\"{id}\"><p class=\"buttons\">\
         <button class=\"small\" data-do=\"resend\">Resend<span class=\"hidden\"> callback {id}</span></button>\
         <button class=\"small\" data-do=\"tamper\" formaction=\"/dashboard/do/tamper\" title=\"The body is changed after it was signed\">\
         Tamper<span class=\"hidden\"> with callback {id}</span></button></p></form>",
        form = form(visit, "resend"),
    )
}
