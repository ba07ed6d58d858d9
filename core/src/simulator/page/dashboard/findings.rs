//! What the simulator found wrong with the shop.

use super::{
    super::escape::{text, whole},
    Visit,
    words::{count, moment},
};
use crate::simulator::{Finding, FindingKind};

/// Findings that stand in full above the payments.
const PROMINENT: usize = 2;

pub(super) fn section(visit: &Visit<'_>) -> String {
    let findings = worst_first(visit);
    let strict =
        if visit.ledger.strict { "<p class=\"soft\">Strict: a request with a finding is refused.</p>" } else { "" };
    if findings.is_empty() {
        return format!(
            "<div class=\"head\"><h1>Findings</h1>{strict}</div><section class=\"empty\"><p class=\"soft\">Nothing wrong so far. The simulator \
             looks for {} kinds of mistakes in what the shop sends and how it answers; they show up here, each with its \
             cure.</p></section>",
            FindingKind::ALL.len()
        );
    }
    let items: String = findings.iter().copied().map(|finding| item(visit, finding)).collect();
    format!("<div class=\"head\"><h1>Findings</h1>{strict}</div><ul class=\"findings\">{items}</ul>")
}

/// Above the payments, so that nobody misses them.
pub(super) fn banner(visit: &Visit<'_>) -> String {
    let findings = worst_first(visit);
    if findings.is_empty() {
        return String::new();
    }
    let items: String = findings.iter().copied().take(PROMINENT).map(|finding| item(visit, finding)).collect();
    let all = u64::try_from(findings.len()).unwrap_or(u64::MAX);
    let more = if findings.len() > PROMINENT {
        format!("<p class=\"more\"><a href=\"/dashboard/findings\">All {}</a></p>", count(all, "finding"))
    } else {
        String::new()
    };
    format!(
        "<section class=\"banner\" data-key=\"banner\" aria-labelledby=\"banner\"><h2 id=\"banner\">{} to mend in the shop</h2>\
         <ul class=\"findings\">{items}</ul>{more}</section>",
        count(all, "thing")
    )
}

/// What loses money or keys, and then the rest as it was found.
fn worst_first<'a>(visit: &Visit<'a>) -> Vec<&'a Finding> {
    let mut findings: Vec<_> = visit.ledger.findings.list().iter().collect();
    findings
        .sort_by_key(|finding| !matches!(finding.kind, FindingKind::TamperedCallbackAccepted | FindingKind::KeyInUrl));
    findings
}

fn item(visit: &Visit<'_>, finding: &Finding) -> String {
    let payment = if finding.token.is_empty() {
        String::new()
    } else {
        format!(" with <a href=\"/dashboard/payment?token={}\">this payment</a>", whole(&finding.token))
    };
    let times = if finding.count == 1 { String::new() } else { format!("{} times, ", finding.count) };
    format!(
        "<li class=\"finding\"><h3>{problem}</h3><p class=\"fix\">{fix}</p><p class=\"soft\"><code>{subject}</code>{payment}, \
         {times}first at {at} <code class=\"kind\">{kind}</code></p></li>",
        problem = text(finding.kind.problem()),
        fix = text(finding.kind.fix()),
        subject = text(&finding.subject),
        at = moment(visit, finding.at),
        kind = finding.kind.as_str(),
    )
}
