//! How soon a callback is handed over, and what it costs to wait for one. Limits are generous, for machines that are busy;
//! the figures are printed.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use paymento::{
    Checkout, Client, Expected,
    checkout::{EventKind, Worker},
};

use crate::{
    gateway::SECRET,
    shop::{Heard, On, SOON, Shop, on_both},
};

const PAID: [EventKind; 1] = [EventKind::Paid];
const ROUNDS: usize = 20;
/// Who is not woken looks once a second.
const WOKEN: Duration = Duration::from_millis(900);

on_both! {
    a_callback_is_handed_over_at_once_in_one_process
    another_process_is_woken
    who_waits_costs_next_to_nothing
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what}: median {median:.1?}, slowest {slowest:.1?} of {}", times.len());
    assert!(median < WOKEN, "only by looking: {median:?}");
}

async fn a_callback_is_handed_over_at_once_in_one_process(on: On) {
    let shop = Shop::open_with(on, |builder| builder.worker(Worker::Thread)).await;
    let (mut whole, mut verifying) = (vec![], vec![]);
    let client = shop.gateway.client();
    for round in 0..ROUNDS {
        let order_id = format!("A-{round}");
        let token = shop.token(&order_id, "29.99").await;
        let waiting = tokio::spawn({
            let checkout = shop.checkout.clone();
            async move { (checkout.next(&PAID, SOON).await, Instant::now()) }
        });
        shop.pay(&token, &order_id).await;
        let recorded = Instant::now();
        let (work, handed_over) = waiting.await.expect("ran");
        whole.push(handed_over.saturating_duration_since(recorded));
        shop.checkout.complete(work.expect("up").expect("woken")).await.expect("completed");
        let (expected, asked) = (Expected::order(order_id).expect("valid"), Instant::now());
        client.verify_payment(&token, &expected).await.expect("answered");
        verifying.push(asked.elapsed());
    }
    report(&format!("{on:?}, one process, a verify call alone"), verifying);
    report(&format!("{on:?}, one process, from the 200 to the handler"), whole);
}

/// The other process. Run by the tests below; says when it was handed what, or what it has cost to wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by another test, as a process of its own"]
async fn waiting_shop() {
    let (Ok(url), Ok(base_url)) = (std::env::var("WAITING_DATABASE"), std::env::var("WAITING_GATEWAY")) else { return };
    let client =
        Client::builder("an-api-key-of-the-test").secret_key(SECRET).base_url(base_url).build().expect("valid");
    let mut builder = Checkout::builder(client).database(&url).verifies_per_second(1_000);
    if url.starts_with("postgres") {
        builder = builder.listen_url(&std::env::var("WAITING_LISTEN").unwrap_or_else(|_| url.clone()));
    }
    let checkout = builder.build().expect("valid");
    if std::env::var_os("WAITING_IDLE").is_some() {
        return idle(&checkout).await;
    }
    println!("ready");
    loop {
        if let Some(work) = checkout.next(&PAID, SOON).await.expect("up") {
            println!("handed over {}", now().as_micros());
            checkout.complete(work).await.expect("completed");
        }
    }
}

async fn idle(checkout: &Checkout) {
    let _heard = Heard::by(checkout);
    let running = tokio::spawn({
        let checkout = checkout.clone();
        async move { checkout.run(std::future::pending()).await }
    });
    while checkout.health().await.expect("up").runners == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (begun, before) = (Instant::now(), cpu_time());
    tokio::time::sleep(Duration::from_secs(4)).await;
    println!("idle {} {}", cpu_time().saturating_sub(before).as_micros(), begun.elapsed().as_micros());
    running.abort();
}

/// What this process has used of the processor, to a hundredth of a second.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a system with /proc");
    let fields: Vec<_> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("a number");
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

struct Other {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Other {
    fn start(shop: &Shop, idle: bool) -> Self {
        Self::start_listening(shop, idle, &shop.url)
    }

    fn start_listening(shop: &Shop, idle: bool, listen_url: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command
            .args(["--exact", "waking::waiting_shop", "--ignored", "--nocapture"])
            .env("WAITING_DATABASE", &shop.url)
            .env("WAITING_LISTEN", listen_url)
            .env("WAITING_GATEWAY", shop.gateway.client().base_url());
        if idle {
            command.env("WAITING_IDLE", "1");
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("started");
        let lines = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, lines }
    }

    /// The numbers on the next line that begins so.
    fn line(&mut self, begin: &str) -> Vec<u64> {
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).expect("a line") > 0, "it has ended");
            if let Some((_, rest)) = line.split_once(begin) {
                return rest.split_whitespace().map(|number| number.parse().expect("a number")).collect();
            }
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn another_process_is_woken(on: On) {
    let shop = Shop::open(on).await;
    shop.checkout.health().await.expect("the tables are made");
    let mut other = Other::start(&shop, false);
    other.line("ready");
    while shop.checkout.health().await.expect("up").runners == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut times = vec![];
    for round in 0..ROUNDS {
        let order_id = format!("A-{round}");
        let token = shop.token(&order_id, "29.99").await;
        // At any moment of the other's looking.
        tokio::time::sleep(Duration::from_millis(7 * round as u64)).await;
        shop.pay(&token, &order_id).await;
        let recorded = now();
        let handed_over = Duration::from_micros(other.line("handed over")[0]);
        times.push(handed_over.saturating_sub(recorded));
    }
    report(&format!("{on:?}, another process, from the 200 here to the handler there, verify call included"), times);
}

/// Another database of the same server says nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_listen_url_makes_nobody_slower_than_none() {
    let (shop, other) = (Shop::open(On::Postgres).await, Shop::open(On::Postgres).await);
    shop.checkout.health().await.expect("the tables are made");
    let mut waiting = Other::start_listening(&shop, false, &other.url);
    waiting.line("ready");
    while shop.checkout.health().await.expect("up").runners == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut times = vec![];
    for round in 0..12 {
        let order_id = format!("A-{round}");
        let token = shop.token(&order_id, "29.99").await;
        // Through all that is tried meanwhile.
        tokio::time::sleep(Duration::from_millis(500)).await;
        shop.pay(&token, &order_id).await;
        let recorded = now();
        times.push(Duration::from_micros(waiting.line("handed over")[0]).saturating_sub(recorded));
    }
    let slowest = times.iter().max().copied().unwrap_or_default();
    assert!(slowest < Duration::from_secs(2), "{times:?}");
    report("a wrong listen_url, from the 200 here to the handler there", times);
}

async fn who_waits_costs_next_to_nothing(on: On) {
    let shop = Shop::open(on).await;
    shop.checkout.health().await.expect("the tables are made");
    let used = tokio::task::spawn_blocking({
        let mut other = Other::start(&shop, true);
        move || other.line("idle")
    });
    let used = used.await.expect("ran");
    #[expect(clippy::cast_precision_loss, reason = "a ratio")]
    let share = used[0] as f64 / used[1] as f64;
    println!("{on:?}: an idle process that hands over uses {:.1} % of one processor", share * 100.0);
    assert!(share < 0.15, "it spins: {share}");
}
