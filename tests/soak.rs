//! Many payments, 64 at once, while the gateway misbehaves: memory stays flat, and nothing gets stuck.
//!
//! `make soak` runs 100,000; `make test` a few thousand, to see that it works. Prints what it measured, and exits 1 when
//! a payment was not settled, a callback was not authentic, or memory grew.

#[path = "support/callback_route.rs"]
mod callback_route;

use std::{
    fs,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use callback_route::{Received, callback_route};
use paymento::{
    Amount, Client, Expected, Limits, PaymentRequest,
    simulator::{CallbackMethod, Chaos, Simulator},
};
use tokio::{sync::mpsc, task::JoinSet};

const WORKERS: u64 = 64;
const FEW: u64 = 3_000;
/// A payment that takes longer is stuck: faults cost it a few attempts of half a second.
const PATIENCE: Duration = Duration::from_mins(1);
/// Until then the simulator's and the allocator's own stores fill up: 10,000 payments and 50,000 callbacks are kept.
const WARM: f64 = 0.5;
/// What may come on top afterwards.
const GROWTH: f64 = 1.05;
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
    settled: AtomicU64,
    callbacks: AtomicU64,
    forged: AtomicU64,
    asked_again: AtomicU64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let total = std::env::var("PAYMENTS").ok().map_or(FEW, |text| text.parse().expect("PAYMENTS is a number"));
    let simulator = Simulator::builder().seed(7).retry_schedule([Duration::from_millis(100)]).start().expect("started");
    let (url, received) = callback_route().await;
    simulator.set_callback_url(&url, CallbackMethod::Post).expect("set");
    simulator.chaos(CHAOS).expect("probabilities");
    let client = client(&simulator);
    let (simulator, tally) = (Arc::new(simulator), Arc::new(Tally::default()));
    tokio::spawn(check_callbacks(client.clone(), received, Arc::clone(&tally)));
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        workers.spawn(work(client.clone(), Arc::clone(&simulator), Arc::clone(&tally), total));
    }
    let watch = tokio::spawn(watch(Arc::clone(&tally), total));
    while workers.join_next().await.is_some_and(|worker| worker.is_ok()) {}
    let warm = watch.await.expect("watched");
    report(&tally, began.elapsed(), total, warm)
}

fn client(simulator: &Simulator) -> Client {
    Client::builder(simulator.api_key())
        .secret_key(simulator.secret_key())
        .base_url(simulator.base_url())
        .gateway_url(simulator.gateway_url())
        .limits(Limits::default().replaced(None, Some(Duration::from_millis(500)), None))
        .build()
        .expect("valid")
}

async fn work(client: Client, simulator: Arc<Simulator>, tally: Arc<Tally>, total: u64) {
    loop {
        let number = tally.begun.fetch_add(1, Relaxed);
        if number >= total {
            return;
        }
        if tokio::time::timeout(PATIENCE, take_a_payment(&client, &simulator, &tally, number)).await.is_ok() {
            tally.settled.fetch_add(1, Relaxed);
        }
    }
}

/// As a shop does that hears nothing: asks until the payment is settled.
async fn take_a_payment(client: &Client, simulator: &Simulator, tally: &Tally, number: u64) {
    let amount = Amount::parse("29.99").expect("an amount");
    let order_id = format!("A-{number}");
    let request = || PaymentRequest::fiat(amount.clone(), "USD").order_id(&order_id);
    // A create whose answer is lost is made again; nobody has seen the other token.
    let payment = loop {
        match client.create_payment(request()).await {
            Ok(payment) => break payment,
            Err(_) => tally.asked_again.fetch_add(1, Relaxed),
        };
    };
    simulator.pay(payment.token()).expect("payable");
    let expected = Expected::from(&payment);
    let mut pause = Duration::from_millis(5);
    while !client.verify_payment(payment.token(), &expected).await.is_ok_and(|verification| verification.is_settled()) {
        tally.asked_again.fetch_add(1, Relaxed);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

async fn check_callbacks(client: Client, mut received: mpsc::UnboundedReceiver<Received>, tally: Arc<Tally>) {
    while let Some(callback) = received.recv().await {
        tally.callbacks.fetch_add(1, Relaxed);
        if client.authenticate(&callback.body, &callback.headers).is_err() {
            tally.forged.fetch_add(1, Relaxed);
        }
    }
}

/// Prints where it stands ten times, and gives the memory once warm.
async fn watch(tally: Arc<Tally>, total: u64) -> u64 {
    let mut warm = 0;
    for tenth in 1..=10 {
        while tally.begun.load(Relaxed) < total * tenth / 10 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (memory, files, threads) = (memory_kib(), count("/proc/self/fd"), count("/proc/self/task"));
        println!("{:>3} %  {memory:>8} KiB  {files:>4} open files  {threads:>3} threads", tenth * 10);
        #[expect(clippy::cast_precision_loss, reason = "tenths")]
        if warm == 0 && tenth as f64 / 10.0 >= WARM {
            warm = memory;
        }
    }
    warm
}

fn report(tally: &Tally, took: Duration, total: u64, warm: u64) -> ExitCode {
    let of = |counter: &AtomicU64| counter.load(Relaxed);
    let (settled, forged, now) = (of(&tally.settled), of(&tally.forged), memory_kib());
    println!(
        "{settled} of {total} payments settled in {:.1} s; {} callbacks, {forged} not authentic; asked again {} times",
        took.as_secs_f64(),
        of(&tally.callbacks),
        of(&tally.asked_again),
    );
    #[expect(clippy::cast_precision_loss, reason = "a ratio")]
    let (rate, growth) = (total as f64 / took.as_secs_f64(), now as f64 / warm.max(1) as f64);
    println!("{rate:.0} payments per second; memory {warm} KiB warm, {now} KiB at the end ({growth:.2} times)");
    // A short run is over before it is warm.
    let flat = total == FEW || growth <= GROWTH;
    if settled == total && forged == 0 && of(&tally.callbacks) > 0 && flat {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The memory that this process holds; 0 where the system has no /proc.
fn memory_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

fn count(folder: &str) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}
