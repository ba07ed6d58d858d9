//! [`Fault`]: every way in which the simulated gateway misbehaves on request, and [`FaultPlan`], the ones that are armed.

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, ErrorCode},
    status::OrderStatus,
};

/// Defines the faults, their names and what they do, once.
macro_rules! faults {
    ($($(#[$docs:meta])* $variant:ident = $name:literal, $about:literal;)*) => {
        /// One way to misbehave. The name's first word says where: `callback` or `api`.
        #[expect(clippy::doc_markdown, reason = "the texts are shown to people as well, without markup")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $about] $(#[$docs])* $variant,)*
        }

        impl Fault {
            /// Every fault, callbacks first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name, for instance `callback.duplicate`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it does, in one sentence.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

faults! {
    CallbackDelay = "callback.delay", "The callback is sent a minute late.";
    CallbackDuplicate = "callback.duplicate", "The callback is sent twice.";
    CallbackReorder = "callback.reorder", "The callback is sent after the payment's next one.";
    CallbackDrop = "callback.drop", "The callback is never sent.";
    CallbackTruncate = "callback.truncate", "The last ten bytes of the body are missing, and it is signed without them.";
    CallbackWrongSecret = "callback.wrong_secret", "The callback is signed with another secret key.";
    CallbackStatus6 = "callback.status_6", "The callback carries status 6, which no table names.";
    CallbackStatus10 = "callback.status_10", "The callback carries status 10, which only some integrators list.";
    CallbackStatus42 = "callback.status_42", "The callback carries status 42.";
    CallbackUnknownFields = "callback.unknown_fields", "The body has fields that nobody has documented.";
    CallbackLargePaymentId = "callback.large_payment_id", "PaymentId is above 2^53.";
    CallbackTextPaymentId = "callback.text_payment_id", "PaymentId is a text.";
    CallbackNullAdditionalData = "callback.null_additional_data", "AdditionalData is null.";
    CallbackNoAdditionalData = "callback.no_additional_data", "AdditionalData is missing.";
    CallbackByteOrderMark = "callback.byte_order_mark", "The body begins with a byte order mark, and is signed with it.";
    CallbackLowerCaseSignature = "callback.lower_case_signature", "The signature is in lower-case hexadecimal.";
    CallbackUnderscoreHeader = "callback.underscore_header", "The signature's header is named `HMAC_SHA256_SIGNATURE`.";
    ApiBadGateway = "api.bad_gateway", "The answer is HTTP 502 with a page of HTML.";
    ApiRateLimited = "api.rate_limited", "The answer is HTTP 429 with Retry-After: 1.";
    ApiStalledBody = "api.stalled_body", "The answer begins and never ends.";
    ApiLostCreate = "api.lost_create", "The payment is created, and the answer never comes.";
    ApiTokenWithSpace = "api.token_with_space", "The new token has a space in front.";
    ApiStatusInteger = "api.status_integer", "verify gives orderStatus as a number.";
    ApiStatusNumericText = "api.status_numeric_text", "verify gives orderStatus as a number in quotes.";
    ApiStatusAbsent = "api.status_absent", "verify gives no orderStatus.";
    ApiLegacyVerify = "api.legacy_verify", "verify answers in the oldest documented shape, with neither orderStatus nor settlement.";
    ApiPaidNotApproved = "api.paid_not_approved", "verify leaves a paid payment at Paid and says success: false.";
}

impl Fault {
    /// Whether it befalls callbacks; otherwise it befalls answers of the API.
    pub fn concerns_callbacks(self) -> bool {
        self.as_str().starts_with("callback.")
    }

    /// Whether a callback's bytes or headers are others than without it.
    pub(super) fn alters(self) -> bool {
        let in_time_only = [Self::CallbackDelay, Self::CallbackDuplicate, Self::CallbackReorder, Self::CallbackDrop];
        self.concerns_callbacks() && !in_time_only.contains(&self)
    }

    /// The undocumented status that a callback carries in place of its own.
    pub(super) fn odd_status(self) -> Option<OrderStatus> {
        match self {
            Self::CallbackStatus6 => Some(OrderStatus::from_code(6)),
            Self::CallbackStatus10 => Some(OrderStatus::from_code(10)),
            Self::CallbackStatus42 => Some(OrderStatus::from_code(42)),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|fault| fault.as_str() == text.trim()).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|fault| fault.as_str()).collect();
            Error::new(ErrorCode::InputFault, "the simulator has no such fault")
                .with_hint(format!("one of {}", names.join(", ")))
        })
    }
}

/// How often a fault strikes, and whom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArmedFault {
    /// What happens.
    pub fault: Fault,
    /// How many times more; none until it is cleared.
    pub times: Option<u32>,
    /// The payment that it befalls; none for any. A create has no token yet and is befallen only by faults for any.
    pub token: Option<String>,
}

/// The faults that are armed, in the order in which they were.
#[derive(Debug, Default)]
pub(super) struct FaultPlan(Vec<ArmedFault>);

impl FaultPlan {
    pub(super) fn arm(&mut self, fault: Fault, times: Option<u32>, token: Option<String>) {
        if times != Some(0) {
            self.0.push(ArmedFault { fault, times, token });
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn armed(&self) -> &[ArmedFault] {
        &self.0
    }

    /// The faults among these that strike now; each is used up by one.
    pub(super) fn strike(&mut self, token: Option<&str>, concerned: impl Fn(Fault) -> bool) -> Vec<Fault> {
        let mut struck = Vec::new();
        for armed in &mut self.0 {
            let meant = armed.token.is_none() || armed.token.as_deref() == token;
            if meant && concerned(armed.fault) && !struck.contains(&armed.fault) {
                armed.times = armed.times.map(|times| times - 1);
                struck.push(armed.fault);
            }
        }
        self.0.retain(|armed| armed.times != Some(0));
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_from_its_name() {
        for fault in Fault::ALL {
            assert_eq!(fault.as_str().parse::<Fault>().ok(), Some(*fault));
        }
        assert_eq!("callback.nonsense".parse::<Fault>().map_err(|error| error.code()), Err(ErrorCode::InputFault));
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_was_armed_and_only_whom_it_was_armed_for() {
        let mut plan = FaultPlan::default();
        plan.arm(Fault::CallbackDrop, Some(2), None);
        plan.arm(Fault::CallbackDuplicate, None, Some("t1".to_owned()));
        plan.arm(Fault::ApiBadGateway, Some(0), None);
        let callbacks = Fault::concerns_callbacks;
        assert_eq!(plan.strike(Some("t0"), callbacks), [Fault::CallbackDrop]);
        assert_eq!(plan.strike(Some("t1"), callbacks), [Fault::CallbackDrop, Fault::CallbackDuplicate]);
        assert_eq!(plan.strike(Some("t1"), callbacks), [Fault::CallbackDuplicate]);
        assert_eq!(plan.strike(None, |_| true), []);
        assert_eq!(plan.armed().len(), 1);
    }
}
