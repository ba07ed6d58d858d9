//! [`OrderEvent`]: what a handler is given.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use paymento::checkout::{self, EventKind};
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyList},
};

use crate::{
    enums::{KindEnum, ReasonEnum, SpeedEnum},
    money::Money,
    payment::Price,
    settlement::Settlement,
    value::{Fields, Notes, data_class},
};

/// What is missing of a payment.
#[pyclass(frozen, eq, module = "paymento")]
#[derive(Clone, PartialEq)]
pub(crate) struct Shortfall(pub(super) checkout::Shortfall);

data_class!(Shortfall, ["amount", "in_mempool", "coin", "fiat_estimated"]);

#[pymethods]
impl Shortfall {
    /// Expected less received, in the coin that the customer chose. Exact.
    #[getter]
    fn amount(&self) -> Money {
        Money(self.0.amount.clone())
    }

    /// What has been received and is not confirmed yet; None where the gateway does not say.
    #[getter]
    fn in_mempool(&self) -> Option<Money> {
        self.0.in_mempool.clone().map(Money)
    }

    /// The coin, where the gateway tells it.
    #[getter]
    fn coin(&self) -> Option<&str> {
        self.0.coin.as_deref()
    }

    /// The shortfall in the order's currency, estimated by the price that was asked for.
    #[getter]
    fn fiat_estimated(&self) -> Option<Money> {
        self.0.fiat_estimated.clone().map(Money)
    }

    /// The fields as JSON takes them; amounts as strings.
    #[pyo3(signature = () -> "dict[str, Any]")]
    pub(super) fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = Fields::new(py)
            .with("amount", self.0.amount.to_string())?
            .with("in_mempool", self.0.in_mempool.as_ref().map(ToString::to_string))?
            .with("coin", self.coin())?
            .with("fiat_estimated", self.0.fiat_estimated.as_ref().map(ToString::to_string))?;
        Ok(fields.done())
    }
}

/// What the shop is told of an order. `key` is the same each time this event is handed over.
#[pyclass(frozen, module = "paymento")]
#[derive(Clone)]
pub(crate) struct OrderEvent {
    event: checkout::OrderEvent,
    /// The checkout's own SQLite file, which the shop's connection must not have open.
    file: Option<PathBuf>,
    /// Python's `Claims` of the handler that was given the event: what `once` has said there.
    claims: Option<Arc<Py<PyAny>>>,
}

data_class!(OrderEvent, ["kind", "order_id", "reason", "token", "late", "key"]);

impl OrderEvent {
    pub(super) fn new(event: checkout::OrderEvent, file: Option<&Path>) -> Self {
        Self { event, file: file.map(ToOwned::to_owned), claims: None }
    }

    /// For one handler.
    pub(super) fn with_claims(&self, claims: Py<PyAny>) -> Self {
        Self { claims: Some(Arc::new(claims)), ..self.clone() }
    }

    pub(super) fn kind(&self) -> EventKind {
        self.event.kind
    }

    pub(super) fn to_core(&self) -> checkout::OrderEvent {
        self.event.clone()
    }
}

#[pymethods]
impl OrderEvent {
    /// Which of the four: `paid`, `partially_paid`, `closed` or `attention`. Equal to its text.
    #[getter(kind)]
    fn kind_as_enum(&self) -> KindEnum {
        KindEnum(self.event.kind)
    }

    /// Why somebody should look; for `attention` only.
    #[getter]
    fn reason(&self) -> Option<ReasonEnum> {
        self.event.reason.map(ReasonEnum)
    }

    /// The reason in words, where there is more to say.
    #[getter]
    fn detail(&self) -> Option<&str> {
        self.event.detail.as_deref()
    }

    /// The store, where several share a database.
    #[getter]
    fn account(&self) -> &str {
        &self.event.account
    }

    /// The shop's order id. Empty for an attention that belongs to no order.
    #[getter]
    fn order_id(&self) -> &str {
        &self.event.order_id
    }

    /// The payment's token, where it is about a payment.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.event.token.as_deref()
    }

    /// The price of the payment.
    #[getter]
    fn price(&self) -> Option<Price> {
        self.event.price.clone().map(Price)
    }

    /// The order's current price, where it differs from the payment's.
    #[getter]
    fn current_price(&self) -> Option<Price> {
        self.event.current_price.clone().map(Price)
    }

    /// How sure the payment had to be.
    #[getter]
    fn speed(&self) -> SpeedEnum {
        SpeedEnum(self.event.speed)
    }

    /// The shop's own notes from `create_payment`.
    #[getter]
    fn additional_data(&self) -> Notes<'_> {
        Notes(&self.event.additional_data)
    }

    /// Whether the payment had expired, or was canceled or rejected, before it was paid.
    #[getter]
    fn late(&self) -> bool {
        self.event.late
    }

    /// What came beyond the amount asked for, in the coin that the customer chose.
    #[getter]
    fn overpaid_by(&self) -> Option<Money> {
        self.event.overpaid_by.clone().map(Money)
    }

    /// What is missing; for `partially_paid` only, where the gateway reports amounts.
    #[getter]
    fn shortfall(&self) -> Option<Shortfall> {
        self.event.shortfall.clone().map(Shortfall)
    }

    /// What the gateway reports of the money.
    #[getter]
    fn settlement(&self) -> Option<Settlement> {
        self.event.settlement.clone().map(Settlement::from)
    }

    /// False for a simulator's payment; None where it is not known whether the coins are worth anything.
    #[getter]
    fn live(&self) -> Option<bool> {
        self.event.live
    }

    /// A text that is the same for the same event, whoever hands it over and however often. That of `paid` is the same for
    /// the whole order: put it under a unique key, and nothing is done twice.
    #[getter]
    fn key(&self) -> &str {
        &self.event.key
    }

    /// Write the key into the shop's own database, in its open transaction, and say whether it was new.
    ///
    /// `if order.once(connection):` is true the first time only, however often the event is handed over: what is done in
    /// the same transaction is done once. Neither commits nor rolls back. With an asynchronous connection, await it.
    ///
    /// Args:
    ///     connection: a connection, session or cursor of sqlite3, psycopg, psycopg2, `PyMySQL`, mysqlclient,
    ///         mysql-connector, `SQLAlchemy`, Django (`connection` or an alias such as `"default"`), asyncpg, aiosqlite or
    ///         aiomysql. Its database has the table that `paymento.once_table_sql` makes.
    ///
    /// Raises:
    ///     `InputError`: `input.type`: the connection is of no known driver.
    ///     `ConfigError`: `config.once_no_transaction`, `config.once_table_missing`.
    ///     `DatabaseError`: `database.shared_sqlite_file`: the connection has the checkout's own file open.
    #[pyo3(signature = (connection: "Any") -> "OnceAnswer")]
    fn once<'py>(&self, connection: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        static ONCE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = connection.py();
        let once =
            ONCE.get_or_try_init(py, || Ok::<_, PyErr>(py.import("paymento._once")?.getattr("once")?.unbind()))?;
        let options = PyDict::new(py);
        options.set_item("forbidden_files", PyList::new(py, self.file.iter())?)?;
        options.set_item("claims", self.claims.as_deref())?;
        once.bind(py).call((connection, self.key()), Some(&options))
    }

    /// The fields as JSON takes them; amounts as strings.
    #[pyo3(signature = () -> "dict[str, Any]")]
    pub(super) fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let price = |price: Option<Price>| price.map(|price| price.to_dict(py)).transpose();
        let event = &self.event;
        let fields = Fields::new(py)
            .with("kind", event.kind.as_str())?
            .with("reason", event.reason.map(checkout::Reason::as_str))?
            .with("detail", self.detail())?
            .with("account", self.account())?
            .with("order_id", self.order_id())?
            .with("token", self.token())?
            .with("price", price(self.price())?)?
            .with("current_price", price(self.current_price())?)?
            .with("speed", event.speed.as_str())?
            .with("additional_data", self.additional_data())?
            .with("late", event.late)?
            .with("overpaid_by", event.overpaid_by.as_ref().map(ToString::to_string))?
            .with("shortfall", self.shortfall().map(|shortfall| shortfall.to_dict(py)).transpose()?)?
            .with("settlement", self.settlement().map(|settlement| settlement.to_dict(py)).transpose()?)?
            .with("live", event.live)?
            .with("key", self.key())?;
        Ok(fields.done())
    }
}
