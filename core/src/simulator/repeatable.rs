//! The same seed, one driver and a virtual clock give the same run, byte for byte.

use std::time::Duration;

use proptest::{prelude::*, test_runner::Config};

use super::{Attempt, Chaos, Fault, Simulator, StoreOptions, testbed::Shop};

#[derive(Clone, Debug)]
enum Act {
    Create,
    Pay(usize),
    Underpay(usize),
    Overpay(usize),
    Drop(usize),
    Confirm(usize),
    Cancel(usize),
    Verify(usize),
    Arm(Fault),
    Probe,
    Advance(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Create),
        2 => (0..3_usize).prop_map(Act::Pay),
        1 => (0..3_usize).prop_map(Act::Underpay),
        1 => (0..3_usize).prop_map(Act::Overpay),
        1 => (0..3_usize).prop_map(Act::Drop),
        1 => (0..3_usize).prop_map(Act::Confirm),
        1 => (0..3_usize).prop_map(Act::Cancel),
        1 => (0..3_usize).prop_map(Act::Verify),
        1 => prop::sample::select(callback_faults()).prop_map(Act::Arm),
        1 => Just(Act::Probe),
        1 => (0_u64..4_000).prop_map(Act::Advance),
    ]
}

fn callback_faults() -> Vec<Fault> {
    Fault::ALL.iter().copied().filter(|fault| fault.concerns_callbacks()).collect()
}

fn perform(simulator: &Simulator, tokens: &mut Vec<String>, act: &Act) -> Option<String> {
    let token = |place: &usize| tokens.get(*place).cloned().unwrap_or_default();
    let done = |result: Result<(), crate::Error>| Some(format!("{result:?}"));
    match act {
        Act::Create => {
            tokens.push(simulator.create(r#","orderId":"A-578""#));
            None
        }
        Act::Pay(place) => done(simulator.pay(&token(place))),
        Act::Underpay(place) => done(simulator.underpay(&token(place))),
        Act::Overpay(place) => done(simulator.overpay(&token(place))),
        Act::Drop(place) => done(simulator.drop_transaction(&token(place))),
        Act::Confirm(place) => done(simulator.confirm(&token(place))),
        Act::Cancel(place) => done(simulator.cancel(&token(place))),
        Act::Verify(place) => Some(simulator.verify(&token(place)).text()),
        Act::Arm(fault) => {
            simulator.arm(*fault, Some(2), None);
            None
        }
        Act::Probe => done(simulator.send_tampered_probe(None).map(drop)),
        Act::Advance(seconds) => done(simulator.advance(Duration::from_secs(*seconds))),
    }
}

/// Everything that can be seen of a run, with the ports left out.
fn run(seed: u64, acts: &[Act]) -> String {
    let shop = Shop::answering([200, 500, 500, 200, 301, 200, 200, 404]);
    let builder = Simulator::builder().seed(seed).virtual_clock(true).callback_url(&shop.url);
    let builder = builder.confirmation_time(Duration::from_mins(20)).store(StoreOptions::new("Second"));
    let simulator = builder.start().expect("started");
    let chaos = Chaos { duplicate: 0.2, reorder: 0.3, drop: 0.2, delay: 0.2, ..Chaos::default() };
    simulator.chaos(chaos).expect("valid");
    let (mut tokens, mut story) = (Vec::new(), Vec::new());
    for act in acts {
        story.extend(perform(&simulator, &mut tokens, act));
        simulator.advance(Duration::ZERO).expect("at rest");
    }
    simulator.advance(Duration::from_hours(72)).expect("moved on");
    story.push(format!("{:?} {:?}", simulator.payments(), simulator.events_after(0, Duration::ZERO)));
    for delivery in simulator.recent_deliveries(usize::MAX).into_iter().rev() {
        let answers: Vec<_> = delivery.attempts.iter().map(|attempt: &Attempt| &attempt.answer_body).collect();
        let (body, headers) = (String::from_utf8_lossy(&delivery.body), &delivery.headers);
        story.push(format!("{delivery:?} {body} {headers:?} {answers:?}"));
    }
    story.extend(shop.received().into_iter().map(|message| message.text()));
    story.extend(simulator.stores().iter().map(|store| format!("{} {}", store.api_key(), store.secret_key())));
    let port = shop.url.split(['/', ':']).nth(4).expect("a port");
    story.join("\n").replace(&format!(":{port}/"), ":0/").replace(&format!(":{}/", simulator.port()), ":0/")
}

proptest! {
    #![proptest_config(Config::with_cases(12))]

    #[test]
    fn the_same_seed_gives_the_same_run_byte_for_byte(
        seed in any::<u64>(),
        acts in prop::collection::vec(act(), 1..30),
    ) {
        prop_assert_eq!(run(seed, &acts), run(seed, &acts));
    }
}

#[test]
fn another_seed_gives_another_run() {
    let acts = [Act::Create, Act::Pay(0)];
    assert_ne!(run(1, &acts), run(2, &acts));
}
