//! What a process asks of the kernel, in order: nothing that kills a process shows whether a commit was synced to the disk.
//!
//! A shop with a callback route runs under strace. Between the arrival of the callback's body and the 200 stands the sync of
//! SQLite's log; or the server's answer to COMMIT, and the server's own sync.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use http::Method;
use paymento::{Checkout, Client, checkout::Worker};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    gateway::{Gateway, SECRET, callback},
    postgres::{self, Server},
    shop::{fresh_folder, request},
};

/// Says where the traced shop finds what it needs: its database and its gateway.
const DATABASE: &str = "TRACED_DATABASE";
const GATEWAY: &str = "TRACED_GATEWAY";
const CALLBACK: &str = "POST /callback";

/// The shop. Run by the tests below, under strace: one order, and one callback that comes over the wire.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by another test, as a process of its own"]
async fn traced_shop() {
    let (Ok(url), Ok(base_url)) = (std::env::var(DATABASE), std::env::var(GATEWAY)) else { return };
    let client =
        Client::builder("an-api-key-of-the-test").secret_key(SECRET).base_url(base_url).build().expect("valid");
    let checkout = Checkout::builder(client).database(&url).worker(Worker::External).build().expect("valid");
    let payment = checkout.create_payment(request("A-578", "29.99")).await.expect("created");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (signature, body) = callback(payment.token(), "A-578", 7);
    let (mut served, mut sender) = {
        let (accepted, connected) = tokio::join!(listener.accept(), tokio::net::TcpStream::connect(address));
        (accepted.expect("accepted").0, connected.expect("connected"))
    };
    let whole = [format!("{CALLBACK} {signature} ").into_bytes(), body.clone()].concat();
    sender.write_all(&whole).await.expect("sent");
    let mut received = vec![0; whole.len()];
    served.read_exact(&mut received).await.expect("received");
    let answer = checkout.receive(&Method::POST, signature.as_str(), &received[whole.len() - body.len()..]).await;
    served.write_all(format!("HTTP/1.1 {} recorded\r\n\r\n", answer.status).as_bytes()).await.expect("answered");
}

/// Runs the shop under strace and gives what it wrote. `None` where the kernel lets nobody be traced.
async fn traced(url: &str, calls: &'static str) -> Option<(String, PathBuf)> {
    let gateway = Gateway::start().await;
    let (url, base_url, folder) = (url.to_owned(), gateway.client().base_url().to_owned(), fresh_folder());
    let file = folder.join("trace");
    let trace = file.clone();
    let run = move || {
        Command::new(strace())
            .args(["-f", "-y", "-s", "8000", "-e", calls, "-o"])
            .arg(&trace)
            .arg(std::env::current_exe().expect("this program"))
            .args(["--exact", "system_calls::traced_shop", "--ignored", "--nocapture"])
            .env(DATABASE, url)
            .env(GATEWAY, base_url)
            .stdin(Stdio::null())
            .output()
            .expect("strace")
    };
    let output = tokio::task::spawn_blocking(run).await.expect("ran");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if errors.contains("Operation not permitted") && errors.contains("ptrace") {
        assert!(std::env::var_os("CI").is_none(), "the build server lets no process be traced: {errors}");
        eprintln!("NOT CHECKED: this machine lets no process be traced ({})", errors.trim());
        return None;
    }
    assert!(output.status.success(), "{errors}");
    Some((fs::read_to_string(&file).expect("a trace"), folder))
}

fn strace() -> PathBuf {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/strace");
    let output = Command::new(script).stderr(Stdio::inherit()).output().expect("scripts/strace");
    assert!(output.status.success(), "strace is missing");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// The calls between the arrival of the callback's body and the writing of the answer.
fn between(trace: &str) -> Vec<&str> {
    let lines: Vec<_> = trace.lines().collect();
    let is_read = |line: &str| ["read(", "recvfrom(", "recvmsg(", "readv("].iter().any(|call| line.contains(call));
    // A call that another thread interrupts is written on two lines; the second has what was read.
    let is_arrival = |line: &&str| (is_read(line) || line.contains("resumed>")) && line.contains(CALLBACK);
    let arrived = lines.iter().position(is_arrival).expect("the body arrives");
    let answered =
        lines.iter().position(|line| line.contains("HTTP/1.1 200 recorded")).expect("it is answered with 200");
    assert!(arrived < answered, "answered before it arrived");
    lines[arrived + 1..answered].to_vec()
}

/// The place of the first call that is done and matches.
fn done(calls: &[&str], matches: impl Fn(&str) -> bool) -> Option<usize> {
    calls.iter().position(|line| matches(line) && line.contains("= 0"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_syncs_its_log_between_a_callbacks_body_and_the_200() {
    let folder = fresh_folder();
    let url = format!("sqlite:{}/paymento.db", folder.display());
    let calls = "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync";
    let Some((trace, traced)) = traced(&url, calls).await else { return };
    let calls = between(&trace);
    let written = calls.iter().position(|line| line.contains("pwrite64(") && line.contains("paymento.db-wal"));
    let written = written.unwrap_or_else(|| panic!("the log is not written: {calls:#?}"));
    let last = calls.iter().rposition(|line| line.contains("pwrite64(") && line.contains("paymento.db-wal"));
    let synced = synced_at(&calls, "paymento.db-wal").unwrap_or_else(|| panic!("the log is not synced: {calls:#?}"));
    assert!(written < synced && last < Some(synced), "written after it was synced: {calls:#?}");
    remove([&folder, &traced]);
}

/// Where the last sync of this file is done: `fdatasync(9</a/file>) = 0`, on one line or on two of the same thread.
fn synced_at(calls: &[&str], file: &str) -> Option<usize> {
    let begun = calls.iter().rposition(|line| line.contains("sync(") && line.contains(file))?;
    if calls[begun].contains("= 0") {
        return Some(begun);
    }
    let thread = calls[begun].split_whitespace().next()?;
    let of_thread = |line: &str| line.starts_with(thread) && line.contains("sync resumed>");
    done(&calls[begun..], of_thread).map(|at| begun + at)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_has_answered_the_commit_between_a_callbacks_body_and_the_200() {
    let (_server, url) = tokio::task::spawn_blocking(|| {
        let server = Server::start_durable();
        let url = server.database();
        assert_eq!(postgres::psql(&url, "SHOW fsync"), "on");
        // Where a shop's database is set up to answer before the disk does, the checkout waits all the same.
        postgres::psql(&url, &format!("ALTER DATABASE {} SET synchronous_commit = off", postgres::name(&url)));
        (server, url)
    })
    .await
    .expect("started");
    let calls = "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg";
    let Some((trace, traced)) = traced(&url, calls).await else { return };
    let calls = between(&trace);
    // The statement that stores is prepared, and names itself; the transaction that runs it is asked for in one message; `C`
    // says that its last statement is done, with a length and a text.
    let prepared = calls.iter().find(|line| line.contains("INSERT INTO paymento_callbacks"));
    let prepared = prepared.unwrap_or_else(|| panic!("nothing is stored: {calls:#?}"));
    let name = prepared.split("PREPARE ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a name");
    let is_asked = |line: &&str| line.contains(&format!("EXECUTE {name} (")) && line.contains(r"; COMMIT\0");
    let sent = calls.iter().position(is_asked).unwrap_or_else(|| panic!("no COMMIT is sent: {calls:#?}"));
    let answered = calls[sent..].iter().any(|line| line.contains(r"C\0\0\0\vCOMMIT\0"));
    assert!(answered, "the answer does not wait for the server: {calls:#?}");
    let waits = prepared.contains("set_config('synchronous_commit', 'on', true)");
    assert!(waits, "the commit may be one that waits for no disk: {calls:#?}");
    remove([&traced]);
}

fn remove<'p>(folders: impl IntoIterator<Item = &'p PathBuf>) {
    for folder in folders {
        let _ = fs::remove_dir_all(Path::new(folder));
    }
}
