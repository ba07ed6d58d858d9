//! Handing over: leases, fencing, failures, dead letters, and once in the shop's own database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use paymento::{
    Checkout, ErrorCode,
    checkout::{EventKind, OrderEvent, Problem, Reason},
};

use crate::shop::{Heard, MINUTE, On, SOON, Shop, on_both};

const PAID: [EventKind; 1] = [EventKind::Paid];

on_both! {
    work_is_handed_to_one_process_at_a_time
    who_lost_the_lease_completes_nothing
    a_process_does_not_take_an_order_again_that_it_still_works_on
    a_handler_that_fails_is_tried_again_and_then_a_dead_letter
    an_order_that_kills_each_process_is_put_off_and_then_a_dead_letter
    a_second_handler_is_an_error
    a_paid_order_without_a_handler_stays_and_is_unhealthy
    what_the_shop_does_not_want_to_hear_of_is_no_missing_runner
    nothing_stands_before_paid
    work_that_is_given_back_is_handed_over_again
    who_is_told_to_stop_waits_no_longer_and_loses_nothing
    many_orders_are_each_handed_over_once_by_four_processes
    a_dead_letter_of_an_order_that_is_no_longer_paid_is_not_replayed
    the_history_says_why_an_order_was_shipped
}

async fn paid(shop: &Shop, order_id: &str) -> String {
    let token = shop.token(order_id, "29.99").await;
    shop.pay(&token, order_id).await;
    shop.settle_down().await;
    token
}

async fn work_is_handed_to_one_process_at_a_time(on: On) {
    let shop = Shop::open(on).await;
    let other = shop.process();
    paid(&shop, "A-578").await;
    let work = shop.checkout.claim(&PAID, None).await.expect("up").expect("due");
    assert!(other.claim(&PAID, None).await.expect("up").is_none());
    shop.checkout.complete(work).await.expect("completed");
    shop.clock.advance(MINUTE);
    assert!(other.claim(&PAID, None).await.expect("up").is_none());
}

async fn who_lost_the_lease_completes_nothing(on: On) {
    let shop = Shop::open(on).await;
    let other = shop.process();
    paid(&shop, "A-578").await;
    let slow = shop.checkout.claim(&PAID, None).await.expect("up").expect("due");
    shop.clock.advance(Duration::from_secs(9));
    assert!(other.claim(&PAID, None).await.expect("up").is_none());
    shop.clock.advance(Duration::from_secs(2));
    let quick = other.claim(&PAID, None).await.expect("up").expect("the lease has ended");
    assert!(quick.fencing() > slow.fencing());
    assert_eq!(quick.event().key, slow.event().key);
    let lost = shop.checkout.complete(slow).await.expect_err("lost");
    assert_eq!(lost.code(), ErrorCode::CheckoutLeaseLost);
    other.complete(quick).await.expect("completed");
}

async fn a_process_does_not_take_an_order_again_that_it_still_works_on(on: On) {
    let shop = Shop::open(on).await;
    paid(&shop, "A-578").await;
    paid(&shop, "B-1").await;
    let working = shop.checkout.claim(&PAID, None).await.expect("up").expect("due");
    // As after a database that was away for longer than a lease.
    shop.clock.advance(Duration::from_secs(11));
    let next = shop.checkout.claim(&PAID, None).await.expect("up").expect("the other one");
    assert_ne!(next.event().order_id, working.event().order_id);
    assert!(shop.checkout.claim(&PAID, None).await.expect("up").is_none());
    shop.checkout.complete(working).await.expect("nobody else has taken it");
}

fn failing(checkout: &Checkout, failures: usize) -> Arc<AtomicUsize> {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let handler = move |_| {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move { if run < failures { Err("the mail server is down") } else { Ok(()) } }
    };
    checkout.on(EventKind::Paid, handler).expect("no handler yet");
    runs
}

async fn a_handler_that_fails_is_tried_again_and_then_a_dead_letter(on: On) {
    let shop = Shop::open_with(on, |builder| builder.max_failures(3)).await;
    let runs = failing(&shop.checkout, 3);
    let heard = Heard::default();
    heard.handle(&shop.checkout, EventKind::Attention);
    paid(&shop, "A-578").await;
    assert_eq!(runs.load(Ordering::SeqCst), 1, "after a failure there is a wait");
    shop.pass(Duration::from_secs(10), Duration::from_secs(1)).await;
    assert_eq!((runs.load(Ordering::SeqCst), heard.reasons()), (3, vec![Reason::HandlerFailed]));
    let letters = shop.checkout.dead_letters(None).await.expect("listed");
    assert_eq!((letters.len(), letters[0].failures, letters[0].error.as_str()), (1, 3, "the mail server is down"));
    assert!(shop.checkout.health().await.expect("up").problems.contains(&Problem::DeadLetters));
    shop.checkout.replay(letters[0].id).await.expect("replayed");
    shop.settle_down().await;
    assert_eq!((runs.load(Ordering::SeqCst), shop.checkout.dead_letters(None).await.expect("listed").len()), (4, 0));
    assert_eq!(heard.reasons().len(), 1);
    let again = shop.checkout.replay(letters[0].id).await.expect_err("done");
    assert_eq!(again.code(), ErrorCode::CheckoutNotDead);
}

async fn a_dead_letter_of_an_order_that_is_no_longer_paid_is_not_replayed(on: On) {
    let shop = Shop::open_with(on, |builder| builder.max_failures(1)).await;
    let runs = failing(&shop.checkout, 1);
    let token = paid(&shop, "A-578").await;
    shop.gateway.status(&token, 9);
    let letter = shop.checkout.dead_letters(None).await.expect("listed").remove(0);
    let refused = shop.checkout.replay(letter.id).await.expect_err("not paid");
    // Also where whoever replays looks no further.
    shop.settle_down().await;
    let history = shop.checkout.history("A-578").await.expect("read");
    assert!(
        history.iter().any(|entry| entry.what == "decided" && entry.detail == "reversed_after_settled"),
        "{history:?}"
    );
    assert_eq!((refused.code(), runs.load(Ordering::SeqCst)), (ErrorCode::VerifyClosed, 1));
}

async fn an_order_that_kills_each_process_is_put_off_and_then_a_dead_letter(on: On) {
    let shop = Shop::open(on).await;
    paid(&shop, "A-578").await;
    let mut handed_over = 0;
    for _ in 0..60 {
        // Whoever gets it dies.
        handed_over += usize::from(shop.process().claim(&PAID, None).await.expect("up").is_some());
        if handed_over == 8 {
            shop.clock.advance(Duration::from_secs(11));
            assert!(shop.process().claim(&PAID, None).await.expect("up").is_none(), "it is put off");
        }
        shop.clock.advance(MINUTE * 61);
    }
    assert_eq!(handed_over, 20);
    let dead = shop.checkout.dead_letters(None).await.expect("listed");
    assert_eq!(dead.len(), 1);
    assert!(dead[0].error.contains("died"), "{}", dead[0].error);
}

async fn a_second_handler_is_an_error(on: On) {
    let shop = Shop::open(on).await;
    let _ = Heard::by(&shop.checkout);
    let again = shop.checkout.on(EventKind::Paid, |_| async { Ok::<_, String>(()) }).expect_err("refused");
    assert_eq!(again.code(), ErrorCode::CheckoutHandlerExists);
}

async fn a_paid_order_without_a_handler_stays_and_is_unhealthy(on: On) {
    let shop = Shop::open(on).await;
    paid(&shop, "A-578").await;
    assert!(shop.checkout.health().await.expect("up").ok);
    shop.clock.advance(MINUTE * 2);
    let health = shop.checkout.health().await.expect("up");
    assert_eq!((health.ok, health.paid_unfinished), (false, 1));
    assert_eq!(health.problems, [Problem::NoPaidHandler, Problem::NoRunner]);
    shop.pass(MINUTE * 60 * 24 * 400, MINUTE * 60 * 24 * 100).await;
    let heard = Heard::by(&shop.checkout);
    shop.settle_down().await;
    assert_eq!(heard.paid(), ["A-578"]);
}

/// A shop that only ships, and has no runner: `inline`, or a scheduler.
async fn what_the_shop_does_not_want_to_hear_of_is_no_missing_runner(on: On) {
    let shop = Shop::open(on).await;
    let heard = Heard::default();
    heard.handle(&shop.checkout, EventKind::Paid);
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 4);
    shop.callback(&token, "A-578", 4).await;
    for _ in 0..5 {
        shop.settle_down().await;
        shop.clock.advance(MINUTE / 2);
    }
    shop.settle_down().await;
    let health = shop.checkout.health().await.expect("up");
    assert_eq!((health.problems, health.events_due), (vec![], 1), "`closed` waits for a handler that may come");
}

async fn nothing_stands_before_paid(on: On) {
    let shop = Shop::open(on).await;
    let token = shop.token("A-578", "29.99").await;
    shop.gateway.status(&token, 4);
    shop.pass(MINUTE, MINUTE).await;
    shop.gateway.status(&token, 7);
    shop.pass(MINUTE * 2, MINUTE).await;
    // Closed was never handled: now that the order is paid it is not told any more.
    let heard = Heard::by(&shop.checkout);
    shop.settle_down().await;
    assert_eq!(heard.kinds(), [EventKind::Paid]);
}

async fn work_that_is_given_back_is_handed_over_again(on: On) {
    let shop = Shop::open(on).await;
    paid(&shop, "A-578").await;
    let work = shop.checkout.claim(&PAID, Some("A-578")).await.expect("up").expect("due");
    shop.checkout.release(work).await.expect("released");
    assert!(shop.checkout.claim(&PAID, Some("B-1")).await.expect("up").is_none());
    let again = shop.checkout.claim(&PAID, None).await.expect("up").expect("due again");
    assert_eq!(again.failures(), 0);
}

async fn many_orders_are_each_handed_over_once_by_four_processes(on: On) {
    let shop = Shop::open(on).await;
    for number in 0..60 {
        let order_id = format!("A-{number}");
        let token = shop.token(&order_id, "29.99").await;
        shop.pay(&token, &order_id).await;
    }
    shop.settle_down().await;
    let checkouts: Vec<_> = (0..4).map(|_| shop.process()).collect();
    let heard: Vec<_> = checkouts.iter().map(Heard::by).collect();
    let runs = checkouts
        .iter()
        .cloned()
        .map(|checkout| tokio::spawn(async move { checkout.run(tokio::time::sleep(Duration::from_secs(3))).await }));
    for run in runs.collect::<Vec<_>>() {
        run.await.expect("ran").expect("up");
    }
    let mut paid: Vec<_> = heard.iter().flat_map(Heard::paid).collect();
    paid.sort();
    let total = paid.len();
    paid.dedup();
    assert_eq!((total, paid.len()), (60, 60));
}

async fn the_history_says_why_an_order_was_shipped(on: On) {
    let shop = Shop::open(on).await;
    let _ = Heard::by(&shop.checkout);
    paid(&shop, "A-578").await;
    let history = shop.checkout.history("A-578").await.expect("read");
    let what: Vec<_> = history.iter().map(|entry| entry.what.as_str()).collect();
    for expected in ["created", "received", "verified", "decided", "handed_over", "completed"] {
        assert!(what.contains(&expected), "{expected} in {what:?}");
    }
    assert!(history.iter().any(|entry| entry.what == "received" && entry.who == "gateway"));
    assert_eq!(shop.checkout.run_once(SOON, None).await.expect("ran"), 0);
}

async fn who_is_told_to_stop_waits_no_longer_and_loses_nothing(on: On) {
    let shop = Shop::open(on).await;
    let (ending, stopped) = tokio::sync::oneshot::channel::<()>();
    let waiting = shop.checkout.next_many_until(&PAID, MINUTE, 1, async { drop(stopped.await) });
    let stopping = async {
        shop.checkout.health().await.expect("up");
        drop(ending);
    };
    let (works, ()) = tokio::time::timeout(SOON, async { tokio::join!(waiting, stopping) }).await.expect("soon");
    assert!(works.expect("up").is_empty());
    paid(&shop, "A-578").await;
    assert!(shop.checkout.next(&PAID, SOON).await.expect("up").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_that_somebody_has_locked_does_not_cost_the_others_their_leases() {
    let shop = Shop::open(On::Postgres).await;
    for order_id in ["A-1", "A-2"] {
        paid(&shop, order_id).await;
    }
    let works = shop.checkout.claim_many(&PAID, None, 2).await.expect("up");
    assert_eq!(works.len(), 2);
    let url = shop.url.clone();
    let locked = tokio::task::spawn_blocking(move || {
        let mut session = crate::postgres::Session::begin(&url);
        session.run("SELECT id FROM paymento_orders WHERE order_id = 'A-1' FOR UPDATE");
        session
    });
    let locked = locked.await.expect("ran");
    let lease = "SELECT lease_until FROM paymento_orders WHERE order_id = 'A-2'";
    let before = crate::postgres::psql(&shop.url, lease);
    let renewed = async {
        while crate::postgres::psql(&shop.url, lease) == before {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(9), renewed).await.is_ok(), "it waits for the other one");
    drop((locked, works));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_never_ends_keeps_no_place() {
    let limit = Duration::from_secs(10);
    let shop = Shop::open_with(On::Sqlite, |builder| builder.concurrency(1).max_handler_time(limit)).await;
    for order_id in ["A-578", "A-579"] {
        paid(&shop, order_id).await;
    }
    let (heard, mut hearing) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |event: OrderEvent| {
        heard.send(event.order_id).expect("heard");
        std::future::pending::<Result<(), String>>()
    };
    shop.checkout.on(EventKind::Paid, handler).expect("no handler yet");
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let checkout = shop.checkout.clone();
    let running = tokio::spawn(async move { checkout.run(async { drop(ended.await) }).await });
    let first = hearing.recv().await.expect("handed over");
    let second = tokio::time::timeout(limit * 3, hearing.recv()).await.expect("its place is given to the other");
    assert_ne!(first, second.expect("handed over"));
    drop(end);
    tokio::time::timeout(limit * 3, running).await.expect("ends without them").expect("ran").expect("up");
}
