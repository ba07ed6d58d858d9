//! The strict teacher: what is wrong with a request, even where the gateway takes it.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use url::{Url, form_urlencoded};

use super::{Store, note};
use crate::simulator::{
    FindingKind, order, request::Fields, return_link::is_loopback, shared::Shared, wire::failure_because,
};

/// Longer paths are cut in a finding.
const LONGEST_SUBJECT: usize = 200;

/// Query parameters that hold a key, whatever their case and separators.
const KEY_PARAMETERS: [&str; 9] =
    ["apikey", "key", "secret", "secretkey", "apisecret", "merchantkey", "accesskey", "xapikey", "ipnsecret"];

/// Lists the findings. When the simulator is strict and there are any, this is the answer to the request.
pub(super) fn teach(shared: &Shared, kinds: &[FindingKind], subject: &str) -> Option<Response> {
    let first = kinds.first()?;
    let strict = shared.change(|ledger| {
        for kind in kinds {
            ledger.report_finding(*kind, subject, "");
        }
        ledger.strict
    });
    strict.then(|| {
        note(shared, format!("{subject}: {first}"));
        let lessons: Vec<_> = kinds.iter().map(|kind| format!("{} {}", kind.problem(), kind.fix())).collect();
        failure_because(StatusCode::BAD_REQUEST, &lessons.join(" "))
    })
}

/// What is wrong with the fields of a payment request.
pub(super) fn of_payment(fields: &Fields, strict: bool) -> Vec<FindingKind> {
    let (speed, risk_speed) = (fields.has("Speed"), fields.has("riskSpeed"));
    let named_twice = order::has_reserved_key(fields);
    let found = [
        (FindingKind::SpeedOnly, speed && !risk_speed),
        (FindingKind::RiskSpeedMissing, !speed && !risk_speed),
        (FindingKind::AmountAsNumber, has_number_for_amount(fields)),
        (FindingKind::PlainHttpReturnUrl, is_plain_http(fields, "returnUrl", strict)),
        (FindingKind::OrderIdInAdditionalData, named_twice),
        (FindingKind::OrderIdMissing, !has_order_id(fields) && !named_twice),
        (FindingKind::CryptoAmountSingular, fields.has("cryptoAmount") && !fields.has("cryptoAmounts")),
    ];
    found.into_iter().filter_map(|(kind, is_so)| is_so.then_some(kind)).collect()
}

/// What is wrong with the fields of a write of the settings.
pub(super) fn of_settings(fields: &Fields, unchanged: bool, strict: bool) -> Vec<FindingKind> {
    let found = [
        (FindingKind::PlainHttpCallbackUrl, is_plain_http(fields, "IPN_Url", strict)),
        (FindingKind::SettingsWrittenOften, unchanged),
    ];
    found.into_iter().filter_map(|(kind, is_so)| is_so.then_some(kind)).collect()
}

fn has_order_id(fields: &Fields) -> bool {
    fields.text("orderId").ok().flatten().is_some_and(|id| !id.trim().is_empty())
}

fn has_number_for_amount(fields: &Fields) -> bool {
    let items = ["cryptoAmounts", "cryptoAmount"].map(|name| fields.objects(name).ok().flatten().unwrap_or_default());
    fields.is_number("fiatAmount") || items.iter().flatten().any(|item| item.is_number("amount"))
}

/// Loopback is for trying things out, and passes unless the simulator is strict.
fn is_plain_http(fields: &Fields, name: &str, strict: bool) -> bool {
    let url = fields.text(name).ok().flatten().and_then(|text| Url::parse(&text).ok());
    url.is_some_and(|url| url.scheme() == "http" && (strict || !is_loopback(&url)))
}

/// Reports a key in a request's URL.
pub(super) async fn look_for_keys(State(shared): Store, request: Request, next: Next) -> Response {
    if holds_key(&shared, &request) {
        let subject = subject(&shared, &request);
        if let Some(refusal) = teach(&shared, &[FindingKind::KeyInUrl], &subject) {
            return refusal;
        }
    }
    next.run(request).await
}

fn holds_key(shared: &Shared, request: &Request) -> bool {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let named = form_urlencoded::parse(query.as_bytes()).any(|(name, value)| !value.is_empty() && names_a_key(&name));
    named || is_key_in(shared, path) || is_key_in(shared, query)
}

fn names_a_key(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    KEY_PARAMETERS.contains(&plain.to_ascii_lowercase().as_str())
}

fn is_key_in(shared: &Shared, text: &str) -> bool {
    shared.holds_key(text) || (text.contains('%') && shared.holds_key(&percent_decoded(text)))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let decoded = behind.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        rest = if decoded.is_some() { &behind[2..] } else { behind };
        bytes.extend(decoded.unwrap_or_else(|| vec![*first]));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The method and the path, without a key.
pub(super) fn subject(shared: &Shared, request: &Request) -> String {
    let path = request.uri().path();
    let path = if is_key_in(shared, path) { "(a path with a key)" } else { path };
    format!("{} {path}", request.method()).chars().take(LONGEST_SUBJECT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone_and_what_is_none_is_kept() {
        for (text, plain) in [("a%2Bb%3d", "a+b="), ("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("é%C3%A9", "éé")]
        {
            assert_eq!(percent_decoded(text), plain);
        }
    }

    #[test]
    fn a_parameter_named_like_a_key_is_one() {
        for name in ["api_key", "Api-Key", "APIKEY", "key", "secret", "secret_key"] {
            assert!(names_a_key(name), "{name}");
        }
        for name in ["token", "monkey", "keys", "orderId", ""] {
            assert!(!names_a_key(name), "{name}");
        }
    }
}
