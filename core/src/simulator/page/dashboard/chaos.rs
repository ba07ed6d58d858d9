//! Faults by chance, as sliders.

use super::{Visit, words::form};
use crate::simulator::Chaos;

/// The fields of the form: name, label, and which chance it is.
type Slider = (&'static str, &'static str, fn(&Chaos) -> f64);

const SLIDERS: [Slider; 6] = [
    ("duplicate", "Callback sent twice", |chaos| chaos.duplicate),
    ("reorder", "Callback sent after the next one", |chaos| chaos.reorder),
    ("drop", "Callback never sent", |chaos| chaos.drop),
    ("delay", "Callback a minute late", |chaos| chaos.delay),
    ("bad_gateway", "Answer is HTTP 502", |chaos| chaos.bad_gateway),
    ("stalled_body", "Answer never ends", |chaos| chaos.stalled_body),
];

pub(super) fn section(visit: &Visit<'_>) -> String {
    let chaos = visit.ledger.chaos();
    let reigning = chaos.unwrap_or_default();
    let sliders: String = SLIDERS.iter().map(|slider| one(slider, &reigning)).collect();
    let seed = reigning.seed.map(|seed| seed.to_string()).unwrap_or_default();
    let calm =
        if chaos.is_some() { "<button class=\"small\" formaction=\"/dashboard/do/calm\">Calm</button>" } else { "" };
    format!(
        "<section class=\"card chaos\"><h2>Chaos{reigns}</h2><p class=\"soft\">Faults that strike by chance. The same seed \
         draws the same ones.</p>{form}{sliders}<p class=\"seed\"><label for=\"seed\">Seed</label><input id=\"seed\" name=\"seed\" \
         inputmode=\"numeric\" pattern=\"[0-9]*\" maxlength=\"19\" autocomplete=\"off\" value=\"{seed}\" \
         placeholder=\"none\"></p><p class=\"buttons\"><button class=\"small strong\">Set</button>{calm}</p></form></section>",
        reigns = if chaos.is_some() { " <span class=\"badge\">on</span>" } else { "" },
        form = form(visit, "chaos"),
    )
}

fn one((name, label, chance): &Slider, chaos: &Chaos) -> String {
    // Set here in whole percents; chaos set from code may be finer, and is rounded for the slider only.
    let percent = format!("{:.0}", chance(chaos) * 100.0);
    format!(
        "<p class=\"slider\"><label for=\"{name}\">{label}</label><output for=\"{name}\">{percent}%</output>\
         <input id=\"{name}\" type=\"range\" name=\"{name}\" min=\"0\" max=\"100\" step=\"1\" value=\"{percent}\"></p>"
    )
}
