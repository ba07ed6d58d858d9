//! [`Checkout`]: the five steps, durable.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::Method;
use napi::Either;
use napi_derive::napi;
use paymento::{
    Error, ErrorCode, Headers, MAX_CALLBACK_BYTES, Price, Speed,
    checkout::{EventKind, PaymentState},
};
use tokio::sync::Notify;

use crate::{
    call::{Call, Started, milliseconds_to_duration},
    callback::{SignatureHeaders, pairs_of},
    checkout_answer::Answer,
    checkout_options::{CheckoutOptions, choice},
    checkout_records::{DeadLetter, Health, HistoryEntry, OrderRecord, PaymentRecord, PaymentsPage},
    checkout_work::{HandedOver, Works},
    client::Client,
    errors::{Failure, Outcome, to_js},
    log::LogRecord,
    payment::{Payment, PaymentRequest, PriceParts},
    results::Results,
};

/// Takes payments for the orders of one store, until it is closed.
#[napi]
pub struct Checkout {
    open: Mutex<Option<paymento::Checkout>>,
    /// For what can be said without a database, also when it is closed.
    kept: paymento::Checkout,
    works: Arc<Works>,
    /// Whoever waits for work comes back when it is told to.
    called_back: Arc<Notify>,
    results: Results,
}

/// Checks the options and makes a checkout, whose results go to the given ones. Opens nothing.
#[napi]
pub fn open_checkout(client: &Client, options: CheckoutOptions, results: &Results) -> Outcome<Checkout> {
    to_js(client.inner().and_then(|client| {
        let kept = options.build(client)?;
        Ok(Checkout {
            open: Mutex::new(Some(kept.clone())),
            kept,
            works: Arc::default(),
            called_back: Arc::default(),
            results: results.clone(),
        })
    }))
}

/// The SQL that makes the tables.
#[napi]
pub fn checkout_schema_sql(database: String) -> Outcome<&'static str> {
    to_js(paymento::Checkout::schema_sql(&database))
}

/// The error of a closed checkout.
#[napi]
pub fn closed_checkout_error() -> Failure {
    closed().into()
}

/// The longest body that a callback has, in bytes.
#[napi]
pub const LONGEST_CALLBACK: u32 = 64 * 1_024;
/// Whoever verifies what is due waits this long for the pace; the loop that calls has an end of its own.
const PACE: Duration = Duration::from_secs(1);

const _: () = assert!(LONGEST_CALLBACK as usize == MAX_CALLBACK_BYTES, "the addon's constants are literals");

fn closed() -> Error {
    Error::new(ErrorCode::ConfigClosed, "the checkout is closed")
}

impl Checkout {
    fn inner(&self) -> Result<paymento::Checkout, Error> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.clone().ok_or_else(closed)
    }

    fn start(&self, call: Option<&Call>) -> Started<paymento::Checkout> {
        Started::of(self.inner(), call, self.results.clone())
    }
}

/// The number under which the result of a call comes. Declared for TypeScript in `native-header.txt`.
type Ticket = u32;

#[napi]
impl Checkout {
    /// From now on log records are kept.
    #[napi]
    pub fn keep_log_records(&self) {
        self.kept.client().keep_log_records();
    }

    /// The log records since the last time.
    #[napi]
    pub fn take_log_records(&self) -> Vec<LogRecord> {
        self.kept.client().take_log_records().into_iter().map(Into::into).collect()
    }

    /// The SQLite file that no other library of this process may open.
    #[napi(ts_return_type = "string | null")]
    pub fn sqlite_file(&self) -> Option<String> {
        self.kept.sqlite_file().map(|path| path.to_string_lossy().into_owned())
    }

    /// `thread`, `inline` or `external`.
    #[napi]
    pub fn worker(&self) -> &'static str {
        self.kept.worker().as_str()
    }

    /// How many handlers run at once.
    #[napi]
    pub fn concurrency(&self) -> u32 {
        u32::try_from(self.kept.concurrency()).unwrap_or(1)
    }

    /// How long a handler may run before its place belongs to others.
    #[napi]
    pub fn max_handler_ms(&self) -> u32 {
        u32::try_from(self.kept.max_handler_time().as_millis()).unwrap_or(u32::MAX)
    }

    /// From now on every call fails with `config.closed`. Closes the connections.
    #[napi(ts_return_type = "Ticket<null>")]
    pub fn close(&self) -> Ticket {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.works.let_go();
        let checkout = open.ok_or_else(closed);
        Started::of(checkout, None, self.results.clone()).run::<(), _, _>(|checkout| async move {
            checkout.close().await;
            Ok(())
        })
    }

    /// Asks for a payment of an order, and keeps it.
    #[napi(ts_return_type = "Ticket<Payment>")]
    pub fn create_payment(&self, request: PaymentRequest, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Payment, _, _>(|checkout| async move {
            let payment = checkout.create_payment(request.try_into()?).await?;
            Ok(Payment::from(&payment))
        })
    }

    /// Takes a callback. One that is closed does not, and says so to the gateway, which tries again.
    #[napi(ts_return_type = "Ticket<Answer>")]
    pub fn receive(&self, method: String, headers: SignatureHeaders, body: &[u8]) -> Ticket {
        // A method that is none is no POST either; of a body that is too long a byte more than allowed will do.
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
        let body = body[..body.len().min(MAX_CALLBACK_BYTES + 1)].to_vec();
        let (open, kept) = (self.inner(), self.kept.clone());
        Started::of(Ok(()), None, self.results.clone()).run::<Answer, _, _>(|()| async move {
            let checkout = match open {
                Ok(checkout) => checkout,
                Err(error) => return Ok(kept.refuse(&error)),
            };
            Ok(match &headers {
                Either::A(value) => checkout.receive(&method, Headers::Value(value), &body).await,
                Either::B(flat) => checkout.receive(&method, Headers::TextPairs(&pairs_of(flat)), &body).await,
            })
        })
    }

    /// Takes the query that the browser comes back with.
    #[napi(ts_return_type = "Ticket<OrderRecord | null>")]
    pub fn visit(&self, query: String, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Option<OrderRecord>, _, _>(|checkout| async move {
            Ok(checkout.visit(&query).await?.map(OrderRecord::from))
        })
    }

    /// Where an order stands.
    #[napi(ts_return_type = "Ticket<OrderRecord>")]
    pub fn status(&self, order_id: String, call: Option<&Call>) -> Ticket {
        self.start(call).run::<OrderRecord, _, _>(|checkout| async move { checkout.status(&order_id).await })
    }

    /// The payment with this token.
    #[napi(ts_return_type = "Ticket<PaymentRecord>")]
    pub fn payment(&self, token: String, call: Option<&Call>) -> Ticket {
        self.start(call).run::<PaymentRecord, _, _>(|checkout| async move { checkout.payment(&token).await })
    }

    /// Payments in a state, a hundred at a time.
    #[napi(ts_return_type = "Ticket<PaymentsPage>")]
    pub fn payments(
        &self,
        state: Option<String>,
        since: Option<i64>,
        after: Option<i64>,
        call: Option<&Call>,
    ) -> Ticket {
        self.start(call).run::<PaymentsPage, _, _>(move |checkout| async move {
            let parse = |text: &str| choice("state", text, PaymentState::parse, PaymentState::ALL);
            checkout.payments(state.as_deref().map(parse).transpose()?, since, after).await
        })
    }

    /// What happened to an order.
    #[napi(ts_return_type = "Ticket<Array<HistoryEntry>>")]
    pub fn history(&self, order_id: String, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Vec<HistoryEntry>, _, _>(|checkout| async move {
            Ok(checkout.history(&order_id).await?.into_iter().map(Into::into).collect::<Vec<_>>())
        })
    }

    /// How the checkout does.
    #[napi(ts_return_type = "Ticket<Health>")]
    pub fn health(&self, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Health, _, _>(|checkout| async move { checkout.health().await })
    }

    /// Takes over a payment that other code has made.
    #[napi(ts_return_type = "Ticket<OrderRecord>")]
    pub fn adopt(
        &self,
        token: String,
        order_id: String,
        price: PriceParts,
        speed: Option<String>,
        call: Option<&Call>,
    ) -> Ticket {
        self.start(call).run::<OrderRecord, _, _>(|checkout| async move {
            let (amount, coins) = (price.fiat_amount()?, price.crypto_amounts()?);
            let price = Price::required(amount, price.fiat_currency.as_deref(), &coins)?;
            let speed = speed.as_deref().map(Speed::parse).transpose()?.unwrap_or_default();
            checkout.adopt(&token, &order_id, &price, speed).await
        })
    }

    /// Cancels an order that is not paid.
    #[napi(ts_return_type = "Ticket<OrderRecord>")]
    pub fn cancel(&self, order_id: String, call: Option<&Call>) -> Ticket {
        self.start(call).run::<OrderRecord, _, _>(|checkout| async move { checkout.cancel(&order_id).await })
    }

    /// The dead letters, a hundred at a time.
    #[napi(ts_return_type = "Ticket<Array<DeadLetter>>")]
    pub fn dead_letters(&self, after: Option<i64>, call: Option<&Call>) -> Ticket {
        self.start(call).run::<Vec<DeadLetter>, _, _>(move |checkout| async move {
            Ok(checkout.dead_letters(after).await?.into_iter().map(Into::into).collect::<Vec<_>>())
        })
    }

    /// Hands a dead letter over again.
    #[napi(ts_return_type = "Ticket<null>")]
    pub fn replay(&self, id: i64, call: Option<&Call>) -> Ticket {
        self.start(call).run::<(), _, _>(move |checkout| async move { checkout.replay(id).await })
    }

    /// Notes that JavaScript has a handler for this kind of event. Whoever waits for work comes back, to ask for it as well.
    #[napi]
    pub fn register_handler(&self, kind: String) -> Option<Failure> {
        let kind = choice("kind", &kind, EventKind::parse, EventKind::ALL);
        let registered = kind.and_then(|kind| self.inner()?.register_handler(kind));
        self.call_back();
        registered.err().map(Into::into)
    }

    /// Whoever waits for work comes back at once.
    #[napi]
    pub fn call_back(&self) {
        self.called_back.notify_waiters();
    }

    /// Waits for work, and takes up to so much. Nothing where there is none in time.
    #[napi(ts_return_type = "Ticket<Array<HandedOver>>")]
    pub fn next_many(&self, most: u32, patience_ms: f64) -> Ticket {
        // Made here, so that no call back is missed between this line and the waiting.
        let called_back = Arc::clone(&self.called_back).notified_owned();
        let works = Arc::clone(&self.works);
        self.start(None).run::<Vec<HandedOver>, _, _>(move |checkout| async move {
            let (kinds, patience) = (checkout.handled_kinds(), milliseconds_to_duration(patience_ms)?);
            let handed_over = checkout.next_many_until(&kinds, patience, most, called_back).await?;
            Ok(handed_over.into_iter().map(|work| works.hold(work)).collect::<Vec<_>>())
        })
    }

    /// Takes one piece of work, of one order where it is named. Nothing where there is none now.
    #[napi(ts_return_type = "Ticket<Array<HandedOver>>")]
    pub fn claim(&self, order_id: Option<String>) -> Ticket {
        let works = Arc::clone(&self.works);
        self.start(None).run::<Vec<HandedOver>, _, _>(move |checkout| async move {
            let work = checkout.claim(&checkout.handled_kinds(), order_id.as_deref()).await?;
            Ok(work.map(|work| works.hold(work)).into_iter().collect::<Vec<_>>())
        })
    }

    /// Verifies a few payments that are due, of one order where it is named, and gives how many.
    #[napi(ts_return_type = "Ticket<number>")]
    pub fn verify_due(&self, order_id: Option<String>) -> Ticket {
        self.start(None).run::<usize, _, _>(move |checkout| async move {
            checkout.verify_due_within(order_id.as_deref(), PACE).await
        })
    }

    /// Records that the work is done.
    #[napi(ts_return_type = "Ticket<null>")]
    pub fn complete(&self, number: u32) -> Ticket {
        let work = self.works.take(number);
        self.start(None).run::<(), _, _>(move |checkout| async move { checkout.complete(work?).await })
    }

    /// Records that the handler failed; for good: it is not run again by itself.
    #[napi(ts_return_type = "Ticket<null>")]
    pub fn fail(&self, number: u32, message: String, for_good: bool) -> Ticket {
        let work = self.works.take(number);
        self.start(None).run::<(), _, _>(move |checkout| async move {
            let work = work?;
            if for_good { checkout.fail_for_good(work, &message).await } else { checkout.fail(work, &message).await }
        })
    }

    /// Gives the work back untouched.
    #[napi(ts_return_type = "Ticket<null>")]
    pub fn release(&self, number: u32) -> Ticket {
        let work = self.works.take(number);
        self.start(None).run::<(), _, _>(move |checkout| async move { checkout.release(work?).await })
    }
}
