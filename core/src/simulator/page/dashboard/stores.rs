//! The stores: their keys, and where their callbacks go.

use super::{
    super::escape::{text, whole},
    Visit,
    words::{copy, form},
};
use crate::simulator::{CallbackMethod, Store, store::Account};

pub(super) fn section(visit: &Visit<'_>) -> String {
    let stores = visit.ledger.stores.iter().map(Account::snapshot).enumerate();
    let cards: String = stores.map(|(place, store)| card(visit, place, &store)).collect();
    let base = format!("http://{}", visit.host);
    format!(
        "<div class=\"head\"><h1>Stores</h1></div><section class=\"card\"><dl class=\"facts\">{api}{gateway}</dl></section>{cards}",
        api = fact("API base URL", &base, "base URL"),
        gateway = fact("Checkout page", &format!("{base}/gateway"), "checkout page"),
    )
}

fn fact(label: &str, value: &str, what: &str) -> String {
    format!("<div><dt>{label}</dt><dd><code>{}</code>{}</dd></div>", whole(value), copy(value, what))
}

fn card(visit: &Visit<'_>, place: usize, store: &Store) -> String {
    let coins: Vec<_> = store.coins().iter().map(|coin| text(coin)).collect();
    format!(
        "<section class=\"card store\"><h2><bdi>{name}</bdi></h2><div class=\"columns\"><div><dl class=\"facts\">{api}{secret}\
         <div><dt>Coins</dt><dd>{coins}</dd></div></dl></div><div>{callback}{probes}</div></div></section>",
        name = text(store.name()),
        api = key(place, "API key", "api", store.api_key()),
        secret = key(place, "Secret key", "secret", store.secret_key()),
        coins = coins.join(", "),
        callback = callback_form(visit, place, store),
        probes = probes(visit, place, store.callback_url().is_some()),
    )
}

/// Folded away, as the dashboard may be seen by others.
fn key(place: usize, label: &str, which: &str, value: &str) -> String {
    format!(
        "<div><dt>{label}</dt><dd><details class=\"reveal\" data-key=\"{which}{place}\"><summary><span class=\"dots\" aria-hidden=\"true\">••••••••</span> \
         <span class=\"show\">Show<span class=\"hidden\"> the {label}</span></span></summary><code>{value}</code></details>{copy}</dd></div>",
        value = whole(value),
        copy = copy(value, label),
    )
}

fn callback_form(visit: &Visit<'_>, place: usize, store: &Store) -> String {
    let options: Vec<_> = [CallbackMethod::Post, CallbackMethod::Put]
        .into_iter()
        .map(|method| {
            let selected = if method == store.callback_method() { " selected" } else { "" };
            format!("<option{selected}>{}</option>", method.as_str())
        })
        .collect();
    format!(
        "{form}<input type=\"hidden\" name=\"store\" value=\"{place}\"><p class=\"callback-url\"><label for=\"url{place}\">Callback URL</label>\
         <span><select name=\"method\" aria-label=\"Method\">{options}</select><input id=\"url{place}\" name=\"url\" type=\"url\" \
         required maxlength=\"2000\" autocomplete=\"off\" placeholder=\"http://127.0.0.1:3000/paymento/callback\" value=\"{url}\">\
         <button class=\"small strong\">Save</button></span></p></form>",
        form = form(visit, "callback-url"),
        options = options.concat(),
        url = whole(store.callback_url().unwrap_or_default()),
    )
}

fn probes(visit: &Visit<'_>, place: usize, can_send: bool) -> String {
    let disabled = if can_send { "" } else { " disabled" };
    format!(
        "{form}<input type=\"hidden\" name=\"store\" value=\"{place}\"><p class=\"buttons\">\
         <button class=\"small\"{disabled}>Send test webhook</button>\
         <button class=\"small\" formaction=\"/dashboard/do/probe\"{disabled}>Send tampered probe</button></p></form>\
         <p class=\"soft\">The test webhook is signed and about no payment. The probe carries a wrong signature: a shop that \
         answers 2xx is found out.</p>",
        form = form(visit, "test-webhook"),
    )
}
