//! From the fields of a payment request to an [`Order`], or to the gateway's no.

use url::Url;

use super::{
    coin::{CURRENCIES, Coin},
    payment::{Entry, Offer, Order, Speed},
    request::{Fields, Invalid},
    return_link,
};
use crate::amount::Amount;

/// Digits and dot of the longest amount taken; a longer one is no price.
const LONGEST_AMOUNT: usize = 40;
/// Under this key the gateway keeps the order id among the additional data.
const RESERVED_KEY: &str = "OrderId";

/// Why no payment is made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    Invalid(Invalid),
    /// Understood, and refused with this message.
    Refused(&'static str),
}

impl From<Invalid> for Rejection {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

/// For a store that takes these coins.
pub(super) fn read(fields: &Fields, coins: &[&'static Coin]) -> Result<Order, Rejection> {
    let fiat = fiat(fields)?;
    let offers = match crypto(fields, coins)? {
        Some(offers) => offers,
        None => offers_for(fiat.as_ref(), coins)?,
    };
    let mut additional_data = additional_data(fields)?;
    let order_id = fields.text("orderId")?.or_else(|| reserved(&additional_data));
    additional_data.retain(|entry| !is_reserved(entry));
    Ok(Order {
        order_id,
        fiat,
        offers,
        return_url: return_url(fields)?,
        speed: speed(fields)?,
        language: fields.text("language")?,
        email_address: fields.text("emailAddress")?,
        additional_data,
    })
}

fn amount(text: Option<&str>) -> Result<Amount, Invalid> {
    let amount = text.and_then(|text| Amount::parse(text.trim()).ok()).filter(Amount::is_positive);
    amount
        .filter(|amount| amount.to_string().len() <= LONGEST_AMOUNT)
        .ok_or(Invalid("an amount is not a positive decimal"))
}

fn fiat(fields: &Fields) -> Result<Option<(Amount, String)>, Invalid> {
    let Some(text) = fields.text("fiatAmount")? else { return Ok(None) };
    let amount = amount(Some(&text))?;
    let currency = fields.text("fiatCurrency")?.ok_or(Invalid("fiatCurrency is missing"))?;
    if !CURRENCIES.iter().any(|(code, _)| code.eq_ignore_ascii_case(&currency)) {
        return Err(Invalid("fiatCurrency is not one of /v1/currencies"));
    }
    Ok(Some((amount, currency)))
}

/// Both names are documented; the schema's own wins.
fn crypto(fields: &Fields, coins: &[&'static Coin]) -> Result<Option<Vec<Offer>>, Invalid> {
    let name = if fields.has("cryptoAmounts") { "cryptoAmounts" } else { "cryptoAmount" };
    let items = fields.objects(name)?.unwrap_or_default();
    let offers = items.iter().map(|item| offer(item, coins)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(offers).filter(|offers| !offers.is_empty()))
}

fn offer(item: &Fields, coins: &[&'static Coin]) -> Result<Offer, Invalid> {
    let name = item.text("coinName")?.unwrap_or_default();
    let coin = Coin::named(name.trim())
        .filter(|coin| coins.contains(coin))
        .ok_or(Invalid("coinName is not one of /v1/payment/coins"))?;
    Ok(Offer { coin, amount: amount(item.text("amount")?.as_deref())? })
}

fn offers_for(fiat: Option<&(Amount, String)>, coins: &[&'static Coin]) -> Result<Vec<Offer>, Invalid> {
    let (amount, currency) = fiat.ok_or(Invalid("no price: neither fiatAmount nor cryptoAmounts nor cryptoAmount"))?;
    let offer = |coin: &&'static Coin| Some(Offer { coin, amount: coin.worth(amount, currency)? });
    coins.iter().map(offer).collect::<Option<_>>().ok_or(Invalid("the price cannot be turned into coins"))
}

fn return_url(fields: &Fields) -> Result<Option<Url>, Rejection> {
    let Some(text) = fields.text("returnUrl")?.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    https_url(&text).map(Some)
}

/// An address that the gateway takes, or its message.
pub(super) fn https_url(text: &str) -> Result<Url, Rejection> {
    let url = Url::parse(text).ok().filter(return_link::is_allowed);
    url.ok_or(Rejection::Refused("Only HTTPS URLs are allowed"))
}

/// Only `riskSpeed` is read: the server's schema has no `Speed`, although its older documentation has.
fn speed(fields: &Fields) -> Result<Speed, Invalid> {
    match fields.integer("riskSpeed")? {
        None | Some(0) => Ok(Speed::High),
        Some(1) => Ok(Speed::Low),
        Some(_) => Err(Invalid("riskSpeed is neither 0 nor 1")),
    }
}

fn additional_data(fields: &Fields) -> Result<Vec<Entry>, Invalid> {
    let items = fields.objects("additionalData")?.unwrap_or_default();
    items.iter().map(|item| Ok((item.text("key")?, item.text("value")?))).collect()
}

/// Whether the additional data holds the key that the gateway keeps for itself.
pub(super) fn has_reserved_key(fields: &Fields) -> bool {
    additional_data(fields).is_ok_and(|entries| entries.iter().any(is_reserved))
}

fn is_reserved((key, _): &Entry) -> bool {
    key.as_deref().is_some_and(|key| key.eq_ignore_ascii_case(RESERVED_KEY))
}

fn reserved(entries: &[Entry]) -> Option<String> {
    entries.iter().find(|entry| is_reserved(entry)).and_then(|(_, value)| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::coin::COINS;

    fn order(json: &str) -> Result<Order, Rejection> {
        let coins: Vec<_> = COINS.iter().collect();
        read(&Fields::parse(json.as_bytes()).expect(json), &coins)
    }

    #[test]
    fn speed_is_read_from_risk_speed_only_and_is_high_when_absent() {
        let speed =
            |rest: &str| order(&format!(r#"{{"fiatAmount":"1","fiatCurrency":"USD"{rest}}}"#)).map(|order| order.speed);
        assert_eq!(speed(""), Ok(Speed::High));
        assert_eq!(speed(r#","Speed":1"#), Ok(Speed::High));
        assert_eq!(speed(r#","RISKSPEED":1,"Speed":0"#), Ok(Speed::Low));
        assert!(speed(r#","riskSpeed":2"#).is_err());
    }

    #[test]
    fn a_crypto_price_is_read_under_either_name() {
        for name in ["cryptoAmounts", "cryptoAmount", "CryptoAmounts"] {
            let order = order(&format!(r#"{{"{name}":[{{"coinName":"bitcoin","amount":"0.001"}}]}}"#)).expect(name);
            let [offer] = order.offers.as_slice() else { panic!("one offer") };
            assert_eq!((offer.coin.shortcut, offer.amount.to_string()), ("BTC", "0.001".to_owned()));
            assert!(order.fiat.is_none());
        }
    }

    #[test]
    fn a_price_that_is_none_is_invalid() {
        let bad = [
            "{}",
            r#"{"fiatAmount":"1"}"#,
            r#"{"fiatAmount":"0","fiatCurrency":"USD"}"#,
            r#"{"fiatAmount":"-1","fiatCurrency":"USD"}"#,
            r#"{"fiatAmount":"29,99","fiatCurrency":"USD"}"#,
            r#"{"fiatAmount":"1e300","fiatCurrency":"USD"}"#,
            r#"{"fiatAmount":"1","fiatCurrency":"XYZ"}"#,
            r#"{"cryptoAmounts":[{"coinName":"doge","amount":"1"}]}"#,
            r#"{"cryptoAmounts":[{"coinName":"btc"}]}"#,
            r#"{"cryptoAmounts":[]}"#,
            r#"{"fiatAmount":"1","fiatCurrency":"USD","additionalData":{"key":"value"}}"#,
        ];
        for json in bad {
            assert!(matches!(order(json), Err(Rejection::Invalid(_))), "{json}");
        }
    }

    #[test]
    fn the_order_id_is_kept_apart_from_the_additional_data() {
        let order = order(
            r#"{"fiatAmount":5,"fiatCurrency":"eur","orderId":957,
                "additionalData":[{"key":"orderid","value":"x"},{"Key":"a","Value":null}]}"#,
        )
        .expect("an order");
        assert_eq!(order.order_id.as_deref(), Some("957"));
        assert_eq!(order.additional_data, [(Some("a".to_owned()), None)]);
    }
}
