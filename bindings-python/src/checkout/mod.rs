//! [`CheckoutCalls`]: core's checkout behind `paymento.Checkout` and `paymento.AsyncCheckout`. Each method prepares one call.

mod answer;
mod event;
mod health;
mod offered;
mod options;
mod records;
mod testing;
mod work;

use std::time::Duration;

use http::Method;
use paymento::{
    Checkout, Error, ErrorCode, Headers, Speed,
    checkout::{EventKind, PaymentState},
};
use pyo3::{prelude::*, types::PyDict};

use self::offered::{Offered, OfferedOne};
pub(crate) use self::{
    answer::Answer,
    event::{OrderEvent, Shortfall},
    health::{DeadLetter, Health},
    records::{HistoryEntry, OrderRecord, PaymentRecord, PaymentsPage},
    testing::make_of_checkout,
    work::{Stop, Work},
};
use crate::{
    arguments::{Options, integer, text},
    body,
    call::Call,
    client::Calls,
    errors::{raise, refuse, wrong_type},
    headers, log,
    payment::{Payment, request},
    return_visit::ReturnVisit,
    times,
};

/// Whoever verifies what is due waits this long for the pace; the loop that calls has an end of its own.
const PACE: Duration = Duration::from_secs(1);

/// See `paymento.Checkout`.
#[pyclass(frozen, module = "paymento._native")]
pub(crate) struct CheckoutCalls(Checkout);

impl CheckoutCalls {
    fn call<F, T>(&self, call: impl FnOnce(Checkout) -> F) -> Call
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: for<'py> IntoPyObject<'py> + Send + 'static,
    {
        Call::of_checkout(self.0.client().clone(), call(self.0.clone()))
    }
}

#[pymethods]
impl CheckoutCalls {
    /// `from_env`: the environment names the database, where the options do not.
    #[new]
    #[pyo3(signature = (client: "Calls", from_env: "bool", **options: "object"))]
    fn new(
        py: Python<'_>,
        client: &Bound<'_, PyAny>,
        from_env: bool,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let calls = client.cast::<Calls>().map_err(|_| wrong_type("client", "a Client or an AsyncClient", client))?;
        let client = calls.get().shared()?;
        let checkout = options::builder(client, from_env, Options(options))?.build().map_err(raise)?;
        if let Some(file) = checkout.sqlite_file() {
            log::tell(py, &format!("the checkout's database is {}", file.display()))?;
        }
        Ok(Self(checkout))
    }

    /// `thread`, `inline` or `external`.
    #[getter]
    fn worker(&self) -> &'static str {
        self.0.worker().as_str()
    }

    /// How many handlers run at once.
    #[getter]
    fn concurrency(&self) -> usize {
        self.0.concurrency()
    }

    /// Seconds that a handler may run before its place belongs to others.
    #[getter]
    fn max_handler_time(&self) -> f64 {
        self.0.max_handler_time().as_secs_f64()
    }

    #[pyo3(signature = () -> "Call")]
    fn close(&self) -> Call {
        self.call(|checkout| async move {
            checkout.close().await;
            Ok(())
        })
    }

    #[pyo3(signature = (**options: "object") -> "Call")]
    fn create_payment(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let request = request(Options(options))?;
        Ok(self.call(|checkout| async move { checkout.create_payment(request).await.map(Payment::from) }))
    }

    #[pyo3(signature = (method: "str", headers: "Headers", body: "bytes") -> "Call")]
    fn receive(
        &self,
        py: Python<'_>,
        method: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
    ) -> PyResult<Call> {
        let refused = |error| log::refused_callback(py, error);
        let method = text("method", method).map_err(refused)?;
        // Whatever it is, it is not one that is taken.
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
        let body = body::raw(body).map_err(refused)?.as_bytes();
        // One byte more than is taken says as much as a whole upload.
        let body = body[..body.len().min(paymento::MAX_CALLBACK_BYTES + 1)].to_vec();
        let headers = headers::owned(headers).map_err(refused)?;
        Ok(self.call(|checkout| async move {
            let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect();
            Ok(Answer::from(checkout.receive(&method, Headers::Pairs(&pairs), &body).await))
        }))
    }

    #[pyo3(signature = (query: "Query") -> "Call")]
    fn visit(&self, query: &Bound<'_, PyAny>) -> PyResult<Call> {
        let visit = ReturnVisit::parse(query)?.0;
        Ok(self.call(|checkout| async move { Ok(checkout.visited(&visit).await?.map(OrderRecord)) }))
    }

    #[pyo3(signature = (order_id: "str") -> "Call")]
    fn status(&self, order_id: &Bound<'_, PyAny>) -> PyResult<Call> {
        let order_id = text("order_id", order_id)?;
        Ok(self.call(|checkout| async move { checkout.status(&order_id).await.map(OrderRecord) }))
    }

    #[pyo3(signature = (token: "str") -> "Call")]
    fn payment(&self, token: &Bound<'_, PyAny>) -> PyResult<Call> {
        let token = text("token", token)?;
        Ok(self.call(|checkout| async move { checkout.payment(&token).await.map(PaymentRecord) }))
    }

    #[pyo3(signature = (**options: "object") -> "Call")]
    fn payments(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let options = Options(options);
        let state = options.text("state")?.map(|name| one_of("state", &name, PaymentState::ALL, PaymentState::as_str));
        let (state, after) = (state.transpose()?, options.integer("after")?);
        let since = options.get("since")?.map(|since| times::millis("since", &since)).transpose()?;
        Ok(self.call(|checkout| async move { checkout.payments(state, since, after).await.map(PaymentsPage) }))
    }

    #[pyo3(signature = (order_id: "str") -> "Call")]
    fn history(&self, order_id: &Bound<'_, PyAny>) -> PyResult<Call> {
        let order_id = text("order_id", order_id)?;
        Ok(self.call(|checkout| async move {
            let entries = checkout.history(&order_id).await?;
            Ok(entries.into_iter().map(HistoryEntry).collect::<Vec<_>>())
        }))
    }

    #[pyo3(signature = () -> "Call")]
    fn health(&self) -> Call {
        self.call(|checkout| async move { checkout.health().await.map(Health) })
    }

    #[pyo3(signature = (token: "str", **options: "object") -> "Call")]
    fn adopt(&self, token: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Call> {
        let (token, options) = (text("token", token)?, Options(options));
        let (order_id, price) = (options.required_text("order_id")?, options::price(options)?);
        let speed = options.text("speed")?.map(|speed| Speed::parse(&speed).map_err(raise)).transpose()?;
        let speed = speed.unwrap_or_default();
        Ok(self.call(|checkout| async move { checkout.adopt(&token, &order_id, &price, speed).await.map(OrderRecord) }))
    }

    #[pyo3(signature = (order_id: "str") -> "Call")]
    fn cancel(&self, order_id: &Bound<'_, PyAny>) -> PyResult<Call> {
        let order_id = text("order_id", order_id)?;
        Ok(self.call(|checkout| async move { checkout.cancel(&order_id).await.map(OrderRecord) }))
    }

    #[pyo3(signature = (after: "int | None") -> "Call")]
    fn dead_letters(&self, after: Option<&Bound<'_, PyAny>>) -> PyResult<Call> {
        let after = after.map(|after| integer("after", after)).transpose()?;
        let file = self.0.sqlite_file().map(ToOwned::to_owned);
        Ok(self.call(|checkout| async move {
            let letters = checkout.dead_letters(after).await?;
            Ok(letters.into_iter().map(|letter| DeadLetter::new(letter, file.as_deref())).collect::<Vec<_>>())
        }))
    }

    #[pyo3(signature = (id: "int") -> "Call")]
    fn replay(&self, id: &Bound<'_, PyAny>) -> PyResult<Call> {
        let id = integer("id", id)?;
        Ok(self.call(|checkout| async move { checkout.replay(id).await }))
    }

    /// Notes that there is a handler, and gives the kind's name.
    #[pyo3(signature = (kind: "str") -> "str")]
    fn register(&self, kind: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        let kind = one_of("kind", &text("kind", kind)?, EventKind::ALL, EventKind::as_str)?;
        self.0.register_handler(kind).map_err(raise)?;
        Ok(kind.as_str())
    }

    /// Waits for events to hand over: `most` at most, for so many seconds at most, or until it is told to stop.
    #[pyo3(signature = (most: "int", seconds: "float", stop: "Stop") -> "Call")]
    fn pull(&self, most: u32, seconds: f64, stop: &Stop) -> Call {
        let (stopped, file) = (stop.stopped(), self.0.sqlite_file().map(ToOwned::to_owned));
        let patience = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        self.call(|checkout| async move {
            let works = checkout.next_many_until(&checkout.handled_kinds(), patience, most, stopped).await?;
            Ok(Offered::new(checkout, works, file))
        })
    }

    /// One event to hand over now, of one order where it is named.
    #[pyo3(signature = (order_id: "str | None") -> "Call")]
    fn claim(&self, order_id: Option<&Bound<'_, PyAny>>) -> PyResult<Call> {
        let order_id = order_id.map(|order_id| text("order_id", order_id)).transpose()?;
        let file = self.0.sqlite_file().map(ToOwned::to_owned);
        Ok(self.call(|checkout| async move {
            let work = checkout.claim(&checkout.handled_kinds(), order_id.as_deref()).await?;
            Ok(OfferedOne(Offered::new(checkout, Vec::from_iter(work), file)))
        }))
    }

    /// Verifies a few payments that are due, and gives how many.
    #[pyo3(signature = (order_id: "str | None") -> "Call")]
    fn verify_due(&self, order_id: Option<&Bound<'_, PyAny>>) -> PyResult<Call> {
        let order_id = order_id.map(|order_id| text("order_id", order_id)).transpose()?;
        Ok(self.call(|checkout| async move { checkout.verify_due_within(order_id.as_deref(), PACE).await }))
    }

    #[pyo3(signature = (work: "Work") -> "Call")]
    fn complete(&self, work: &Work) -> PyResult<Call> {
        let work = work.taken()?;
        Ok(self.call(|checkout| async move { checkout.complete(work).await }))
    }

    #[pyo3(signature = (work: "Work", message: "str") -> "Call")]
    fn fail(&self, work: &Work, message: &Bound<'_, PyAny>) -> PyResult<Call> {
        let (work, message) = (work.taken()?, message.str()?.to_string_lossy().into_owned());
        Ok(self.call(|checkout| async move { checkout.fail(work, &message).await }))
    }

    /// Gives it back untouched.
    #[pyo3(signature = (work: "Work") -> "Call")]
    fn release(&self, work: &Work) -> PyResult<Call> {
        let work = work.taken()?;
        Ok(self.call(|checkout| async move { checkout.release(work).await }))
    }
}

/// Give the SQL that makes the checkout's tables, for a database role that may not make them itself.
///
/// Run it as a role that may, and make the checkout with `migrate="check"`. `paymento schema` prints the same.
///
/// Args:
///     database (str): `sqlite` or `postgres`.
///
/// Raises:
///     `ConfigError`: `config.database_url`: another database.
#[pyfunction]
#[pyo3(signature = (database: "str") -> "str")]
pub(crate) fn checkout_schema_sql(database: &Bound<'_, PyAny>) -> PyResult<&'static str> {
    Checkout::schema_sql(&text("database", database)?).map_err(raise)
}

/// The value with this name, or an error that lists the names there are.
fn one_of<T: Copy>(argument: &str, name: &str, all: &[T], as_str: impl Fn(T) -> &'static str) -> PyResult<T> {
    all.iter().copied().find(|value| as_str(*value) == name).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|value| as_str(*value)).collect();
        let message = format!("{argument} must be one of {}", names.join(", "));
        refuse(ErrorCode::InputType, message)
    })
}
