//! Leases against a model: three processes, two orders, crashes, slow holders, failures, and a clock. At most one completion,
//! none by who lost the order, and nothing is stuck for ever.

use std::time::{Duration, Instant};

use paymento::{
    Checkout, ErrorCode,
    checkout::{EventKind, Work},
};
use proptest::prelude::*;

use crate::shop::{MINUTE, On, Shop};

const PAID: [EventKind; 1] = [EventKind::Paid];
const PROCESSES: usize = 3;
const ORDERS: usize = 2;
const LEASE: Duration = Duration::from_secs(10);
/// The wait after the first, second, … failure.
const BACKOFF: [u64; 7] = [1, 5, 15, 60, 300, 900, 3_600];
/// From so many deaths on, an order that its holder left behind is put off by whoever looks at it first.
const DEATHS: usize = 8;
/// What the real clock adds to the test's own is not known better than this.
const UNSURE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
enum Step {
    Claim { process: usize, order: Option<usize> },
    Complete { work: usize },
    Fail { work: usize },
    GiveBack { work: usize },
    Die { work: usize },
    Wait { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let work = 0..4_usize;
    let order = prop::option::of(0..ORDERS);
    prop_oneof![
        6 => (0..PROCESSES, order).prop_map(|(process, order)| Step::Claim { process, order }),
        2 => work.clone().prop_map(|work| Step::Complete { work }),
        2 => work.clone().prop_map(|work| Step::Fail { work }),
        1 => work.clone().prop_map(|work| Step::GiveBack { work }),
        1 => work.prop_map(|work| Step::Die { work }),
        4 => prop::sample::select(vec![2_u64, 7, 14, 70]).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// What the model knows of an order with one event.
#[derive(Default)]
struct Order {
    fencing: i64,
    leased: bool,
    lease_ends: Duration,
    due_at: Duration,
    /// Failures, and holders that are gone.
    failures: usize,
    completed: usize,
}

impl Order {
    /// Whether it may have been put off, which nobody is told.
    fn is_suspect(&self, now: Duration) -> bool {
        self.leased && self.lease_ends < now + UNSURE && self.failures + 1 >= DEATHS
    }
}

struct Held {
    process: usize,
    order: usize,
    work: Work,
}

struct World {
    shop: Shop,
    processes: Vec<Checkout>,
    orders: [Order; ORDERS],
    held: Vec<Held>,
    begun: Instant,
    waited: Duration,
}

impl World {
    async fn begin(on: On) -> Self {
        let shop = Shop::open(on).await;
        for order in 0..ORDERS {
            let order_id = format!("A-{order}");
            let token = shop.token(&order_id, "29.99").await;
            shop.pay(&token, &order_id).await;
        }
        shop.settle_down().await;
        let processes = (0..PROCESSES).map(|_| shop.process_with(|builder| builder.max_failures(100))).collect();
        let orders = Default::default();
        Self { shop, processes, orders, held: vec![], begun: Instant::now(), waited: Duration::ZERO }
    }

    fn now(&self) -> Duration {
        self.begun.elapsed() + self.waited
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Claim { process, order } => self.claim(process, order).await,
            Step::Wait { seconds } => {
                self.shop.clock.advance(Duration::from_secs(seconds));
                self.waited += Duration::from_secs(seconds);
            }
            Step::Complete { work } if work < self.held.len() => self.complete(work).await,
            Step::Fail { work } if work < self.held.len() => self.fail(work).await,
            Step::GiveBack { work } if work < self.held.len() => self.give_back(work).await,
            // What it held stays leased for a while.
            Step::Die { work } if work < self.held.len() => drop(self.held.remove(work)),
            _ => {}
        }
    }

    /// Whether it may be claimed: yes, no, or nobody can tell to the second.
    fn is_due(&self, order: usize) -> Option<bool> {
        let (order, now) = (&self.orders[order], self.now());
        let free_at = if order.leased { order.lease_ends.max(order.due_at) } else { order.due_at };
        if order.completed > 0 {
            Some(false)
        } else if order.is_suspect(now) {
            None
        } else if free_at + UNSURE < now || free_at.is_zero() {
            Some(true)
        } else {
            (now + UNSURE < free_at).then_some(false)
        }
    }

    async fn claim(&mut self, process: usize, order: Option<usize>) {
        // Whoever works on an order is not handed it again, even where its lease has ended.
        let works_on = |index| self.held.iter().any(|held| (held.process, held.order) == (process, index));
        let expected = |index| if works_on(index) { Some(false) } else { self.is_due(index) };
        let expected: Vec<_> = (0..ORDERS).map(expected).collect();
        let wanted = order.map(|order| format!("A-{order}"));
        let work = self.processes[process].claim(&PAID, wanted.as_deref()).await.expect("up");
        let among = |index: usize| order.is_none_or(|order| order == index);
        let Some(work) = work else {
            let missed = (0..ORDERS).find(|index| among(*index) && expected[*index] == Some(true));
            return assert_eq!(missed, None, "it is due, and nobody gets it");
        };
        let index: usize = work.event().order_id.trim_start_matches("A-").parse().expect("ours");
        assert!(among(index) && expected[index] != Some(false), "A-{index} is leased, done, or not due yet");
        let lease_ends = self.now() + LEASE;
        let order = &mut self.orders[index];
        assert!(work.fencing() > order.fencing, "the token of an earlier holder");
        (order.fencing, order.leased, order.lease_ends) = (work.fencing(), true, lease_ends);
        order.failures = usize::try_from(work.failures()).expect("a count");
        self.held.push(Held { process, order: index, work });
    }

    /// Takes it from its holder, and says whether that one still has the order: yes, no, or nobody can tell.
    fn end(&mut self, at: usize) -> (Checkout, usize, Work, Option<bool>) {
        let Held { process, order, work } = self.held.remove(at);
        let now = self.now();
        let known = &self.orders[order];
        let is_own = known.leased && work.fencing() == known.fencing && known.completed == 0;
        let is_own = if is_own && known.is_suspect(now) { None } else { Some(is_own) };
        (self.processes[process].clone(), order, work, is_own)
    }

    /// Whether it was the holder's to end, which must be as expected.
    fn ended(&mut self, order: usize, result: Result<(), paymento::Error>, is_own: Option<bool>) -> bool {
        let ended = result.map_err(|error| error.code());
        let was_own = ended.is_ok();
        assert_eq!(ended, if is_own.unwrap_or(was_own) { Ok(()) } else { Err(ErrorCode::CheckoutLeaseLost) });
        self.orders[order].leased &= !was_own;
        was_own
    }

    async fn complete(&mut self, at: usize) {
        let (process, order, work, is_own) = self.end(at);
        let result = process.complete(work).await;
        let was_own = self.ended(order, result, is_own);
        self.orders[order].completed += usize::from(was_own);
        assert!(self.orders[order].completed <= 1);
    }

    async fn fail(&mut self, at: usize) {
        let (process, order, work, is_own) = self.end(at);
        let result = process.fail(work, "the mail server is down").await;
        if self.ended(order, result, is_own) {
            let now = self.now();
            let order = &mut self.orders[order];
            order.due_at = now + Duration::from_secs(BACKOFF[order.failures.min(BACKOFF.len() - 1)]);
            order.failures += 1;
        }
    }

    async fn give_back(&mut self, at: usize) {
        let (process, order, work, is_own) = self.end(at);
        let result = process.release(work).await;
        self.ended(order, result, is_own);
    }

    /// Whoever lives does what is left, whatever has happened.
    async fn finish(&mut self) {
        self.held.clear();
        // More than once: what was left behind too often is put off when it is looked at.
        for _ in 0..ORDERS * 3 {
            self.shop.clock.advance(MINUTE * 61);
            self.waited += MINUTE * 61;
            self.claim(0, None).await;
            if !self.held.is_empty() {
                self.complete(0).await;
            }
        }
        assert!(self.orders.iter().all(|order| order.completed == 1), "an order is stuck");
        assert!(self.processes[1].claim(&PAID, None).await.expect("up").is_none());
    }
}

fn run(on: On, steps: Vec<Step>) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut world = World::begin(on).await;
        for step in steps {
            world.take(step).await;
        }
        world.finish().await;
    });
}

fn cases(few: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(few);
    ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::with_cases(cases) }
}

proptest! {
    #![proptest_config(cases(40))]
    #[test]
    fn on_sqlite_leases_are_what_the_model_says(steps in prop::collection::vec(step(), 1..50)) {
        run(On::Sqlite, steps);
    }
}

proptest! {
    #![proptest_config(cases(12))]
    #[test]
    fn on_postgres_leases_are_what_the_model_says(steps in prop::collection::vec(step(), 1..50)) {
        run(On::Postgres, steps);
    }
}
