//! A verify answer, recorded: the decision is made and written in one transaction.

use std::borrow::Cow;

use super::{
    adopt,
    clock::Millis,
    database::{Row, Sql, Transaction, values},
    decide::{Answer, Decision, Known, PaidBy, decide},
    event::{EventKind, Payload, Reason},
    history::Note,
    money,
    orders::{self, OrderRow, PaymentRow},
    raise::Raised,
    state::PaymentState,
};
use crate::{error::Error, outcome::Outcome, settlement::Settlement, text::clean, verification::Verification};

/// A payment that is being asked about.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) payment: i64,
    pub(super) order_row: i64,
    /// An answer to an earlier question is not recorded over that to a later one.
    pub(super) fence: i64,
}

/// What became of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    /// There is something new to hand over.
    pub(super) raised: bool,
    /// Why somebody should look, where that is new.
    pub(super) reasons: Vec<Reason>,
    /// The answer came after a later one, and was not recorded.
    pub(super) outdated: bool,
}

/// Records an answer. Recording the same answer twice changes nothing. `locked`: what [`orders::locking`] has answered in
/// this transaction.
pub(super) async fn record(
    transaction: &mut Transaction,
    locked: &[Vec<Row>],
    asked: &Asked,
    verification: &Verification,
    who: &str,
) -> Result<Recorded, Error> {
    let now = transaction.now();
    let Some((order, payments)) = orders::read_locked(locked)? else { return Ok(Recorded::default()) };
    let Some(payment) = payments.iter().find(|payment| payment.id == asked.payment) else {
        return Ok(Recorded::default());
    };
    let verification = &held_against(verification, payment);
    if payment.verify_fence != asked.fence && !verification.is_settled() {
        return Ok(Recorded { outdated: true, ..Recorded::default() });
    }
    let others: Vec<_> = payments
        .iter()
        .filter(|other| other.id != payment.id && !other.is_abandoned(now))
        .map(|other| other.state)
        .collect();
    let answer = answer(verification);
    let mut known = known(&order, payment, &others, now);
    if answer.outcome == Outcome::Settled && answer.status.is_none() && !known.callback_says_paid {
        // One that came while the token was being recorded has found no payment to be noted at.
        known.callback_says_paid = adopt::has_callback_said_paid(transaction, &order.account, payment).await?;
    }
    let decision = decide(&known, &answer);
    let entry = Entry { order: &order, payment, verification, decision: &decision, who, now };
    entry.write(transaction).await
}

fn held_against<'v>(verification: &'v Verification, payment: &PaymentRow) -> Cow<'v, Verification> {
    if payment.is_adopted() {
        Cow::Owned(verification.clone().of_unknown_origin(&payment.price))
    } else {
        Cow::Borrowed(verification)
    }
}

fn answer(verification: &Verification) -> Answer<'_> {
    let received = verification.settlement().and_then(Settlement::received_crypto_amount);
    Answer {
        outcome: verification.outcome(),
        status: verification.status(),
        status_text: verification.status_text(),
        received: received.map(ToString::to_string),
    }
}

fn known<'a>(order: &OrderRow, payment: &'a PaymentRow, others: &'a [PaymentState], now: Millis) -> Known<'a> {
    Known {
        order: order.state,
        is_current_price: payment.terms == order.terms,
        paid_by: match order.paid_payment {
            None => PaidBy::Nobody,
            Some(id) if id == payment.id => PaidBy::ThisPayment,
            Some(_) => PaidBy::AnotherPayment,
        },
        canceled: order.canceled_at.is_some(),
        state: payment.state,
        was_closed: payment.closed_at.is_some(),
        callback_says_paid: payment.callback_paid,
        odd_callback: payment.callback_odd.as_deref(),
        others,
        age: now - payment.created_at,
        confirming_for: payment.confirming_since.map(|since| now - since),
        unapproved_for: payment.unapproved_since.map(|since| now - since),
    }
}

struct Entry<'a> {
    order: &'a OrderRow,
    payment: &'a PaymentRow,
    verification: &'a Verification,
    decision: &'a Decision,
    who: &'a str,
    now: Millis,
}

impl Entry<'_> {
    async fn write(&self, transaction: &mut Transaction) -> Result<Recorded, Error> {
        self.update_payment(transaction).await?;
        self.update_order(transaction).await?;
        if self.says_something_new() {
            self.note("verified", &self.words()).write(transaction, self.order.id, self.now).await?;
        }
        let recorded = self.raise(transaction).await?;
        if recorded.raised {
            transaction.notify();
        }
        Ok(recorded)
    }

    async fn update_payment(&self, transaction: &mut Transaction) -> Result<(), Error> {
        let verification = self.verification;
        let settlement = verification.settlement();
        let settles = self.decision.payment == PaymentState::Settled && self.payment.settled_at.is_none();
        let unapproved = verification.outcome() == Outcome::PaidNotApproved;
        let confirming = self.decision.payment == PaymentState::Confirming;
        let closed = self.decision.payment == PaymentState::Closed;
        let values = values![
            self.payment.id,
            self.decision.payment.as_str(),
            verification.outcome().as_str(),
            verification.status_text().map(|text| clean(text, 40)),
            settlement.and_then(Settlement::expected_crypto_amount).map(ToString::to_string),
            settlement.and_then(Settlement::received_crypto_amount).map(ToString::to_string),
            settlement.map(|settlement| settlement.raw().replace('\0', "")),
            self.next_verify_at(),
            self.now,
            unapproved.then(|| self.payment.unapproved_since.unwrap_or(self.now)),
            self.payment.closed_at.or(closed.then_some(self.now)),
            self.payment.settled_at.or(settles.then_some(self.now)),
            i64::from(self.asked_for().is_some()),
            confirming.then(|| self.payment.confirming_since.unwrap_or(self.now)),
        ];
        transaction.later(UPDATE_PAYMENT, values).await?;
        if settles && self.payment.callbacks == 0 {
            transaction.later(COUNT_MISSED, values![&self.order.account]).await?;
        }
        Ok(())
    }

    /// What a callback has asked for while the gateway was being asked.
    fn asked_for(&self) -> Option<Millis> {
        self.payment.next_verify_at.filter(|at| Some(*at) != self.payment.verify_until)
    }

    /// By the schedule; or sooner, where a callback has asked for it.
    fn next_verify_at(&self) -> Option<Millis> {
        let scheduled = self.decision.ask_in.map(|wait| self.now + wait);
        match (scheduled, self.asked_for()) {
            (Some(scheduled), Some(asked_for)) => Some(scheduled.min(asked_for)),
            (Some(scheduled), None) => Some(scheduled),
            (None, asked_for) => asked_for.filter(|_| self.decision.payment != PaymentState::Settled),
        }
    }

    async fn update_order(&self, transaction: &mut Transaction) -> Result<(), Error> {
        let state = self.decision.order;
        if state == self.order.state && !self.decision.pays {
            return Ok(());
        }
        let paid = self.decision.pays.then_some(self.payment.id);
        let values = values![self.order.id, state.as_str(), paid, self.now];
        transaction.later(UPDATE_ORDER, values).await?;
        if self.decision.pays {
            transaction.later(DROP_OLDER, values![self.order.id, self.now]).await?;
        }
        Ok(())
    }

    async fn raise(&self, transaction: &mut Transaction) -> Result<Recorded, Error> {
        let mut recorded = Recorded::default();
        for planned in &self.decision.events {
            let payload = self.payload(planned.kind, planned.reason);
            let event = Raised {
                account: &self.order.account,
                order_row: self.order.id,
                order_id: &self.order.order_id,
                kind: planned.kind,
                reason: planned.reason,
                token: self.payment.token.as_deref(),
                distinct: &planned.distinct,
                payload: &payload,
            };
            if event.put(transaction, self.now).await? {
                recorded.raised = true;
                recorded.reasons.extend(planned.reason);
                let what = planned.reason.map_or(planned.kind.as_str(), Reason::as_str);
                self.note("decided", what).write(transaction, self.order.id, self.now).await?;
            }
        }
        Ok(recorded)
    }

    fn payload(&self, kind: EventKind, reason: Option<Reason>) -> Payload {
        let settlement = self.verification.settlement();
        Payload {
            detail: reason.and_then(|_| self.verification.detail().map(|detail| clean(detail, 300))),
            late: self.decision.late,
            overpaid_by: settlement.filter(|_| kind == EventKind::Paid).and_then(money::overpaid_by),
            shortfall: settlement.filter(|_| kind == EventKind::PartiallyPaid).and_then(money::shortfall),
            settlement: settlement.map(|settlement| settlement.raw().to_owned()),
            ..Payload::of(self.order, self.payment)
        }
    }

    fn says_something_new(&self) -> bool {
        let settlement = self.verification.settlement();
        let received = settlement.and_then(Settlement::received_crypto_amount).map(ToString::to_string);
        self.payment.outcome.as_deref() != Some(self.verification.outcome().as_str())
            || self.payment.status.as_deref() != self.verification.status_text()
            || self.payment.received != received
    }

    /// The answer in a few words.
    fn words(&self) -> String {
        let outcome = self.verification.outcome();
        let status = self.verification.status_text().map(|text| format!(", status {}", clean(text, 40)));
        let detail = self.verification.detail().map(|detail| format!(": {}", clean(detail, 200)));
        format!("{outcome}{}{}", status.unwrap_or_default(), detail.unwrap_or_default())
    }

    fn note<'a>(&'a self, what: &'static str, detail: &'a str) -> Note<'a> {
        Note { what, who: self.who, token: self.payment.token.as_deref(), detail }
    }
}

const UPDATE_PAYMENT: Sql = Sql::both(
    "UPDATE paymento_payments SET state = $2, outcome = $3, status = $4, expected = $5, received = $6, settlement = $7, \
     next_verify_at = $8, updated_at = $9, unapproved_since = $10, confirming_since = $14, closed_at = $11, settled_at = $12, \
     urgency = CASE WHEN $13 = 1 THEN urgency ELSE 2 END, failures = 0, verify_until = NULL WHERE id = $1",
).planned_once();

/// What no callback has told of: their address may be wrong.
const COUNT_MISSED: Sql =
    Sql::both("UPDATE paymento_accounts SET missed = missed + 1 WHERE account = $1").planned_once();

const UPDATE_ORDER: Sql = Sql::both(
    "UPDATE paymento_orders SET state = $2, paid_payment = COALESCE(paid_payment, $3), updated_at = $4, \
     paid_at = CASE WHEN $3 IS NOT NULL AND paid_at IS NULL THEN $4 ELSE paid_at END WHERE id = $1",
)
.planned_once();

/// Nothing that has been overtaken is told after it is paid.
const DROP_OLDER: Sql = Sql::both(
    "UPDATE paymento_events SET state = 3, finished_at = $2 \
     WHERE order_row = $1 AND state IN (0, 2) AND kind IN ('partially_paid', 'closed')",
)
.planned_once();
