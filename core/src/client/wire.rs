//! The bodies that are sent, in the gateway's own names.

use serde::Serialize;

use crate::{amount::Amount, price::Price, request::PaymentRequest};

/// The body on the wire. The speed and the coins go under both of the names that the sources disagree about: the
/// gateway ignores names that it does not know, and then works without.
pub(super) fn payment_request(request: &PaymentRequest, price: &Price) -> Vec<u8> {
    let (fiat, coins) = match price {
        Price::Fiat { amount, currency } => (Some((amount.to_string(), currency.as_str())), None),
        Price::Crypto(coins) => (None, Some(coins.iter().map(WireCoin::new).collect::<Vec<_>>())),
    };
    let wire = WireRequest {
        fiat_amount: fiat.as_ref().map(|(amount, _)| amount.as_str()),
        fiat_currency: fiat.as_ref().map(|(_, currency)| *currency),
        return_url: request.return_url.as_deref(),
        order_id: &request.order_id,
        risk_speed: request.speed.code(),
        speed: request.speed.code(),
        language: request.language.as_deref(),
        email_address: request.email_address.as_deref(),
        crypto_amounts: coins.as_deref(),
        crypto_amount: coins.as_deref(),
        additional_data: request.additional_data.iter().map(|(key, value)| WirePair { key, value }).collect(),
    };
    // Strings, numbers and lists only: serde_json has no way to fail on these.
    serde_json::to_vec(&wire).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    fiat_amount: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fiat_currency: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_url: Option<&'a str>,
    order_id: &'a str,
    risk_speed: u8,
    #[serde(rename = "Speed")]
    speed: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crypto_amounts: Option<&'a [WireCoin]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crypto_amount: Option<&'a [WireCoin]>,
    additional_data: Vec<WirePair<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireCoin {
    coin_name: String,
    amount: String,
}

impl WireCoin {
    fn new((coin, amount): &(String, Amount)) -> Self {
        Self { coin_name: coin.clone(), amount: amount.to_string() }
    }
}

#[derive(Serialize)]
struct WirePair<'a> {
    key: &'a str,
    value: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speed::Speed;

    #[test]
    fn both_names_of_the_speed_and_of_the_coins_are_on_the_wire() {
        let request = PaymentRequest::crypto([("Bitcoin", Amount::parse("0.01854793").expect("valid"))])
            .order_id("1")
            .speed(Speed::High);
        let wire = payment_request(&request, &request.check(false).expect("valid"));
        let wire: serde_json::Value = serde_json::from_slice(&wire).expect("JSON");
        assert_eq!((&wire["riskSpeed"], &wire["Speed"]), (&0.into(), &0.into()));
        assert_eq!(wire["cryptoAmounts"], serde_json::json!([{"coinName": "Bitcoin", "amount": "0.01854793"}]));
        assert_eq!(wire["cryptoAmounts"], wire["cryptoAmount"]);
        assert_eq!(wire.get("fiatAmount"), None);
    }
}
