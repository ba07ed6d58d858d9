//! Random lives of an order on the real thing: two processes that die and come back, callbacks doubled, lost and out of
//! order, prices that change, handlers that fail. `PROPTEST_CASES` asks for more of them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use paymento::{
    Checkout,
    checkout::{EventKind, OrderState, PaymentState},
};
use proptest::prelude::*;

use crate::{
    gateway::callback,
    shop::{MINUTE, On, SOON, Shop, receive, request},
};

#[derive(Clone, Copy, Debug)]
enum Step {
    Create {
        dear: bool,
    },
    Gateway {
        payment: usize,
        status: i64,
    },
    Callback {
        payment: usize,
        status: i64,
        process: usize,
    },
    Work {
        process: usize,
    },
    /// Claims and dies before it completes: its handler has run.
    DieInHandler {
        process: usize,
    },
    Restart {
        process: usize,
    },
    Cancel,
    Wait {
        seconds: u64,
    },
    FailNext,
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec![0_i64, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    prop_oneof![
        2 => any::<bool>().prop_map(|dear| Step::Create { dear }),
        4 => (0..3_usize, status.clone()).prop_map(|(payment, status)| Step::Gateway { payment, status }),
        4 => (0..3_usize, status, 0..2_usize)
            .prop_map(|(payment, status, process)| Step::Callback { payment, status, process }),
        4 => (0..2_usize).prop_map(|process| Step::Work { process }),
        1 => (0..2_usize).prop_map(|process| Step::DieInHandler { process }),
        1 => (0..2_usize).prop_map(|process| Step::Restart { process }),
        1 => Just(Step::Cancel),
        3 => prop::sample::select(vec![3_u64, 6, 61, 700]).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::FailNext),
    ]
}

/// What the shop did, in a database of its own: with `once`, so to speak.
#[derive(Clone, Default)]
struct Shipped(Arc<Mutex<HashSet<String>>>);

impl Shipped {
    /// Says whether the key is new.
    fn once(&self, key: &str) -> bool {
        self.0.lock().expect("lock").insert(key.to_owned())
    }
}

struct Life {
    shop: Shop,
    processes: [Checkout; 2],
    tokens: Vec<String>,
    shipped: Shipped,
}

impl Life {
    async fn begin() -> Self {
        let shop = Shop::open(On::Sqlite).await;
        let shipped = Shipped::default();
        let processes = [process(&shop, &shipped), process(&shop, &shipped)];
        Self { shop, processes, tokens: vec![], shipped }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Create { dear } => self.create(dear).await,
            // What is approved stays approved.
            Step::Gateway { payment, status } => {
                if let Some(token) = self.tokens.get(payment) {
                    self.shop.gateway.tell(token, |told| told.status = if told.status == 8 { 8 } else { status });
                }
            }
            Step::Callback { payment, status, process } => {
                if let Some(token) = self.tokens.get(payment) {
                    let answer = receive(&self.processes[process], callback(token, "A-578", status)).await;
                    assert_eq!(answer.status, 200);
                }
            }
            Step::Work { process } => {
                self.processes[process].run_once(SOON, None).await.expect("ran");
            }
            Step::DieInHandler { process } => {
                if let Some(work) = self.processes[process].claim(&[EventKind::Paid], None).await.expect("up") {
                    self.shipped.once(&work.event().key);
                }
                self.restart(process).await;
            }
            Step::Restart { process } => self.restart(process).await,
            Step::Cancel => drop(self.processes[0].cancel("A-578").await),
            Step::Wait { seconds } => self.shop.clock.advance(Duration::from_secs(seconds)),
            Step::FailNext => self.shop.gateway.fail_verifying([401]),
        }
    }

    async fn create(&mut self, dear: bool) {
        let amount = if dear { "1000" } else { "1" };
        if let Ok(payment) = self.processes[0].create_payment(request("A-578", amount)).await
            && !self.tokens.iter().any(|token| token == payment.token())
        {
            self.tokens.push(payment.token().to_owned());
        }
    }

    async fn restart(&mut self, index: usize) {
        let old = std::mem::replace(&mut self.processes[index], process(&self.shop, &self.shipped));
        old.close().await;
    }

    /// Everything is heard in the end. Then: shipped at most once, exactly when the order is paid, and for a settled payment
    /// of a price that was the order's.
    async fn end(self) {
        for _ in 0..12 {
            self.shop.clock.advance(MINUTE * 30);
            self.processes[1].run_once(SOON, None).await.expect("ran");
        }
        let Ok(status) = self.processes[1].status("A-578").await else { return };
        let shipped = self.shipped.0.lock().expect("lock").clone();
        let is_paid = status.state == OrderState::Paid;
        assert_eq!(shipped.len(), usize::from(is_paid), "{status:?} {shipped:?}");
        let page = self.processes[1].payments(None, None, None).await.expect("listed");
        if is_paid {
            let paying =
                page.payments.iter().find(|payment| Some(&payment.token) == status.token.as_ref()).expect("known");
            assert_eq!(paying.state, PaymentState::Settled);
        }
        for payment in page.payments {
            let approved = self.shop.gateway.approved(&payment.token);
            assert_eq!(payment.state == PaymentState::Settled, approved, "{payment:?}");
        }
    }
}

fn process(shop: &Shop, shipped: &Shipped) -> Checkout {
    let checkout = shop.process();
    let shipped = shipped.clone();
    let handler = move |event: paymento::checkout::OrderEvent| {
        let fails = shipped.once(&event.key) && event.key.len().is_multiple_of(2);
        // A handler that has done its work may fail all the same; then it runs again, and ships nothing more.
        async move { if fails { Err("the mail server is down") } else { Ok(()) } }
    };
    checkout.on(EventKind::Paid, handler).expect("no handler yet");
    for kind in [EventKind::PartiallyPaid, EventKind::Closed, EventKind::Attention] {
        checkout.on(kind, |_| async { Ok::<_, String>(()) }).expect("no handler yet");
    }
    checkout
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn whatever_happens_an_order_is_shipped_once_if_it_is_paid(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut life = Life::begin().await;
            for step in steps {
                life.take(step).await;
            }
            life.end().await;
        });
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40)
}
