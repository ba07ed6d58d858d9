//! What shows after years, or with many: other stores' settings, a clock that was wrong, roles that may little, a schema from
//! the future, secrets, closing in the middle of work.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use paymento::{
    Checkout, Client, ErrorCode,
    checkout::{Clock, EventKind, Migrate, OrderState, Worker},
};

use crate::{
    gateway::{Gateway, SECRET, callback},
    postgres,
    shop::{Heard, On, SOON, Shop, builder, on_both, receive, request},
};

const DAY: Duration = Duration::from_hours(24);
const PAID: [EventKind; 1] = [EventKind::Paid];

on_both! {
    one_store_removes_nothing_of_another
    a_clock_that_was_a_year_ahead_holds_up_nothing_once_it_is_right
    closing_waits_for_nobody_who_waits
    real_processes_that_start_at_once_make_the_tables_once
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("ran")
}

async fn one_store_removes_nothing_of_another(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.callback(&token, "A-578", 3).await;
    let hasty = shop.process_with(|builder| {
        builder.account("hasty").keep_bodies(8 * DAY).keep_decisions(30 * DAY).worker(Worker::Thread)
    });
    let theirs = hasty.create_payment(request("A-578", "1")).await.expect("created").token().to_owned();
    receive(&hasty, callback(&theirs, "A-578", 3)).await;
    hasty.close().await;
    shop.clock.advance(40 * DAY);
    let before = shop.checkout.history("A-578").await.expect("read").len();
    // Cleans up as soon as it starts.
    let hasty = shop.process_with(|builder| {
        builder.account("hasty").keep_bodies(8 * DAY).keep_decisions(30 * DAY).worker(Worker::Thread)
    });
    let gone = async {
        let _ = hasty.next(&PAID, Duration::ZERO).await;
        while hasty
            .history("A-578")
            .await
            .expect("read")
            .iter()
            .any(|entry| entry.what == "created" || entry.what == "received")
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(SOON, gone).await.is_ok(), "what is old stays");
    assert_eq!(shop.checkout.history("A-578").await.expect("read").len(), before, "another store's is gone");
    hasty.close().await;
}

async fn a_clock_that_was_a_year_ahead_holds_up_nothing_once_it_is_right(on: On) {
    let shop = Shop::open(on).await;
    let wrong = Clock::default();
    wrong.advance(366 * DAY);
    let early = builder(&shop.gateway, &shop.url, &wrong).build().expect("valid");
    let token = early.create_payment(request("A-578", "29.99")).await.expect("created").token().to_owned();
    let other = early.create_payment(request("B-1", "1")).await.expect("created").token().to_owned();
    for (token, order_id) in [(&token, "A-578"), (&other, "B-1")] {
        shop.gateway.status(token, 7);
        assert_eq!(receive(&early, callback(token, order_id, 7)).await.status, 200);
    }
    early.verify_due(Some("A-578")).await.expect("verified");
    let held = early.claim(&PAID, Some("A-578")).await.expect("up").expect("paid");
    drop(held);
    early.close().await;
    // The clock is right again.
    let right = shop.process_with(|builder| builder.worker(Worker::Thread));
    let heard = Heard::by(&right);
    let running = tokio::spawn({
        let right = right.clone();
        async move { right.run(std::future::pending()).await }
    });
    let shipped = async {
        while heard.paid().len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(SOON, shipped).await.is_ok(), "only {:?}", heard.paid());
    running.abort();
}

async fn closing_waits_for_nobody_who_waits(on: On) {
    let shop = Shop::open_with(on, |builder| builder.worker(Worker::Thread)).await;
    let token = shop.token("A-578", "29.99").await;
    let waiting = tokio::spawn({
        let checkout = shop.checkout.clone();
        async move { checkout.next(&PAID, Duration::from_secs(5)).await }
    });
    let held = shop.gateway.creating.clone().lock_owned().await;
    let creating = tokio::spawn({
        let checkout = shop.checkout.clone();
        async move { checkout.create_payment(request("B-1", "1")).await }
    });
    while shop.checkout.status("B-1").await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let begun = Instant::now();
    shop.checkout.close().await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    shop.checkout.close().await;
    drop(held);
    assert!(creating.await.expect("ran").is_err(), "its database is closed");
    waiting.await.expect("ran").map(|work| assert!(work.is_none())).unwrap_or_default();
    // It opens again, and what was begun is taken up.
    assert_eq!(shop.checkout.status("A-578").await.expect("opened again").token, Some(token));
    shop.checkout.close().await;
}

/// A process that starts. Run by the test below, several at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by another test, as a process of its own"]
async fn starting_shop() {
    let (Ok(url), Ok(base_url)) = (std::env::var("STARTING_DATABASE"), std::env::var("STARTING_GATEWAY")) else {
        return;
    };
    let client =
        Client::builder("an-api-key-of-the-test").secret_key(SECRET).base_url(base_url).build().expect("valid");
    let checkout = Checkout::builder(client).database(&url).worker(Worker::External).build().expect("valid");
    let payment = checkout.create_payment(request("A-578", "29.99")).await.expect("created");
    println!("token {}", payment.token());
}

async fn real_processes_that_start_at_once_make_the_tables_once(on: On) {
    for _ in 0..3 {
        let shop = Shop::open(on).await;
        let starting: Vec<_> = (0..4)
            .map(|_| {
                Command::new(std::env::current_exe().expect("this program"))
                    .args(["--exact", "lasting::starting_shop", "--ignored", "--nocapture"])
                    .env("STARTING_DATABASE", &shop.url)
                    .env("STARTING_GATEWAY", shop.gateway.client().base_url())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("started")
            })
            .collect();
        let mut tokens = vec![];
        for process in starting {
            let output = blocking(move || process.wait_with_output().expect("ended")).await;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
            tokens.extend(text.lines().find_map(|line| line.split_once("token ").map(|(_, token)| token.to_owned())));
        }
        tokens.dedup();
        assert_eq!((tokens.len(), shop.gateway.created()), (1, 1), "{tokens:?}");
    }
}

/// A role that may read and write, and neither make nor change tables.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_without_ddl_works_on_tables_that_psql_has_made() {
    let url = blocking(|| postgres::shared().database()).await;
    let name = postgres::name(&url).to_owned();
    let role = format!("clerk_{name}");
    let of_role = url.replace("postgres@", &format!("{role}:s3cr3t@"));
    let (gateway, clock) = (Gateway::start().await, Clock::default());
    let sql = [
        format!("CREATE ROLE {role} LOGIN PASSWORD 's3cr3t'"),
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
        format!("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}"),
    ];
    let (admin, setting_up) = (url.clone(), sql.join("; "));
    blocking(move || postgres::psql(&admin, &setting_up)).await;
    let checked = builder(&gateway, &of_role, &clock).migrate(Migrate::Check).build().expect("valid");
    assert_eq!(checked.status("A-578").await.expect_err("missing").code(), ErrorCode::DatabaseSchema);
    let automatic = builder(&gateway, &of_role, &clock).build().expect("valid");
    let refused = automatic.status("A-578").await.expect_err("may not make tables");
    assert_eq!((refused.code(), refused.is_retryable()), (ErrorCode::DatabaseRefused, false));
    let admin = url.clone();
    blocking(move || postgres::psql(&admin, Checkout::schema_sql("postgres").expect("printed"))).await;
    for checkout in [checked, automatic] {
        let token = checkout.create_payment(request("A-578", "29.99")).await.expect("created").token().to_owned();
        assert_eq!(receive(&checkout, callback(&token, "A-578", 3)).await.status, 200);
        assert_eq!(checkout.status("A-578").await.expect("known").state, OrderState::Open);
        assert!(!format!("{checkout:?} {refused} {refused:?}").contains("s3cr3t"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_library_works_on_a_newer_schema_that_lets_it_and_refuses_one_that_does_not() {
    let shop = Shop::open(On::Postgres).await;
    let token = shop.token("A-578", "29.99").await;
    for (versions, works) in
        [("version = 7, oldest_compatible = 1", true), ("version = 8, oldest_compatible = 8", false)]
    {
        let (url, sql) = (shop.url.clone(), format!("UPDATE paymento_schema SET {versions}"));
        blocking(move || postgres::psql(&url, &sql)).await;
        let older = shop.process();
        let status = older.status("A-578").await;
        assert_eq!(status.as_ref().is_ok_and(|status| status.token.as_ref() == Some(&token)), works, "{versions}");
        if let Err(error) = status {
            assert_eq!((error.code(), error.is_retryable()), (ErrorCode::DatabaseSchema, false));
            assert_eq!(receive(&older, callback(&token, "A-578", 7)).await.status, 503);
        }
        older.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_in_the_database_url_is_in_no_error() {
    let (gateway, clock) = (Gateway::start().await, Clock::default());
    let server = blocking(|| postgres::shared().database()).await;
    let address = server.split('@').nth(1).and_then(|rest| rest.split('/').next()).expect("an address").to_owned();
    for url in [
        "postgres://shop:s3cr3t@127.0.0.1:1/orders".to_owned(),
        "postgres://shop:s3cr3t@no-such-host.invalid/orders".to_owned(),
        format!("postgres://nobody:s3cr3t@{address}/orders?sslmode=disable"),
        format!("postgres://postgres:s3cr3t@{address}/nowhere?sslmode=disable"),
        format!("postgres://postgres:s3cr3t@{address}/orders?sslmode=verify-full"),
        format!("postgres://postgres:s3cr3t@{address}/orders?sslmode=verify-full&sslrootcert=/nowhere/s3cr3t.pem"),
    ] {
        let building = builder(&gateway, &url, &clock).listen_url(&url);
        assert!(!format!("{building:?}").contains("s3cr3t"));
        let checkout = building.build().expect("valid");
        let error = checkout.status("A-578").await.expect_err("no such server");
        let answer = receive(&checkout, callback("0123456789abcdef0123456789abcdef", "A-578", 7)).await;
        assert_eq!(answer.status, 503, "{url}");
        let mut text = format!("{checkout:?} {answer:?} {error} {error:?}");
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            text = format!("{text} {inner} {inner:?}");
            source = inner.source();
        }
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}
