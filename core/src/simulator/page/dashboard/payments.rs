//! The list of payments.

use super::{
    super::{
        escape::{text, whole},
        seen,
    },
    Visit, findings,
    words::{chip, count, moment, name},
};
use crate::{
    simulator::{ledger::Ledger, payment::Payment},
    status::OrderStatus,
};

/// Payments on a page.
const PAGE: usize = 50;

/// Letters that may be meant for the beginning of a token. Fewer occur in too many.
const TOKEN_PART: usize = 4;

/// Which payments are asked for.
#[derive(Clone, Debug, Default)]
pub(in crate::simulator) struct Wanted {
    /// Part of an order id, the beginning of a token, or the payment's number.
    pub(in crate::simulator) search: String,
    pub(in crate::simulator) status: Option<OrderStatus>,
    /// From 0.
    pub(in crate::simulator) page: usize,
}

impl Wanted {
    fn matches(&self, payment: &Payment) -> bool {
        let wanted = self.search.to_lowercase();
        let contains = |text: &str| text.to_lowercase().contains(&wanted);
        wanted.is_empty()
            || contains(payment.order_id())
            || (wanted.len() >= TOKEN_PART && payment.token.starts_with(&wanted))
            || payment.payment_id.to_string() == wanted
    }

    fn link(&self, status: Option<OrderStatus>, page: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        if let Some(status) = status {
            query.append_pair("status", &status.code().to_string());
        }
        if page > 0 {
            query.append_pair("page", &page.to_string());
        }
        format!("/?{}", query.finish())
    }
}

pub(super) fn list(visit: &Visit<'_>, wanted: &Wanted) -> String {
    let ledger = visit.ledger;
    if ledger.payments().next().is_none() {
        return format!("{}{}", findings::banner(visit), empty(visit));
    }
    let found: Vec<_> = ledger.payments().rev().filter(|payment| wanted.matches(payment)).collect();
    let shown: Vec<_> =
        found.iter().copied().filter(|payment| wanted.status.is_none_or(|status| payment.status == status)).collect();
    let first = wanted.page.saturating_mul(PAGE).min(shown.len());
    let rows: String = shown.iter().skip(first).take(PAGE).map(|payment| row(visit, payment)).collect();
    let table = if rows.is_empty() {
        "<p class=\"empty\">No payment matches. <a href=\"/\">Show all</a></p>".to_owned()
    } else {
        format!("<ul class=\"payments\">{rows}</ul>{}", turning(wanted, first, shown.len()))
    };
    format!(
        "{banner}<div class=\"head\"><h1>Payments</h1>{forgotten}{search}</div>{states}{table}",
        banner = findings::banner(visit),
        forgotten = forgotten(ledger),
        search = search(wanted),
        states = states(wanted, &found),
    )
}

fn forgotten(ledger: &Ledger) -> String {
    match ledger.forgotten() {
        0 => String::new(),
        older => format!("<p class=\"soft\">{} are not kept any more.</p>", count(older, "older payment")),
    }
}

fn search(wanted: &Wanted) -> String {
    let status = wanted.status.map_or_else(String::new, |status| {
        format!("<input type=\"hidden\" name=\"status\" value=\"{}\">", status.code())
    });
    format!(
        "<form class=\"search\" role=\"search\" action=\"/\"><label class=\"hidden\" for=\"q\">Order id or token</label>\
         <input id=\"q\" type=\"search\" name=\"q\" value=\"{}\" maxlength=\"200\" placeholder=\"Order id or token\" \
         autocomplete=\"off\">{status}<button class=\"small\">Search</button></form>",
        whole(&wanted.search)
    )
}

/// The states that occur among what was found, each a link that shows only those.
fn states(wanted: &Wanted, found: &[&Payment]) -> String {
    let link = |status: Option<OrderStatus>, label: &str, number: usize| {
        let current = if wanted.status == status { " aria-current=\"true\"" } else { "" };
        format!("<a href=\"{}\"{current}>{label} <small>{number}</small></a>", whole(&wanted.link(status, 0)))
    };
    let each = OrderStatus::KNOWN.into_iter().map(|status| {
        let number = found.iter().filter(|payment| payment.status == status).count();
        if number == 0 && wanted.status != Some(status) {
            return String::new();
        }
        link(Some(status), &text(&name(status)), number)
    });
    let all = link(None, "All", found.len());
    format!("<nav class=\"states\" aria-label=\"States\">{all}{}</nav>", each.collect::<String>())
}

fn row(visit: &Visit<'_>, payment: &Payment) -> String {
    let coins = payment.chosen.as_ref().map_or_else(String::new, |chosen| {
        format!("<small>{} {}</small>", chosen.offer.amount, text(chosen.offer.coin.shortcut))
    });
    let store = match visit.ledger.stores.len() {
        0 | 1 => String::new(),
        _ => format!("<bdi class=\"of\">{}</bdi>", text(visit.ledger.store_name_of(payment))),
    };
    format!(
        "<li id=\"p{token}\"><a class=\"payment\" href=\"/dashboard/payment?token={token}\">\
         <span class=\"who\"><bdi>{order}</bdi><code>{short}</code>{store}</span><span class=\"what\">{price}{coins}</span>\
         {chip}<span class=\"told\">{told}</span><span class=\"when\">{when}</span></a></li>",
        token = text(&payment.token),
        short = text(&payment.token.chars().take(8).collect::<String>()),
        order = payment.order.order_id.as_deref().map_or_else(|| "<i>no order id</i>".to_owned(), text),
        price = text(&seen::price(payment)),
        chip = chip(payment.status),
        told = told(visit.ledger, payment),
        when = moment(visit, payment.created_at),
    )
}

/// How its callbacks fare.
fn told(ledger: &Ledger, payment: &Payment) -> String {
    let (mut delivered, mut failed, mut open) = (0, 0, 0);
    for delivery in ledger.deliveries(&payment.token) {
        match (delivery.is_delivered(), delivery.finished) {
            (true, _) => delivered += 1,
            (false, true) => failed += 1,
            (false, false) => open += 1,
        }
    }
    let part = |number: u64, class: &str, word: &str| match number {
        0 => String::new(),
        number => format!("<span class=\"{class}\">{number} {word}</span> "),
    };
    let all = part(delivered, "good", "delivered") + &part(failed, "bad", "failed") + &part(open, "wait", "on its way");
    if all.is_empty() { "<span class=\"soft\">no callback</span>".to_owned() } else { all }
}

fn turning(wanted: &Wanted, first: usize, all: usize) -> String {
    if all <= PAGE {
        return String::new();
    }
    let page = first / PAGE;
    let newer = (page > 0).then(|| format!("<a href=\"{}\">Newer</a>", whole(&wanted.link(wanted.status, page - 1))));
    let older =
        (first + PAGE < all).then(|| format!("<a href=\"{}\">Older</a>", whole(&wanted.link(wanted.status, page + 1))));
    format!(
        "<nav class=\"turning\" aria-label=\"Pages\"><span>{} to {} of {all}</span>{}{}</nav>",
        (first + 1).min(all),
        (first + PAGE).min(all),
        newer.unwrap_or_default(),
        older.unwrap_or_default()
    )
}

fn empty(visit: &Visit<'_>) -> String {
    format!(
        "<section class=\"empty\"><h1>No payments yet</h1><p>Give your shop this base URL, and the keys of a \
         <a href=\"/dashboard/stores\">store</a>. Every payment that it creates shows up here by itself.</p>\
         <p class=\"copied\"><code>http://{host}</code>{copy}</p></section>",
        host = whole(visit.host),
        copy = super::words::copy(&format!("http://{}", visit.host), "base URL"),
    )
}
