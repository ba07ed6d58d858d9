//! Random lives of payments, with faults, under a clock that stands still: money adds up, and statuses move along the
//! edges only.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use proptest::{prelude::*, test_runner::Config};

use super::{
    AttemptOutcome, Chaos, EventKind, Fault, TransactionState,
    attempts::Answer,
    ledger::Ledger,
    ledger_tests::{an_order, ledger},
    life::may_move,
    rules::{Confirmation, Rules},
    schedule::Step,
    store::StoreId,
};
use crate::{amount::Amount, status::OrderStatus};

/// How many payments live at once.
const LIVES: usize = 3;

#[derive(Clone, Debug)]
enum Act {
    Choose,
    Pay,
    /// So many hundred-millionths of a coin.
    PayUnits(u64),
    Confirm,
    DropTransaction,
    Cancel,
    Expire,
    Reject,
    Verify,
    SendCallback(i64),
    Arm(Fault),
    Advance(u64),
    Answer(u16),
}

fn act() -> impl Strategy<Value = (usize, Act)> {
    let act = prop_oneof![
        1 => Just(Act::Choose),
        3 => Just(Act::Pay),
        4 => (1_u64..60_000).prop_map(Act::PayUnits),
        2 => Just(Act::Confirm),
        2 => Just(Act::DropTransaction),
        1 => Just(Act::Cancel),
        1 => Just(Act::Expire),
        1 => Just(Act::Reject),
        2 => Just(Act::Verify),
        1 => (0_i64..12).prop_map(Act::SendCallback),
        1 => prop::sample::select(Fault::ALL.to_vec()).prop_map(Act::Arm),
        3 => (0_u64..100_000).prop_map(Act::Advance),
        8 => prop::sample::select(vec![200, 200, 200, 301, 500]).prop_map(Act::Answer),
    ];
    (0..LIVES, act)
}

fn rules() -> impl Strategy<Value = Rules> {
    let confirmation = prop_oneof![
        Just(Confirmation::AfterCallback),
        Just(Confirmation::Manual),
        (0_u64..5_000).prop_map(|seconds| Confirmation::After(Duration::from_secs(seconds))),
    ];
    (confirmation, 0_u32..4).prop_map(|(confirmation, required_confirmations)| Rules {
        confirmation,
        required_confirmations,
        ..Rules::default()
    })
}

/// The money of every payment by transaction, kept apart from the ledger, in hundred-millionths.
#[derive(Default)]
struct Purse(HashMap<String, u64>);

impl Purse {
    /// The last transaction is new when the list has grown.
    fn note(&mut self, ledger: &Ledger, token: &str, units: u64) {
        let last = ledger.payment(token).and_then(|payment| payment.transfers.last()).expect("a transaction");
        self.0.insert(last.transaction.hash.clone(), units);
    }

    fn received(&self, ledger: &Ledger, token: &str) -> u64 {
        let transactions = ledger.payment(token).expect("known").transactions();
        let there = transactions.filter(|transaction| transaction.state != TransactionState::Dropped);
        there.map(|transaction| self.0[&transaction.hash]).sum()
    }
}

fn amount(units: u64) -> Amount {
    Amount::parse(&format!("{}.{:08}", units / 100_000_000, units % 100_000_000)).expect("an amount")
}

fn units(amount: &Amount) -> u64 {
    let text = amount.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction:0<8}").parse().expect("eight decimals at most")
}

fn perform(ledger: &mut Ledger, purse: &mut Purse, token: &str, act: &Act) {
    match act {
        Act::Choose => drop(ledger.choose_coin(token, None)),
        Act::Pay => {
            let owed = ledger.owed(token).map(|owed| units(&owed));
            if ledger.pay(token).is_ok() {
                purse.note(ledger, token, owed.expect("something was owed"));
            }
        }
        Act::PayUnits(units) => {
            if ledger.pay_amount(token, amount(*units)).is_ok() {
                purse.note(ledger, token, *units);
            }
        }
        Act::Confirm => drop(ledger.confirm(token)),
        Act::DropTransaction => drop(ledger.drop_transaction(token)),
        Act::Cancel => drop(ledger.cancel(token)),
        Act::Expire => drop(ledger.expire(token)),
        Act::Reject => drop(ledger.reject(token)),
        Act::Verify => drop(ledger.verify(StoreId(0), token).map(|(approved, _)| approved)),
        Act::SendCallback(code) => drop(ledger.send_callback(token, OrderStatus::from_code(*code))),
        Act::Arm(fault) => ledger.faults.arm(*fault, Some(1), Some(token.to_owned())),
        Act::Advance(seconds) => advance(ledger, Duration::from_secs(*seconds)),
        Act::Answer(status) => answer(ledger, *status),
    }
}

fn advance(ledger: &mut Ledger, by: Duration) {
    let mut journey = ledger.set_out(by);
    loop {
        match ledger.step(&mut journey) {
            Step::Arrived => return,
            Step::Moved => {}
            Step::Waits => answer(ledger, 200),
        }
    }
}

/// Answers every attempt that is due, and not those that follow.
fn answer(ledger: &mut Ledger, status: u16) {
    for errand in ledger.traffic.take_due() {
        let outcome = AttemptOutcome::Answered(status);
        let answer = ledger.begin_attempt(&errand).map(|_| Answer { outcome, body: String::new() });
        ledger.end_attempt(&errand, Instant::now(), answer);
    }
}

/// Whether an event's status is the payment's own, and not a callback's.
fn tells_status(kind: EventKind) -> bool {
    use EventKind as K;
    !matches!(kind, K::CallbackSent | K::CallbackAnswered | K::CallbackFailed | K::CallbackSkipped | K::CallbackFault)
}

proptest! {
    #![proptest_config(Config::with_cases(300))]

    #[test]
    fn money_adds_up_and_statuses_move_along_the_edges_only(
        rules in rules(),
        url in prop::option::of(Just("http://127.0.0.1:9/")),
        chaos in (0.0..=1.0, 0.0..=0.5, any::<u64>()),
        acts in prop::collection::vec(act(), 1..80),
    ) {
        let (mut ledger, mut purse) = (ledger(rules, url), Purse::default());
        let (duplicate, drop, seed) = chaos;
        let chaos = Chaos { duplicate, drop, reorder: duplicate, delay: drop, seed: Some(seed), ..Chaos::default() };
        ledger.set_chaos(Some(chaos)).expect("valid");
        let tokens: Vec<_> = (0..LIVES).map(|_| ledger.create(StoreId(0), an_order())).collect();
        for (life, act) in &acts {
            perform(&mut ledger, &mut purse, &tokens[*life], act);
            for token in &tokens {
                let payment = ledger.payment(token).expect("known");
                prop_assert_eq!(payment.received(), amount(purse.received(&ledger, token)), "{:?}", act);
                let enough = payment.expected().is_some_and(|expected| payment.received() >= *expected);
                let needs_money = matches!(payment.status.code(), 3 | 7 | 8);
                prop_assert!(!needs_money || enough, "{:?} after {:?}", payment.status, act);
            }
        }
        advance(&mut ledger, Duration::from_hours(24 * 365));
        check_events(&ledger, &tokens)?;
        let unfinished = ledger.recent_deliveries().filter(|delivery| !delivery.finished).count();
        prop_assert_eq!((unfinished, ledger.timers.len()), (0, 0), "everything comes to an end");
    }
}

fn check_events(ledger: &Ledger, tokens: &[String]) -> Result<(), TestCaseError> {
    let events = ledger.events_after(0).expect("events");
    prop_assert!(events.iter().map(|event| event.sequence).eq(1..=events.len() as u64));
    prop_assert!(events.is_sorted_by_key(|event| event.at));
    for token in tokens {
        let own = events.iter().filter(|event| event.token == *token && tells_status(event.kind));
        let mut statuses: Vec<_> = own.filter_map(|event| event.status).collect();
        statuses.dedup();
        for pair in statuses.windows(2) {
            prop_assert!(may_move(pair[0], pair[1]), "{} to {}", pair[0], pair[1]);
        }
    }
    Ok(())
}
