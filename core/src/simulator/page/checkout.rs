//! The checkout page.

use std::fmt::Write as _;

use super::{
    document::Document,
    ending,
    escape::{text, whole},
    icon::Icon,
    levers, qr, time,
    view::{CheckoutView, OfferView, TransferView, Window},
};
use crate::status::OrderStatus;

/// Seconds between two looks of a page without a script at a payment that waits.
const REFRESH: u32 = 3;

/// The page for a payment, whatever its state.
pub(in crate::simulator) fn page(view: &CheckoutView) -> String {
    let waits = view.status == OrderStatus::WaitingToConfirm;
    let refresh = format!("<noscript><meta http-equiv=\"refresh\" content=\"{REFRESH}\"></noscript>");
    let body = format!(
        "{STRIP}<div id=\"live\" class=\"page\" data-token=\"{token}\" data-stamp=\"{stamp}\" data-says=\"{says}\">\
         <main class=\"sheet\">{bill}<section class=\"action\">{action}</section></main>{bench}</div>\
         <p id=\"announcer\" class=\"hidden\" role=\"status\"></p>",
        token = text(&view.token),
        stamp = text(&view.stamp),
        says = text(&says(view)),
        bill = bill(view),
        action = action(view),
        bench = levers::bench(view),
    );
    let title = format!("{} – {}", ending::headline(view.status).unwrap_or("Pay"), view.store);
    Document { title: &title, kind: "checkout", head: if waits { &refresh } else { "" }, body: &body }.html()
}

/// For a token that the gateway does not know.
pub(in crate::simulator) fn unknown() -> String {
    let body = format!(
        "{STRIP}<div class=\"page\"><main class=\"sheet alone\"><section class=\"action ending\">\
         <p class=\"mark\">{mark}</p><h1>Payment not found</h1><p>This link is incomplete, or the simulator was restarted \
         since it was made. Go back to the store and check out again.</p></section></main></div>",
        mark = Icon::Question.svg(),
    );
    Document { title: "Payment not found", kind: "checkout", head: "", body: &body }.html()
}

const STRIP: &str = "<p class=\"simulator\" role=\"note\"><strong>Simulator</strong> &ndash; no real money</p>";

/// The state in a sentence, for whoever does not see the page change.
fn says(view: &CheckoutView) -> String {
    let owed = view.transfer.as_ref().and_then(|transfer| Some(transfer.offer.of(transfer.owed.as_deref()?)));
    match (view.status, owed) {
        (OrderStatus::Initialize, _) => "Choose a coin to pay with".to_owned(),
        (OrderStatus::Pending, Some(owed)) => format!("Waiting for {owed}"),
        (OrderStatus::PartialPaid, Some(owed)) => format!("Part of the payment came, {owed} remain"),
        (status, _) => match (&view.transfer, status) {
            (Some(transfer), OrderStatus::WaitingToConfirm) => {
                format!("Payment seen, {} of {} confirmations", transfer.confirmations, transfer.required_confirmations)
            }
            _ => ending::headline(status).unwrap_or("Payment closed").to_owned(),
        },
    }
}

/// What is to be paid, to whom, for what: the stub that stays through all states.
fn bill(view: &CheckoutView) -> String {
    let initial: String =
        view.store.chars().find(|c| c.is_alphanumeric()).into_iter().flat_map(char::to_uppercase).collect();
    let mut bill = format!(
        "<header class=\"bill\"><p class=\"store\"><span class=\"initial\" aria-hidden=\"true\">{initial}</span>\
         <bdi>{store}</bdi></p><h1 class=\"price\">{price}</h1>",
        initial = text(&initial),
        store = text(&view.store),
        price = text(&view.price),
    );
    if let Some(transfer) = &view.transfer {
        let _ = write!(bill, "<p class=\"in-coins\">{}</p>", text(&transfer.offer.in_coins()));
    }
    if let Some(order_id) = &view.order_id {
        let _ = write!(bill, "<p class=\"order\">Order <bdi>{}</bdi></p>", text(order_id));
    }
    if matches!(view.status, OrderStatus::Initialize | OrderStatus::Pending) {
        bill.push_str(&countdown(&view.window));
    }
    bill + "</header>"
}

/// Without a script it is a time of day; a script counts down.
fn countdown(window: &Window) -> String {
    format!(
        "<p class=\"window\">{icon}<span id=\"countdown\" role=\"timer\" data-left=\"{left}\" data-runs=\"{runs}\">\
         Pay by <time datetime=\"{machine}\">{clock} UTC</time></span></p>",
        icon = Icon::Clock.svg(),
        left = window.left.as_millis(),
        runs = window.runs,
        machine = time::machine(window.ends_at),
        clock = time::clock(window.ends_at),
    )
}

fn action(view: &CheckoutView) -> String {
    match (view.status, &view.transfer) {
        (OrderStatus::Initialize, _) => coin_choice(view),
        (OrderStatus::Pending | OrderStatus::PartialPaid, Some(transfer)) => transfer_form(view, transfer),
        _ => ending::section(view),
    }
}

fn coin_choice(view: &CheckoutView) -> String {
    let coins: String = view.offers.iter().map(coin_button).collect();
    format!(
        "<h2>Choose what to pay with</h2>{form}<div class=\"coins\">{coins}</div></form>{cancel}",
        form = form(view, "coin"),
        cancel = cancel_form(view),
    )
}

fn coin_button(offer: &OfferView) -> String {
    format!(
        "<button class=\"coin\" name=\"coin\" value=\"{name}\"><span class=\"badge\" data-coin=\"{shortcut}\" \
         aria-hidden=\"true\">{shortcut}</span><span class=\"name\">{name}<small>{network}</small></span>\
         <span class=\"amount\">{amount}</span></button>",
        name = text(&offer.name),
        shortcut = text(&offer.shortcut),
        network = text(&offer.network),
        amount = text(&offer.in_coins()),
    )
}

/// Where the money goes.
fn transfer_form(view: &CheckoutView, transfer: &TransferView) -> String {
    let owed = transfer.owed.as_deref().unwrap_or(&transfer.offer.amount);
    format!(
        "{partial}<h2>Send {coin} on <span class=\"network\">{network}</span></h2><div class=\"transfer\">{qr}\
         <div class=\"fields\">{amount}{address}</div></div>\
         <p class=\"watch\"><span class=\"pulse\" aria-hidden=\"true\"></span>Waiting for the transfer. \
         <noscript><a href=\"/gateway?token={token}\">Look again</a></noscript></p>{other}{cancel}",
        partial = partial(transfer),
        coin = text(&transfer.offer.name),
        network = text(&transfer.offer.network),
        qr = qr::svg(&transfer.uri, "QR code for your wallet").unwrap_or_default(),
        amount = copied("Amount", &transfer.offer.of(owed), owed, "amount"),
        address = copied("Address", &transfer.address, &transfer.address, "address"),
        token = text(&view.token),
        other = if transfer.received.is_none() { other_coins(view, transfer) } else { String::new() },
        cancel = if transfer.received.is_none() { cancel_form(view) } else { String::new() },
    )
}

/// What came so far, when it was not enough.
fn partial(transfer: &TransferView) -> String {
    let (Some(received), Some(owed)) = (&transfer.received, &transfer.owed) else { return String::new() };
    format!(
        "<div class=\"partial\"><h2>Part of it has arrived</h2>\
         <progress max=\"{expected}\" value=\"{received}\" aria-label=\"Received\"></progress>\
         <dl><div><dt>Received</dt><dd>{in_received}</dd></div><div><dt>Remains</dt><dd id=\"remains\">{in_owed}</dd></div></dl>\
         <p>Send the rest to the same address.</p></div>",
        expected = whole(&transfer.offer.amount),
        received = whole(received),
        in_received = text(&transfer.offer.of(received)),
        in_owed = text(&transfer.offer.of(owed)),
    )
}

/// A value to copy by hand, or with the button where a script runs.
fn copied(label: &str, shown: &str, value: &str, class: &str) -> String {
    format!(
        "<div class=\"field {class}\"><p class=\"label\">{label}</p><p class=\"value\">{shown}</p>\
         <button type=\"button\" class=\"copy\" data-copy=\"{value}\" hidden>Copy<span class=\"hidden\"> {class}</span>\
         </button></div>",
        shown = whole(shown),
        value = whole(value),
    )
}

fn other_coins(view: &CheckoutView, transfer: &TransferView) -> String {
    let buttons: String = view.offers.iter().filter(|offer| **offer != transfer.offer).map(coin_button).collect();
    if buttons.is_empty() {
        return buttons;
    }
    let form = form(view, "coin");
    format!("<details><summary>Use another coin</summary>{form}<div class=\"coins\">{buttons}</div></form></details>")
}

fn cancel_form(view: &CheckoutView) -> String {
    format!("{}<button id=\"cancel\" class=\"quiet\">Cancel payment</button></form>", form(view, "cancel"))
}

/// Opens a form that moves this payment.
pub(super) fn form(view: &CheckoutView, action: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/gateway/{action}\"><input type=\"hidden\" name=\"token\" value=\"{}\">",
        text(&view.token)
    )
}
