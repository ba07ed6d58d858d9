//! A shop under test: a scripted gateway, a database of its own, and a clock that can be put forward.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Method;
use paymento::{
    Amount, Checkout, PaymentRequest,
    checkout::{Answer, CheckoutBuilder, Clock, EventKind, OrderEvent, Reason, Worker},
};

use crate::{
    gateway::{self, Gateway},
    postgres,
};

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

/// Runs a test on both databases.
macro_rules! on_both {
    ($($name:ident)+) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$name(crate::shop::On::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$name(crate::shop::On::Postgres).await;
            }
        })+
    };
}
pub(crate) use on_both;

pub(crate) struct Shop {
    pub(crate) gateway: Gateway,
    pub(crate) clock: Clock,
    pub(crate) url: String,
    pub(crate) checkout: Checkout,
    folder: PathBuf,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A folder that no other test has.
pub(crate) fn fresh_folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("paymento-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("made");
    folder
}

impl Shop {
    /// Nothing happens by itself: verify calls and handlers run in `run_once`.
    pub(crate) async fn open(on: On) -> Self {
        Self::open_with(on, |builder| builder).await
    }

    pub(crate) async fn open_with(on: On, change: impl FnOnce(CheckoutBuilder) -> CheckoutBuilder) -> Self {
        let folder = fresh_folder();
        let url = match on {
            On::Sqlite => format!("sqlite:{}/paymento.db", folder.display()),
            On::Postgres => tokio::task::spawn_blocking(|| postgres::shared().database()).await.expect("made"),
        };
        let (gateway, clock) = (Gateway::start().await, Clock::default());
        let checkout = change(builder(&gateway, &url, &clock)).build().expect("valid");
        Self { gateway, clock, url, checkout, folder }
    }

    /// Another process of the same shop, as far as the database can tell.
    pub(crate) fn process(&self) -> Checkout {
        self.process_with(|builder| builder)
    }

    pub(crate) fn process_with(&self, change: impl FnOnce(CheckoutBuilder) -> CheckoutBuilder) -> Checkout {
        change(builder(&self.gateway, &self.url, &self.clock)).build().expect("valid")
    }

    pub(crate) async fn token(&self, order_id: &str, amount: &str) -> String {
        self.checkout.create_payment(request(order_id, amount)).await.expect("created").token().to_owned()
    }

    pub(crate) async fn callback(&self, token: &str, order_id: &str, status: i64) -> Answer {
        receive(&self.checkout, gateway::callback(token, order_id, status)).await
    }

    /// Verifies and hands over what is due now.
    pub(crate) async fn settle_down(&self) {
        self.checkout.run_once(SOON, None).await.expect("ran");
    }

    /// Time passes, in steps in which everything that falls due is done.
    pub(crate) async fn pass(&self, time: Duration, step: Duration) {
        let mut passed = Duration::ZERO;
        while passed < time {
            self.clock.advance(step);
            passed += step;
            self.settle_down().await;
        }
    }

    pub(crate) async fn pay(&self, token: &str, order_id: &str) {
        self.gateway.status(token, 7);
        assert_eq!(self.callback(token, order_id, 7).await.status, 200);
    }
}

pub(crate) fn builder(gateway: &Gateway, url: &str, clock: &Clock) -> CheckoutBuilder {
    Checkout::builder(gateway.client())
        .database(url)
        .worker(Worker::External)
        .verifies_per_second(1_000)
        .testing_clock(clock)
}

pub(crate) fn request(order_id: &str, amount: &str) -> PaymentRequest {
    PaymentRequest::fiat(Amount::parse(amount).expect("valid"), "USD").order_id(order_id).additional_data("cart", "17")
}

pub(crate) async fn receive(checkout: &Checkout, (signature, body): (String, Vec<u8>)) -> Answer {
    checkout.receive(&Method::POST, signature.as_str(), &body).await
}

/// What the shop was told, in order.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<OrderEvent>>>);

impl Heard {
    /// Handles every kind of event.
    pub(crate) fn by(checkout: &Checkout) -> Self {
        let heard = Self::default();
        for kind in EventKind::ALL {
            heard.handle(checkout, *kind);
        }
        heard
    }

    pub(crate) fn handle(&self, checkout: &Checkout, kind: EventKind) {
        let events = Arc::clone(&self.0);
        let handler = move |event| {
            let events = Arc::clone(&events);
            async move {
                events.lock().expect("lock").push(event);
                Ok::<_, String>(())
            }
        };
        checkout.on(kind, handler).expect("no handler yet");
    }

    pub(crate) fn events(&self) -> Vec<OrderEvent> {
        self.0.lock().expect("lock").clone()
    }

    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.events().iter().map(|event| event.kind).collect()
    }

    pub(crate) fn reasons(&self) -> Vec<Reason> {
        self.events().iter().filter_map(|event| event.reason).collect()
    }

    pub(crate) fn paid(&self) -> Vec<String> {
        let events = self.events();
        events.iter().filter(|event| event.kind == EventKind::Paid).map(|event| event.order_id.clone()).collect()
    }
}
