//! [`PaymentRequest`], what is asked for, and [`Payment`], what came of it. Plain data and its rules.

use serde::Serialize;
use url::Url;

use crate::{
    amount::Amount,
    error::{Error, ErrorCode},
    text::quote,
    token::Token,
};

/// How sure a payment must be before the gateway calls it paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Speed {
    /// Wait for confirmations on the chain. The default.
    #[default]
    Low,
    /// Accept a transaction from the mempool, which can still be replaced by one that pays somebody else.
    High,
}

impl Speed {
    /// The number on the wire, which the gateway calls `riskSpeed`.
    pub const fn code(self) -> u8 {
        match self {
            Self::High => 0,
            Self::Low => 1,
        }
    }

    /// `low` or `high`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
        }
    }

    /// Reads `low` or `high`. Numbers are refused: they have been mixed up too often.
    ///
    /// # Errors
    /// `input.speed` for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "low" => Ok(Self::Low),
            "high" => Ok(Self::High),
            _ => Err(Error::new(ErrorCode::InputSpeed, format!("speed is \"low\" or \"high\"; got {}", quote(text)))
                .with_hint("low waits for confirmations on the chain and is the default")),
        }
    }
}

/// What an order costs: an amount of a currency, or an amount for each coin that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Price {
    /// In fiat money.
    Fiat {
        /// In major units.
        amount: Amount,
        /// Three letters, upper case.
        currency: String,
    },
    /// In coins: the customer pays one of these. Names as `Client::accepted_coins` gives them.
    Crypto(Vec<(String, Amount)>),
}

impl Price {
    /// From what a caller gave: exactly one of the two kinds, checked.
    pub(crate) fn from_parts(
        amount: Option<Amount>,
        currency: Option<&str>,
        coins: &[(String, Amount)],
    ) -> Result<Option<Self>, Error> {
        if (amount.is_some() || currency.is_some()) && !coins.is_empty() {
            return Err(Error::new(ErrorCode::InputPriceAmbiguous, "give a price in fiat money or in coins, not both"));
        }
        match (amount, currency) {
            (Some(amount), Some(currency)) => Self::fiat(amount, currency).map(Some),
            (Some(_), None) => Err(Error::new(ErrorCode::InputCurrency, "fiat_currency is missing beside fiat_amount")),
            (None, Some(_)) => {
                Err(Error::new(ErrorCode::InputPriceMissing, "fiat_amount is missing beside fiat_currency"))
            }
            (None, None) if coins.is_empty() => Ok(None),
            (None, None) => Self::crypto(coins).map(Some),
        }
    }

    fn fiat(amount: Amount, currency: &str) -> Result<Self, Error> {
        check_positive(&amount)?;
        if !amount.fits_a_double() {
            let message = format!("a fiat amount has at most 15 significant digits; got {amount}");
            return Err(Error::new(ErrorCode::InputAmount, message));
        }
        Ok(Self::Fiat { amount, currency: check_currency(currency)? })
    }

    fn crypto(coins: &[(String, Amount)]) -> Result<Self, Error> {
        for (position, (coin, amount)) in coins.iter().enumerate() {
            check_positive(amount)?;
            check_coin(coin)?;
            if coins[..position].iter().any(|(other, _)| other.eq_ignore_ascii_case(coin)) {
                return Err(Error::new(ErrorCode::InputCoin, format!("the coin {} is named twice", quote(coin))));
            }
        }
        Ok(Self::Crypto(coins.to_vec()))
    }
}

fn check_positive(amount: &Amount) -> Result<(), Error> {
    if amount.is_positive() {
        return Ok(());
    }
    Err(Error::new(ErrorCode::InputAmount, format!("an amount is greater than zero; got {amount}")))
}

/// In any case; gives it in upper case.
pub(crate) fn check_currency(currency: &str) -> Result<String, Error> {
    if currency.len() == 3 && is_ascii(currency, u8::is_ascii_alphabetic) {
        return Ok(currency.to_ascii_uppercase());
    }
    let message = format!("a currency is a three-letter code, like \"USD\"; got {}", quote(currency));
    Err(Error::new(ErrorCode::InputCurrency, message))
}

pub(crate) fn check_coin(coin: &str) -> Result<(), Error> {
    if coin.trim().is_empty() || coin.len() > 64 || coin.chars().any(char::is_control) {
        return Err(Error::new(
            ErrorCode::InputCoin,
            format!("a coin name has 1 to 64 characters; got {}", quote(coin)),
        ));
    }
    Ok(())
}

/// A payment to ask the gateway for.
///
/// ```
/// # use paymento::{Amount, PaymentRequest};
/// # fn main() -> Result<(), paymento::Error> {
/// let request = PaymentRequest::fiat(Amount::parse("29.99")?, "USD")
///     .order_id("A-578")
///     .return_url("https://shop.example/thanks");
/// # Ok(()) }
/// ```
///
/// Checked when it is given to `Client::create_payment`, before anything is sent.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PaymentRequest {
    /// The price in fiat money, in major units. At most 15 significant digits.
    pub fiat_amount: Option<Amount>,
    /// A three-letter code in any case.
    pub fiat_currency: Option<String>,
    /// The price in coins instead: an amount for each coin that is taken.
    pub crypto_amounts: Vec<(String, Amount)>,
    /// Where the browser goes afterwards: https; http only while the client talks to a loopback address.
    pub return_url: Option<String>,
    /// The shop's own id of the order: 1 to 128 characters, no control characters. Required.
    pub order_id: String,
    /// Default [`Speed::Low`]: wait for confirmations.
    pub speed: Speed,
    /// A culture name such as `en-US`, for the hosted page.
    pub language: Option<String>,
    /// The customer's e-mail address.
    pub email_address: Option<String>,
    /// The shop's own notes, which come back in callbacks and verify answers. At most 8 KiB together. The key `OrderId`
    /// is the gateway's own.
    pub additional_data: Vec<(String, String)>,
}

impl PaymentRequest {
    /// A price in fiat money: an amount in major units and a three-letter code.
    pub fn fiat(amount: Amount, currency: impl Into<String>) -> Self {
        Self { fiat_amount: Some(amount), fiat_currency: Some(currency.into()), ..Self::default() }
    }

    /// A price in coins: an amount for each coin that is taken.
    pub fn crypto<C: Into<String>>(amounts: impl IntoIterator<Item = (C, Amount)>) -> Self {
        let crypto_amounts = amounts.into_iter().map(|(coin, amount)| (coin.into(), amount)).collect();
        Self { crypto_amounts, ..Self::default() }
    }

    /// Sets [`order_id`](Self::order_id).
    #[must_use]
    pub fn order_id(mut self, order_id: impl Into<String>) -> Self {
        self.order_id = order_id.into();
        self
    }

    /// Sets [`return_url`](Self::return_url).
    #[must_use]
    pub fn return_url(mut self, return_url: impl Into<String>) -> Self {
        self.return_url = Some(return_url.into());
        self
    }

    /// Sets [`speed`](Self::speed).
    #[must_use]
    pub fn speed(mut self, speed: Speed) -> Self {
        self.speed = speed;
        self
    }

    /// Sets [`language`](Self::language).
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Sets [`email_address`](Self::email_address).
    #[must_use]
    pub fn email_address(mut self, email_address: impl Into<String>) -> Self {
        self.email_address = Some(email_address.into());
        self
    }

    /// Adds one entry to [`additional_data`](Self::additional_data).
    #[must_use]
    pub fn additional_data(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.additional_data.push((key.into(), value.into()));
        self
    }

    /// Checks everything and gives the price. `http_allowed`: the gateway itself is on loopback.
    pub(crate) fn check(&self, http_allowed: bool) -> Result<Price, Error> {
        let price = Price::from_parts(self.fiat_amount.clone(), self.fiat_currency.as_deref(), &self.crypto_amounts)?
            .ok_or_else(|| {
            Error::new(
                ErrorCode::InputPriceMissing,
                "a price is missing: fiat_amount with fiat_currency, or crypto_amounts",
            )
        })?;
        check_order_id(&self.order_id)?;
        self.return_url.as_deref().map_or(Ok(()), |url| check_return_url(url, http_allowed))?;
        self.language.as_deref().map_or(Ok(()), check_language)?;
        self.email_address.as_deref().map_or(Ok(()), check_email)?;
        check_additional_data(&self.additional_data)?;
        Ok(price)
    }

    /// The body on the wire. The speed and the coins go under both of the names that the sources disagree about: the
    /// gateway ignores names that it does not know, and then works without.
    #[cfg(feature = "client")]
    pub(crate) fn to_wire(&self, price: &Price) -> Vec<u8> {
        let (fiat, coins) = match price {
            Price::Fiat { amount, currency } => (Some((amount.to_string(), currency.as_str())), None),
            Price::Crypto(coins) => (None, Some(coins.iter().map(WireCoin::new).collect::<Vec<_>>())),
        };
        let wire = WireRequest {
            fiat_amount: fiat.as_ref().map(|(amount, _)| amount.as_str()),
            fiat_currency: fiat.as_ref().map(|(_, currency)| *currency),
            return_url: self.return_url.as_deref(),
            order_id: &self.order_id,
            risk_speed: self.speed.code(),
            speed: self.speed.code(),
            language: self.language.as_deref(),
            email_address: self.email_address.as_deref(),
            crypto_amounts: coins.as_deref(),
            crypto_amount: coins.as_deref(),
            additional_data: self.additional_data.iter().map(|(key, value)| WirePair { key, value }).collect(),
        };
        // Strings, numbers and lists only: serde_json has no way to fail on these.
        serde_json::to_vec(&wire).unwrap_or_default()
    }
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
    #[cfg(feature = "client")]
    fn new((coin, amount): &(String, Amount)) -> Self {
        Self { coin_name: coin.clone(), amount: amount.to_string() }
    }
}

#[derive(Serialize)]
struct WirePair<'a> {
    key: &'a str,
    value: &'a str,
}

/// A payment that the gateway has made. Send the customer to [`url`](Self::url), and keep the token beside the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    token: String,
    url: String,
    order_id: String,
    price: Price,
    live: Option<bool>,
}

impl Payment {
    pub(crate) fn new(token: &Token, gateway_url: &str, order_id: String, price: Price, live: Option<bool>) -> Self {
        let token = token.as_str().to_owned();
        Self { url: format!("{gateway_url}?token={token}"), token, order_id, price, live }
    }

    /// The payment's name at the gateway. The key under which to keep it.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The hosted page, where the customer pays.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The shop's order id.
    pub fn order_id(&self) -> &str {
        &self.order_id
    }

    /// What was asked for.
    pub fn price(&self) -> &Price {
        &self.price
    }

    /// `Some(false)` when a simulator on loopback made it; `None` while it is not known whether the coins are worth
    /// anything: test networks are served by the same gateway.
    pub fn live(&self) -> Option<bool> {
        self.live
    }
}

pub(crate) fn is_order_id(text: &str) -> bool {
    (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

pub(crate) fn check_order_id(order_id: &str) -> Result<(), Error> {
    if is_order_id(order_id) {
        return Ok(());
    }
    let message = format!("an order id has 1 to 128 characters and no control characters; got {}", quote(order_id));
    Err(Error::new(ErrorCode::InputOrderId, message))
}

fn check_return_url(text: &str, http_allowed: bool) -> Result<(), Error> {
    check_web_url(text, http_allowed, ErrorCode::InputReturnUrl, "return_url")
}

pub(crate) fn check_web_url(text: &str, http_allowed: bool, code: ErrorCode, name: &str) -> Result<(), Error> {
    let url = Url::parse(text).map_err(|_| Error::new(code, format!("{name} is not a URL; got {}", quote(text))))?;
    if url.scheme() == "https" || (url.scheme() == "http" && http_allowed) {
        return Ok(());
    }
    Err(Error::new(code, format!("{name} must begin with https://; got {}", quote(text)))
        .with_hint("the gateway refuses http; while developing, point the client at a simulator on loopback"))
}

fn check_language(text: &str) -> Result<(), Error> {
    let mut parts = text.split('-');
    let first =
        parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && is_ascii(part, u8::is_ascii_alphabetic));
    if first && parts.all(|part| (1..=8).contains(&part.len()) && is_ascii(part, u8::is_ascii_alphanumeric)) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InputLanguage,
        format!("language is a culture name, like \"en-US\"; got {}", quote(text)),
    ))
}

fn is_ascii(text: &str, class: fn(&u8) -> bool) -> bool {
    text.as_bytes().iter().all(class)
}

fn check_email(text: &str) -> Result<(), Error> {
    let halves = text.rsplit_once('@');
    let fits = halves.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if fits && text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Ok(());
    }
    // The address is the customer's: it is not repeated in an error that will be logged.
    Err(Error::new(ErrorCode::InputEmail, "email_address is not an e-mail address"))
}

/// Every callback repeats the data, at worst with six characters for one, and may not pass 64 KiB.
const MAX_ADDITIONAL_BYTES: usize = 8 * 1024;

fn check_additional_data(data: &[(String, String)]) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::new(ErrorCode::InputAdditionalData, message));
    for (position, (key, _)) in data.iter().enumerate() {
        if key.trim().is_empty() {
            return refuse("additional_data has an empty key".to_owned());
        }
        if key.trim().eq_ignore_ascii_case("OrderId") {
            return refuse(
                "additional_data has the key OrderId, under which the gateway keeps the order id".to_owned(),
            );
        }
        if data[..position].iter().any(|(other, _)| other == key) {
            return refuse(format!("additional_data has the key {} twice", quote(key)));
        }
    }
    if data.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > MAX_ADDITIONAL_BYTES {
        return refuse("additional_data is over 8 KiB".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> PaymentRequest {
        PaymentRequest::fiat(Amount::parse("29.99").expect("valid"), "usd").order_id("A-578")
    }

    fn refused(request: &PaymentRequest) -> ErrorCode {
        request.check(false).expect_err("refused").code()
    }

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect(text)
    }

    #[test]
    fn a_currency_is_taken_in_any_case() {
        let price = request().check(false).expect("valid");
        assert_eq!(price, Price::Fiat { amount: amount("29.99"), currency: "USD".to_owned() });
    }

    #[test]
    fn exactly_one_kind_of_price_is_given() {
        assert_eq!(refused(&PaymentRequest::default().order_id("1")), ErrorCode::InputPriceMissing);
        let mut both = request();
        both.crypto_amounts = vec![("Bitcoin".to_owned(), amount("1"))];
        assert_eq!(refused(&both), ErrorCode::InputPriceAmbiguous);
        let mut half = request();
        half.fiat_currency = None;
        assert_eq!(refused(&half), ErrorCode::InputCurrency);
    }

    #[test]
    fn an_amount_is_positive_and_fits_the_gateways_doubles() {
        for text in ["0", "0.00", "-1", "1234567890123.456"] {
            assert_eq!(refused(&PaymentRequest::fiat(amount(text), "USD").order_id("1")), ErrorCode::InputAmount);
        }
        let wei = PaymentRequest::crypto([("Ethereum", amount("1.000000000000000001"))]).order_id("1");
        assert!(wei.check(false).is_ok());
    }

    #[test]
    fn http_is_for_a_gateway_on_loopback_only() {
        let request = request().return_url("http://shop.example/back");
        assert_eq!(refused(&request), ErrorCode::InputReturnUrl);
        assert!(request.check(true).is_ok());
        for url in ["javascript:alert(1)", "shop.example", "", "https://"] {
            assert_eq!(refused(&self::request().return_url(url)), ErrorCode::InputReturnUrl);
        }
    }

    #[test]
    fn an_order_id_has_1_to_128_characters_without_controls() {
        for id in ["", "a\nb", &"x".repeat(129)] {
            assert_eq!(refused(&request().order_id(id)), ErrorCode::InputOrderId);
        }
        assert!(request().order_id("№".repeat(128)).check(false).is_ok());
    }

    #[test]
    fn additional_data_leaves_the_gateways_own_key_alone() {
        for key in ["OrderId", "orderid", " ORDERID ", ""] {
            assert_eq!(refused(&request().additional_data(key, "x")), ErrorCode::InputAdditionalData);
        }
        assert_eq!(refused(&request().additional_data("a", "x".repeat(9000))), ErrorCode::InputAdditionalData);
        assert_eq!(
            refused(&request().additional_data("a", "1").additional_data("a", "2")),
            ErrorCode::InputAdditionalData
        );
    }

    #[test]
    fn language_and_email_are_checked_and_the_address_is_not_repeated() {
        assert_eq!(refused(&request().language("english!")), ErrorCode::InputLanguage);
        assert!(request().language("zh-Hans-CN").check(false).is_ok());
        let error = request().email_address("anna example.com").check(false).expect_err("refused");
        assert_eq!(error.code(), ErrorCode::InputEmail);
        assert!(!error.to_string().contains("anna"));
    }

    #[test]
    fn a_speed_is_a_name_never_a_number() {
        assert_eq!((Speed::default(), Speed::Low.code(), Speed::High.code()), (Speed::Low, 1, 0));
        for text in ["0", "1", "Low", "fast", ""] {
            assert_eq!(Speed::parse(text).expect_err("refused").code(), ErrorCode::InputSpeed);
        }
    }

    #[cfg(feature = "client")]
    #[test]
    fn both_names_of_the_speed_and_of_the_coins_are_on_the_wire() {
        let request = PaymentRequest::crypto([("Bitcoin", amount("0.01854793"))]).order_id("1").speed(Speed::High);
        let wire = request.to_wire(&request.check(false).expect("valid"));
        let wire: serde_json::Value = serde_json::from_slice(&wire).expect("JSON");
        assert_eq!((&wire["riskSpeed"], &wire["Speed"]), (&0.into(), &0.into()));
        assert_eq!(wire["cryptoAmounts"], serde_json::json!([{"coinName": "Bitcoin", "amount": "0.01854793"}]));
        assert_eq!(wire["cryptoAmounts"], wire["cryptoAmount"]);
        assert_eq!(wire.get("fiatAmount"), None);
    }
}
