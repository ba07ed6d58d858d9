//! [`Finding`]: what the simulator noticed is wrong with its client, and how to mend it.

use std::{fmt, time::Duration};

/// Defines the kinds of findings, their names and cures, once.
macro_rules! findings {
    ($($variant:ident = $name:literal, $problem:literal, $fix:literal;)*) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum FindingKind {
            $(#[doc = $problem] $variant,)*
        }

        impl FindingKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name, for instance `speed_only`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What is wrong, in one sentence.
            pub const fn problem(self) -> &'static str {
                match self { $(Self::$variant => $problem,)* }
            }

            /// How to mend it.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)* }
            }
        }
    };
}

findings! {
    SpeedOnly = "speed_only", "A payment was requested with Speed and without riskSpeed, which the gateway ignores: the payment runs at high risk speed.",
        "Send riskSpeed: 1 to wait for confirmations, or 0 on purpose.";
    RiskSpeedMissing = "risk_speed_missing", "A payment was requested without riskSpeed, which then is 0: the customer returns before the chain has confirmed.",
        "Send riskSpeed always: 1 to wait for confirmations, or 0 on purpose.";
    AmountAsNumber = "amount_as_number", "An amount was sent as a JSON number: binary floating point loses cents.",
        "Send amounts as decimal text, for instance \"29.99\".";
    PlainHttpReturnUrl = "plain_http_return_url", "The return URL is not https; the gateway refuses it.",
        "Use https. Loopback is let through here only for trying things out.";
    PlainHttpCallbackUrl = "plain_http_callback_url", "The callback URL is not https; the gateway refuses it.",
        "Use https. Loopback is let through here only for trying things out.";
    OrderIdInAdditionalData = "order_id_in_additional_data", "additionalData holds the key `OrderId`, which the gateway keeps for itself.",
        "Send the order's id as orderId, and use another key for anything else.";
    OrderIdMissing = "order_id_missing", "A payment was requested without orderId: its callbacks cannot be matched to an order.",
        "Send orderId with every payment.";
    CryptoAmountSingular = "crypto_amount_singular", "The price came as cryptoAmount only; the gateway's schema knows cryptoAmounts.",
        "Send cryptoAmounts.";
    KeyInUrl = "key_in_url", "The API key or the secret key is in a URL, where logs and proxies keep it.",
        "Send the API key in the Api-Key header only, and the secret key never.";
    UnknownEndpoint = "unknown_endpoint", "A path was asked for that the gateway does not have.",
        "Use the endpoints of the gateway's documentation; there is none for refunds or for reading a payment.";
    SettingsWrittenOften = "settings_written_often", "The callback URL was written again although it had not changed.",
        "Read the settings, and write them only when they differ.";
    CallbackSlow = "callback_slow", "The callback endpoint took longer than 5 seconds.",
        "Record the callback, answer 200, and do the rest afterwards.";
    CallbackRedirected = "callback_redirected", "The callback endpoint answered with a redirect, which is not followed.",
        "Give the address that answers itself: mind a slash at the end, a language prefix, and a login wall.";
    CallbackNotOk = "callback_not_ok", "The callback endpoint did not answer 200, so the callback counts as lost and is sent again.",
        "Answer exactly 200 once the callback is recorded.";
    CallbackUnreachable = "callback_unreachable", "The callback endpoint did not answer.",
        "Check the callback URL, and that the shop is running.";
    TamperedCallbackAccepted = "tampered_callback_accepted", "The callback endpoint took a callback whose signature is wrong: anybody can mark orders as paid.",
        "Check the signature over the raw body before anything else, and answer 401 when it is wrong.";
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One kind of problem, and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// What it was first seen on, for instance `POST /v1/payment/request` or the callback URL without its query.
    pub subject: String,
    /// The payment it was first seen on, or empty.
    pub token: String,
    /// How often it was seen.
    pub count: u64,
    /// When it was first seen, by the simulator's clock since its start.
    pub at: Duration,
}

/// What was found so far: one entry a kind and subject, and few of each.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

/// Of one kind. A client that asks for thousands of unknown paths must fill neither the memory nor the list.
const KEPT: usize = 20;

impl Findings {
    pub(super) fn report(&mut self, kind: FindingKind, subject: &str, token: &str, at: Duration) {
        if let Some(known) = self.0.iter_mut().find(|known| known.kind == kind && known.subject == subject) {
            known.count += 1;
        } else if self.0.iter().filter(|known| known.kind == kind).count() < KEPT {
            let (subject, token) = (subject.to_owned(), token.to_owned());
            self.0.push(Finding { kind, subject, token, count: 1, at });
        }
    }

    pub(super) fn list(&self) -> &[Finding] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_finding_is_counted_and_listed_once() {
        let mut findings = Findings::default();
        for subject in ["a", "a", "b"] {
            findings.report(FindingKind::SpeedOnly, subject, "t0", Duration::ZERO);
        }
        let seen: Vec<_> = findings.list().iter().map(|finding| (finding.subject.as_str(), finding.count)).collect();
        assert_eq!(seen, [("a", 2), ("b", 1)]);
    }

    #[test]
    fn many_findings_of_one_kind_leave_room_for_the_others() {
        let mut findings = Findings::default();
        for number in 0..1_000 {
            findings.report(FindingKind::UnknownEndpoint, &number.to_string(), "", Duration::ZERO);
        }
        findings.report(FindingKind::TamperedCallbackAccepted, "http://shop.test/", "t0", Duration::ZERO);
        assert!(findings.list().iter().any(|finding| finding.kind == FindingKind::TamperedCallbackAccepted));
    }

    #[test]
    fn findings_do_not_fill_the_memory() {
        let mut findings = Findings::default();
        for number in 0..1_000 {
            findings.report(FindingKind::UnknownEndpoint, &number.to_string(), "", Duration::ZERO);
        }
        assert_eq!(findings.list().len(), KEPT);
    }
}
