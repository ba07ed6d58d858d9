//! Several processes: crashes at every named place, wake-ups from one to the other, background work.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use paymento::{
    Checkout, Client,
    checkout::{EventKind, OrderEvent, Worker},
};

use crate::{
    gateway::{SECRET, callback},
    shop::{Heard, On, SOON, Shop, on_both, receive, request},
};

on_both! {
    a_process_that_dies_at_any_place_loses_nothing_and_doubles_nothing
    one_process_is_woken_by_another
    a_shop_of_one_process_ships_by_itself
    a_shop_that_only_registers_its_handlers_ships
    without_background_work_receive_verifies_and_hands_over_before_it_answers
    without_background_work_each_new_callback_is_asked_about_at_once_and_a_repetition_is_not
    a_checkout_works_again_after_it_was_closed
}

const PLACES: [&str; 5] = ["after_intent", "after_create", "after_commit", "after_verify", "before_complete"];

/// A shop's process that dies at `PAYMENTO_FAIL_POINT`. Run by the test below, with its database and gateway.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by another test, as a process of its own"]
async fn dying_shop() {
    let (Ok(url), Ok(base_url)) = (std::env::var("SHOP_DATABASE"), std::env::var("SHOP_GATEWAY")) else { return };
    let client =
        Client::builder("an-api-key-of-the-test").secret_key(SECRET).base_url(base_url).build().expect("valid");
    let checkout = Checkout::builder(client)
        .database(&url)
        .worker(Worker::External)
        .verifies_per_second(1_000)
        .build()
        .expect("valid");
    let _heard = Heard::by(&checkout);
    let payment = checkout.create_payment(request("A-578", "29.99")).await.expect("created");
    let answer = receive(&checkout, callback(payment.token(), "A-578", 7)).await;
    println!("answered {}", answer.status);
    checkout.run_once(SOON, None).await.expect("ran");
    println!("finished");
}

async fn a_process_that_dies_at_any_place_loses_nothing_and_doubles_nothing(on: On) {
    for place in PLACES {
        let shop = Shop::open(on).await;
        let heard = Heard::by(&shop.checkout);
        shop.gateway.pay_at_once();
        let (url, client, place) = (shop.url.clone(), shop.gateway.client(), place.to_owned());
        let died_at = place.clone();
        let output = tokio::task::spawn_blocking(move || {
            Command::new(std::env::current_exe().expect("this program"))
                .args(["--exact", "processes::dying_shop", "--ignored", "--nocapture"])
                .env("SHOP_DATABASE", url)
                .env("SHOP_GATEWAY", client.base_url())
                .env("PAYMENTO_FAIL_POINT", died_at)
                .stderr(Stdio::null())
                .output()
                .expect("ran")
        });
        let output = output.await.expect("ran");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && !text.contains("finished"), "{place}: {text}");
        assert!(!text.contains("answered") || place == "after_verify" || place == "before_complete", "{place}");
        // The lease of what the dead process held ends: the order's, the intent's, and that of whoever asked the gateway.
        shop.clock.advance(Duration::from_secs(11));
        if !text.contains("answered") {
            let payment = shop.checkout.create_payment(request("A-578", "29.99")).await.expect("created");
            shop.pay(payment.token(), "A-578").await;
        }
        shop.settle_down().await;
        assert_eq!(heard.kinds(), [EventKind::Paid], "{place}: a lease and a second later");
        shop.pass(Duration::from_secs(40), Duration::from_secs(10)).await;
        assert_eq!(heard.kinds(), [EventKind::Paid], "{place}");
    }
}

async fn one_process_is_woken_by_another(on: On) {
    let listen = |shop: &Shop| match on {
        On::Sqlite => shop.process(),
        On::Postgres => shop.process_with(|builder| builder.listen_url(&shop.url)),
    };
    let shop = Shop::open(on).await;
    let other = listen(&shop);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 7);
    let waiting = tokio::spawn(async move {
        let work = other.next(&[EventKind::Paid], SOON).await.expect("up").expect("woken");
        let heard_at = Instant::now();
        other.complete(work).await.expect("completed");
        heard_at
    });
    // The other process has opened the database and sleeps.
    while shop.checkout.health().await.expect("up").runners == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let sent_at = Instant::now();
    shop.callback(&token, "A-578", 7).await;
    let latency = waiting.await.expect("ran").duration_since(sent_at);
    println!("{on:?}: callback here, handed over there: {latency:?}");
    assert!(latency < Duration::from_millis(900), "only by looking every second: {latency:?}");
}

async fn a_shop_of_one_process_ships_by_itself(on: On) {
    let shop = Shop::open_with(on, |builder| builder.worker(Worker::Thread)).await;
    let token = shop.token("A-578", "29.99").await;
    shop.pay(&token, "A-578").await;
    shop.gateway.asked(&token, 1).await;
    let work = shop.checkout.next(&[EventKind::Paid], SOON).await.expect("up").expect("verified in the background");
    // Renewed in the background: much longer than a lease by the database's clock, a few seconds at a time.
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        shop.clock.advance(Duration::from_secs(6));
        assert!(shop.process().claim(&[EventKind::Paid], None).await.expect("up").is_none());
    }
    shop.checkout.complete(work).await.expect("still ours");
    let health = shop.checkout.health().await.expect("up");
    assert_eq!((health.runners, health.paid_unfinished), (1, 0));
}

async fn a_shop_that_only_registers_its_handlers_ships(on: On) {
    let shop = Shop::open_with(on, |builder| builder.worker(Worker::Thread)).await;
    let (sender, mut shipped) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |event: OrderEvent| {
        let sent = sender.send(event.order_id).map_err(|_| "nobody waits");
        async move { sent }
    };
    shop.checkout.on(EventKind::Paid, handler).expect("no handler yet");
    let token = shop.token("A-578", "29.99").await;
    shop.pay(&token, "A-578").await;
    let order_id = tokio::time::timeout(SOON, shipped.recv()).await.expect("soon");
    assert_eq!(order_id.as_deref(), Some("A-578"));
}

async fn without_background_work_receive_verifies_and_hands_over_before_it_answers(on: On) {
    let shop = Shop::open_with(on, |builder| builder.worker(Worker::Inline)).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.pay(&token, "A-578").await;
    assert_eq!((shop.gateway.verifies(&token), heard.paid()), (1, vec!["A-578".to_owned()]));
    assert_eq!(shop.checkout.run_once(Duration::ZERO, Some("A-578")).await.expect("ran"), 0);
    // The gateway fails: the answer is 200 all the same, since the callback is recorded.
    let other = shop.token("B-1", "1").await;
    shop.gateway.fail_verifying([401]);
    assert_eq!(shop.callback(&other, "B-1", 7).await.status, 200);
}

async fn without_background_work_each_new_callback_is_asked_about_at_once_and_a_repetition_is_not(on: On) {
    let shop = Shop::open_with(on, |builder| builder.worker(Worker::Inline)).await;
    let heard = Heard::by(&shop.checkout);
    let token = shop.token("A-578", "29.99").await;
    shop.callback(&token, "A-578", 3).await;
    shop.callback(&token, "A-578", 3).await;
    assert_eq!((shop.gateway.verifies(&token), heard.kinds()), (1, vec![]));
    shop.pay(&token, "A-578").await;
    assert_eq!((shop.gateway.verifies(&token), heard.paid()), (2, vec!["A-578".to_owned()]));
}

async fn a_checkout_works_again_after_it_was_closed(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    let closing = shop.checkout.clone();
    // Bindings wait on threads of their own, without tokio.
    std::thread::spawn(move || without_tokio(closing.close())).join().expect("closed");
    assert_eq!(shop.checkout.status("A-578").await.expect("opened again").token, Some(token));
}

fn without_tokio<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(result) = work.as_mut().poll(&mut context) {
            return result;
        }
        std::thread::yield_now();
    }
}
