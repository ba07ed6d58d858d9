//! [`PaymentRequest`]: what is asked for, and the rules it must keep.

use std::fmt;

use url::Url;

use crate::{
    amount::Amount,
    error::{Error, ErrorCode},
    price::Price,
    speed::Speed,
    text::{printable_url, quote},
};

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
#[derive(Clone, Default)]
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
    /// The shop's own notes, which come back in callbacks and verify answers. At most 100 entries and 8 KiB together. The key `OrderId`
    /// is the gateway's own.
    pub additional_data: Vec<(String, String)>,
}

/// Without the customer's address and the shop's notes.
impl fmt::Debug for PaymentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentRequest")
            .field("order_id", &self.order_id)
            .field("fiat_amount", &self.fiat_amount)
            .field("fiat_currency", &self.fiat_currency)
            .field("crypto_amounts", &self.crypto_amounts)
            .field("speed", &self.speed)
            .finish_non_exhaustive()
    }
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
        let price = Price::required(self.fiat_amount.clone(), self.fiat_currency.as_deref(), &self.crypto_amounts)?;
        check_order_id(&self.order_id)?;
        self.return_url.as_deref().map_or(Ok(()), |url| check_return_url(url, http_allowed))?;
        self.language.as_deref().map_or(Ok(()), check_language)?;
        self.email_address.as_deref().map_or(Ok(()), check_email)?;
        check_additional_data(&self.additional_data)?;
        Ok(price)
    }
}

pub(crate) fn is_order_id(text: &str) -> bool {
    (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control) && !text.trim().is_empty()
}

pub(crate) fn check_order_id(order_id: &str) -> Result<(), Error> {
    if is_order_id(order_id) {
        return Ok(());
    }
    let rule = match () {
        () if order_id.trim().is_empty() => "is not empty, nor white space alone",
        () if order_id.chars().any(char::is_control) => "has no control characters; there are some, not shown here",
        () => "has at most 128 characters",
    };
    Err(Error::new(ErrorCode::InputOrderId, format!("an order id {rule}; got {}", quote(order_id))))
}

fn check_return_url(text: &str, http_allowed: bool) -> Result<(), Error> {
    check_web_url(text, http_allowed, ErrorCode::InputReturnUrl, "the return URL")
}

pub(crate) fn check_web_url(text: &str, http_allowed: bool, code: ErrorCode, name: &str) -> Result<(), Error> {
    let refuse = |what: &str| Error::new(code, format!("{name} {what}; got {}", printable_url(text)));
    let url = Url::parse(text).map_err(|_| refuse("is not a URL"))?;
    // The parser mends these silently; the gateway would get the text as it is.
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(refuse("has white space around it or control characters in it"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("carries a user name or password"));
    }
    if url.scheme() == "https" || (url.scheme() == "http" && http_allowed) {
        return Ok(());
    }
    Err(refuse("must begin with https://")
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

fn check_email(text: &str) -> Result<(), Error> {
    let halves = text.rsplit_once('@');
    let fits = halves.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if fits && text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Ok(());
    }
    // The address is the customer's: it is not repeated in an error that will be logged.
    Err(Error::new(ErrorCode::InputEmail, "the e-mail address is malformed"))
}

/// Every callback repeats the data, at worst with six characters for one and some for each entry, and may not pass 64 KiB.
const MAX_ADDITIONAL_BYTES: usize = 8 * 1024;
const MAX_ADDITIONAL_ENTRIES: usize = 100;

fn check_additional_data(data: &[(String, String)]) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::new(ErrorCode::InputAdditionalData, message));
    // First, so that the comparison of every key with those before it is a short one.
    if data.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > MAX_ADDITIONAL_BYTES {
        return refuse("the additional data is over 8 KiB".to_owned());
    }
    if data.len() > MAX_ADDITIONAL_ENTRIES {
        return refuse(format!("the additional data has more than {MAX_ADDITIONAL_ENTRIES} entries"));
    }
    for (position, (key, _)) in data.iter().enumerate() {
        if key.trim().is_empty() {
            return refuse("the additional data has an empty key".to_owned());
        }
        if key.trim().eq_ignore_ascii_case("OrderId") {
            return refuse(
                "the additional data has the key OrderId, under which the gateway keeps the order id".to_owned(),
            );
        }
        if data[..position].iter().any(|(other, _)| other == key) {
            return refuse(format!("the additional data has the key {} twice", quote(key)));
        }
    }
    Ok(())
}

fn is_ascii(text: &str, class: fn(&u8) -> bool) -> bool {
    text.as_bytes().iter().all(class)
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
        for url in [
            "javascript:alert(1)",
            "shop.example",
            "",
            "https://",
            " https://shop.example",
            "https://shop.exa\nmple",
            "https://u:p@shop.example",
        ] {
            assert_eq!(refused(&self::request().return_url(url)), ErrorCode::InputReturnUrl);
        }
    }

    #[test]
    fn an_order_id_has_1_to_128_characters_without_controls() {
        for id in ["", " ", "a\nb", &"x".repeat(129)] {
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
}
