//! What a settlement says of the money: what is missing, and what is too much.

use super::event::Shortfall;
use crate::{amount::Amount, json, settlement::Settlement};

/// What came beyond the amount asked for. An excess that is a double's inexactness is none.
pub(super) fn overpaid_by(settlement: &Settlement) -> Option<Amount> {
    let (expected, received) = (settlement.expected_crypto_amount()?, settlement.received_crypto_amount()?);
    let excess = received.minus(expected);
    (excess.is_positive() && expected.is_positive() && !received.equals_as_reported(expected)).then_some(excess)
}

/// What is missing, where the gateway reports both amounts.
pub(super) fn shortfall(settlement: &Settlement) -> Option<Shortfall> {
    let (expected, received) = (settlement.expected_crypto_amount()?, settlement.received_crypto_amount()?);
    let amount = expected.minus(received);
    if !amount.is_positive() {
        return None;
    }
    let fiat = settlement.requested_fiat_amount();
    Some(Shortfall {
        fiat_estimated: fiat.and_then(|fiat| fiat.in_proportion(&amount, expected)),
        in_mempool: in_mempool(settlement),
        coin: coin(settlement),
        amount,
    })
}

/// The sum of the transactions that wait in the mempool. The names of a transaction's fields are not documented: `None`
/// where one of them has no state and amount that can be read.
fn in_mempool(settlement: &Settlement) -> Option<Amount> {
    let transactions = settlement.transactions();
    if transactions.is_empty() {
        return None;
    }
    let mut sum = Amount::parse("0").ok()?;
    for transaction in transactions {
        let fields = json::Object::parse(transaction.raw().as_bytes())?;
        let state = fields.get_any(&["state", "status"]).and_then(json::text)?;
        let amount =
            fields.get_any(&["amount", "cryptoAmount", "normalizedAmount"]).and_then(crate::settlement::amount)?;
        if state.eq_ignore_ascii_case("mempool") {
            sum = sum.plus(&amount);
        }
    }
    Some(sum)
}

fn coin(settlement: &Settlement) -> Option<String> {
    let fields = json::Object::parse(settlement.raw().as_bytes())?;
    fields.get_any(&["coinName", "coin", "asset"]).and_then(json::text).filter(|name| name.len() <= 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::event::read_settlement;

    fn settlement(json: &str) -> Settlement {
        read_settlement(json).expect("JSON")
    }

    fn text(amount: Option<Amount>) -> Option<String> {
        amount.map(|amount| amount.to_string())
    }

    #[test]
    fn a_shortfall_is_exact_and_its_fiat_is_estimated() {
        let found = settlement(
            r#"{"expectedCryptoAmount":0.3,"receivedCryptoAmount":0.1,"requestedFiatAmount":29.99,"coinName":"Bitcoin",
            "transactions":[{"state":"Mempool","amount":0.06},{"state":"InBlock","amount":0.04}]}"#,
        );
        let shortfall = shortfall(&found).expect("short");
        assert_eq!((shortfall.amount.to_string().as_str(), shortfall.coin.as_deref()), ("0.2", Some("Bitcoin")));
        assert_eq!(text(shortfall.fiat_estimated).as_deref(), Some("19.99"));
        assert_eq!(text(shortfall.in_mempool).as_deref(), Some("0.06"));
    }

    #[test]
    fn a_transaction_without_a_readable_state_leaves_the_mempool_unnamed() {
        let found =
            settlement(r#"{"expectedCryptoAmount":0.3,"receivedCryptoAmount":0.1,"transactions":[{"txHash":"x"}]}"#);
        assert_eq!(shortfall(&found).expect("short").in_mempool, None);
    }

    #[test]
    fn an_excess_is_named_and_a_doubles_inexactness_is_none() {
        let excess = |expected: &str, received: &str| {
            let json = format!(r#"{{"expectedCryptoAmount":{expected},"receivedCryptoAmount":{received}}}"#);
            text(overpaid_by(&settlement(&json)))
        };
        assert_eq!(excess("0.3", "0.5").as_deref(), Some("0.2"));
        assert_eq!(excess("0.3", "0.30000000000000004"), None);
        assert_eq!(excess("0.3", "0.3"), None);
        assert_eq!(excess("0", "0.3"), None);
    }
}
