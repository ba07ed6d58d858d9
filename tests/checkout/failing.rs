//! The database fails in every way it can: nothing is acknowledged that is not stored, and everything resumes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use paymento::{
    Checkout, Client, ErrorCode,
    checkout::{Clock, EventKind, Migrate, Reason, Worker},
    simulator::Simulator,
};

use crate::{
    gateway::{Gateway, callback, signed},
    postgres::Server,
    shop::{Heard, MINUTE, On, Shop, builder, fresh_folder, on_both, receive, request},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_cut_off_gives_503_and_everything_resumes() {
    let mut server = tokio::task::spawn_blocking(Server::start).await.expect("started");
    let (gateway, clock) = (Gateway::start().await, Clock::default());
    let checkout = builder(&gateway, &server.database(), &clock).build().expect("valid");
    let heard = Heard::by(&checkout);
    let token = checkout.create_payment(request("A-578", "29.99")).await.expect("created").token().to_owned();
    server.say("stop", "stopped");
    let begun = Instant::now();
    let answer = receive(&checkout, callback(&token, "A-578", 7)).await;
    assert_eq!((answer.status, answer.body), (503, "try again later"));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let error = checkout.status("A-578").await.expect_err("down");
    assert_eq!((error.code(), error.is_retryable()), (ErrorCode::DatabaseUnavailable, true));
    server.say("start", "started");
    gateway.status(&token, 7);
    assert_eq!(receive(&checkout, callback(&token, "A-578", 7)).await.status, 200);
    checkout.run_once(Duration::from_secs(5), None).await.expect("resumed");
    assert_eq!(heard.paid(), ["A-578"]);
}

/// Runs a statement behind the checkout's back.
fn meddle(on: On, url: &str, sql: &str) {
    match on {
        On::Sqlite => {
            let path = url.trim_start_matches("sqlite:");
            let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.execute(sys.argv[2])\nc.commit()";
            let status = Command::new("python3").args(["-c", script, path, sql]).status().expect("python3");
            assert!(status.success());
        }
        On::Postgres => drop(crate::postgres::psql(url, sql)),
    }
}

on_both! {
    a_lone_callback_that_is_refused_is_quarantined_and_stands_in_nobodys_way
    an_event_that_cannot_be_read_is_a_dead_letter_and_stands_in_nobodys_way
    a_payment_that_cannot_be_read_is_told_of_and_stands_in_nobodys_way
    an_order_that_cannot_be_read_is_asked_about_ever_less_often
}

/// A constraint, a trigger, a table that is away: whatever the database refuses in the middle of a transaction.
async fn a_lone_callback_that_is_refused_is_quarantined_and_stands_in_nobodys_way(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    let refusing = match on {
        On::Sqlite => {
            "CREATE TRIGGER refuses BEFORE INSERT ON paymento_callbacks WHEN NEW.status = '3' \
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        }
        On::Postgres => "ALTER TABLE paymento_callbacks ADD CONSTRAINT refuses CHECK (status <> '3')",
    };
    meddle(on, &shop.url, refusing);
    for _ in 0..2 {
        assert_eq!(shop.callback(&token, "A-578", 3).await.status, 200, "its bytes are kept");
    }
    // Neither this process nor another one waits for a transaction that nobody ends.
    let other = shop.process();
    assert_eq!(receive(&other, callback(&token, "A-578", 1)).await.status, 200);
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!((heard.paid(), heard.reasons()), (vec!["A-578".to_owned()], vec![Reason::UndecodableCallback]));
}

async fn an_event_that_cannot_be_read_is_a_dead_letter_and_stands_in_nobodys_way(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    for order_id in ["A-1", "A-2"] {
        let token = shop.token(order_id, "29.99").await;
        shop.pay(&token, order_id).await;
    }
    shop.checkout.verify_due(None).await.expect("up");
    meddle(
        on,
        &shop.url,
        "UPDATE paymento_events SET payload = '[' WHERE order_row = (SELECT MIN(id) FROM paymento_orders)",
    );
    shop.checkout.run_once(Duration::from_secs(5), None).await.expect("goes on");
    assert_eq!(heard.paid(), ["A-2"]);
    let dead = shop.checkout.dead_letters(None).await.expect("listed");
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].event.order_id.as_str(), dead[0].event.kind), ("A-1", EventKind::Paid));
    assert!(!shop.checkout.health().await.expect("up").ok);
}

async fn a_payment_that_cannot_be_read_is_told_of_and_stands_in_nobodys_way(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::by(&shop.checkout);
    for order_id in ["A-1", "A-2"] {
        let token = shop.token(order_id, "29.99").await;
        shop.pay(&token, order_id).await;
    }
    let first = "(SELECT MIN(id) FROM paymento_payments)";
    meddle(on, &shop.url, &format!("UPDATE paymento_payments SET price = 'x' WHERE id = {first}"));
    shop.settle_down().await;
    assert_eq!((heard.paid(), heard.reasons()), (vec!["A-2".to_owned()], vec![Reason::Mismatch]));
}

async fn an_order_that_cannot_be_read_is_asked_about_ever_less_often(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.token("A-578", "35").await;
    let first = "(SELECT MIN(id) FROM paymento_payments)";
    meddle(on, &shop.url, &format!("UPDATE paymento_payments SET state = 'new' WHERE id <> {first}"));
    shop.gateway.status(&token, 3);
    shop.pass(MINUTE * 30, Duration::from_secs(20)).await;
    assert!((5..20).contains(&shop.gateway.verifies(&token)), "{}", shop.gateway.verifies(&token));
}

/// Another program has the file locked until its standard input ends.
fn lock_file(path: &Path) -> Child {
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
        c.execute('BEGIN IMMEDIATE')\nprint('locked', flush=True)\nsys.stdin.read()";
    let mut child = Command::new("python3")
        .args(["-c", script, &path.display().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    assert_eq!(line.trim(), "locked");
    child
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_sqlite_file_gives_503_and_everything_resumes() {
    let shop = Shop::open(On::Sqlite).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    let mut holder = lock_file(shop.checkout.sqlite_file().expect("a file"));
    let begun = Instant::now();
    assert_eq!(shop.callback(&token, "A-578", 7).await.status, 503);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    // Who only asks is not in the way of a writer, nor the other way round.
    assert!(shop.checkout.status("A-578").await.is_ok());
    drop(holder.stdin.take());
    holder.wait().expect("ended");
    shop.pay(&token, "A-578").await;
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_ends_while_the_file_is_locked_is_recorded_afterwards_and_not_done_again() {
    let shop = Shop::open(On::Sqlite).await;
    let token = shop.token("A-578", "29.99").await;
    shop.pay(&token, "A-578").await;
    shop.checkout.verify_due(None).await.expect("verified");
    let work = shop.checkout.claim(&[EventKind::Paid], None).await.expect("up").expect("due");
    let mut holder = lock_file(shop.checkout.sqlite_file().expect("a file"));
    let checkout = shop.checkout.clone();
    let completing = tokio::spawn(async move { checkout.complete(work).await });
    // Longer than a writer waits for another process.
    tokio::time::sleep(Duration::from_secs(4)).await;
    drop(holder.stdin.take());
    holder.wait().expect("ended");
    completing.await.expect("ran").expect("recorded");
    shop.clock.advance(MINUTE);
    assert!(shop.checkout.claim(&[EventKind::Paid], None).await.expect("up").is_none());
}

fn at(path: &Path, gateway: &Gateway) -> Checkout {
    builder(gateway, &format!("sqlite:{}", path.display()), &Clock::default()).build().expect("valid")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_an_error_of_its_own_and_gives_503() {
    let (folder, gateway) = (fresh_folder(), Gateway::start().await);
    let path = folder.join("paymento.db");
    fs::write(&path, vec![7; 8192]).expect("written");
    let checkout = at(&path, &gateway);
    let error = checkout.status("A-578").await.expect_err("damaged");
    assert_eq!((error.code(), error.is_retryable()), (ErrorCode::DatabaseCorrupt, false));
    assert_eq!(receive(&checkout, signed("{}")).await.status, 503);
    fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_folder_is_an_error_and_the_file_is_its_owners() {
    let (folder, gateway) = (fresh_folder(), Gateway::start().await);
    let path = folder.join("not yet/paymento.db");
    let checkout = at(&path, &gateway);
    let error = checkout.status("A-578").await.expect_err("no folder");
    assert_eq!(error.code(), ErrorCode::DatabaseUnavailable);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    checkout.create_payment(request("A-578", "29.99")).await.expect("the same checkout, now that it can");
    for file in ["paymento.db", "paymento.db-wal"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path.with_file_name(file)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    checkout.close().await;
    fs::remove_dir_all(folder).expect("removed");
}

/// A file system in memory of its own. Only root may make one: elsewhere the test says that it was left out.
struct Mount(std::path::PathBuf);

impl Mount {
    fn new(options: &str) -> Option<Self> {
        let folder = fresh_folder();
        let mounted = mount(&["-t", "tmpfs", "-o", options, "tmpfs", &folder.display().to_string()]);
        if !mounted {
            eprintln!("left out: this user may not mount a file system");
        }
        mounted.then_some(Self(folder))
    }
}

fn mount(arguments: &[&str]) -> bool {
    Command::new("mount").args(arguments).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l", &self.0.display().to_string()]).status();
        let _ = fs::remove_dir(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_gives_503_until_there_is_room() {
    let Some(disk) = Mount::new("size=2m") else { return };
    let gateway = Gateway::start().await;
    let checkout = at(&disk.0.join("paymento.db"), &gateway);
    let token = checkout.create_payment(request("A-578", "29.99")).await.expect("created").token().to_owned();
    let ballast = disk.0.join("ballast");
    let mut file = fs::File::create(&ballast).expect("made");
    while file.write_all(&[0; 4096]).is_ok() {}
    let mut stored = 0;
    let answer = loop {
        let body =
            format!(r#"{{"Token":"{token}","OrderStatus":3,"AdditionalData":"{}"}}"#, "x".repeat(60_000 + stored));
        let answer = receive(&checkout, signed(body)).await;
        if answer.status != 200 {
            break answer;
        }
        stored += 1;
    };
    assert_eq!((answer.status, answer.code), (503, Some(ErrorCode::DatabaseFull)));
    drop(file);
    fs::remove_file(&ballast).expect("removed");
    gateway.status(&token, 7);
    let answer = receive(&checkout, callback(&token, "A-578", 7)).await;
    assert_eq!((answer.status, answer.code), (200, None));
    let received = checkout.history("A-578").await.expect("read").iter().filter(|e| e.what == "received").count();
    assert_eq!(received, stored + 1, "all that was acknowledged, and nothing else");
    checkout.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_disk_gives_503() {
    let Some(disk) = Mount::new("size=2m") else { return };
    let gateway = Gateway::start().await;
    let (path, folder) = (disk.0.join("paymento.db"), disk.0.display().to_string());
    let checkout = at(&path, &gateway);
    checkout.create_payment(request("A-578", "29.99")).await.expect("created");
    checkout.close().await;
    assert!(mount(&["-o", "remount,ro", &folder]));
    let answer = receive(&checkout, signed("{}")).await;
    assert_eq!((answer.status, answer.code), (503, Some(ErrorCode::DatabaseReadOnly)));
    assert!(mount(&["-o", "remount,rw", &folder]));
    assert_eq!(receive(&checkout, signed("{}")).await.status, 200);
    checkout.close().await;
}

/// As hosts do where a disk is nearly full: connections that were opened meanwhile stay as they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_read_only_for_a_while_is_written_to_again() {
    let shop = Shop::open(On::Postgres).await;
    shop.token("A-578", "29.99").await;
    let server = crate::postgres::shared();
    let name = crate::postgres::name(&shop.url);
    server.psql(name, &format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    server
        .psql("postgres", &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
    for number in 0..3 {
        let answer = receive(&shop.checkout, callback("00112233445566778899aabbccddeeff", "B-1", number)).await;
        assert_eq!((answer.status, answer.code), (503, Some(ErrorCode::DatabaseReadOnly)));
        assert!(shop.checkout.create_payment(request("A-579", "1")).await.is_err());
    }
    server.psql("postgres", &format!("ALTER DATABASE {name} RESET default_transaction_read_only"));
    for number in 0..3 {
        let answer = receive(&shop.checkout, callback("00112233445566778899aabbccddeeff", "B-1", number)).await;
        assert_eq!((answer.status, answer.code), (200, None));
        shop.token(&format!("C-{number}"), "1").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_body_that_the_database_refuses_is_kept_and_holds_up_nobody() {
    let shop = Shop::open(On::Postgres).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    let database = shop.url.rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("a name").to_owned();
    let refuse = "ALTER TABLE paymento_callbacks ADD CHECK (status <> '1')";
    crate::postgres::shared().psql(&database, refuse);
    let receiving: Vec<_> = (0..64)
        .map(|number| {
            let (checkout, status) = (shop.checkout.clone(), if number == 31 { 1 } else { 3 });
            let body = callback(&token, &format!("A-{number}"), status);
            tokio::spawn(async move { receive(&checkout, body).await.status })
        })
        .collect();
    for status in receiving {
        assert_eq!(status.await.expect("ran"), 200);
    }
    let count = crate::postgres::shared().psql(&database, "SELECT COUNT(*) FROM paymento_callbacks");
    let bare = crate::postgres::shared()
        .psql(&database, "SELECT convert_from(body, 'UTF8') FROM paymento_callbacks WHERE kind = 3 AND token IS NULL");
    assert_eq!((count.as_str(), bare.contains("\"OrderStatus\":1")), ("64", true));
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Attention]);
}

on_both! {
    many_processes_make_the_tables_at_once
    tables_are_only_checked_where_that_is_asked_for
    a_database_of_a_simulator_is_refused_by_the_live_gateway
}

async fn many_processes_make_the_tables_at_once(on: On) {
    let shop = Shop::open(on).await;
    let starting: Vec<_> = (0..8)
        .map(|number| {
            let checkout = shop.process();
            tokio::spawn(async move { checkout.create_payment(request(&format!("A-{number}"), "1")).await })
        })
        .collect();
    for started in starting {
        started.await.expect("ran").expect("created");
    }
}

async fn tables_are_only_checked_where_that_is_asked_for(on: On) {
    let shop = Shop::open(on).await;
    let careful = shop.process_with(|builder| builder.migrate(Migrate::Check));
    assert_eq!(careful.status("A-578").await.expect_err("missing").code(), ErrorCode::DatabaseSchema);
    if let Some(file) = shop.url.strip_prefix("sqlite:") {
        assert!(!std::path::Path::new(file).exists(), "a check makes no file");
    }
    assert_eq!(shop.checkout.status("A-578").await.expect_err("unknown").code(), ErrorCode::CheckoutUnknownOrder);
    assert_eq!(careful.status("A-578").await.expect_err("unknown").code(), ErrorCode::CheckoutUnknownOrder);
}

async fn a_database_of_a_simulator_is_refused_by_the_live_gateway(on: On) {
    let shop = Shop::open(on).await;
    shop.token("A-578", "29.99").await;
    let live = Client::builder("an-api-key").secret_key("a secret key").build().expect("valid");
    let checkout = Checkout::builder(live).database(&shop.url).build().expect("valid");
    let error = checkout.status("A-578").await.expect_err("refused");
    assert_eq!(error.code(), ErrorCode::ConfigOtherGateway);
    checkout.close().await;
    // The port of a simulator changes; the database stays good.
    let simulator = Simulator::start().expect("started");
    let client = Client::builder(simulator.api_key()).base_url(simulator.base_url()).build().expect("valid");
    let later = Checkout::builder(client).database(&shop.url).worker(Worker::External).build().expect("valid");
    assert!(later.status("A-578").await.is_ok());
    later.close().await;
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    let client = || Client::builder("an-api-key").build().expect("valid");
    let refused = |checkout: paymento::checkout::CheckoutBuilder| checkout.build().expect_err("refused").code();
    assert_eq!(refused(Checkout::builder(client()).database("mysql://u:p@h/d")), ErrorCode::ConfigDatabaseUrl);
    assert_eq!(refused(Checkout::builder(client()).account("a/b")), ErrorCode::ConfigWorker);
    assert_eq!(refused(Checkout::builder(client()).verifies_per_second(0)), ErrorCode::ConfigWorker);
    assert_eq!(refused(Checkout::builder(client()).listen_url("postgres://u@h/d")), ErrorCode::ConfigDatabaseUrl);
    let simulator = Client::builder("an-api-key").base_url("http://127.0.0.1:1").build().expect("valid");
    assert_eq!(refused(Checkout::builder(simulator).require_live(true)), ErrorCode::ConfigOtherGateway);
    for database in ["postgres", "sqlite"] {
        assert!(Checkout::schema_sql(database).expect("known").contains("paymento_orders"));
    }
}
