//! Paid orders that wait are handed over to an empty handler, by several processes: how many a second, and none twice.

use std::{
    collections::HashSet,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant, UNIX_EPOCH},
};

use paymento::checkout::EventKind;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    sync::oneshot,
};

use crate::{
    Failure,
    fill::Shop,
    place::{self, Beside, fresh},
    shop,
    stored::cpu_seconds,
};

/// How long a runner that finds nothing more goes on.
const IDLE: Duration = Duration::from_millis(1_500);

/// A contestant of `make bench`: a number of orders in, what handing them over cost out.
pub(crate) fn run(database: &str, processes: usize, concurrency: usize) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        println!("ready");
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Some(line) = lines.next_line().await? {
            let url = filled(database, line.trim().parse()?).await?;
            println!("{}", measured(&url, processes, concurrency).await?);
            place::remove(database, &url).await?;
        }
        Ok(())
    })
}

/// A database with as many paid orders that wait, and as many that are closed.
async fn filled(database: &str, events: i64) -> Result<String, Failure> {
    let url = fresh(database).await?;
    let checkout = shop::without_gateway(&url)?;
    shop::opened(&checkout).await?;
    let shop = Shop { count: 2 * events, open: 0 };
    let mut beside = Beside::open(&url).await?;
    shop.write(&mut beside).await?;
    shop.write_due_events(&mut beside, shop.count).await?;
    if !beside.is_sqlite() {
        beside.script("ANALYZE").await?;
        beside.script("CHECKPOINT").await?;
    }
    drop(beside);
    checkout.close().await;
    Ok(url)
}

async fn measured(url: &str, processes: usize, concurrency: usize) -> Result<Value, Failure> {
    let mut runners = Vec::new();
    for _ in 0..processes {
        runners.push(Runner::start(url, concurrency).await?);
    }
    let begun = UNIX_EPOCH.elapsed()?;
    for runner in &mut runners {
        runner.go().await?;
    }
    let (mut keys, mut last, mut cpu) = (Vec::new(), begun, 0.0);
    for runner in runners {
        let (finished, used) = runner.finished(&mut keys).await?;
        (last, cpu) = (last.max(finished), cpu + used);
    }
    let mut beside = Beside::open(url).await?;
    let unfinished = beside.number("SELECT COUNT(*) FROM paymento_events WHERE state <> 1").await?;
    let twice = keys.len() - keys.iter().collect::<HashSet<_>>().len();
    if (unfinished, twice) != (0, 0) {
        return Err(format!("{twice} handed over twice, {unfinished} left").into());
    }
    Ok(json!({ "wall": (last - begun).as_secs_f64(), "cpu": cpu }))
}

struct Runner {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Runner {
    async fn start(url: &str, concurrency: usize) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["runner", url, &concurrency.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let mut runner = Self { child, lines: BufReader::new(output).lines() };
        match runner.lines.next_line().await? {
            Some(line) if line == "ready" => Ok(runner),
            _ => Err("a runner did not start".into()),
        }
    }

    async fn go(&mut self) -> Result<(), Failure> {
        let input = self.child.stdin.as_mut().ok_or("no input")?;
        input.write_all(b"go\n").await.map_err(Into::into)
    }

    /// Adds the keys that it was handed. Gives when the last of them was, since 1970, and its processor time.
    async fn finished(mut self, keys: &mut Vec<String>) -> Result<(Duration, f64), Failure> {
        let line = self.lines.next_line().await?.ok_or("a runner ended")?;
        let (milliseconds, cpu) = line.split_once(' ').ok_or("a runner failed")?;
        while let Some(line) = self.lines.next_line().await? {
            keys.push(line);
        }
        Ok((Duration::from_millis(milliseconds.parse()?), cpu.parse()?))
    }
}

/// One of the processes: `Checkout::run` with a handler that does nothing but note the key.
pub(crate) fn runner(url: &str, concurrency: usize) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(hand_over(url, concurrency))
}

async fn hand_over(url: &str, concurrency: usize) -> Result<(), Failure> {
    let checkout = shop::builder(url, shop::NO_GATEWAY)?.concurrency(concurrency).build()?;
    shop::opened(&checkout).await?;
    let seen = Arc::new(Mutex::new((Vec::new(), Instant::now())));
    let noting = Arc::clone(&seen);
    checkout.on(EventKind::Paid, move |event| {
        let mut seen = noting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.0.push(event.key);
        seen.1 = Instant::now();
        async { Ok::<(), String>(()) }
    })?;
    println!("ready");
    let mut line = String::new();
    BufReader::new(tokio::io::stdin()).read_line(&mut line).await?;
    seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1 = Instant::now();
    let cpu = cpu_seconds()?;
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn({
        let checkout = checkout.clone();
        async move { checkout.run(async move { drop(stopped.await) }).await }
    });
    let idle = || seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1.elapsed();
    while idle() < IDLE {
        tokio::time::sleep(IDLE - idle().min(IDLE) + Duration::from_millis(1)).await;
    }
    let _ = stop.send(());
    running.await??;
    println!("{} {}", (UNIX_EPOCH.elapsed()? - idle()).as_millis(), cpu_seconds()? - cpu);
    let keys = std::mem::take(&mut seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0);
    print!("{}", keys.iter().map(|key| format!("{key}\n")).collect::<String>());
    Ok(())
}
