//! Every reachable state of an order with two payments, explored: whatever is answered, lost, late or out of order, at most
//! one payment pays, never without a settled answer about the order's current price, and all ends the same.

use std::collections::HashSet;

use super::{
    decide::{Answer, Known, PaidBy, decide},
    event::{EventKind, Reason},
    state::{OrderState, PaymentState},
};
use crate::{outcome::Outcome, status::OrderStatus};

/// What the gateway would say of a payment.
const TRUTHS: [(Outcome, OrderStatus); 4] = [
    (Outcome::Open, OrderStatus::Pending),
    (Outcome::Open, OrderStatus::WaitingToConfirm),
    (Outcome::Closed, OrderStatus::Timeout),
    (Outcome::Settled, OrderStatus::Approve),
];
const CLOSED: usize = 2;
const SETTLED: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "facts, not a state: any of them goes with any other")]
struct Payment {
    truth: usize,
    state: PaymentState,
    was_closed: bool,
    /// An answer on its way, and whether it is to the latest question.
    answer: Option<(usize, bool)>,
    /// One that was asked for before.
    older: Option<usize>,
    superseded: bool,
    duplicate: bool,
    after_cancel: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct World {
    payments: [Payment; 2],
    /// The price of each payment, and the order's.
    prices: [u8; 2],
    price: u8,
    canceled: bool,
    order: OrderState,
    paid_by: Option<usize>,
    paid_events: u8,
}

fn start(prices: [u8; 2]) -> World {
    let payment = Payment {
        truth: 0,
        state: PaymentState::Open,
        was_closed: false,
        answer: None,
        older: None,
        superseded: false,
        duplicate: false,
        after_cancel: false,
    };
    World {
        payments: [payment; 2],
        prices,
        price: prices[1],
        canceled: false,
        order: OrderState::Open,
        paid_by: None,
        paid_events: 0,
    }
}

impl World {
    /// Everything that may happen next.
    fn next(self) -> Vec<Self> {
        let mut worlds = vec![self.crashed(), Self { canceled: self.paid_by.is_none(), ..self }];
        if self.paid_by.is_none() {
            worlds.extend([0, 1].map(|price| Self { price, canceled: false, ..self }));
        }
        for payment in 0..2 {
            worlds.extend(self.moved(payment));
            worlds.push(self.asked(payment));
            worlds.extend(self.payments[payment].answer.map(|(truth, latest)| self.answered(payment, truth, latest)));
            worlds.extend(self.payments[payment].older.map(|truth| self.answered(payment, truth, false)));
        }
        worlds
    }

    /// The gateway moves on: money may come after Timeout, and nothing comes after Approve.
    fn moved(self, payment: usize) -> Vec<Self> {
        let to: &[usize] = match self.payments[payment].truth {
            0 => &[1, CLOSED, SETTLED],
            1 => &[CLOSED, SETTLED],
            CLOSED => &[1, SETTLED],
            _ => &[],
        };
        to.iter().map(|truth| self.with(payment, |payment| payment.truth = *truth)).collect()
    }

    /// A process asks; the answer is on its way. One that was on its way answers an earlier question from now on.
    fn asked(self, index: usize) -> Self {
        self.with(index, |payment| {
            // For one of the two: for both it is five times the states, and nothing new.
            if index == 0 {
                payment.older = payment.answer.map(|(truth, _)| truth).or(payment.older);
            }
            payment.answer = Some((payment.truth, true));
        })
    }

    /// Every process dies, and with them the answers on their way.
    fn crashed(self) -> Self {
        let clear = |payment: &mut Payment| (payment.answer, payment.older) = (None, None);
        self.with(0, clear).with(1, clear)
    }

    fn with(mut self, payment: usize, change: impl FnOnce(&mut Payment)) -> Self {
        change(&mut self.payments[payment]);
        self
    }

    /// An answer is recorded as `record` does it.
    fn answered(mut self, index: usize, truth: usize, latest: bool) -> Self {
        let (outcome, status) = TRUTHS[truth];
        if self.payments[index].answer == Some((truth, latest)) {
            self.payments[index].answer = None;
        } else {
            self.payments[index].older = None;
        }
        if !latest && outcome != Outcome::Settled {
            return self;
        }
        let (payment, others) = (self.payments[index], [self.payments[1 - index].state]);
        let known = Known {
            order: self.order,
            is_current_price: self.prices[index] == self.price,
            paid_by: match self.paid_by {
                None => PaidBy::Nobody,
                Some(paid) if paid == index => PaidBy::ThisPayment,
                Some(_) => PaidBy::AnotherPayment,
            },
            canceled: self.canceled,
            state: payment.state,
            was_closed: payment.was_closed,
            callback_says_paid: false,
            odd_callback: None,
            others: &others,
            age: 0,
            confirming_for: None,
            unapproved_for: None,
        };
        let answer = Answer { outcome, status: Some(status), status_text: Some(status.name()), received: None };
        let decision = decide(&known, &answer);
        let pays = decision.events.iter().any(|event| event.kind == EventKind::Paid);
        assert_eq!(pays, decision.pays);
        assert!(!pays || (outcome == Outcome::Settled && known.is_current_price && !self.canceled), "{self:?}");
        let raised = |reason| decision.events.iter().any(|event| event.reason == Some(reason));
        self = self.with(index, |payment| {
            payment.state = decision.payment;
            payment.was_closed |= decision.payment == PaymentState::Closed;
            payment.superseded |= raised(Reason::SupersededPrice);
            payment.duplicate |= raised(Reason::DuplicatePayment);
            payment.after_cancel |= raised(Reason::PaidAfterCancel);
        });
        self.order = decision.order;
        self.paid_events += u8::from(pays);
        self.paid_by = self.paid_by.or(pays.then_some(index));
        self
    }

    /// Each payment is asked about until nothing is new, in this order.
    fn settled_down(self, order: [usize; 2]) -> Self {
        [order, order].into_iter().flatten().fold(self.crashed(), |world, payment| {
            let world = world.asked(payment);
            world.answered(payment, world.payments[payment].truth, true)
        })
    }

    fn check(&self) {
        assert!(self.paid_events <= 1, "{self:?}");
        assert_eq!(self.paid_by.is_some(), self.paid_events == 1, "{self:?}");
        assert!(self.paid_by.is_none() || self.order == OrderState::Paid, "{self:?}");
        for (index, payment) in self.payments.iter().enumerate() {
            let is_settled = payment.state == PaymentState::Settled;
            let explained = payment.superseded || payment.duplicate || payment.after_cancel;
            assert_eq!(is_settled, self.paid_by == Some(index) || explained, "settled, and nobody is told: {self:?}");
        }
    }

    /// No paid order is lost, and the order in which things are heard changes nothing.
    fn check_end(&self) {
        let (one, other) = (self.settled_down([0, 1]), self.settled_down([1, 0]));
        assert_eq!((one.order, one.paid_events), (other.order, other.paid_events), "{self:?}");
        for end in [one, other] {
            end.check();
            for payment in &end.payments {
                assert_eq!(payment.state == PaymentState::Settled, payment.truth == SETTLED, "{end:?}");
            }
            if end.paid_by.is_none() && end.payments.iter().all(|payment| payment.truth == CLOSED) {
                assert_eq!(end.order, OrderState::Closed, "{end:?}");
            }
        }
    }
}

#[test]
fn in_every_reachable_state_at_most_one_payment_pays_and_all_ends_the_same() {
    let mut explored = 0;
    for prices in [[0, 0], [0, 1]] {
        let (mut seen, mut waiting) = (HashSet::new(), vec![start(prices)]);
        while let Some(world) = waiting.pop() {
            if seen.insert(world) {
                world.check();
                world.check_end();
                waiting.extend(world.next());
            }
        }
        explored += seen.len();
    }
    assert!(explored > 100_000, "only {explored} states were reachable");
}
