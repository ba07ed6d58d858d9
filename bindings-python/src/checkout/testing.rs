//! What `paymento.testing` makes the checkout's values with.

use paymento::{
    ErrorCode, Speed,
    checkout::{EventKind, OrderState, PaymentState, Problem, Reason},
    testing,
};
use pyo3::{
    IntoPyObjectExt, PyClass,
    prelude::*,
    types::{PyBool, PyDict},
};

use super::{
    Answer, DeadLetter, Health, HistoryEntry, OrderEvent, OrderRecord, PaymentRecord, PaymentsPage, Shortfall, one_of,
};
use crate::{
    arguments::{Options, items},
    errors::{raise, refuse, wrong_type},
    payment::Price,
    settlement::Settlement,
    times::millis,
};

/// A value of one of the checkout's types.
#[pyfunction]
#[pyo3(signature = (name: "str", **options: "object") -> "Any")]
pub(crate) fn make_of_checkout(py: Python<'_>, name: &str, options: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
    let options = Options(options);
    match name {
        "OrderEvent" => order_event(options)?.into_py_any(py),
        "Shortfall" => shortfall(options)?.into_py_any(py),
        "Answer" => answer(options)?.into_py_any(py),
        "OrderRecord" => order_record(options)?.into_py_any(py),
        "PaymentRecord" => payment_record(options)?.into_py_any(py),
        "PaymentsPage" => payments_page(options)?.into_py_any(py),
        "HistoryEntry" => history_entry(options)?.into_py_any(py),
        "DeadLetter" => dead_letter(options)?.into_py_any(py),
        "Health" => health(options)?.into_py_any(py),
        _ => Err(refuse(ErrorCode::InputType, "values of this type are made elsewhere")),
    }
}

fn order_event(options: Options<'_, '_>) -> PyResult<OrderEvent> {
    let kind = one_of("kind", &options.required_text("kind")?, EventKind::ALL, EventKind::as_str)?;
    let (account, order_id) = (options.required_text("account")?, options.required_text("order_id")?);
    let mut event = testing::order_event(kind, &account, &order_id);
    event.reason = named(options, "reason", Reason::ALL, Reason::as_str)?;
    event.detail = options.text("detail")?;
    event.token = options.text("token")?;
    event.price = price(options, "price")?;
    event.current_price = price(options, "current_price")?;
    event.speed = options.text("speed")?.map_or(Ok(event.speed), |speed| Speed::parse(&speed).map_err(raise))?;
    event.additional_data = options.notes("additional_data")?;
    event.late = options.flag("late")?;
    event.overpaid_by = options.amount("overpaid_by")?;
    event.shortfall = value::<Shortfall>(options, "shortfall", "a Shortfall")?.map(|value| value.get().0.clone());
    event.settlement = value::<Settlement>(options, "settlement", "a Settlement")?.map(|value| value.get().0.clone());
    event.live = maybe_flag(options, "live")?;
    event.key = options.text("key")?.unwrap_or(event.key);
    Ok(OrderEvent::new(event, None))
}

fn shortfall(options: Options<'_, '_>) -> PyResult<Shortfall> {
    let mut shortfall = testing::shortfall(required(options.amount("amount")?, "amount")?);
    shortfall.in_mempool = options.amount("in_mempool")?;
    shortfall.coin = options.text("coin")?;
    shortfall.fiat_estimated = options.amount("fiat_estimated")?;
    Ok(Shortfall(shortfall))
}

fn answer(options: Options<'_, '_>) -> PyResult<Answer> {
    let all = ErrorCode::ALL;
    let code = options.text("code")?.map(|code| one_of("code", &code, all, ErrorCode::as_str)).transpose()?;
    let mut answer = testing::answer(code);
    answer.token = options.text("token")?.filter(|_| code.is_none());
    Ok(answer.into())
}

fn order_record(options: Options<'_, '_>) -> PyResult<OrderRecord> {
    let price = required(price(options, "price")?, "price")?;
    let mut record = testing::order_record(&options.required_text("order_id")?, price);
    record.state = named(options, "state", OrderState::ALL, OrderState::as_str)?.unwrap_or(record.state);
    record.url = options.text("url")?;
    record.token = options.text("token")?;
    record.shortfall = value::<Shortfall>(options, "shortfall", "a Shortfall")?.map(|value| value.get().0.clone());
    record.live = maybe_flag(options, "live")?;
    record.created_at = time(options, "created_at")?.unwrap_or_default();
    record.updated_at = time(options, "updated_at")?.unwrap_or(record.created_at);
    record.paid_at = time(options, "paid_at")?;
    record.canceled_at = time(options, "canceled_at")?;
    Ok(OrderRecord(record))
}

fn payment_record(options: Options<'_, '_>) -> PyResult<PaymentRecord> {
    let price = required(price(options, "price")?, "price")?;
    let mut record = testing::payment_record(&options.required_text("order_id")?, price);
    record.token = options.required_text("token")?;
    record.state = named(options, "state", PaymentState::ALL, PaymentState::as_str)?.unwrap_or(record.state);
    record.url = options.required_text("url")?;
    record.outcome = options.text("outcome")?;
    record.status = options.text("status")?;
    record.live = maybe_flag(options, "live")?;
    record.callbacks = options.integer("callbacks")?.unwrap_or_default();
    record.created_at = time(options, "created_at")?.unwrap_or_default();
    record.updated_at = time(options, "updated_at")?.unwrap_or(record.created_at);
    record.settled_at = time(options, "settled_at")?;
    record.next_verify_at = time(options, "next_verify_at")?;
    Ok(PaymentRecord(record))
}

fn payments_page(options: Options<'_, '_>) -> PyResult<PaymentsPage> {
    let given = required(options.get("payments")?, "payments")?;
    let wrong = || wrong_type("payments", "a list of PaymentRecords", &given);
    let payments = items(&given).ok_or_else(wrong)?;
    let record = |value: Bound<'_, PyAny>| Some(value.cast::<PaymentRecord>().ok()?.get().0.clone());
    let payments: Option<Vec<_>> = payments.into_iter().map(record).collect();
    Ok(PaymentsPage(testing::payments_page(payments.ok_or_else(wrong)?, options.integer("next")?)))
}

fn history_entry(options: Options<'_, '_>) -> PyResult<HistoryEntry> {
    let mut entry = testing::history_entry(&options.required_text("what")?, &options.required_text("who")?);
    entry.at = time(options, "at")?.unwrap_or_default();
    entry.token = options.text("token")?;
    entry.detail = options.required_text("detail")?;
    Ok(HistoryEntry(entry))
}

fn dead_letter(options: Options<'_, '_>) -> PyResult<DeadLetter> {
    let event = required(value::<OrderEvent>(options, "event", "an OrderEvent")?, "event")?;
    let mut letter = testing::dead_letter(event.get().to_core(), &options.required_text("error")?);
    letter.id = options.integer("id")?.unwrap_or(letter.id);
    letter.failures = options.integer("failures")?.unwrap_or(letter.failures);
    letter.since = time(options, "since")?.unwrap_or_default();
    Ok(DeadLetter::new(letter, None))
}

fn health(options: Options<'_, '_>) -> PyResult<Health> {
    let mut health = testing::health();
    for name in options.texts("problems")? {
        health.problems.push(one_of("problems", &name, Problem::ALL, Problem::as_str)?);
    }
    health.ok = health.problems.is_empty();
    for (name, field) in [
        ("runners", &mut health.runners),
        ("events_due", &mut health.events_due),
        ("paid_unfinished", &mut health.paid_unfinished),
        ("dead_letters", &mut health.dead_letters),
        ("verifies_due", &mut health.verifies_due),
        ("settled_without_callback", &mut health.settled_without_callback),
        ("probes", &mut health.probes),
    ] {
        *field = options.integer(name)?.unwrap_or(*field);
    }
    let lag = options.get("verify_lag")?.map(|lag| crate::limits::duration("verify_lag", &lag)).transpose()?;
    health.verify_lag_ms = lag.map_or(0, |lag| lag.as_millis().try_into().unwrap_or(i64::MAX));
    Ok(Health(health))
}

fn required<T>(value: Option<T>, name: &str) -> PyResult<T> {
    value.ok_or_else(|| refuse(ErrorCode::InputType, format!("{name} must be given")))
}

fn value<'py, T: PyClass>(options: Options<'_, 'py>, name: &str, wanted: &str) -> PyResult<Option<Bound<'py, T>>> {
    let Some(value) = options.get(name)? else { return Ok(None) };
    value.cast_into::<T>().map(Some).map_err(|error| wrong_type(name, wanted, &error.into_inner()))
}

fn price(options: Options<'_, '_>, name: &str) -> PyResult<Option<paymento::Price>> {
    Ok(value::<Price>(options, name, "a Price")?.map(|price| price.get().0.clone()))
}

fn named<T: Copy>(
    options: Options<'_, '_>,
    argument: &str,
    all: &[T],
    as_str: impl Fn(T) -> &'static str,
) -> PyResult<Option<T>> {
    options.text(argument)?.map(|name| one_of(argument, &name, all, as_str)).transpose()
}

fn maybe_flag(options: Options<'_, '_>, name: &str) -> PyResult<Option<bool>> {
    let Some(value) = options.get(name)? else { return Ok(None) };
    value.cast::<PyBool>().map(|flag| Some(flag.is_true())).map_err(|_| wrong_type(name, "True, False or None", &value))
}

fn time(options: Options<'_, '_>, name: &str) -> PyResult<Option<i64>> {
    options.get(name)?.map(|time| millis(name, &time)).transpose()
}
