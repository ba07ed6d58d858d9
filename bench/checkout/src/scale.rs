//! How long each call takes in a database with many payments, and which plans the database follows.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use http::Method;
use paymento::{
    Amount, Checkout, PaymentRequest,
    checkout::{EventKind, PaymentState},
};

use crate::{
    Failure,
    bodies::{self, token},
    fill::{DETAILED, Shop},
    gateway,
    place::{Beside, fresh},
    plans::{self, Statements},
    shop,
};

/// Calls of each kind.
const CALLS: i64 = 300;
/// Orders that are open, whatever the size; and events that are due.
const OPEN: i64 = 5_000;

/// Fills a database, measures every call, then takes the plans, and prints both.
pub(crate) fn run(database: &str, rows: i64) -> Result<(), Failure> {
    let statements = Statements::heard();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let shop = Shop { count: rows, open: OPEN.min(rows / 2) };
        let url = fresh(database).await?;
        let gateway = gateway::start().await?;
        let checkout = opened(&url, &gateway).await?;
        fill(&url, shop).await?;
        println!("| call | median µs | 95 of 100 within µs |\n| --- | ---: | ---: |");
        all(&checkout, shop, &mut Report::Times).await?;
        checkout.close().await;
        explain(&url, &gateway, shop, statements).await
    })
}

async fn opened(url: &str, gateway: &str) -> Result<Checkout, Failure> {
    let checkout = shop::builder(url, gateway)?.verifies_per_second(1_000).build()?;
    shop::opened(&checkout).await?;
    Ok(checkout)
}

/// Without the indexes at first, which is much faster.
async fn fill(url: &str, shop: Shop) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut beside = Beside::open(url).await?;
    let (names, make) = if beside.is_sqlite() {
        beside.script("PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA foreign_keys = OFF").await?;
        (
            "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
        )
    } else {
        beside.script("SET maintenance_work_mem = '1GB'; SET synchronous_commit = off; SET session_replication_role = replica").await?;
        (
            "SELECT indexname::text FROM pg_indexes WHERE indexname LIKE 'paymento%' \
            AND indexname NOT IN (SELECT conname FROM pg_constraint) ORDER BY indexname",
            "SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'paymento%' \
            AND indexname NOT IN (SELECT conname FROM pg_constraint) ORDER BY indexname",
        )
    };
    let (names, make) = (beside.texts(names).await?, beside.texts(make).await?);
    for name in names {
        beside.script(format!("DROP INDEX {name}")).await?;
    }
    shop.write(&mut beside).await?;
    shop.write_details(&mut beside).await?;
    shop.write_due_events(&mut beside, 2 * OPEN.min(shop.count / 4)).await?;
    for sql in make {
        beside.script(sql).await?;
    }
    let settle = if beside.is_sqlite() { "PRAGMA wal_checkpoint(TRUNCATE); ANALYZE" } else { "VACUUM ANALYZE" };
    beside.script(settle).await?;
    if !beside.is_sqlite() {
        beside.script("CHECKPOINT").await?;
    }
    println!(
        "\n{} payments, filled in {:.0} s, {}",
        shop.count,
        begun.elapsed().as_secs_f64(),
        size(&mut beside, url).await?
    );
    Ok(())
}

async fn size(beside: &mut Beside, url: &str) -> Result<String, Failure> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return Ok(format!("{} MB", std::fs::metadata(path)?.len() / 1_000_000));
    }
    let sizes = "SELECT relname || ' ' || pg_table_size(oid) / greatest(reltuples::bigint, 1) || ' + ' || \
        pg_indexes_size(oid) / greatest(reltuples::bigint, 1) || ' bytes a row' FROM pg_class \
        WHERE relkind = 'r' AND relname LIKE 'paymento%' AND reltuples > 1000 ORDER BY relname";
    let rows = beside.texts(sizes).await?.join(", ");
    let whole = beside.number("SELECT pg_database_size(current_database())").await?;
    Ok(format!("{} MB (table + indexes: {rows})", whole / 1_000_000))
}

/// What is done with each call.
enum Report {
    Times,
    Plans(Plans),
}

struct Plans {
    beside: Beside,
    statements: Statements,
    /// How much of the server's log has been read.
    read: i64,
    scans: usize,
}

impl Report {
    /// Makes the call some hundred times; or a few times, where only its plans are wanted.
    async fn call<F: Future<Output = Result<(), paymento::Error>>>(
        &mut self,
        name: &str,
        call: impl Fn(i64) -> F,
    ) -> Result<(), Failure> {
        self.call_times(name, CALLS, call).await
    }

    async fn call_times<F: Future<Output = Result<(), paymento::Error>>>(
        &mut self,
        name: &str,
        calls: i64,
        call: impl Fn(i64) -> F,
    ) -> Result<(), Failure> {
        let calls = if matches!(self, Self::Times) { calls } else { 2 };
        let mut times = Vec::new();
        for number in 0..calls {
            let begun = Instant::now();
            call(number).await?;
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        match self {
            Self::Times => show(name, times),
            Self::Plans(plans) => plans.show(name).await?,
        }
        Ok(())
    }
}

fn show(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let (median, most) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    println!("| {name} | {median:.0} | {most:.0} |");
}

impl Plans {
    async fn show(&mut self, name: &str) -> Result<(), Failure> {
        let mut lines = if self.beside.is_sqlite() {
            plans::of_sqlite(&mut self.beside, &self.statements.take()).await?
        } else {
            let (lines, end) = plans::of_postgres(&mut self.beside, self.read).await?;
            self.read = end;
            lines
        };
        lines.sort();
        lines.dedup();
        println!("{name}");
        for line in lines {
            let is_scan = plans::is_scan(&line);
            self.scans += usize::from(is_scan);
            println!("  {}{line}", if is_scan { "!! " } else { "" });
        }
        Ok(())
    }
}

/// Every call, each time about another order.
async fn all(checkout: &Checkout, shop: Shop, report: &mut Report) -> Result<(), Failure> {
    let past = |call: i64| call * 7_919 % (shop.past() / DETAILED) * DETAILED;
    // Not those that the first time has verified.
    let shift = i64::from(matches!(report, Report::Plans(_)));
    let open = |call: i64| shop.past() + (call * 13 + shift) % shop.open;
    let hour_ago = now() - 3_600_000;
    let page = async |state, since, after| checkout.payments(state, since, after).await.map(drop);
    report.call("status", async |call| checkout.status(&format!("A-{}", past(call))).await.map(drop)).await?;
    report.call("payment", async |call| checkout.payment(&token(past(call))).await.map(drop)).await?;
    report.call("history", async |call| checkout.history(&format!("A-{}", past(call))).await.map(drop)).await?;
    report.call("payments, from the middle", async |call| page(None, None, Some(past(call))).await).await?;
    report.call("payments, settled", async |_| page(Some(PaymentState::Settled), None, None).await).await?;
    report.call("payments, last hour", async |_| page(None, Some(hour_ago), None).await).await?;
    report
        .call("payments, settled, last hour", async |_| page(Some(PaymentState::Settled), Some(hour_ago), None).await)
        .await?;
    report.call("health", async |_| checkout.health().await.map(drop)).await?;
    report.call("dead_letters", async |_| checkout.dead_letters(None).await.map(drop)).await?;
    report.call("create_payment, known", async |call| create(checkout, format!("A-{}", open(call))).await).await?;
    report.call("create_payment, new", async |call| create(checkout, format!("N-{call}-{hour_ago}")).await).await?;
    report.call("visit", async |call| checkout.visit(&format!("token={}", token(open(call)))).await.map(drop)).await?;
    let callbacks = bodies::of(usize::try_from(CALLS)?, open);
    report
        .call("receive", async |call| receive(checkout, &callbacks[usize::try_from(call).unwrap_or(0)]).await)
        .await?;
    report
        .call_times("verify, up to 8 at once", CALLS / 10, async |_| checkout.verify_due(None).await.map(drop))
        .await?;
    report.call("claim and complete", async |_| hand_over(checkout, 1).await).await?;
    report.call_times("claim and complete 64", CALLS / 30, async |_| hand_over(checkout, 64).await).await?;
    report.call("claim, nothing due", async |_| checkout.claim(&[EventKind::Closed], None).await.map(drop)).await
}

fn now() -> i64 {
    std::time::UNIX_EPOCH.elapsed().ok().and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or_default()
}

async fn create(checkout: &Checkout, order: String) -> Result<(), paymento::Error> {
    let request = PaymentRequest::fiat(Amount::parse("29.99")?, "USD").order_id(order).speed(paymento::Speed::High);
    match checkout.create_payment(request).await {
        // Verified and paid a moment ago, by what was measured before.
        Err(error) if error.code() == paymento::ErrorCode::CheckoutAlreadyPaid => Ok(()),
        created => created.map(drop),
    }
}

async fn receive(checkout: &Checkout, one: &bodies::Signed) -> Result<(), paymento::Error> {
    let answer = checkout.receive(&Method::POST, one.signature.as_str(), &one.body).await;
    assert_eq!(answer.status, 200, "a callback was not stored");
    Ok(())
}

async fn hand_over(checkout: &Checkout, most: u32) -> Result<(), paymento::Error> {
    let works = checkout.claim_many(&[EventKind::Paid], None, most).await?;
    assert!(!works.is_empty(), "nothing was due");
    let mut running = tokio::task::JoinSet::new();
    for work in works {
        let checkout = checkout.clone();
        running.spawn(async move { checkout.complete(work).await });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap_or(Ok(()))?;
    }
    Ok(())
}

/// Runs every call once more, on connections whose plans are noted; then what goes on in the background.
async fn explain(url: &str, gateway: &str, shop: Shop, statements: Statements) -> Result<(), Failure> {
    let mut beside = Beside::open(url).await?;
    let mut read = 0;
    if !beside.is_sqlite() {
        let database = url.rsplit('/').next().unwrap_or_default();
        beside.script(format!("ALTER DATABASE {database} SET auto_explain.log_min_duration = 0")).await?;
        read = plans::of_postgres(&mut beside, 0).await?.1;
    }
    statements.take();
    // Longer than anything was kept: cleaning up looks, and finds nothing.
    let ages = Duration::from_hours(24 * 20_000);
    let checkout =
        shop::builder(url, gateway)?.verifies_per_second(1_000).keep_bodies(ages).keep_decisions(ages).build()?;
    let mut report = Report::Plans(Plans { beside, statements, read, scans: 0 });
    println!("\nPlans:");
    all(&checkout, shop, &mut report).await?;
    let background = async |_| {
        let begun = Instant::now();
        let _ = checkout.next(&[EventKind::Closed], Duration::from_secs(3)).await?;
        tokio::time::sleep(Duration::from_secs(6).saturating_sub(begun.elapsed())).await;
        Ok(())
    };
    report.call("the background: heartbeat, cleaning up", background).await?;
    if let Report::Plans(plans) = report {
        println!("whole tables read: {}", plans.scans);
    }
    checkout.close().await;
    Ok(())
}
