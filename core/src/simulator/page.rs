//! The checkout page's HTML. Works without JavaScript; everything that comes from outside goes through [`text`].

use std::fmt::Write as _;

use super::{
    payment::{Chosen, Offer, Payment},
    return_link,
};
use crate::status::OrderStatus;

/// A longer order id or store name is cut on the page, though nowhere else.
const LONGEST: usize = 120;

/// The page for a payment, whatever its state.
pub(super) fn of(payment: &Payment, store_name: &str) -> String {
    let store = text(store_name);
    let main = match (payment.status, &payment.chosen) {
        (OrderStatus::Initialize, _) => format!("{}{}", bill(payment, &store), coin_choice(payment)),
        (OrderStatus::Pending, Some(chosen)) => format!("{}{}", bill(payment, &store), transfer(payment, chosen)),
        _ => ending(payment, &store),
    };
    // Without a script, the page looks again by itself.
    let waits = payment.status == OrderStatus::WaitingToConfirm;
    let head = if waits { "<meta http-equiv=\"refresh\" content=\"2\">" } else { "" };
    document(&format!("Pay {store}"), head, &main)
}

/// For a token that the gateway does not know.
pub(super) fn unknown() -> String {
    document(
        "Payment not found",
        "",
        r#"<section class="ending"><p class="mark" aria-hidden="true">?</p><h1>Payment not found</h1>
<p>This link is incomplete, or the simulator was restarted since it was made. Go back to the store and check out again.</p></section>"#,
    )
}

/// For somebody who opens the bare address.
pub(super) fn welcome() -> String {
    document(
        "Paymento simulator",
        "",
        r#"<section class="ending"><p class="mark" aria-hidden="true">✓</p><h1>The simulator is running</h1>
<p>Use this address as the client's base URL. Checkout pages are at <code>/gateway?token=…</code></p></section>"#,
    )
}

/// What is to be paid, to whom, for what.
fn bill(payment: &Payment, store: &str) -> String {
    let mut bill = format!("<header><p class=\"store\"><bdi>{store}</bdi></p>");
    let price = payment.order.fiat.as_ref().map(|(amount, currency)| format!("{amount} {}", currency.to_uppercase()));
    let price = price.or_else(|| payment.order.offers.first().map(in_coins)).unwrap_or_default();
    let _ = write!(bill, "<h1 class=\"price\">{}</h1>", text(&price));
    if let Some(order_id) = &payment.order.order_id {
        let _ = write!(bill, "<p class=\"order\">Order <bdi>{}</bdi></p>", text(order_id));
    }
    bill + "</header>"
}

fn coin_choice(payment: &Payment) -> String {
    let mut form = form("coin", payment);
    form.push_str("<h2>Pay with</h2><div class=\"coins\">");
    for offer in &payment.order.offers {
        form.push_str(&coin_button(offer));
    }
    format!("{form}</div></form>{}", cancel_form(payment))
}

fn coin_button(offer: &Offer) -> String {
    format!(
        "<button class=\"coin\" name=\"coin\" value=\"{name}\"><span class=\"badge\" aria-hidden=\"true\">{shortcut}</span>\
         <span class=\"name\">{name}<small>{network}</small></span><span class=\"amount\">{amount}</span></button>",
        name = text(offer.coin.name),
        shortcut = text(offer.coin.shortcut),
        network = text(offer.coin.network),
        amount = text(&in_coins(offer)),
    )
}

/// Where the money goes, and the buttons.
fn transfer(payment: &Payment, chosen: &Chosen) -> String {
    format!(
        "<dl><dt>Send exactly</dt><dd class=\"exact\">{amount}</dd><dt>Network</dt><dd>{network}</dd>\
         <dt>To this address</dt><dd class=\"address\">{address}</dd></dl>\
         {pay}<button id=\"pay\" class=\"primary\">Pay {amount}</button></form>{other}{cancel}",
        amount = text(&in_coins(&chosen.offer)),
        network = text(chosen.offer.coin.network),
        address = text(&chosen.address),
        pay = form("pay", payment),
        other = other_coins(payment, chosen),
        cancel = cancel_form(payment),
    )
}

fn other_coins(payment: &Payment, chosen: &Chosen) -> String {
    let others = payment.order.offers.iter().filter(|offer| offer.coin != chosen.offer.coin);
    let buttons: String = others.map(coin_button).collect();
    if buttons.is_empty() {
        return buttons;
    }
    let form = form("coin", payment);
    format!("<details><summary>Use another coin</summary>{form}<div class=\"coins\">{buttons}</div></form></details>")
}

fn cancel_form(payment: &Payment) -> String {
    format!("{}<button id=\"cancel\" class=\"quiet\">Cancel payment</button></form>", form("cancel", payment))
}

/// How it ended, and the way back.
fn ending(payment: &Payment, store: &str) -> String {
    let (mark, title, line) = match payment.status {
        OrderStatus::Paid | OrderStatus::Approve => ("✓", "Payment received", "Thank you."),
        OrderStatus::UserCanceled => ("×", "Payment canceled", "Nothing was paid."),
        OrderStatus::WaitingToConfirm => ("…", "Payment on its way", "The network has seen it and is confirming it."),
        _ => ("!", "Payment closed", "This payment cannot be paid any more."),
    };
    let way_back = match return_link::of(payment) {
        Some(url) => {
            format!("<a id=\"return\" class=\"primary\" href=\"{}\">Back to {store}</a>", attribute(url.as_str()))
        }
        None => "<p>You can close this page.</p>".to_owned(),
    };
    format!(
        "<section class=\"ending\"><p class=\"mark\" aria-hidden=\"true\">{mark}</p><h1>{title}</h1><p>{line}</p>\
         {order}{way_back}</section>",
        order = payment.order.order_id.as_ref().map_or_else(String::new, |order_id| {
            format!("<p class=\"order\">Order <bdi>{}</bdi></p>", text(order_id))
        }),
    )
}

fn form(action: &str, payment: &Payment) -> String {
    let token = text(&payment.token);
    format!(
        "<form method=\"post\" action=\"/gateway/{action}\"><input type=\"hidden\" name=\"token\" value=\"{token}\">"
    )
}

fn in_coins(offer: &Offer) -> String {
    format!("{} {}", offer.amount, offer.coin.shortcut)
}

fn document(title: &str, head: &str, main: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title><link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/gateway/style.css\">{head}</head>\
         <body><p class=\"simulator\" role=\"note\"><strong>Simulator</strong> &ndash; no real money</p>\
         <main>{main}</main></body></html>"
    )
}

/// Escaped, and cut where it would fill the page.
fn text(raw: &str) -> String {
    let mut cut: String = raw.chars().take(LONGEST).collect();
    if cut.len() < raw.len() {
        cut.push('…');
    }
    attribute(&cut)
}

/// Escaped for text and for a quoted attribute.
fn attribute(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if is_unprintable(c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Control characters, and those that turn the direction of a line.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_and_not_run() {
        assert_eq!(
            text("<img src=x onerror=\"a('b')\">&"),
            "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;"
        );
        assert_eq!(text("a\0\u{1b}b\u{202e}"), "a\u{fffd}\u{fffd}b\u{fffd}");
    }

    #[test]
    fn a_text_that_would_fill_the_page_is_cut() {
        assert_eq!(text(&"é".repeat(500)).chars().count(), LONGEST + 1);
        assert_eq!(text("short"), "short");
    }
}
