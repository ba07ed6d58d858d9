//! [`ReturnVisit`]: what the browser brings back from the hosted page.

use pyo3::{
    prelude::*,
    types::{PyDict, PyString},
};

use crate::{
    arguments::{entries, items, pairs, text},
    errors::wrong_type,
    value::{Fields, data_class},
};

/// Hints from the return URL: which payment the customer may come from. `ReturnVisit.parse` makes one.
///
/// The return URL is not signed, and anybody can type one. So there is no status here; ask with `verify_payment`, and only
/// for an order that is open in your own records.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(PartialEq)]
pub(crate) struct ReturnVisit(pub(crate) paymento::ReturnVisit);

data_class!(ReturnVisit, ["token", "order_id"]);

#[pymethods]
impl ReturnVisit {
    /// Read the query of the return URL. Hints that make no sense are left out.
    ///
    /// Args:
    ///     query: a query string or a whole URL (str), or the parameters as a mapping (values: str or lists of str) or as
    ///         pairs, such as Flask's `request.args` or Django's `request.GET`.
    ///
    /// Raises:
    ///     `InputError`: `input.type` for anything else.
    #[staticmethod]
    #[pyo3(signature = (query: "Query") -> "ReturnVisit")]
    pub(crate) fn parse(query: &Bound<'_, PyAny>) -> PyResult<Self> {
        if query.is_instance_of::<PyString>() {
            return Ok(Self(paymento::ReturnVisit::parse(&text("query", query)?)));
        }
        let wrong = || wrong_type("query", "a query string, a mapping or pairs", query);
        let all = if query.hasattr("items")? { entries(query, wrong)? } else { pairs(query, wrong)? };
        let mut found = Vec::new();
        for (name, value) in all {
            let values = items(&value).unwrap_or_else(|| vec![value]);
            // What is no text is no hint.
            let texts = values.iter().filter_map(|value| Some((text("", &name).ok()?, text("", value).ok()?)));
            found.extend(texts);
        }
        Ok(Self(paymento::ReturnVisit::from_pairs(found)))
    }

    /// The token, if it has the form of one. A hint.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.0.token()
    }

    /// The order id, if it has the form of one. A hint.
    #[getter]
    fn order_id(&self) -> Option<&str> {
        self.0.order_id()
    }

    /// The fields as JSON takes them.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        Ok(Fields::new(py).with("token", self.token())?.with("order_id", self.order_id())?.done())
    }
}
