//! [`Money`]: core's exact decimal as Python's `Decimal`; and what a caller may give for one.

use paymento::Amount;
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyComplex, PyDict, PyFloat, PyInt, PyString, PyType},
};

use crate::{
    arguments::text,
    errors::{raise, type_name, wrong_type},
    value::Fields,
};

/// An amount on its way to Python, where it becomes a `Decimal`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Money(pub(crate) Amount);

impl<'py> IntoPyObject<'py> for Money {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: pyo3::inspect::PyStaticExpr = pyo3::type_hint_identifier!("decimal", "Decimal");

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        decimal(py)?.call1((self.0.to_string(),))
    }
}

impl<'py> IntoPyObject<'py> for &Money {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: pyo3::inspect::PyStaticExpr = Money::OUTPUT_TYPE;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.clone().into_pyobject(py)
    }
}

/// An amount for each of several coins, which become a dictionary.
pub(crate) struct CoinAmounts<'a>(pub(crate) &'a [(String, Amount)]);

impl<'py> IntoPyObject<'py> for CoinAmounts<'_> {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    #[cfg(feature = "stubs")]
    const OUTPUT_TYPE: pyo3::inspect::PyStaticExpr = pyo3::type_hint_subscript!(
        pyo3::type_hint_identifier!("builtins", "dict"),
        pyo3::type_hint_identifier!("builtins", "str"),
        Money::OUTPUT_TYPE
    );

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut coins = self.0.iter();
        coins
            .try_fold(Fields::new(py), |fields, (coin, amount)| fields.with(coin, Money(amount.clone())))
            .map(Fields::done)
    }
}

/// Imported late: `decimal` takes longer to import than this package.
fn decimal(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    DECIMAL.import(py, "decimal", "Decimal")
}

/// An amount from a decimal string or a `Decimal`. A float has lost digits already, an int leaves open whether cents are
/// meant.
pub(crate) fn amount(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Amount> {
    if value.is_instance_of::<PyString>() {
        return Amount::parse(&text(name, value)?).map_err(raise);
    }
    if [value.is_instance_of::<PyInt>(), value.is_instance_of::<PyFloat>(), value.is_instance_of::<PyComplex>()]
        .contains(&true)
    {
        return Err(raise(Amount::refuse_number(&type_name(value))));
    }
    let decimal = decimal(value.py())?;
    if !value.is_instance(decimal)? {
        return Err(wrong_type(name, "a decimal string like \"29.99\", or a Decimal", value));
    }
    // The class's own method: a subclass might print something else.
    let digits = decimal.call_method1(pyo3::intern!(value.py(), "__str__"), (value,))?;
    Amount::parse(&text(name, &digits)?).map_err(raise)
}
