//! Handing over to handlers in Rust. Bindings pull with `next`, and answer with `complete` and `fail`.

use std::{
    collections::HashMap,
    fmt::Display,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::AbortHandle,
    time::{Instant, timeout},
};

use super::{Checkout, EventKind, Inner, OrderEvent, Work, clockwise, runner::start_once};
use crate::{
    error::{Error, ErrorCode, ErrorKind},
    log::{LogLevel, LogRecord},
    text::quote,
};

/// How long `run` waits for work before it looks whether it shall stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// After a database that does not do what it should.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A verify call ends by the client's own limits; the database has its own as well.
const WHOLE_VERIFY: Duration = Duration::from_mins(1);

type Handler = Arc<dyn Fn(OrderEvent) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// One handler for each kind of event.
#[derive(Default)]
pub(super) struct Handlers(Mutex<HashMap<EventKind, Option<Handler>>>);

impl Handlers {
    fn add(&self, kind: EventKind, handler: Option<Handler>) -> Result<(), Error> {
        let mut handlers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if handlers.contains_key(&kind) {
            let message = format!("the event {kind} has a handler already");
            return Err(Error::new(ErrorCode::CheckoutHandlerExists, message)
                .with_hint("one handler does what belongs to an event; call several functions from it"));
        }
        handlers.insert(kind, handler);
        Ok(())
    }

    fn get(&self, kind: EventKind) -> Option<Handler> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&kind).cloned().flatten()
    }

    /// The kinds whose handler is written in Rust.
    fn in_rust(&self) -> Vec<EventKind> {
        self.kinds().into_iter().filter(|kind| self.get(*kind).is_some()).collect()
    }

    /// In the order in which they are handed over: nothing goes before `paid`.
    pub(super) fn kinds(&self) -> Vec<EventKind> {
        let handlers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        EventKind::ALL.iter().copied().filter(|kind| handlers.contains_key(kind)).collect()
    }
}

impl Checkout {
    /// What to do on an event: one handler for each kind. It may run again where a process dies between the handler's end
    /// and its completion; [`OrderEvent::once_sqlite`] and its like, or the event's key under a unique key, make it once.
    ///
    /// # Errors
    /// `checkout.handler_exists`.
    pub fn on<F, R, E>(&self, kind: EventKind, handler: F) -> Result<(), Error>
    where
        F: Fn(OrderEvent) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let handler: Handler = Arc::new(move |event| {
            let running = handler(event);
            Box::pin(async move { running.await.map_err(|error| error.to_string()) })
        });
        self.inner.handlers.add(kind, Some(handler))
    }

    /// Notes that this kind has a handler in the language that pulls. For bindings.
    ///
    /// # Errors
    /// `checkout.handler_exists`.
    pub fn register_handler(&self, kind: EventKind) -> Result<(), Error> {
        self.inner.handlers.add(kind, None)
    }

    /// The kinds that have a handler, `paid` first.
    pub fn handled_kinds(&self) -> Vec<EventKind> {
        self.inner.handlers.kinds()
    }

    /// Hands over to the handlers until `stop` is ready; then waits for those that run. On a tokio runtime.
    ///
    /// With [`Worker::Thread`](super::Worker::Thread) a process that serves the shop does this by itself. A database that
    /// does not answer is waited for.
    ///
    /// # Errors
    /// What waiting does not cure: `config.`, `database.schema` and the like.
    pub async fn run(&self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut stop = std::pin::pin!(stop);
        let slots = Arc::new(Semaphore::new(self.concurrency()));
        let (mut stopped, mut result) = (false, Ok(()));
        while !stopped {
            let until = async {
                stop.as_mut().await;
                stopped = true;
            };
            result = self.hand_over_some(&slots, until).await;
            stopped |= result.is_err();
        }
        let all = u32::try_from(self.concurrency()).unwrap_or(u32::MAX);
        drop(slots.acquire_many(all).await);
        result
    }

    /// Does the same in the background of the caller's runtime, where there is one and handlers are written in Rust, until
    /// the last checkout is dropped or closed.
    pub(super) fn start_handing_over(&self, slot: &Mutex<Option<AbortHandle>>) {
        if self.inner.handlers.in_rust().is_empty() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let unused = Arc::downgrade(&self.inner);
            start_once(slot, || runtime.spawn(hand_over_while_used(unused)).abort_handle());
        }
    }

    /// Waits until a handler may run, and for work, or for `stop`, and starts what there is.
    async fn hand_over_some(&self, slots: &Arc<Semaphore>, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut stop = std::pin::pin!(stop);
        let first = tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            first = Arc::clone(slots).acquire_owned() => first,
        };
        let works = self.take(stop, 1 + slots.available_permits()).await?;
        let permits = first.into_iter().chain(std::iter::from_fn(|| Arc::clone(slots).try_acquire_owned().ok()));
        for (work, permit) in works.into_iter().zip(permits) {
            tokio::spawn(self.clone().handle_in(permit, work));
        }
        Ok(())
    }

    /// A handler that runs longer than it may gives its place to others. What it says in the end still counts, where nobody
    /// else has got the order.
    async fn handle_in(self, place: OwnedSemaphorePermit, work: Work) {
        let mut handling = pin!(self.handle(work));
        if timeout(self.max_handler_time(), &mut handling).await.is_err() {
            drop(place);
            handling.await;
        }
    }

    /// Waits for work, and takes as much as may run at once.
    async fn take(&self, stop: impl Future<Output = ()>, free: usize) -> Result<Vec<Work>, Error> {
        let most = u32::try_from(free).unwrap_or(u32::MAX);
        match self.next_many_until(&self.handled_kinds(), PATIENCE, most, stop).await {
            Err(error) if error.is_retryable() => {
                tokio::time::sleep(AFTER_FAILURE).await;
                Ok(vec![])
            }
            result => result,
        }
    }

    /// Verifies what is due and hands over what there is, for `longest` at most; of one order where it is named. Gives how
    /// many events were handled. For hosts without background work, and for tests.
    ///
    /// # Errors
    /// `database.`.
    pub async fn run_once(&self, longest: Duration, order_id: Option<&str>) -> Result<usize, Error> {
        let end = Instant::now() + longest;
        let mut handled = 0;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let verified = self.verify_due_within(order_id, left).await?;
            let work = self.claim(&self.handled_kinds(), order_id).await?;
            match work {
                Some(work) => {
                    self.handle(work).await;
                    handled += 1;
                }
                None if verified == 0 => return Ok(handled),
                None => {}
            }
            if Instant::now() >= end {
                return Ok(handled);
            }
        }
    }

    /// Hands over what there is of one order to the handlers that are written in Rust.
    pub(super) async fn hand_over(&self, order_id: &str) -> Result<(), Error> {
        let kinds = self.inner.handlers.in_rust();
        while let Some(work) = self.claim(&kinds, Some(order_id)).await? {
            self.handle(work).await;
        }
        Ok(())
    }

    /// Verifies a few payments that are due, of one order where it is named, and gives how many. Handlers are not run: for
    /// bindings, which then [claim](Self::claim).
    ///
    /// # Errors
    /// `database.`.
    pub async fn verify_due(&self, order_id: Option<&str>) -> Result<usize, Error> {
        self.verify_due_within(order_id, Duration::ZERO).await
    }

    /// Like [`verify_due`](Self::verify_due), and waits for the pace where that takes no longer than `longest`.
    ///
    /// # Errors
    /// `database.`.
    pub async fn verify_due_within(&self, order_id: Option<&str>, longest: Duration) -> Result<usize, Error> {
        let (parts, order_id) = (self.verifier_parts(), order_id.map(ToOwned::to_owned));
        let tends = order_id.is_none() && self.start_tending()?;
        self.with_database_for(WHOLE_VERIFY + longest, async move |database| {
            let verifier = parts.over(database);
            if tends {
                clockwise::mend(&verifier.database, &verifier.account).await?;
            }
            let due = match order_id {
                Some(order_id) => verifier.claim_of_order(&order_id).await?,
                None => verifier.claim_within(8, longest).await?,
            };
            let count = due.len();
            verifier.ask_all(due).await;
            Ok(count)
        })
        .await
    }

    async fn handle(&self, work: Work) {
        let Some(handler) = self.inner.handlers.get(work.event().kind) else { return };
        // A task of its own: a handler that panics fails, and ends nothing else.
        let result = tokio::spawn(handler(work.event().clone())).await;
        let recorded = match result {
            Ok(Ok(())) => self.complete(work).await,
            Ok(Err(message)) => self.failed(work, &message).await,
            Err(_) => self.failed(work, "the handler panicked").await,
        };
        if let Err(error) = recorded {
            let detail = format!("a handler's end could not be recorded: {error}");
            self.client().log(LogRecord::checkout(LogLevel::Error, Some(error.code().as_str()), detail));
        }
    }

    async fn failed(&self, work: Work, message: &str) -> Result<(), Error> {
        let event = work.event();
        let next = if work.is_last_attempt() { "it is a dead letter" } else { "it is tried again" };
        let detail = format!("the handler of {} failed for the order {}; {next}", event.kind, quote(&event.order_id));
        self.client().log(LogRecord::checkout(LogLevel::Error, None, detail));
        self.fail(work, message).await
    }
}

async fn hand_over_while_used(used: Weak<Inner>) {
    let mut slots = None;
    while let Some(inner) = used.upgrade() {
        let checkout = Checkout { inner };
        let slots = slots.get_or_insert_with(|| Arc::new(Semaphore::new(checkout.concurrency())));
        if let Err(error) = checkout.hand_over_some(slots, std::future::pending()).await {
            // Whoever uses the checkout gets the same error. The database may be mended before anybody does.
            if error.kind() != ErrorKind::Database {
                return;
            }
            drop(checkout);
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }
}
