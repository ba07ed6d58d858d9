//! What a verify answer says about one expected payment: a pure function.

use serde_json::value::RawValue;

use crate::{
    expected::Expected,
    json::{self, Object, ReportedStatus},
    outcome::Outcome,
    price::Price,
    settlement::{self, Settlement},
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
        self.message.as_deref().is_some_and(|text| text.to_ascii_lowercase().contains("invalid token"))
    }
}

/// Holds the answer against the payment that was asked about. Token first, then order, amount and status.
pub(crate) fn decide(answer: &Answer<'_>, token: &Token, expected: &Expected) -> Verification {
    let nothing = Object::default();
    let body = answer.body.as_ref().unwrap_or(&nothing);
    let status = ReportedStatus::read(body.get("orderStatus"));
    let amounts = compare_amounts(expected.price.as_ref(), body.get("settlement"), answer.success);
    let (outcome, detail) = outcome(answer, body, token, expected, &status, &amounts);
    Verification {
        outcome,
        token: token.as_str().to_owned(),
        order_id: expected.order_id.clone(),
        status,
        amount_unchecked: matches!(amounts, Amounts::Unchecked),
        detail,
        message: answer.message.as_deref().filter(|text| !text.is_empty()).map(|text| clean(text, 200)),
        additional_data: json::additional_data(body.get("additionalData")),
        settlement: body.get("settlement").map(Settlement::read),
    }
}

type Decision = (Outcome, Option<String>);

fn outcome(
    answer: &Answer<'_>,
    body: &Object<'_>,
    token: &Token,
    expected: &Expected,
    status: &ReportedStatus,
    amounts: &Amounts,
) -> Decision {
    if answer.names_invalid_token() {
        let detail = "the answer says success, and that the token is invalid".to_owned();
        return if answer.success { (Outcome::Contradictory, Some(detail)) } else { (Outcome::InvalidToken, None) };
    }
    if let Some(name) = body.ambiguous(&["token", "orderId", "orderStatus", "settlement"]) {
        return (Outcome::Contradictory, Some(format!("the answer gives two values for {name}")));
    }
    if let Some(difference) = other_payment(body, token, expected) {
        return (Outcome::Mismatch, Some(difference));
    }
    match amounts {
        Amounts::Different(difference) => (Outcome::Mismatch, Some(difference.clone())),
        Amounts::Unreadable => (Outcome::Unknown, Some("the amount that was asked for cannot be read".to_owned())),
        Amounts::Equal | Amounts::Unchecked => by_status(answer.success, status, body.get("settlement").is_some()),
    }
}

/// What differs between the payment answered about and the one asked about.
fn other_payment(body: &Object<'_>, token: &Token, expected: &Expected) -> Option<String> {
    match body.text("token") {
        None => return Some("the answer names no token".to_owned()),
        Some(other) if !token.is(&other) => return Some("the answer is about another token".to_owned()),
        Some(_) => {}
    }
    let Some(order_id) = body.text("orderId").filter(|order_id| !order_id.trim().is_empty()) else {
        return Some("the answer names no order".to_owned());
    };
    let same = order_id.trim() == expected.order_id.trim();
    (!same).then(|| format!("the token belongs to order {}, not {}", quote(&order_id), quote(&expected.order_id)))
}

enum Amounts {
    Equal,
    /// None was expected, or none was reported.
    Unchecked,
    /// One was reported, in a form that is not documented.
    Unreadable,
    Different(String),
}

/// The amount that was asked for, held against the recorded one.
fn compare_amounts(price: Option<&Price>, settlement: Option<&RawValue>, success: bool) -> Amounts {
    let (Some(price), Some(settlement)) = (price, settlement) else { return Amounts::Unchecked };
    let Some(fields) = json::object(settlement) else { return Amounts::Unreadable };
    let (name, recorded): (_, Vec<_>) = match price {
        Price::Fiat { amount, .. } => ("requestedFiatAmount", vec![amount]),
        Price::Crypto(coins) => ("expectedCryptoAmount", coins.iter().map(|(_, amount)| amount).collect()),
    };
    let Some(raw) = fields.get(name) else { return Amounts::Unchecked };
    let reported = settlement::amount(raw).filter(|_| fields.ambiguous(&[name]).is_none());
    let Some(reported) = reported else { return Amounts::Unreadable };
    if recorded.iter().any(|amount| amount.equals_as_reported(&reported)) {
        return Amounts::Equal;
    }
    // Before the customer has chosen a coin, the gateway reports zero of none.
    if reported.is_zero() && matches!(price, Price::Crypto(_)) && !success {
        return Amounts::Unchecked;
    }
    let recorded: Vec<_> = recorded.iter().map(|amount| clean(&amount.to_string(), 40)).collect();
    let reported = clean(&reported.to_string(), 40);
    Amounts::Different(format!("the payment was made for {reported}, not {}", clean(&recorded.join(" or "), 200)))
}

/// The older documentation shows neither status nor settlement, and its guide says to fulfill on success. An answer with
/// a settlement is of the newer documentation, where the status is always there.
fn by_status(success: bool, reported: &ReportedStatus, has_settlement: bool) -> Decision {
    let note = |text: String| Some(text);
    let Some(text) = reported.text.as_deref() else {
        if success && !has_settlement {
            return (Outcome::Settled, note("the gateway reported success and no status".to_owned()));
        }
        return (Outcome::Unknown, note("the answer carries no status".to_owned()));
    };
    let pair = format!("success is {success} and the status is {text}");
    match (success, reported.status.map_or(Meaning::Unknown, OrderStatus::meaning)) {
        (_, Meaning::Unknown) => (Outcome::Unknown, note(pair)),
        (true, Meaning::Settled) => (Outcome::Settled, None),
        // Servers of the published schema answer success while the status still reads Paid.
        (true, Meaning::VerifyNow) => (Outcome::Settled, note(pair)),
        (true, _) | (false, Meaning::Settled) => (Outcome::Contradictory, note(pair)),
        (false, Meaning::VerifyNow) => (Outcome::PaidNotApproved, None),
        (false, Meaning::Open | Meaning::Attention) => (Outcome::Open, None),
        (false, Meaning::Closed) => (Outcome::Closed, None),
    }
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
        let body = format!(r#"{{"token":"{TOKEN}","orderId":"A-578","orderStatus":8}}"#);
        assert_eq!(verify_with(true, "Invalid Token", &body, &expected).outcome(), Outcome::Contradictory);
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
    fn an_amount_that_is_reported_and_cannot_be_read_never_settles() {
        let expected = Expected::order("A-578").expect("valid").fiat(Amount::parse("29.99").expect("valid"), "USD");
        let expected = expected.expect("valid");
        for (reported, outcome) in [
            ("0", Outcome::Mismatch),
            ("\"2.99 USD\"", Outcome::Unknown),
            ("\"2,99\"", Outcome::Unknown),
            ("{\"amount\":2.99}", Outcome::Unknown),
            (&format!("2.99{}", "0".repeat(130)), Outcome::Unknown),
            ("29.99,\"RequestedFiatAmount\":2.99", Outcome::Unknown),
        ] {
            let settlement = format!(r#"{{"requestedFiatAmount":{reported}}}"#);
            assert_eq!(priced(true, &settlement, &expected).outcome(), outcome, "{reported}");
        }
        assert_eq!(priced(true, "\"29.99\"", &expected).outcome(), Outcome::Unknown);
    }

    #[test]
    fn two_values_for_one_name_never_settle() {
        for twice in [r#""OrderStatus":3"#, r#""Token":"0f3b9c6e5a7d4821b6c0d9e8f7a65432""#, r#""ORDERID":"B-1""#] {
            let body = format!(r#"{{"token":"{TOKEN}","orderId":"A-578","orderStatus":8,{twice}}}"#);
            assert_eq!(verify(true, &body).outcome(), Outcome::Contradictory, "{twice}");
        }
    }

    #[test]
    fn a_settlement_without_a_status_is_no_documented_shape() {
        let body = format!(r#"{{"token":"{TOKEN}","orderId":"A-578","orderStatus":null,"settlement":{{}}}}"#);
        assert_eq!(verify(true, &body).outcome(), Outcome::Unknown);
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
