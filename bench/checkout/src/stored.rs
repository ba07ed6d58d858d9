//! A contestant that stores callbacks. It speaks as bench/contestants/serve.py does: a number of calls in, their cost out.

use std::{sync::Arc, time::Instant};

use http::Method;
use paymento::{Checkout, Secret};
use serde_json::json;
use tokio::{io::AsyncBufReadExt as _, task::JoinSet};

use crate::{
    Failure,
    bodies::{self, SECRET, Signed},
    fill::Shop,
    place::{Beside, fresh},
    shop,
};

/// Payments of ours that the callbacks are about, in turns.
const PAYMENTS: i64 = 10_000;

/// Runs the contestant until its input ends.
pub(crate) fn run(name: &str, database: &str, waiting: usize) -> Result<(), Failure> {
    let threads = waiting.min(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(serve(name.to_owned(), database.to_owned(), waiting))
}

enum Contestant {
    Ours(Checkout),
    /// What the database's own driver does in the same language, one statement and one commit each.
    Direct(Box<Beside>),
}

async fn serve(name: String, database: String, waiting: usize) -> Result<(), Failure> {
    let url = fresh(&database).await?;
    let mut contestant = contestant(&name, &url).await?;
    println!("ready");
    let mut lines = tokio::io::BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        run_all(&mut contestant, bodies::fresh(waiting, PAYMENTS), waiting).await?;
        let callbacks = bodies::fresh(line.trim().parse()?, PAYMENTS);
        let (begun, cpu) = (Instant::now(), cpu_seconds()?);
        run_all(&mut contestant, callbacks, waiting).await?;
        println!("{}", json!({ "wall": begun.elapsed().as_secs_f64(), "cpu": cpu_seconds()? - cpu }));
    }
    Ok(())
}

async fn contestant(name: &str, url: &str) -> Result<Contestant, Failure> {
    let checkout = shop::without_gateway(url)?;
    shop::opened(&checkout).await?;
    match name {
        "paymento, Rust" => {
            prove(&checkout).await?;
            Ok(Contestant::Ours(checkout))
        }
        "paymento, Rust, its own payments" => {
            let shop = Shop { count: PAYMENTS, open: PAYMENTS };
            let mut beside = Beside::open(url).await?;
            shop.write(&mut beside).await?;
            // As the server does by itself within a minute.
            beside.script("ANALYZE").await?;
            prove(&checkout).await?;
            Ok(Contestant::Ours(checkout))
        }
        "sqlx, one by one" => {
            checkout.close().await;
            let mut beside = Beside::open(url).await?;
            if beside.is_sqlite() {
                beside.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await?;
            }
            Ok(Contestant::Direct(Box::new(beside)))
        }
        _ => Err(format!("there is no contestant {name}").into()),
    }
}

/// A forged callback is refused, or there is nothing to measure.
async fn prove(checkout: &Checkout) -> Result<(), Failure> {
    let one = bodies::fresh(1, PAYMENTS).remove(0);
    let forged = checkout.receive(&Method::POST, one.signature.as_str(), b"{}").await.status;
    let taken = checkout.receive(&Method::POST, one.signature.as_str(), &one.body).await.status;
    if (forged, taken) == (401, 200) { Ok(()) } else { Err(format!("answered {forged} and {taken}").into()) }
}

async fn run_all(contestant: &mut Contestant, callbacks: Vec<Signed>, waiting: usize) -> Result<(), Failure> {
    match contestant {
        Contestant::Ours(checkout) => receive_all(checkout, callbacks, waiting).await,
        Contestant::Direct(beside) => insert_all(beside, &callbacks).await,
    }
}

/// As many at once, each in a loop.
async fn receive_all(checkout: &Checkout, callbacks: Vec<Signed>, waiting: usize) -> Result<(), Failure> {
    let callbacks = Arc::new(callbacks);
    let mut running = JoinSet::new();
    for first in 0..waiting {
        let (checkout, callbacks) = (checkout.clone(), Arc::clone(&callbacks));
        running.spawn(async move {
            for one in callbacks.iter().skip(first).step_by(waiting) {
                let answer = checkout.receive(&Method::POST, one.signature.as_str(), &one.body).await;
                if answer.status != 200 {
                    return Err(format!("answered {}", answer.status));
                }
            }
            Ok(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

const INSERT: &str = "INSERT INTO paymento_callbacks \
    (account, digest, body, kind, token, status, received_at, last_at, count) \
    VALUES ('default', $1, $2, 0, $3, '7', $4, $4, 1) ON CONFLICT (account, digest) DO NOTHING";

async fn insert_all(beside: &mut Beside, callbacks: &[Signed]) -> Result<(), Failure> {
    let secret = Secret::new(SECRET)?;
    for one in callbacks {
        paymento::check(&one.body, &one.signature, &secret)?;
        let read: serde_json::Value = serde_json::from_slice(&one.body)?;
        let token = read["Token"].as_str().unwrap_or_default().to_owned();
        // The signature is as good as a digest: one for each body.
        let (digest, now) = (one.signature.as_bytes()[..32].to_vec(), 1_790_000_000_000_i64);
        match beside {
            Beside::Sqlite(connection) => {
                let query = sqlx::query(INSERT).bind(digest).bind(&one.body).bind(token).bind(now);
                query.execute(&mut *connection).await?;
            }
            Beside::Postgres(connection) => {
                let query = sqlx::query(INSERT).bind(digest).bind(&one.body).bind(token).bind(now);
                query.execute(&mut *connection).await?;
            }
        }
    }
    Ok(())
}

/// Processor time of all threads of this process.
pub(crate) fn cpu_seconds() -> Result<f64, Failure> {
    let mut nanoseconds = 0.0;
    for thread in std::fs::read_dir("/proc/self/task")?.flatten() {
        // A thread may end meanwhile.
        let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text.split(' ').next().and_then(|word| word.parse::<f64>().ok()).unwrap_or_default();
    }
    Ok(nanoseconds / 1e9)
}
