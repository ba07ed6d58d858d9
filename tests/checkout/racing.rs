//! What happens between two statements of ours: another process takes the order over, cleans up, registers another gateway.

use std::time::Duration;

use paymento::{
    Checkout, Client, ErrorCode,
    checkout::{EventKind, Worker},
};

use crate::{
    postgres::{self, Session},
    shop::{On, SOON, Shop, fresh_folder, on_both},
};

const PAID: [EventKind; 1] = [EventKind::Paid];

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("ran")
}

async fn psql(url: &str, sql: impl Into<String>) -> String {
    let (name, sql) = (postgres::name(url).to_owned(), sql.into());
    blocking(move || postgres::shared().psql(&name, &sql)).await
}

/// Waits until the database says so.
async fn until(url: &str, sql: &str) {
    let waiting = async {
        while psql(url, sql).await != "t" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(SOON, waiting).await.is_ok(), "never: {sql}");
}

const SOMEBODY_WAITS: &str = "SELECT COUNT(*) > 0 FROM pg_stat_activity \
    WHERE datname = current_database() AND wait_event_type = 'Lock'";

async fn paid(shop: &Shop, order_id: &str) {
    let token = shop.token(order_id, "29.99").await;
    shop.pay(&token, order_id).await;
    shop.settle_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_the_lease_while_completing_completes_nothing() {
    let shop = Shop::open(On::Postgres).await;
    paid(&shop, "A-578").await;
    let work = shop.checkout.claim(&PAID, None).await.expect("up").expect("due");
    let url = shop.url.clone();
    let mut other = blocking(move || Session::begin(&url)).await;
    other.run("UPDATE paymento_orders SET fencing = fencing + 1, lease_owner = 'another' WHERE order_id = 'A-578'");
    let completing = tokio::spawn({
        let checkout = shop.checkout.clone();
        async move { checkout.complete(work).await }
    });
    until(&shop.url, SOMEBODY_WAITS).await;
    other.run("COMMIT");
    let lost = completing.await.expect("ran").expect_err("the other process has the order");
    assert_eq!(lost.code(), ErrorCode::CheckoutLeaseLost);
    assert_eq!(
        psql(&shop.url, "SELECT state FROM paymento_events WHERE kind = 'paid'").await,
        "0",
        "the other's to do"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cleaning_up_holds_up_no_lease() {
    let shop = Shop::open(On::Postgres).await;
    paid(&shop, "A-578").await;
    psql(&shop.url, "UPDATE paymento_callbacks SET received_at = 0").await;
    let url = shop.url.clone();
    let mut other = blocking(move || Session::begin(&url)).await;
    other.run("SELECT id FROM paymento_callbacks FOR UPDATE");
    let worker = shop.process_with(|builder| builder.worker(Worker::Thread));
    let work = worker.next(&PAID, SOON).await.expect("up").expect("due");
    until(&shop.url, SOMEBODY_WAITS).await;
    let leased = psql(&shop.url, "SELECT lease_until FROM paymento_orders WHERE order_id = 'A-578'").await;
    let renewed = format!("SELECT lease_until > {leased} FROM paymento_orders WHERE order_id = 'A-578'");
    let waiting = tokio::time::timeout(Duration::from_secs(6), until(&shop.url, &renewed));
    assert!(waiting.await.is_ok(), "the lease is not renewed while old rows are removed");
    drop(other);
    worker.complete(work).await.expect("still ours");
}

on_both! {
    of_two_gateways_that_come_at_once_one_is_refused
}

async fn of_two_gateways_that_come_at_once_one_is_refused(on: On) {
    for round in 0..5 {
        let folder = fresh_folder();
        let url = match on {
            On::Sqlite => format!("sqlite:{}/paymento.db", folder.display()),
            On::Postgres => blocking(|| postgres::shared().database()).await,
        };
        let starting: Vec<_> = (0..8)
            .map(|number| {
                let base = if number % 2 == 0 { "http://127.0.0.1:9" } else { "https://gateway.example" };
                let checkout = starting(base, &url, &format!("store-{number}"));
                tokio::spawn(async move { (number % 2, opened(&checkout).await) })
            })
            .collect();
        let mut taken = [0, 0];
        for started in starting {
            match started.await.expect("ran") {
                (gateway, Ok(())) => taken[gateway] += 1,
                (_, Err(code)) => assert_eq!(code, ErrorCode::ConfigOtherGateway),
            }
        }
        assert!(taken == [4, 0] || taken == [0, 4], "round {round}: both gateways were let in: {taken:?}");
        std::fs::remove_dir_all(folder).expect("removed");
    }
}

/// Eight at once may be told that the file is busy, and come again.
async fn opened(checkout: &Checkout) -> Result<(), ErrorCode> {
    for _ in 0..20 {
        match checkout.health().await {
            Err(error) if error.is_retryable() => {}
            result => return result.map(|_| ()).map_err(|error| error.code()),
        }
    }
    Err(ErrorCode::DatabaseUnavailable)
}

fn starting(base_url: &str, database: &str, account: &str) -> Checkout {
    let client = Client::builder("an-api-key").base_url(base_url).build().expect("valid");
    let clock = paymento::checkout::Clock::default();
    let builder = Checkout::builder(client).database(database).account(account).worker(Worker::External);
    builder.testing_clock(&clock).build().expect("valid")
}
