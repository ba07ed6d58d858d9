//! PostgreSQL plans a statement once on a connection, and what is between us and the server may not know of it.

use paymento::{Checkout, checkout::Worker};

use crate::{
    gateway::{callback, signed},
    pooler::{Pooler, process},
    postgres,
    shop::{Heard, On, SOON, Shop, receive, request},
};

/// Notes for each stored callback how many plans of ours its connection has, and how often one of them was used for all values.
const NOTE_PLANS: &str = "CREATE TABLE seen (id SERIAL, plans BIGINT, uses BIGINT); \
     CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen (plans, uses) \
     SELECT COUNT(*), COALESCE(MAX(generic_plans), 0) FROM pg_prepared_statements WHERE name LIKE ''paymento%''; \
     RETURN NULL; END'; CREATE TRIGGER sees AFTER INSERT ON paymento_callbacks FOR EACH ROW EXECUTE FUNCTION see()";

async fn psql(shop: &Shop, sql: &'static str) -> String {
    let url = shop.url.clone();
    tokio::task::spawn_blocking(move || postgres::psql(&url, sql)).await.expect("ran")
}

/// A pooler in front of the shop's database, with settings of its own.
async fn pooler(shop: &Shop, settings: &'static str) -> Pooler {
    let url = shop.url.clone();
    tokio::task::spawn_blocking(move || Pooler::start_with(&url, settings)).await.expect("started")
}

/// From the button to the handler, in this process.
async fn sell(shop: &Shop, checkout: &Checkout, order_id: &str) {
    let token = checkout.create_payment(request(order_id, "29.99")).await.expect("created").token().to_owned();
    shop.gateway.status(&token, 7);
    assert_eq!(receive(checkout, callback(&token, order_id, 7)).await.status, 200);
    checkout.run_once(SOON, None).await.expect("ran");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_runs_a_statement_that_is_planned_already() {
    let shop = Shop::open(On::Postgres).await;
    shop.token("A-578", "29.99").await;
    psql(&shop, NOTE_PLANS).await;
    // The server looks at the values five times before it does without, on each of three connections.
    for number in 0..24 {
        assert_eq!(receive(&shop.checkout, callback("of nobody", "A-578", number)).await.status, 200);
    }
    let seen = psql(&shop, "SELECT MIN(plans) > 0, MAX(uses) > 0 FROM seen").await;
    assert_eq!(seen, "t|t");
}

/// As PgBouncer does with `server_reset_query_always`, and as a transaction on another of the server's connections looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_that_forgets_plans_nothing_is_lost_and_statements_are_written_out() {
    let shop = Shop::open(On::Postgres).await;
    let pooler = pooler(&shop, "server_reset_query = DISCARD ALL\nserver_reset_query_always = 1\n").await;
    let checkout = process(&shop, &pooler, Worker::External);
    let heard = Heard::by(&checkout);
    shop.token("A-578", "29.99").await;
    psql(&shop, NOTE_PLANS).await;
    for order_id in ["A-1", "A-2", "A-3"] {
        sell(&shop, &checkout, order_id).await;
    }
    assert_eq!(heard.paid(), ["A-1", "A-2", "A-3"]);
    let asking = process(&shop, &pooler, Worker::External);
    for _ in 0..3 {
        asking.status("A-1").await.expect("nothing that a customer sees");
    }
    let last = psql(&shop, "SELECT plans FROM seen ORDER BY id DESC LIMIT 1").await;
    assert_eq!(last, "0", "what is forgotten each time is not planned each time");
}

/// Whatever somebody else has prepared under our name on a connection of the server that we share with them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_share_a_poolers_connections_run_only_their_own_statements() {
    let shop = Shop::open(On::Postgres).await;
    let pooler = pooler(&shop, "default_pool_size = 1\n").await;
    let processes: Vec<_> = (0..3).map(|_| process(&shop, &pooler, Worker::External)).collect();
    let heard: Vec<_> = processes.iter().map(Heard::by).collect();
    for (number, checkout) in processes.iter().cycle().take(9).enumerate() {
        sell(&shop, checkout, &format!("A-{number}")).await;
    }
    let paid: usize = heard.iter().map(|heard| heard.paid().len()).sum();
    assert_eq!(paid, 9);
}

/// A deferred trigger sees what the commit is about to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stored_callback_waits_for_the_disk_whatever_the_database_is_set_to() {
    let shop = Shop::open(On::Postgres).await;
    let database = postgres::name(&shop.url).to_owned();
    shop.token("A-578", "29.99").await;
    psql(
        &shop,
        "CREATE TABLE seen (waits TEXT); CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN INSERT INTO seen VALUES (current_setting(''synchronous_commit'')); RETURN NULL; END'; \
         CREATE CONSTRAINT TRIGGER sees AFTER INSERT ON paymento_callbacks DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION see()",
    )
    .await;
    let url = shop.url.clone();
    let off = format!("ALTER DATABASE {database} SET synchronous_commit = off");
    tokio::task::spawn_blocking(move || postgres::psql(&url, &off)).await.expect("set");
    // On connections that are opened after that: alone, many at once, and what cannot be read.
    let process = shop.process();
    for number in 0..8 {
        assert_eq!(receive(&process, callback("of nobody", "A-578", number)).await.status, 200);
    }
    let receiving = (0..64).map(|number| {
        let process = process.clone();
        tokio::spawn(async move { receive(&process, callback("of nobody", &format!("A-{number}"), 7)).await.status })
    });
    for status in receiving.collect::<Vec<_>>() {
        assert_eq!(status.await.expect("ran"), 200);
    }
    assert_eq!(receive(&process, signed("neither JSON nor a form")).await.status, 200);
    let seen = psql(&shop, "SELECT DISTINCT waits, COUNT(*) > 70 FROM seen GROUP BY waits").await;
    assert_eq!(seen, "on|t");
}
