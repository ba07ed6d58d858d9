//! [`Verification`]: a verify answer, held against what was expected. `decide` makes it.

#[cfg(feature = "checkout")]
use crate::price::Price;
use crate::{error::Error, json::ReportedStatus, outcome::Outcome, settlement::Settlement, status::OrderStatus};

/// A verify answer, held against what was expected.
#[derive(Clone, Debug)]
pub struct Verification {
    pub(crate) outcome: Outcome,
    pub(crate) token: String,
    pub(crate) order_id: String,
    pub(crate) status: ReportedStatus,
    pub(crate) amount_unchecked: bool,
    pub(crate) detail: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) additional_data: Vec<(String, String)>,
    pub(crate) settlement: Option<Settlement>,
}

impl Verification {
    /// What the answer comes to.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether the order is to be fulfilled.
    pub fn is_settled(&self) -> bool {
        self.outcome == Outcome::Settled
    }

    /// The token that was asked about.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The order that was expected.
    pub fn order_id(&self) -> &str {
        &self.order_id
    }

    /// The status after the call. `None` on servers that report none, which are settled by `success` alone, and for a
    /// text that is neither a number nor a documented name.
    pub fn status(&self) -> Option<OrderStatus> {
        self.status.status
    }

    /// The status as it came, where there is one.
    pub fn status_text(&self) -> Option<&str> {
        self.status.text.as_deref()
    }

    /// Whether no amount was compared: none was expected, or the gateway reported none. The token still binds the
    /// payment to what was asked for when it was made.
    pub fn amount_unchecked(&self) -> bool {
        self.amount_unchecked
    }

    /// The same where nobody here knows what was asked for when the payment was made: then the gateway must not say that it was
    /// something else. It names no fiat amount where coins were asked for.
    #[cfg(feature = "checkout")]
    pub(crate) fn of_unknown_origin(self, price: &Price) -> Self {
        let in_coins =
            self.settlement().and_then(Settlement::expected_crypto_amount).is_some_and(|coins| !coins.is_zero());
        if !(matches!(price, Price::Fiat { .. }) && self.amount_unchecked && in_coins && self.is_settled()) {
            return self;
        }
        let detail = Some("the gateway names no fiat amount: the payment was made for an amount in coins".to_owned());
        Self { outcome: Outcome::Mismatch, detail, ..self }
    }

    /// What does not match or is contradictory, in words.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The gateway's own message, where there is one.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The shop's own notes from `create_payment`.
    pub fn additional_data(&self) -> &[(String, String)] {
        &self.additional_data
    }

    /// What the gateway reports of the money, where it does, whatever the outcome.
    pub fn settlement(&self) -> Option<&Settlement> {
        self.settlement.as_ref()
    }

    /// The settlement of a settled payment; on servers that report none, one without amounts.
    ///
    /// # Errors
    /// `verify.` and the [outcome](Outcome::as_str) for every other outcome.
    pub fn require_settled(&self) -> Result<Settlement, Error> {
        if self.is_settled() {
            return Ok(self.settlement.clone().unwrap_or_else(Settlement::absent));
        }
        let code = self.outcome.error_code();
        let detail = self.detail.clone().or_else(|| Some(format!("status {}", self.status_text()?)));
        Err(Error::new(
            code,
            match detail {
                Some(detail) => format!("{}: {detail}", code.meaning()),
                None => code.meaning().to_owned(),
            },
        ))
    }
}
