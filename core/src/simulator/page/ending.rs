//! The checkout page once the money is on its way, and however it ended.

use super::{
    escape::{text, whole},
    icon::Icon,
    view::{CheckoutView, TransferView},
};
use crate::status::OrderStatus;

/// What the page says in large letters; none while the customer has something to do.
pub(super) fn headline(status: OrderStatus) -> Option<&'static str> {
    Some(match status {
        OrderStatus::Initialize | OrderStatus::Pending | OrderStatus::PartialPaid => return None,
        OrderStatus::WaitingToConfirm => "Payment on its way",
        OrderStatus::Paid | OrderStatus::Approve => "Payment received",
        OrderStatus::Timeout => "Payment expired",
        OrderStatus::UserCanceled => "Payment canceled",
        OrderStatus::Reject => "Payment rejected",
        _ => "Payment closed",
    })
}

/// How it stands, and the way back.
pub(super) fn section(view: &CheckoutView) -> String {
    let (mood, icon) = face(view.status);
    format!(
        "<div class=\"ending {mood}\"><p class=\"mark\">{icon}</p><h2 class=\"headline\">{headline}</h2>{line}{progress}\
         {excess}{way_back}{hashes}</div>",
        icon = icon.svg(),
        headline = headline(view.status).unwrap_or("Payment closed"),
        line = line(view.status),
        progress = view.transfer.as_ref().filter(|_| is_waiting(view)).map_or_else(String::new, progress),
        excess = view.transfer.as_ref().map_or_else(String::new, excess),
        way_back = way_back(view),
        hashes = view.transfer.as_ref().map_or_else(String::new, hashes),
    )
}

fn is_waiting(view: &CheckoutView) -> bool {
    view.status == OrderStatus::WaitingToConfirm
}

fn is_paid(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Paid | OrderStatus::Approve)
}

fn face(status: OrderStatus) -> (&'static str, Icon) {
    match status {
        OrderStatus::WaitingToConfirm => ("waiting", Icon::Waves),
        OrderStatus::Paid | OrderStatus::Approve => ("good", Icon::Check),
        OrderStatus::Timeout => ("bad", Icon::Clock),
        OrderStatus::UserCanceled => ("plain", Icon::Cross),
        _ => ("bad", Icon::Bang),
    }
}

fn line(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::WaitingToConfirm => {
            "<p>The network has seen it and is confirming it. You need not do anything.</p>"
        }
        OrderStatus::Paid | OrderStatus::Approve => "<p>The network has confirmed it. Thank you.</p>",
        OrderStatus::Timeout => {
            "<p>The time to pay is over and nothing arrived. If you have sent money after all, tell the store: do not send \
             it again.</p>"
        }
        OrderStatus::UserCanceled => "<p>Nothing was paid. If you have sent money after all, tell the store.</p>",
        OrderStatus::Reject => {
            "<p>The address is not watched any more. If you have sent money, ask the store about it.</p>"
        }
        _ => "<p>This payment cannot be paid any more.</p>",
    }
}

fn progress(transfer: &TransferView) -> String {
    let (confirmations, required) = (transfer.confirmations, transfer.required_confirmations);
    format!(
        "<p class=\"confirmations\"><progress max=\"{required}\" value=\"{confirmations}\" aria-hidden=\"true\"></progress>\
         <span>{confirmations} of {required} confirmations</span></p>",
    )
}

/// Somebody who paid too much should know whom to ask.
fn excess(transfer: &TransferView) -> String {
    transfer.excess.as_ref().map_or_else(String::new, |excess| {
        format!(
            "<p class=\"excess\">You sent <strong>{}</strong> more than was asked for. Ask the store to give it back.</p>",
            text(&transfer.offer.of(excess))
        )
    })
}

/// Nobody is led away from a payment that waits for the chain, though they may go.
fn way_back(view: &CheckoutView) -> String {
    let Some(url) = &view.return_url else { return "<p class=\"close\">You can close this page.</p>".to_owned() };
    let class = if is_waiting(view) { "secondary" } else { "primary" };
    let by_itself = if is_paid(view.status) { "<p id=\"leaving\" class=\"leaving\" hidden></p>" } else { "" };
    format!(
        "<a id=\"return\" class=\"button {class}\" href=\"{url}\" data-paid=\"{paid}\"><span>Back to <bdi>{store}</bdi></span></a>{by_itself}",
        url = whole(url),
        paid = is_paid(view.status),
        store = text(&view.store),
    )
}

fn hashes(transfer: &TransferView) -> String {
    if transfer.hashes.is_empty() {
        return String::new();
    }
    let items: Vec<_> = transfer.hashes.iter().map(|hash| format!("<li><code>{}</code></li>", text(hash))).collect();
    let title = if transfer.hashes.len() == 1 { "Transaction" } else { "Transactions" };
    format!("<details class=\"hashes\"><summary>{title}</summary><ul>{}</ul></details>", items.concat())
}
