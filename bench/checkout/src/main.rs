//! What the durable checkout can do, measured in Rust. `bench/run` and `make scale` start it.
//!
//! - `stored NAME DATABASE WAITING`: a contestant of `make bench` that stores callbacks.
//! - `handover DATABASE PROCESSES CONCURRENCY`: a contestant that hands paid orders over, with as many processes.
//! - `scale DATABASE ROWS`: how long each call takes in a database with as many payments, and with which plans.
//!
//! DATABASE is `sqlite:` and a folder, or the URL of a PostgreSQL server: each run makes a database of its own there.

mod bodies;
mod fill;
mod gateway;
mod handover;
mod place;
mod plans;
mod scale;
mod shop;
mod stored;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["stored", name, database, waiting] => stored::run(name, database, waiting.parse()?),
        ["handover", database, processes, concurrency] => {
            handover::run(database, processes.parse()?, concurrency.parse()?)
        }
        ["runner", url, concurrency] => handover::runner(url, concurrency.parse()?),
        ["scale", database, rows] => scale::run(database, rows.parse()?),
        _ => Err("see the top of src/main.rs for the arguments".into()),
    }
}
