//! What a verify answer says about one expected payment: a pure function.

use crate::{
    expected::Expected,
    json::{self, Object, ReportedStatus},
    outcome::Outcome,
    price::Price,
    settlement::Settlement,
    status::{Meaning, OrderStatus},
    text::{clean, quote},
    token::Token,
    verification::Verification,
};

/// A verify answer that is JSON with a `success`: the part of the envelope that is decided on.
pub(crate) struct Answer<'a> {
    pub(crate) success: bool,
    pub(crate) message: Option<String>,
    pub(crate) body: Option<Object<'a>>,
}

impl Answer<'_> {
    pub(crate) fn names_invalid_token(&self) -> bool {
        !self.success && self.message.as_deref().is_some_and(|text| text.to_ascii_lowercase().contains("invalid token"))
    }
}

/// Holds the answer against the payment that was asked about. Token first, then order, amount and status.
pub(crate) fn decide(answer: &Answer<'_>, token: &Token, expected: &Expected) -> Verification {
    let nothing = Object::default();
    let body = answer.body.as_ref().unwrap_or(&nothing);
    let status = ReportedStatus::read(body.get("orderStatus"));
    let settlement = body.get("settlement").map(Settlement::read);
    let amounts = compare_amounts(expected.price.as_ref(), settlement.as_ref());
    let (outcome, detail) = if answer.names_invalid_token() {
        (Outcome::InvalidToken, None)
    } else if let Some(difference) = other_payment(body, token, expected).or_else(|| amounts.difference()) {
        (Outcome::Mismatch, Some(difference))
    } else {
        by_status(answer.success, &status)
    };
    Verification {
        outcome,
        token: token.as_str().to_owned(),
        order_id: expected.order_id.clone(),
        status,
        amount_unchecked: matches!(amounts, Amounts::Unchecked),
        detail,
        message: answer.message.as_deref().filter(|text| !text.is_empty()).map(|text| clean(text, 200)),
        additional_data: json::additional_data(body.get("additionalData")),
        settlement,
    }
}

/// What differs between the payment answered about and the one asked about.
fn other_payment(body: &Object<'_>, token: &Token, expected: &Expected) -> Option<String> {
    match body.text("token") {
        None => return Some("the answer names no token".to_owned()),
        Some(other) if !token.is(&other) => return Some("the answer is about another token".to_owned()),
        Some(_) => {}
    }
    let order_id = body.text("orderId").unwrap_or_default();
    let same = order_id.trim() == expected.order_id.trim();
    (!same).then(|| format!("the token belongs to order {}, not {}", quote(&order_id), quote(&expected.order_id)))
}

enum Amounts {
    Equal,
    Unchecked,
    Different(String),
}

impl Amounts {
    fn difference(&self) -> Option<String> {
        match self {
            Self::Different(text) => Some(text.clone()),
            Self::Equal | Self::Unchecked => None,
        }
    }
}

/// The amount that was asked for, held against the recorded one. Zero is what the gateway reports before a coin is
/// chosen: nothing can be asked for at that price.
fn compare_amounts(price: Option<&Price>, settlement: Option<&Settlement>) -> Amounts {
    let (Some(price), Some(settlement)) = (price, settlement) else { return Amounts::Unchecked };
    let (recorded, reported) = match price {
        Price::Fiat { amount, .. } => (vec![amount], settlement.requested_fiat_amount()),
        Price::Crypto(coins) => (coins.iter().map(|(_, amount)| amount).collect(), settlement.expected_crypto_amount()),
    };
    let Some(reported) = reported.filter(|amount| !amount.is_zero()) else { return Amounts::Unchecked };
    if recorded.iter().any(|amount| amount.equals_as_reported(reported)) {
        return Amounts::Equal;
    }
    let recorded: Vec<_> = recorded.iter().map(ToString::to_string).collect();
    Amounts::Different(format!("the payment was made for {reported}, not {}", recorded.join(" or ")))
}

fn by_status(success: bool, reported: &ReportedStatus) -> (Outcome, Option<String>) {
    let Some(text) = reported.text.as_deref() else {
        // The older documentation shows no status; its guide says to fulfill on success.
        return (if success { Outcome::Settled } else { Outcome::Unknown }, None);
    };
    let outcome = match (success, reported.status.map_or(Meaning::Unknown, OrderStatus::meaning)) {
        (_, Meaning::Unknown) => Outcome::Unknown,
        // Servers of the published schema answer success while the status still reads Paid.
        (true, Meaning::Settled | Meaning::VerifyNow) => Outcome::Settled,
        (true, _) | (false, Meaning::Settled) => Outcome::Contradictory,
        (false, Meaning::VerifyNow) => Outcome::PaidNotApproved,
        (false, Meaning::Open | Meaning::Attention) => Outcome::Open,
        (false, Meaning::Closed) => Outcome::Closed,
    };
    let detail = (outcome == Outcome::Contradictory).then(|| format!("success is {success} and the status is {text}"));
    (outcome, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{amount::Amount, error::ErrorCode};

    const TOKEN: &str = "7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a";

    fn verify_with(success: bool, message: &str, body: &str, expected: &Expected) -> Verification {
        let answer = Answer { success, message: Some(message.to_owned()), body: Object::parse(body.as_bytes()) };
        decide(&answer, &Token::parse(TOKEN).expect("valid"), expected)
    }

    fn verify(success: bool, body: &str) -> Verification {
        verify_with(success, "", body, &Expected::order("A-578").expect("valid"))
    }

    fn with_status(success: bool, status: &str) -> Outcome {
        verify(success, &format!(r#"{{"token":"{TOKEN}","orderId":"A-578","orderStatus":{status}}}"#)).outcome()
    }

    fn priced(success: bool, settlement: &str, expected: &Expected) -> Verification {
        let body =
            format!(r#"{{"token":"{TOKEN}","orderId":"A-578","orderStatus":"Approve","settlement":{settlement}}}"#);
        verify_with(success, "", &body, expected)
    }

    #[test]
    fn the_decision_table_holds() {
        for (success, status, outcome) in [
            (true, "8", Outcome::Settled),
            (true, "\"Approve\"", Outcome::Settled),
            (true, "7", Outcome::Settled),
            (true, "0", Outcome::Contradictory),
            (true, "3", Outcome::Contradictory),
            (true, "4", Outcome::Contradictory),
            (false, "8", Outcome::Contradictory),
            (false, "7", Outcome::PaidNotApproved),
            (false, "\"0\"", Outcome::Open),
            (false, "\"PartialPaid\"", Outcome::Open),
            (false, "3", Outcome::Open),
            (false, "4", Outcome::Closed),
            (false, "5", Outcome::Closed),
            (false, "9", Outcome::Closed),
            (false, "6", Outcome::Unknown),
            (true, "10", Outcome::Unknown),
            (true, "\"Refunded\"", Outcome::Unknown),
            (true, "[8]", Outcome::Unknown),
        ] {
            assert_eq!(with_status(success, status), outcome, "{success} {status}");
        }
    }

    #[test]
    fn an_answer_without_a_status_is_settled_by_success_alone() {
        let body = format!(r#"{{"token":"{TOKEN}","orderId":"A-578"}}"#);
        let verification = verify(true, &body);
        assert_eq!((verification.outcome(), verification.status()), (Outcome::Settled, None));
        assert_eq!(verification.require_settled().expect("settled").raw(), "null");
        assert_eq!(verify(false, &body).outcome(), Outcome::Unknown);
    }

    #[test]
    fn another_token_or_order_or_none_is_a_mismatch_whatever_else_is_said() {
        for body in [
            "null",
            "{}",
            r#"{"token":"0f3b9c6e5a7d4821b6c0d9e8f7a65432","orderId":"A-578","orderStatus":8}"#,
            &format!(r#"{{"token":"{TOKEN}","orderId":"B-1","orderStatus":8}}"#),
            &format!(r#"{{"token":"{TOKEN}","orderStatus":8}}"#),
        ] {
            let verification = verify(true, body);
            assert_eq!(verification.outcome(), Outcome::Mismatch, "{body}");
            assert_eq!(verification.require_settled().expect_err("refused").code(), ErrorCode::VerifyMismatch);
        }
    }

    #[test]
    fn an_invalid_token_is_not_an_open_payment() {
        let body = r#"{"token":null,"orderId":"","orderStatus":"Initialize"}"#;
        let expected = Expected::order("A-578").expect("valid");
        assert_eq!(verify_with(false, "Invalid Token", body, &expected).outcome(), Outcome::InvalidToken);
        assert_eq!(verify_with(false, "invalid token", "null", &expected).outcome(), Outcome::InvalidToken);
    }

    #[test]
    fn the_amount_asked_for_must_be_the_recorded_one() {
        let expected = Expected::order("A-578").expect("valid").fiat(Amount::parse("29.99").expect("valid"), "USD");
        let expected = expected.expect("valid");
        let equal = priced(true, r#"{"requestedFiatAmount":29.990000000000002}"#, &expected);
        assert_eq!((equal.outcome(), equal.amount_unchecked()), (Outcome::Settled, false));
        let cheaper = priced(true, r#"{"requestedFiatAmount":2.99}"#, &expected);
        assert_eq!(cheaper.outcome(), Outcome::Mismatch);
        assert!(cheaper.require_settled().expect_err("refused").message().contains("2.99"));
        let silent = priced(true, "{}", &expected);
        assert_eq!((silent.outcome(), silent.amount_unchecked()), (Outcome::Settled, true));
    }

    #[test]
    fn a_price_in_coins_is_compared_with_each_recorded_amount() {
        let coins = [("Bitcoin", "0.01854793"), ("Ethereum", "1.123456789012345678")];
        let coins = coins.map(|(coin, amount)| (coin, Amount::parse(amount).expect("valid")));
        let expected = Expected::order("A-578").expect("valid").crypto(coins).expect("valid");
        for (reported, outcome) in
            [("0.01854793", Outcome::Settled), ("1.1234567890123457", Outcome::Settled), ("0.0185", Outcome::Mismatch)]
        {
            let settlement = format!(r#"{{"expectedCryptoAmount":{reported},"requestedFiatAmount":null}}"#);
            assert_eq!(priced(true, &settlement, &expected).outcome(), outcome, "{reported}");
        }
    }

    #[test]
    fn only_a_settled_outcome_gives_a_settlement() {
        for outcome in Outcome::ALL {
            let named = outcome.error_code().as_str().trim_start_matches("verify.");
            assert_eq!(named == outcome.as_str(), outcome != Outcome::Settled);
        }
    }
}
