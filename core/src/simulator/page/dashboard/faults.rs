//! The faults, to arm and to clear.

use super::{
    super::escape::{text, whole},
    Visit, chaos,
    words::form,
};
use crate::simulator::{ArmedFault, Fault};

pub(super) fn section(visit: &Visit<'_>) -> String {
    format!(
        "<div class=\"head\"><h1>Faults</h1></div>{armed}<div class=\"columns\"><div>{callbacks}{api}</div><div>{chaos}</div></div>",
        armed = armed(visit),
        callbacks = group(visit, "Callbacks", "Armed once, a fault befalls the next callback that is sent.", true),
        api = group(visit, "Answers of the API", "Armed once, a fault befalls the next answer that it fits.", false),
        chaos = chaos::section(visit),
    )
}

fn armed(visit: &Visit<'_>) -> String {
    let armed = visit.ledger.faults.armed();
    if armed.is_empty() {
        return "<p class=\"soft\">None is armed: the simulator behaves, but for chance.</p>".to_owned();
    }
    let items: String = armed.iter().map(armed_item).collect();
    format!(
        "<section class=\"card armed\"><h2>Armed</h2><ul>{items}</ul>{form}<button class=\"small\">Clear all</button></form></section>",
        form = form(visit, "clear")
    )
}

fn armed_item(armed: &ArmedFault) -> String {
    let times = match armed.times {
        None => "always".to_owned(),
        Some(1) => "once".to_owned(),
        Some(times) => format!("{times} times"),
    };
    let payment = armed.token.as_deref().map_or_else(String::new, |token| {
        format!(", only for <a href=\"/dashboard/payment?token={0}\"><code>{0}</code></a>", whole(token))
    });
    format!(
        "<li><strong>{times}</strong> {about} <code>{name}</code>{payment}</li>",
        about = text(armed.fault.about()),
        name = armed.fault
    )
}

fn group(visit: &Visit<'_>, title: &str, about: &str, callbacks: bool) -> String {
    let faults = Fault::ALL.iter().filter(|fault| fault.concerns_callbacks() == callbacks);
    let rows: String = faults.map(|fault| row(visit, *fault)).collect();
    format!(
        "<section class=\"card\"><h2>{title}</h2><p class=\"soft\">{about}</p><ul class=\"faults\">{rows}</ul></section>"
    )
}

fn row(visit: &Visit<'_>, fault: Fault) -> String {
    format!(
        "<li><p>{about}<code>{fault}</code></p>{form}<input type=\"hidden\" name=\"fault\" value=\"{fault}\">\
         <button class=\"small\" name=\"times\" value=\"1\">Once<span class=\"hidden\">: {fault}</span></button>\
         <button class=\"small\" name=\"times\" value=\"always\">Always<span class=\"hidden\">: {fault}</span></button>\
         </form></li>",
        about = text(fault.about()),
        form = form(visit, "arm"),
    )
}
