//! What `paymento.testing` makes values with: core's own makers, which read what the gateway would send.

use std::collections::HashMap;

use paymento::{ErrorCode, OrderStatus, testing};
use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    types::{PyBytes, PyDict},
};

use crate::{
    arguments::{Options, integer, text},
    directory::{AcceptedCoin, Coin, CoinPrice, Currency, Info, Language, LastBlock, Merchant},
    errors::{raise, refuse, wrong_type},
    payment::{Payment, Price},
    secret,
    settings::{CallbackUrlChange, Settings},
    settlement::Settlement,
    verification::{Verification, expected},
};

/// A value of one of the small types, from the JSON object that the gateway would send.
#[pyfunction]
#[pyo3(signature = (name: "str", json: "str") -> "Any")]
pub(crate) fn make(py: Python<'_>, name: &str, json: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let json = &text("json", json)?;
    macro_rules! from_json {
        ($($class:ident),*) => {
            match name {
                $(stringify!($class) => {
                    let made: paymento::$class = testing::from_json(json).map_err(raise)?;
                    $class::from(made).into_py_any(py)
                })*
                _ => Err(refuse(ErrorCode::InputType, "values of this type are not made from JSON")),
            }
        };
    }
    from_json!(AcceptedCoin, Coin, LastBlock, CoinPrice, Currency, Language, Info, Merchant, Settings)
}

/// A settlement from the gateway's JSON.
#[pyfunction]
#[pyo3(signature = (json: "str") -> "Settlement")]
pub(crate) fn make_settlement(json: &Bound<'_, PyAny>) -> PyResult<Settlement> {
    Ok(testing::settlement(&text("json", json)?).into())
}

/// A verification of an answer of the gateway, by core's real decision.
#[pyfunction]
#[pyo3(signature = (success, message: "str", body: "str", token: "str", **options: "object") -> "Verification")]
pub(crate) fn make_verification(
    success: bool,
    message: &Bound<'_, PyAny>,
    body: &Bound<'_, PyAny>,
    token: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Verification> {
    let expected = expected(Options(options))?;
    let (message, body, token) = (text("message", message)?, text("body", body)?, text("token", token)?);
    testing::verification(success, &message, &body, &token, &expected).map(Verification::from).map_err(raise)
}

/// A price, checked as everywhere.
#[pyfunction]
#[pyo3(signature = (**options: "object"))]
pub(crate) fn make_price(options: Option<&Bound<'_, PyDict>>) -> PyResult<Price> {
    let options = Options(options);
    let amount = options.amount("fiat_amount")?;
    let currency = options.text("fiat_currency")?;
    let coins = options.coin_amounts("crypto_amounts")?;
    testing::price(amount, currency.as_deref(), &coins).map(Price).map_err(raise)
}

/// A payment as `create_payment` gives it.
#[pyfunction]
#[pyo3(signature = (token: "str", gateway_url: "str", order_id: "str", price: "Price", live: "bool | None") -> "Payment")]
pub(crate) fn make_payment(
    token: &Bound<'_, PyAny>,
    gateway_url: &Bound<'_, PyAny>,
    order_id: &Bound<'_, PyAny>,
    price: &Bound<'_, PyAny>,
    live: Option<bool>,
) -> PyResult<Payment> {
    let (token, url) = (text("token", token)?, text("gateway_url", gateway_url)?);
    let order_id = text("order_id", order_id)?;
    let Ok(price) = price.cast::<Price>() else { return Err(wrong_type("price", "a Price", price)) };
    testing::payment(&token, &url, &order_id, price.get().0.clone(), live).map(Payment::from).map_err(raise)
}

/// What `ensure_callback_url` gives.
#[pyfunction]
pub(crate) fn make_callback_url_change(changed: bool, previous: &Settings, current: &Settings) -> CallbackUrlChange {
    testing::callback_url_change(changed, previous.0.clone(), current.0.clone()).into()
}

/// Headers and body of a callback, signed as the gateway signs.
#[pyfunction]
#[pyo3(signature = (secret_key: "str", status: "int", payment_id: "int", **options: "object") -> "tuple[dict[str, str], bytes]")]
pub(crate) fn signed_callback<'py>(
    py: Python<'py>,
    secret_key: &Bound<'py, PyAny>,
    status: &Bound<'py, PyAny>,
    payment_id: &Bound<'py, PyAny>,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<(HashMap<String, String>, Bound<'py, PyBytes>)> {
    let options = Options(options);
    let secret = secret::one("secret_key", secret_key)?;
    let mut fields = testing::CallbackFields::paid(options.required_text("order_id")?);
    fields.token = options.required_text("token")?;
    fields.payment_id = integer("payment_id", payment_id)?;
    fields.status = OrderStatus::from_code(integer("status", status)?);
    fields.additional_data = options.notes("additional_data")?;
    let (headers, body) = testing::signed_callback(&fields, &secret);
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect();
    Ok((headers, PyBytes::new(py, &body)))
}
