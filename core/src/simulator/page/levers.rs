//! The simulator's bench beside the checkout page: what the customer's wallet, the network and the clock do.

use super::{
    checkout::form,
    escape::{text, whole},
    view::{CheckoutView, Levers, TransferView},
};

/// How far the clock can be moved, and what the button says.
pub(super) const STEPS: [(&str, &str); 4] = [("1m", "1 min"), ("10m", "10 min"), ("1h", "1 h"), ("1d", "1 day")];

/// The bench with its levers, of which only those that make sense can be pulled.
pub(super) fn bench(view: &CheckoutView) -> String {
    format!(
        "<aside class=\"bench\" aria-labelledby=\"bench\"><div class=\"tape\"><h2 id=\"bench\">Simulator</h2>\
         <p>No real money. Here you are the customer&rsquo;s wallet, the network and the clock.</p></div>\
         {notice}{wallet}{network}{clock}<p class=\"way\"><a href=\"/dashboard/payment?token={token}\">Open in the dashboard</a></p>\
         </aside>",
        notice = view.notice.map_or_else(String::new, |notice| format!(
            "<p id=\"notice\" class=\"notice\" role=\"alert\">{}</p>",
            notice.text()
        )),
        wallet = wallet(view),
        network = network(view),
        clock = clock(view),
        token = text(&view.token),
    )
}

fn wallet(view: &CheckoutView) -> String {
    let Levers { pay, late, .. } = view.levers;
    let exact = view.transfer.as_ref().filter(|_| pay).map_or_else(String::new, |transfer| pay_form(view, transfer));
    format!(
        "<section><h3>Wallet</h3>{exact}{form}<div class=\"levers\">{less}{more}{late}</div></form>{other}</section>",
        form = form(view, "lever"),
        less = lever("less", "Pay less", pay),
        more = lever("more", "Pay more", pay),
        late = lever("late", "Pay late", late),
        other = view
            .transfer
            .as_ref()
            .filter(|_| pay || late)
            .map_or_else(String::new, |transfer| other_amount(view, transfer)),
    )
}

fn pay_form(view: &CheckoutView, transfer: &TransferView) -> String {
    let owed = transfer.owed.as_deref().unwrap_or(&transfer.offer.amount);
    format!(
        "{}<button id=\"pay\" class=\"button primary\">Pay {}</button></form>",
        form(view, "pay"),
        text(&transfer.offer.of(owed))
    )
}

fn other_amount(view: &CheckoutView, transfer: &TransferView) -> String {
    format!(
        "<form class=\"other\" method=\"post\" action=\"/gateway/lever/amount\"><input type=\"hidden\" name=\"token\" \
         value=\"{token}\"><label for=\"amount\">Another amount in {coin}</label><input id=\"amount\" name=\"amount\" \
         inputmode=\"decimal\" autocomplete=\"off\" required maxlength=\"40\" placeholder=\"{amount}\">\
         <button class=\"lever\">Send</button></form>",
        token = text(&view.token),
        coin = text(&transfer.offer.shortcut),
        amount = whole(&transfer.offer.amount),
    )
}

fn network(view: &CheckoutView) -> String {
    let Levers { confirm, reject, drop, .. } = view.levers;
    format!(
        "<section><h3>Network</h3>{form}<div class=\"levers\">{confirm}{drop}{reject}</div></form></section>",
        form = form(view, "lever"),
        confirm = lever("confirm", "Confirm", confirm),
        drop = lever("drop", "Drop transaction", drop),
        reject = lever("reject", "Reject", reject),
    )
}

fn clock(view: &CheckoutView) -> String {
    let steps = STEPS.map(|(by, label)| {
        format!(
            "<button class=\"lever\" name=\"by\" value=\"{by}\" formaction=\"/gateway/lever/advance\">\
             <span class=\"hidden\">Advance the clock by </span>+{label}</button>"
        )
    });
    format!(
        "<section><h3>Clock</h3>{form}<div class=\"levers steps\">{steps}</div><div class=\"levers\">{expire}</div></form>\
         </section>",
        form = form(view, "lever"),
        steps = steps.concat(),
        expire = lever("expire", "Let the time run out", view.levers.expire),
    )
}

fn lever(name: &str, label: &str, makes_sense: bool) -> String {
    let disabled = if makes_sense { "" } else { " disabled" };
    format!(
        "<button class=\"lever\" data-lever=\"{name}\" formaction=\"/gateway/lever/{name}\"{disabled}>{label}</button>"
    )
}
