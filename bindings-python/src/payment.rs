//! [`Payment`] and [`Price`], and the arguments that ask for one.

use paymento::{PaymentRequest, Speed};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    arguments::Options,
    errors::raise,
    money::{CoinAmounts, Money},
    value::{Fields, data_class},
};

/// What an order costs: an amount of a currency, or an amount for each coin that is taken.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Price(pub(crate) paymento::Price);

data_class!(Price, ["fiat_amount", "fiat_currency", "crypto_amounts"]);

impl Price {
    fn fiat(&self) -> Option<(Money, &str)> {
        match &self.0 {
            paymento::Price::Fiat { amount, currency } => Some((Money(amount.clone()), currency)),
            _ => None,
        }
    }

    fn coins(&self) -> &[(String, paymento::Amount)] {
        match &self.0 {
            paymento::Price::Crypto(coins) => coins,
            _ => &[],
        }
    }
}

#[pymethods]
impl Price {
    /// In major units; None for a price in coins.
    #[getter]
    fn fiat_amount(&self) -> Option<Money> {
        self.fiat().map(|(amount, _)| amount)
    }

    /// Three letters, upper case; None for a price in coins.
    #[getter]
    fn fiat_currency(&self) -> Option<&str> {
        self.fiat().map(|(_, currency)| currency)
    }

    /// An amount for each coin that is taken; empty for a price in fiat money.
    #[getter]
    fn crypto_amounts(&self) -> CoinAmounts<'_> {
        CoinAmounts(self.coins())
    }

    /// The fields as JSON takes them; amounts as strings.
    #[pyo3(signature = () -> "dict[str, Any]")]
    pub(crate) fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut coins = self.coins().iter();
        let coins = coins.try_fold(Fields::new(py), |fields, (coin, amount)| fields.with(coin, amount.to_string()))?;
        let fields = Fields::new(py)
            .with("fiat_amount", self.fiat().map(|(amount, _)| amount.0.to_string()))?
            .with("fiat_currency", self.fiat_currency())?
            .with("crypto_amounts", coins.done())?;
        Ok(fields.done())
    }
}

/// A payment that the gateway has made. Send the customer to `url`, and keep the token beside the order.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct Payment(paymento::Payment);

data_class!(Payment, ["token", "url", "order_id", "price", "live"]);

impl From<paymento::Payment> for Payment {
    fn from(payment: paymento::Payment) -> Self {
        Self(payment)
    }
}

#[pymethods]
impl Payment {
    /// The payment's name at the gateway. The key under which to keep it.
    #[getter]
    fn token(&self) -> &str {
        self.0.token()
    }

    /// The hosted page, where the customer pays.
    #[getter]
    fn url(&self) -> &str {
        self.0.url()
    }

    /// The shop's order id.
    #[getter]
    fn order_id(&self) -> &str {
        self.0.order_id()
    }

    /// What was asked for.
    #[getter]
    fn price(&self) -> Price {
        Price(self.0.price().clone())
    }

    /// False when a simulator on loopback made it; None while it is not known whether the coins are worth anything.
    #[getter]
    fn live(&self) -> Option<bool> {
        self.0.live()
    }

    /// The fields as JSON takes them; amounts as strings.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("token", self.token())?
            .with("url", self.url())?
            .with("order_id", self.order_id())?
            .with("price", self.price().to_dict(py)?)?
            .with("live", self.live())?;
        Ok(fields.done())
    }
}

/// The arguments of `create_payment`. Core checks what they say.
pub(crate) fn request(options: Options<'_, '_>) -> PyResult<PaymentRequest> {
    let mut request = PaymentRequest::default();
    request.order_id = options.required_text("order_id")?;
    request.fiat_amount = options.amount("fiat_amount")?;
    request.fiat_currency = options.text("fiat_currency")?;
    request.crypto_amounts = options.coin_amounts("crypto_amounts")?;
    request.return_url = options.text("return_url")?;
    request.language = options.text("language")?;
    request.email_address = options.text("email_address")?;
    request.additional_data = options.notes("additional_data")?;
    if let Some(speed) = options.text("speed")? {
        request.speed = Speed::parse(&speed).map_err(raise)?;
    }
    Ok(request)
}
