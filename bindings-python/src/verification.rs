//! [`Verification`]: what the gateway says of one payment, held against the shop's records.

use paymento::Expected;
use pyo3::{prelude::*, types::PyDict};

use crate::{
    arguments::Options,
    enums::{OutcomeEnum, StatusEnum},
    errors::raise,
    settlement::Settlement,
    value::{Fields, Notes, data_class},
};

/// A verify answer, held against what the shop recorded. `Client.verify_payment` makes it.
#[pyclass(frozen, module = "paymento")]
pub(crate) struct Verification(paymento::Verification);

data_class!(Verification, ["outcome", "token", "order_id", "status", "amount_unchecked", "detail"]);

impl From<paymento::Verification> for Verification {
    fn from(verification: paymento::Verification) -> Self {
        Self(verification)
    }
}

#[pymethods]
impl Verification {
    /// What the answer comes to.
    #[getter]
    fn outcome(&self) -> OutcomeEnum {
        OutcomeEnum(self.0.outcome())
    }

    /// Whether the order is to be fulfilled.
    #[getter]
    fn is_settled(&self) -> bool {
        self.0.is_settled()
    }

    /// The token that was asked about.
    #[getter]
    fn token(&self) -> &str {
        self.0.token()
    }

    /// The order that was expected.
    #[getter]
    fn order_id(&self) -> &str {
        self.0.order_id()
    }

    /// The status after the call. None on servers that report none, and for a text that is no status.
    #[getter]
    fn status(&self) -> Option<StatusEnum> {
        self.0.status().map(StatusEnum)
    }

    /// The status as it came, where there is one.
    #[getter]
    fn status_text(&self) -> Option<&str> {
        self.0.status_text()
    }

    /// Whether no amount was compared: none was expected, or the gateway reported none. The token still binds the
    /// payment to what was asked for when it was made.
    #[getter]
    fn amount_unchecked(&self) -> bool {
        self.0.amount_unchecked()
    }

    /// What does not match or is contradictory, in words.
    #[getter]
    fn detail(&self) -> Option<&str> {
        self.0.detail()
    }

    /// The gateway's own message, where there is one.
    #[getter]
    fn message(&self) -> Option<&str> {
        self.0.message()
    }

    /// The shop's own notes from `create_payment`.
    #[getter]
    fn additional_data(&self) -> Notes<'_> {
        Notes(self.0.additional_data())
    }

    /// What the gateway reports of the money, where it does, whatever the outcome.
    #[getter]
    fn settlement(&self) -> Option<Settlement> {
        self.0.settlement().cloned().map(Settlement::from)
    }

    /// The settlement of a settled payment: the proof on which to fulfill, once.
    ///
    /// Raises `VerifyError` with the code `verify.` and the outcome for every other outcome.
    fn require_settled(&self, py: Python<'_>) -> PyResult<Settlement> {
        self.0.require_settled().map(Settlement::from).map_err(|error| {
            let error = raise(error);
            let outcome = error.value(py).setattr("outcome", self.outcome());
            outcome.err().unwrap_or(error)
        })
    }

    /// The fields as JSON takes them; amounts as strings.
    #[pyo3(signature = () -> "dict[str, Any]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let settlement = self.settlement().map(|settlement| settlement.to_dict(py)).transpose()?;
        let fields = Fields::new(py)
            .with("outcome", self.0.outcome().as_str())?
            .with("is_settled", self.is_settled())?
            .with("token", self.token())?
            .with("order_id", self.order_id())?
            .with("status", self.0.status().map(paymento::OrderStatus::code))?
            .with("status_text", self.status_text())?
            .with("amount_unchecked", self.amount_unchecked())?
            .with("detail", self.detail())?
            .with("message", self.message())?
            .with("additional_data", self.additional_data())?
            .with("settlement", settlement)?;
        Ok(fields.done())
    }
}

/// What the shop recorded of the payment.
pub(crate) fn expected(options: Options<'_, '_>) -> PyResult<Expected> {
    let amount = options.amount("fiat_amount")?;
    let currency = options.text("fiat_currency")?;
    let coins = options.coin_amounts("crypto_amounts")?;
    let order = Expected::order(options.required_text("order_id")?).map_err(raise)?;
    order.price_from_parts(amount, currency.as_deref(), &coins).map_err(raise)
}
