//! Many payments at once for a long time. Ignored unless asked for: `cargo test -p paymento --all-features soak --
//! --ignored --nocapture`, with `PAYMENTS` for how many (default 100,000).

#![expect(clippy::print_stdout, reason = "whoever runs it by hand reads the figures")]

use std::{
    env, fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{Chaos, Simulator};

const CLIENTS: usize = 64;

/// One request after the other over one connection.
struct Connection<'a> {
    stream: TcpStream,
    key: &'a str,
}

impl<'a> Connection<'a> {
    fn to(simulator: &'a Simulator) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, simulator.port())).expect("connected");
        stream.set_nodelay(true).expect("set");
        Self { stream, key: simulator.api_key() }
    }

    fn post(&mut self, path: &str, body: &str) -> String {
        let (key, length) = (self.key, body.len());
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nApi-Key: {key}\r\nContent-Type: application/json");
        write!(self.stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}").expect("sent");
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            let read = self.stream.read(&mut chunk).expect("an answer");
            assert!(read > 0, "the connection broke");
            bytes.extend_from_slice(&chunk[..read]);
            if bytes.ends_with(b"}") {
                return String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }
}

/// Takes every callback and keeps nothing.
fn shop() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut chunk = [0; 4096];
            let _ = stream.read(&mut chunk);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    url
}

/// The memory of this process that is in use, in MiB. Zero where the system does not tell.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// How many payments were begun, and the memory when half of them were.
#[derive(Default)]
struct Progress {
    begun: AtomicU64,
    memory_halfway: AtomicU64,
}

fn take_payments(simulator: &Simulator, progress: &Progress, all: u64) {
    let mut connection = Connection::to(simulator);
    loop {
        let number = progress.begun.fetch_add(1, Ordering::Relaxed);
        if number >= all {
            return;
        }
        if number == all / 2 {
            progress.memory_halfway.store(memory(), Ordering::Relaxed);
        }
        if number.is_multiple_of((all / 10).max(1)) {
            println!("{number:>8} payments, {} MiB", memory());
        }
        take_payment(simulator, &mut connection, number);
    }
}

fn take_payment(simulator: &Simulator, connection: &mut Connection<'_>, number: u64) {
    let order = format!(r#"{{"fiatAmount":"29.99","fiatCurrency":"USD","orderId":"{number}","riskSpeed":1}}"#);
    let answer = connection.post("/v1/payment/request", &order);
    let token = answer.rsplit('"').nth(1).expect("a token").to_owned();
    let paid = if number.is_multiple_of(7) { simulator.underpay(&token) } else { simulator.pay(&token) };
    paid.expect("paid");
    connection.post("/v1/payment/verify", &format!(r#"{{"token":"{token}"}}"#));
}

#[test]
#[ignore = "takes minutes"]
fn a_hundred_thousand_payments_leave_no_more_behind_than_half_of_them() {
    let all: u64 = env::var("PAYMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let simulator = Simulator::builder().callback_url(shop()).start().expect("started");
    let chaos = Chaos { duplicate: 0.3, reorder: 0.3, drop: 0.2, seed: Some(7), ..Chaos::default() };
    simulator.chaos(chaos).expect("valid");
    let (progress, began) = (Progress::default(), Instant::now());
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| take_payments(&simulator, &progress, all));
        }
    });
    let (took, memory) = (began.elapsed(), memory());
    let rate = u128::from(all) * 1_000 / took.as_millis().max(1);
    println!("{all} payments in {took:?}: {rate} a second, {memory} MiB");
    let halfway = progress.memory_halfway.into_inner();
    // Only once the simulator has begun to forget; before that it grows as it should.
    assert!(all < 40_000 || memory <= halfway + halfway / 5, "{halfway} MiB halfway, {memory} MiB at the end");
    simulator.advance(Duration::from_hours(48)).expect("all that is due");
    assert_eq!(simulator.payments().len() as u64, all.min(10_000));
    assert_eq!(simulator.forgotten_payments(), all.saturating_sub(10_000));
    assert!(simulator.check_findings().is_ok(), "the shop answers 200, and always");
}
