//! One payment: how it stands, what happened, its callbacks, and the levers.

use super::{
    super::{
        escape::{text, whole},
        seen,
        view::Levers,
    },
    Visit, callback, timeline,
    words::{chip, copy, form, moment},
};
use crate::{
    simulator::{
        Transaction,
        payment::{Payment, Speed},
    },
    status::OrderStatus,
};

pub(super) fn section(visit: &Visit<'_>, token: &str) -> Option<String> {
    let payment = visit.ledger.payment(token)?;
    let mut deliveries: Vec<_> =
        visit.ledger.deliveries(token).map(|delivery| callback::card(visit, delivery, false)).collect();
    deliveries.reverse();
    let callbacks =
        if deliveries.is_empty() { "<p class=\"soft\">None yet.</p>".to_owned() } else { deliveries.concat() };
    Some(format!(
        "<p class=\"crumbs\"><a href=\"/\">Payments</a></p><div class=\"head\"><h1><bdi>{order}</bdi></h1>{chip}\
         <p class=\"price\">{price}</p></div><div class=\"columns\"><div><section class=\"card\">{facts}</section>\
         <section class=\"card levers\"><h2>Levers</h2>{levers}</section>\
         <section class=\"card\"><h2>What happened</h2>{timeline}</section></div>\
         <div><h2 class=\"above\">Callbacks</h2><div class=\"deliveries\">{callbacks}</div></div></div>",
        order = payment.order.order_id.as_deref().map_or_else(|| "Payment without an order id".to_owned(), text),
        chip = chip(payment.status),
        price = text(&seen::price(payment)),
        facts = facts(visit, payment),
        levers = levers(visit, payment),
        timeline = timeline::section(visit, token),
    ))
}

fn facts(visit: &Visit<'_>, payment: &Payment) -> String {
    let facts: String =
        [about(visit, payment), money(payment), terms(visit, payment)].into_iter().flatten().map(row).collect();
    let transactions: String = payment.transactions().map(|transaction| transaction_item(visit, transaction)).collect();
    format!(
        "<dl class=\"facts\">{facts}</dl><ul class=\"transactions\">{transactions}</ul>\
         <p><a class=\"out\" href=\"/gateway?token={}\">Open the checkout page</a></p>",
        whole(&payment.token)
    )
}

/// A label, and a value as HTML.
type Fact = (&'static str, String);

fn row((label, value): Fact) -> String {
    format!("<div><dt>{label}</dt><dd>{value}</dd></div>")
}

fn about(visit: &Visit<'_>, payment: &Payment) -> Vec<Fact> {
    vec![
        ("Token", format!("<code>{}</code>{}", text(&payment.token), copy(&payment.token, "token"))),
        ("Payment id", payment.payment_id.to_string()),
        ("Store", format!("<bdi>{}</bdi>", text(visit.ledger.store_name_of(payment)))),
    ]
}

fn money(payment: &Payment) -> Vec<Fact> {
    let Some(chosen) = &payment.chosen else { return Vec::new() };
    let coin = text(chosen.offer.coin.shortcut);
    vec![
        ("Asked", format!("{} {coin} on {}", chosen.offer.amount, text(chosen.offer.coin.network))),
        ("Received", format!("{} {coin}", payment.received())),
        ("Address", format!("<code>{}</code>", text(&chosen.address))),
    ]
}

fn terms(visit: &Visit<'_>, payment: &Payment) -> Vec<Fact> {
    let order = &payment.order;
    let speed = match order.speed {
        Speed::High => "0, from the mempool",
        Speed::Low => "1, once confirmed",
    };
    let notes = order.additional_data.iter().map(|(key, value)| {
        let (key, value) = (key.as_deref().unwrap_or("null"), value.as_deref().unwrap_or("null"));
        ("Note", format!("<code>{}</code> {}", text(key), text(value)))
    });
    let url = order.return_url.as_ref().map(|url| ("Return URL", format!("<code>{}</code>", text(url.as_str()))));
    let email = order.email_address.as_ref().map(|address| ("Email", text(address)));
    let times = [
        ("Created", moment(visit, payment.created_at)),
        ("Time to pay ends", moment(visit, payment.window_ends_at)),
        ("Risk speed", speed.to_owned()),
    ];
    times.into_iter().chain(url).chain(email).chain(notes).collect()
}

fn transaction_item(visit: &Visit<'_>, transaction: &Transaction) -> String {
    format!(
        "<li data-state=\"{state}\"><p>{amount} <span class=\"flag\">{state}</span> <small>{confirmations} confirmations, seen at {at}</small></p>\
         <code>{hash}</code></li>",
        state = transaction.state.as_str(),
        amount = transaction.amount,
        confirmations = transaction.confirmations,
        at = moment(visit, transaction.received_at),
        hash = text(&transaction.hash),
    )
}

fn levers(visit: &Visit<'_>, payment: &Payment) -> String {
    let Levers { pay, late, confirm, reject, drop, expire } = seen::levers(payment);
    // Whoever pays before choosing a coin pays in the first one.
    let pay = pay || payment.status == OrderStatus::Initialize;
    let buttons = [
        ("pay", "Pay", pay),
        ("less", "Pay less", pay),
        ("more", "Pay more", pay),
        ("late", "Pay late", late),
        ("confirm", "Confirm", confirm),
        ("drop", "Drop transaction", drop),
        ("reject", "Reject", reject),
        ("expire", "Let the time run out", expire),
        ("cancel", "Cancel", expire),
    ]
    .map(|(name, label, makes_sense)| {
        let disabled = if makes_sense { "" } else { " disabled" };
        format!("<button class=\"small\" name=\"lever\" value=\"{name}\"{disabled}>{label}</button>")
    });
    format!(
        "{form}<input type=\"hidden\" name=\"token\" value=\"{token}\"><p class=\"buttons\">{buttons}</p></form>",
        form = form(visit, "lever"),
        token = text(&payment.token),
        buttons = buttons.concat(),
    )
}
