//! The durable checkout while everything misbehaves: callbacks doubled, out of order and lost, a gateway that stalls and
//! answers 502, several processes on one database. Every paid order is handed over once, and nothing that is not paid.
//!
//! `make chaos` runs 20,000 payments on each database by the real clock; `make test` some hundred, with a clock that is put
//! forward. Prints what it measured, and exits 1 when an order was lost, doubled or given away.

#[path = "support/callback_route.rs"]
mod callback_route;
#[allow(dead_code, unreachable_pub, reason = "the tests of the checkout use the rest")]
#[path = "checkout/postgres.rs"]
mod postgres;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    process::ExitCode,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use http::Method;
use paymento::{
    Amount, Checkout, Client, Limits, PaymentRequest,
    checkout::{Clock, EventKind, Worker},
    simulator::{CallbackMethod, Chaos, Simulator},
};
use tokio::{net::TcpListener, task::JoinSet};

const PROCESSES: usize = 4;
const CUSTOMERS: u64 = 64;
const FEW: u64 = 400;
/// The simulator keeps 10,000 payments: no more than that many may wait for the shop.
const WINDOW: u64 = 8_000;
/// After the last customer has paid. Whoever is not served by then is lost.
const PATIENCE: Duration = Duration::from_mins(5);
const CHAOS: Chaos = Chaos {
    duplicate: 0.3,
    reorder: 0.3,
    drop: 0.2,
    delay: 0.0,
    stalled_body: 0.002,
    bad_gateway: 0.02,
    seed: Some(7),
};

#[derive(Default)]
struct Tally {
    begun: AtomicU64,
    callbacks: AtomicU64,
    refused: AtomicU64,
    /// By order: when it was paid, and when its handler ran.
    orders: Mutex<BTreeMap<u64, Order>>,
    /// Paid, and not handed over yet.
    waiting: Mutex<BTreeSet<u64>>,
    /// Tokens of which a callback was acknowledged.
    heard: Mutex<HashSet<String>>,
    others: Mutex<HashMap<EventKind, u64>>,
}

#[derive(Default)]
struct Order {
    token: String,
    paid_at: Option<Instant>,
    handed_over: Vec<Instant>,
    heard_before: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let total = std::env::var("PAYMENTS").ok().map_or(FEW, |text| text.parse().expect("PAYMENTS is a number"));
    let only = std::env::var("DATABASE").ok();
    let mut fine = true;
    for database in ["sqlite", "postgres"] {
        if only.as_deref().is_none_or(|only| only.is_empty() || only == database) {
            fine &= run(database, total).await;
        }
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(database: &str, total: u64) -> bool {
    let folder = std::env::temp_dir().join(format!("paymento-chaos-{}-{database}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("made");
    let url = match database {
        "sqlite" => format!("sqlite:{}/paymento.db", folder.display()),
        _ => tokio::task::spawn_blocking(|| postgres::shared().database()).await.expect("made"),
    };
    let simulator = Simulator::builder().seed(7).retry_schedule([Duration::from_millis(100)]).start().expect("started");
    let (simulator, tally, clock) = (Arc::new(simulator), Arc::new(Tally::default()), Clock::default());
    let processes: Arc<[_]> = (0..PROCESSES).map(|_| process(&simulator, &url, &clock, &tally)).collect();
    simulator.set_callback_url(&route(&processes, &tally).await, CallbackMethod::Post).expect("set");
    simulator.chaos(CHAOS).expect("probabilities");
    let running: Vec<_> = processes.iter().cloned().map(|one| tokio::spawn(one.run_forever())).collect();
    let began = Instant::now();
    let mut customers = JoinSet::new();
    for _ in 0..CUSTOMERS {
        customers.spawn(buy(Arc::clone(&processes), Arc::clone(&simulator), Arc::clone(&tally), total));
    }
    // A run of minutes waits for the reconciler by the real clock; a short one puts the clock forward.
    let time = (total <= FEW).then_some(&clock);
    while !customers.is_empty() {
        let joined = tokio::time::timeout(Duration::from_millis(200), customers.join_next()).await;
        assert!(!matches!(joined, Ok(Some(Err(_)))), "a customer failed");
    }
    wait_for_the_last(&tally, time).await;
    // Handlers have run; that they have is recorded a moment later.
    let end = Instant::now() + Duration::from_secs(20);
    while processes[0].health().await.expect("up").events_due > 0 && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let fine = report(database, &tally, total, began.elapsed(), time.is_some(), &processes[0]).await;
    for task in running {
        task.abort();
    }
    for process in &*processes {
        process.close().await;
    }
    let _ = std::fs::remove_dir_all(folder);
    fine
}

trait RunForever {
    fn run_forever(self) -> impl Future<Output = ()> + Send;
}

impl RunForever for Checkout {
    async fn run_forever(self) {
        self.run(std::future::pending()).await.expect("nothing that waiting does not cure");
    }
}

/// As far as the database can tell, a process of its own: with connections and a background thread that it shares with none.
fn process(simulator: &Simulator, url: &str, clock: &Clock, tally: &Arc<Tally>) -> Checkout {
    let client = Client::builder(simulator.api_key())
        .secret_key(simulator.secret_key())
        .base_url(simulator.base_url())
        .gateway_url(simulator.gateway_url())
        .limits(Limits::default().replaced(None, Some(Duration::from_millis(500)), None))
        .build()
        .expect("valid");
    let checkout = Checkout::builder(client)
        .database(url)
        .worker(Worker::Thread)
        .verifies_per_second(1_000)
        .testing_clock(clock)
        .build()
        .expect("valid");
    for kind in EventKind::ALL.iter().copied() {
        let tally = Arc::clone(tally);
        let handler = move |event: paymento::checkout::OrderEvent| {
            if kind == EventKind::Paid {
                tally.hand_over(&event.order_id);
            } else {
                *tally.others.lock().expect("lock").entry(kind).or_default() += 1;
            }
            async { Ok::<_, String>(()) }
        };
        checkout.on(kind, handler).expect("no handler yet");
    }
    checkout
}

impl Tally {
    fn hand_over(&self, order_id: &str) {
        let number = order_id.trim_start_matches("A-").parse().expect("our order");
        let mut orders = self.orders.lock().expect("lock");
        let order: &mut Order = orders.entry(number).or_default();
        order.handed_over.push(Instant::now());
        order.heard_before = self.heard.lock().expect("lock").contains(&order.token);
        self.waiting.lock().expect("lock").remove(&number);
    }

    fn pay(&self, number: u64, token: &str) {
        let order = Order { token: token.to_owned(), paid_at: Some(Instant::now()), ..Order::default() };
        self.orders.lock().expect("lock").insert(number, order);
        self.waiting.lock().expect("lock").insert(number);
    }

    fn oldest_waiting(&self) -> Option<u64> {
        self.waiting.lock().expect("lock").first().copied()
    }
}

/// The callback route: each callback to another process.
async fn route(processes: &Arc<[Checkout]>, tally: &Arc<Tally>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/callback", listener.local_addr().expect("an address"));
    let (processes, tally, next) = (Arc::clone(processes), Arc::clone(tally), AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let process = processes[next.fetch_add(1, Relaxed) % PROCESSES].clone();
            let tally = Arc::clone(&tally);
            tokio::spawn(async move {
                let Some(received) = callback_route::read(&mut stream).await else { return };
                let answer = process.receive(&Method::POST, &received.headers, &received.body).await;
                if answer.status == 200 {
                    tally.callbacks.fetch_add(1, Relaxed);
                    tally.heard.lock().expect("lock").extend(answer.token);
                } else {
                    tally.refused.fetch_add(1, Relaxed);
                }
                callback_route::write(&mut stream, answer.status).await;
            });
        }
    });
    url
}

/// Of ten orders eight are paid, one is canceled, and one is left as it is.
async fn buy(processes: Arc<[Checkout]>, simulator: Arc<Simulator>, tally: Arc<Tally>, total: u64) {
    loop {
        let number = tally.begun.fetch_add(1, Relaxed);
        if number >= total {
            return;
        }
        while tally.oldest_waiting().is_some_and(|oldest| oldest + WINDOW < number) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let process = &processes[usize::try_from(number).unwrap_or(0) % PROCESSES];
        let token = loop {
            let amount = Amount::parse("29.99").expect("an amount");
            let request = PaymentRequest::fiat(amount, "USD").order_id(format!("A-{number}"));
            if let Ok(payment) = process.create_payment(request).await {
                break payment.token().to_owned();
            }
        };
        match number % 10 {
            8 => simulator.cancel(&token).expect("open"),
            9 => {}
            _ => {
                tally.pay(number, &token);
                simulator.pay(&token).expect("payable");
            }
        }
    }
}

/// Puts the clock forward whenever nothing moves, where there is one to put forward.
async fn wait_for_the_last(tally: &Tally, clock: Option<&Clock>) {
    let end = Instant::now() + PATIENCE;
    let mut seen = (usize::MAX, Instant::now());
    loop {
        let left = tally.waiting.lock().expect("lock").len();
        if left == 0 || Instant::now() >= end {
            return;
        }
        if left != seen.0 {
            seen = (left, Instant::now());
        } else if let Some(clock) = clock.filter(|_| seen.1.elapsed() > Duration::from_secs(1)) {
            clock.advance(Duration::from_mins(1));
            seen.1 = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn report(
    database: &str,
    tally: &Tally,
    total: u64,
    took: Duration,
    is_virtual: bool,
    process: &Checkout,
) -> bool {
    let health = process.health().await.expect("up");
    let orders = tally.orders.lock().expect("lock");
    let paid = orders.values().filter(|order| order.paid_at.is_some()).count();
    let lost = orders.values().filter(|order| order.handed_over.is_empty()).count();
    let doubled = orders.values().filter(|order| order.handed_over.len() > 1).count();
    let given_away = orders.values().filter(|order| order.paid_at.is_none()).count();
    let (heard, unheard): (Vec<_>, Vec<_>) = orders.values().partition(|order| order.heard_before);
    let (heard, unheard) = (times(heard), times(unheard));
    drop(orders);
    println!(
        "{database}: {total} orders, {paid} paid, in {:.1} s by {PROCESSES} processes: {lost} lost, {doubled} doubled, \
         {given_away} handed over unpaid; {} callbacks acknowledged, {} refused",
        took.as_secs_f64(),
        tally.callbacks.load(Relaxed),
        tally.refused.load(Relaxed),
    );
    let clock = if is_virtual { "clock put forward: the real wait is a minute" } else { "real clock" };
    println!("  handed over after a callback     {}", summary(&heard));
    println!("  every callback of it dropped     {} ({clock})", summary(&unheard));
    let others = tally.others.lock().expect("lock").clone();
    println!("  other events {others:?}; settled without a callback {}", health.settled_without_callback);
    lost + doubled + given_away == 0 && health.events_due == 0 && !unheard.is_empty()
}

/// From the payment to its handler.
fn times(orders: Vec<&Order>) -> Vec<Duration> {
    let time = |order: &Order| Some(order.handed_over.first()?.duration_since(order.paid_at?));
    let mut times: Vec<_> = orders.into_iter().filter_map(time).collect();
    times.sort_unstable();
    times
}

fn summary(times: &[Duration]) -> String {
    let Some(last) = times.last() else { return "none".to_owned() };
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64();
    format!(
        "{:>6}: median {:.2} s, 95 % within {:.2} s, all within {:.2} s",
        times.len(),
        at(50),
        at(95),
        last.as_secs_f64()
    )
}
