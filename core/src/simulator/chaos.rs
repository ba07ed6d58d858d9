//! [`Chaos`]: faults that strike by chance, and the same ones again with the same seed.

use super::{Fault, random::Random};
use crate::error::{Error, ErrorCode};

/// How likely each fault is, from 0 (never, the default) to 1 (always).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chaos {
    /// A callback is sent twice.
    pub duplicate: f64,
    /// A callback is sent after the payment's next one.
    pub reorder: f64,
    /// A callback is never sent.
    pub drop: f64,
    /// A callback is sent a minute late.
    pub delay: f64,
    /// An API answer begins and never ends.
    pub stalled_body: f64,
    /// An API answer is HTTP 502 with a page of HTML.
    pub bad_gateway: f64,
    /// What decides. Default: the simulator's own seed, or chance.
    pub seed: Option<u64>,
}

impl Chaos {
    pub(super) fn check(&self) -> Result<(), Error> {
        let all = [self.duplicate, self.reorder, self.drop, self.delay, self.stalled_body, self.bad_gateway];
        if all.iter().all(|chance| (0.0..=1.0).contains(chance)) {
            return Ok(());
        }
        Err(Error::new(ErrorCode::InputFault, "a probability is from 0 to 1"))
    }
}

/// The chaos that reigns, and how many API calls it has seen.
pub(super) struct Dice {
    chaos: Chaos,
    random: Random,
    api_calls: u64,
}

impl Dice {
    pub(super) fn new(chaos: Chaos, random: &Random) -> Result<Self, Error> {
        let random = match chaos.seed {
            Some(seed) => Random::seeded(seed)?.stream("chaos")?,
            None => random.stream("chaos")?,
        };
        Ok(Self { chaos, random, api_calls: 0 })
    }

    pub(super) fn chaos(&self) -> Chaos {
        self.chaos
    }

    /// What befalls this payment's callback. A draw depends on the seed and these numbers only, never on what else
    /// happens at the same time.
    pub(super) fn for_callback(&self, payment_id: i64, status: i64, earlier: usize) -> Vec<Fault> {
        let chances = [
            (Fault::CallbackDrop, self.chaos.drop),
            (Fault::CallbackDuplicate, self.chaos.duplicate),
            (Fault::CallbackReorder, self.chaos.reorder),
            (Fault::CallbackDelay, self.chaos.delay),
        ];
        self.strike(&chances, &format!("{payment_id} {status} {earlier}"))
    }

    /// What befalls the next API call.
    pub(super) fn for_api(&mut self) -> Vec<Fault> {
        self.api_calls += 1;
        let chances =
            [(Fault::ApiBadGateway, self.chaos.bad_gateway), (Fault::ApiStalledBody, self.chaos.stalled_body)];
        self.strike(&chances, &self.api_calls.to_string())
    }

    fn strike(&self, chances: &[(Fault, f64)], subject: &str) -> Vec<Fault> {
        let struck = chances.iter().filter(|(fault, chance)| self.draw(*fault, subject) < *chance);
        struck.map(|(fault, _)| *fault).collect()
    }

    /// From 0 up to, and without, 1.
    fn draw(&self, fault: Fault, subject: &str) -> f64 {
        let drawn = self.random.keyed(&format!("{fault} {subject}"));
        let bits = drawn.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default();
        f64::from(bits) / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dice(chaos: Chaos) -> Dice {
        Dice::new(chaos, &Random::seeded(1).expect("seeded")).expect("valid")
    }

    #[test]
    fn a_probability_is_from_zero_to_one() {
        for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let error = Chaos { drop: wrong, ..Chaos::default() }.check().expect_err("refused");
            assert_eq!(error.code(), ErrorCode::InputFault);
        }
        assert!(Chaos { drop: 1.0, ..Chaos::default() }.check().is_ok());
    }

    #[test]
    fn what_is_certain_always_strikes_and_what_is_impossible_never() {
        let mut dice = dice(Chaos { duplicate: 1.0, bad_gateway: 1.0, ..Chaos::default() });
        for number in 0..100 {
            assert_eq!(dice.for_callback(number, 3, 0), [Fault::CallbackDuplicate]);
            assert_eq!(dice.for_api(), [Fault::ApiBadGateway]);
        }
    }

    #[test]
    fn chaos_strikes_about_as_often_as_it_should_and_alike_with_the_same_seed() {
        let chaos = Chaos { drop: 0.2, reorder: 0.5, seed: Some(7), ..Chaos::default() };
        let run = || (0..1_000).map(|number| dice(chaos).for_callback(number, 7, 1)).collect::<Vec<_>>();
        let dropped = run().iter().filter(|faults| faults.contains(&Fault::CallbackDrop)).count();
        assert!((150..250).contains(&dropped), "{dropped}");
        assert_eq!(run(), run());
    }
}
