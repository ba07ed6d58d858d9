//! What to do about a verify answer: a pure function of what is known and what was answered. No database, no clock.

use super::{
    clock::Millis,
    event::{EventKind, Reason},
    schedule,
    state::{OrderState, PaymentState},
};
use crate::{
    outcome::Outcome,
    status::{Meaning, OrderStatus},
};

/// By which payment an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PaidBy {
    Nobody,
    ThisPayment,
    AnotherPayment,
}

/// What our records say when the answer arrives.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts, not a state: any of them goes with any other")]
pub(super) struct Known<'a> {
    /// The order's state so far.
    pub(super) order: OrderState,
    /// The payment was made for the order's current price.
    pub(super) is_current_price: bool,
    pub(super) paid_by: PaidBy,
    /// The shop has canceled the order.
    pub(super) canceled: bool,
    /// This payment's state so far.
    pub(super) state: PaymentState,
    /// An answer has said closed before.
    pub(super) was_closed: bool,
    /// An authentic callback has said Paid or Approve.
    pub(super) callback_says_paid: bool,
    /// A status of a callback that is not documented.
    pub(super) odd_callback: Option<&'a str>,
    /// The states of the order's other payments; intents whose creator is dead are none.
    pub(super) others: &'a [PaymentState],
    /// Since the payment was made.
    pub(super) age: Millis,
    /// Since it was first seen to be confirmed.
    pub(super) confirming_for: Option<Millis>,
    /// Since it was first seen paid and not approved.
    pub(super) unapproved_for: Option<Millis>,
}

/// What the gateway answered, held against the payment.
#[derive(Clone, Debug)]
pub(super) struct Answer<'a> {
    pub(super) outcome: Outcome,
    pub(super) status: Option<OrderStatus>,
    pub(super) status_text: Option<&'a str>,
    /// What has been received, as text: a further partial payment is known by it.
    pub(super) received: Option<String>,
}

/// An event to hand over. Its key is made of kind, reason and `distinct`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) kind: EventKind,
    pub(super) reason: Option<Reason>,
    /// Tells apart events of one kind about one payment.
    pub(super) distinct: String,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) payment: PaymentState,
    pub(super) order: OrderState,
    /// The order is paid by this payment, now.
    pub(super) pays: bool,
    /// A payment that was closed before pays late.
    pub(super) late: bool,
    pub(super) events: Vec<Planned>,
    /// The wait before the gateway is asked again; `None`: no more.
    pub(super) ask_in: Option<Millis>,
}

/// Decides. Settled stays settled, paid stays paid.
pub(super) fn decide(known: &Known<'_>, answer: &Answer<'_>) -> Decision {
    let settled = is_settled(known, answer);
    let payment =
        if known.state == PaymentState::Settled || settled { PaymentState::Settled } else { unsettled_state(answer) };
    let pays = settled && known.state != PaymentState::Settled && reason_against(known).is_none();
    let paid = pays || known.paid_by != PaidBy::Nobody;
    let states = || known.others.iter().copied().chain([payment]);
    let order = match () {
        () if paid => OrderState::Paid,
        () if known.canceled && states().all(|state| state != PaymentState::Settled) => OrderState::Closed,
        () => OrderState::of_payments(states()),
    };
    let ask_in = ask_in(known, answer, payment);
    let mut events = events(known, answer, payment, pays, ask_in);
    if order == OrderState::Closed && known.order != OrderState::Closed && !known.canceled {
        events.push(plain(EventKind::Closed));
    }
    Decision { payment, order, pays, late: pays && known.was_closed, events, ask_in }
}

/// A server that reports no status proves less: a callback must have said it, too.
fn is_settled(known: &Known<'_>, answer: &Answer<'_>) -> bool {
    answer.outcome == Outcome::Settled && (answer.status.is_some() || known.callback_says_paid)
}

fn unsettled_state(answer: &Answer<'_>) -> PaymentState {
    match answer.outcome {
        // Not believed yet: no status, and no callback.
        Outcome::Settled | Outcome::PaidNotApproved => PaymentState::Confirming,
        Outcome::Closed => PaymentState::Closed,
        Outcome::Open => match answer.status {
            Some(OrderStatus::PartialPaid) => PaymentState::PartiallyPaid,
            Some(OrderStatus::WaitingToConfirm) => PaymentState::Confirming,
            _ => PaymentState::Open,
        },
        // Servers of the older documentation report no status, and this is how an unpaid payment looks there.
        Outcome::Unknown if answer.status_text.is_none() => PaymentState::Open,
        Outcome::Unknown | Outcome::InvalidToken | Outcome::Mismatch | Outcome::Contradictory => {
            PaymentState::Attention
        }
    }
}

/// Why a settled payment does not pay the order.
fn reason_against(known: &Known<'_>) -> Option<Reason> {
    match known.paid_by {
        PaidBy::AnotherPayment => Some(Reason::DuplicatePayment),
        _ if known.canceled => Some(Reason::PaidAfterCancel),
        _ if !known.is_current_price => Some(Reason::SupersededPrice),
        _ => None,
    }
}

fn events(
    known: &Known<'_>,
    answer: &Answer<'_>,
    payment: PaymentState,
    pays: bool,
    ask_in: Option<Millis>,
) -> Vec<Planned> {
    let mut events = Vec::new();
    if pays {
        events.push(plain(EventKind::Paid));
    }
    match payment {
        PaymentState::Settled if known.state == PaymentState::Settled => {
            events.extend(takes_back(answer).then(|| attention(Reason::ReversedAfterSettled)));
        }
        PaymentState::Settled => events.extend(reason_against(known).map(attention)),
        PaymentState::PartiallyPaid if is_awaited(known) => events.push(partially_paid(answer)),
        PaymentState::Attention => events.push(odd_answer(answer)),
        _ => {}
    }
    if answer.outcome == Outcome::PaidNotApproved
        && known.unapproved_for.is_some_and(|age| age >= schedule::UNAPPROVED_TOO_LONG)
    {
        events.push(attention(Reason::NotApproved));
    }
    if let Some(status) = known.odd_callback {
        events.push(Planned { distinct: status.to_owned(), ..attention(Reason::UnknownStatus) });
    }
    let is_over = matches!(payment, PaymentState::Closed | PaymentState::Settled);
    if ask_in.is_none() && !is_over && known.age >= schedule::LONGEST {
        events.push(attention(Reason::NothingHeard));
    }
    events
}

/// Whether the shop still waits for money for this order at this price.
fn is_awaited(known: &Known<'_>) -> bool {
    known.paid_by == PaidBy::Nobody && !known.canceled && known.is_current_price
}

/// Whether the answer is no longer that of a settled payment. What cannot be relied on takes nothing back.
fn takes_back(answer: &Answer<'_>) -> bool {
    answer.outcome == Outcome::Closed
        || (answer.outcome == Outcome::Unknown
            && answer.status.is_some_and(|status| status.meaning() == Meaning::Unknown))
}

fn odd_answer(answer: &Answer<'_>) -> Planned {
    let reason = match answer.outcome {
        Outcome::InvalidToken => Reason::InvalidToken,
        Outcome::Mismatch => Reason::Mismatch,
        Outcome::Contradictory => Reason::Contradictory,
        _ => Reason::UnknownStatus,
    };
    let distinct = if reason == Reason::UnknownStatus { answer.status_text.unwrap_or_default() } else { "" };
    Planned { distinct: distinct.to_owned(), ..attention(reason) }
}

fn partially_paid(answer: &Answer<'_>) -> Planned {
    Planned { distinct: answer.received.clone().unwrap_or_default(), ..plain(EventKind::PartiallyPaid) }
}

fn plain(kind: EventKind) -> Planned {
    Planned { kind, reason: None, distinct: String::new() }
}

fn attention(reason: Reason) -> Planned {
    Planned { kind: EventKind::Attention, reason: Some(reason), distinct: String::new() }
}

fn ask_in(known: &Known<'_>, answer: &Answer<'_>, payment: PaymentState) -> Option<Millis> {
    if payment == PaymentState::Settled {
        return None;
    }
    if answer.outcome == Outcome::PaidNotApproved {
        let since = known.unapproved_for.unwrap_or(0);
        return Some(schedule::next_unapproved_age(since) - since);
    }
    // The customer has paid: it is asked about as if it were new, however old it is.
    let age = if payment == PaymentState::Confirming { known.confirming_for.unwrap_or(0) } else { known.age };
    // A time to come is that of a clock which was wrong.
    let age = age.max(0);
    schedule::next_age(age).map(|next| next - age)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = 60_000;

    fn known() -> Known<'static> {
        Known {
            order: OrderState::Open,
            is_current_price: true,
            paid_by: PaidBy::Nobody,
            canceled: false,
            state: PaymentState::Open,
            was_closed: false,
            callback_says_paid: false,
            odd_callback: None,
            others: &[],
            age: 3 * MINUTE,
            confirming_for: None,
            unapproved_for: None,
        }
    }

    fn answer(outcome: Outcome, status: Option<OrderStatus>) -> Answer<'static> {
        let status_text = status.map(OrderStatus::name);
        Answer { outcome, status, status_text, received: None }
    }

    fn settled() -> Answer<'static> {
        answer(Outcome::Settled, Some(OrderStatus::Approve))
    }

    fn reasons(decision: &Decision) -> Vec<Reason> {
        decision.events.iter().filter_map(|event| event.reason).collect()
    }

    fn kinds(decision: &Decision) -> Vec<EventKind> {
        decision.events.iter().map(|event| event.kind).collect()
    }

    #[test]
    fn who_pays_after_a_week_is_asked_about_as_if_the_payment_were_new() {
        let old = Known { age: schedule::LONGEST + MINUTE, ..known() };
        let confirming = answer(Outcome::Open, Some(OrderStatus::WaitingToConfirm));
        let decision = decide(&old, &confirming);
        assert_eq!((decision.payment, decision.ask_in), (PaymentState::Confirming, Some(MINUTE)));
        let later = Known { confirming_for: Some(schedule::LONGEST), ..old };
        assert_eq!(decide(&later, &confirming).ask_in, None);
    }

    #[test]
    fn a_settled_payment_of_the_current_price_pays() {
        let decision = decide(&known(), &settled());
        assert_eq!((decision.pays, decision.late, decision.order), (true, false, OrderState::Paid));
        assert_eq!((kinds(&decision), decision.ask_in), (vec![EventKind::Paid], None));
        let late = decide(&Known { was_closed: true, state: PaymentState::Closed, ..known() }, &settled());
        assert_eq!((late.pays, late.late), (true, true));
    }

    #[test]
    fn a_settled_payment_that_does_not_pay_says_why() {
        for (known, reason) in [
            (Known { is_current_price: false, ..known() }, Reason::SupersededPrice),
            (Known { canceled: true, ..known() }, Reason::PaidAfterCancel),
            (Known { paid_by: PaidBy::AnotherPayment, ..known() }, Reason::DuplicatePayment),
        ] {
            let decision = decide(&known, &settled());
            assert_eq!((decision.pays, decision.payment), (false, PaymentState::Settled));
            assert_eq!((kinds(&decision), reasons(&decision)), (vec![EventKind::Attention], vec![reason]));
        }
    }

    #[test]
    fn without_a_reported_status_a_callback_must_have_said_paid() {
        let answer = answer(Outcome::Settled, None);
        let alone = decide(&known(), &answer);
        assert_eq!((alone.pays, alone.payment), (false, PaymentState::Confirming));
        assert!(decide(&Known { callback_says_paid: true, ..known() }, &answer).pays);
    }

    #[test]
    fn nothing_pays_twice_and_nothing_settled_is_undone() {
        let known = Known { state: PaymentState::Settled, paid_by: PaidBy::ThisPayment, ..known() };
        let again = decide(&known, &settled());
        assert_eq!((again.pays, again.order, again.events.len()), (false, OrderState::Paid, 0));
        for answer in [
            answer(Outcome::Closed, Some(OrderStatus::Reject)),
            answer(Outcome::Unknown, Some(OrderStatus::from_code(10))),
        ] {
            let back = decide(&known, &answer);
            assert_eq!((back.order, back.payment), (OrderState::Paid, PaymentState::Settled));
            assert_eq!(reasons(&back), [Reason::ReversedAfterSettled]);
        }
        assert_eq!(decide(&known, &answer(Outcome::Unknown, None)).events, []);
    }

    #[test]
    fn closed_is_told_when_no_other_payment_is_open_or_paid() {
        let closed = answer(Outcome::Closed, Some(OrderStatus::Timeout));
        assert_eq!(kinds(&decide(&known(), &closed)), [EventKind::Closed]);
        for other in [PaymentState::Open, PaymentState::Creating, PaymentState::Confirming, PaymentState::Settled] {
            assert_eq!(kinds(&decide(&Known { others: &[other], ..known() }, &closed)), []);
        }
        assert_eq!(kinds(&decide(&Known { paid_by: PaidBy::AnotherPayment, ..known() }, &closed)), []);
    }

    #[test]
    fn a_closed_payment_is_asked_about_all_the_same() {
        let closed = answer(Outcome::Closed, Some(OrderStatus::UserCanceled));
        assert_eq!(decide(&known(), &closed).ask_in, Some(MINUTE));
    }

    #[test]
    fn a_further_partial_payment_is_told_of_and_the_same_one_is_not() {
        let partial = |received: &str| Answer {
            received: Some(received.to_owned()),
            ..answer(Outcome::Open, Some(OrderStatus::PartialPaid))
        };
        let (one, other) = (decide(&known(), &partial("0.1")), decide(&known(), &partial("0.2")));
        assert_eq!(kinds(&one), [EventKind::PartiallyPaid]);
        assert_ne!(one.events, other.events);
        assert_eq!(one.events, decide(&known(), &partial("0.1")).events);
    }

    #[test]
    fn a_payment_that_is_not_approved_for_five_minutes_is_told_of() {
        let paid = answer(Outcome::PaidNotApproved, Some(OrderStatus::Paid));
        let first = decide(&known(), &paid);
        assert_eq!((first.payment, first.ask_in, first.events.len()), (PaymentState::Confirming, Some(1_000), 0));
        let later = decide(&Known { unapproved_for: Some(5 * MINUTE), ..known() }, &paid);
        assert_eq!(reasons(&later), [Reason::NotApproved]);
    }

    #[test]
    fn odd_answers_never_pay_and_are_told_of() {
        for (outcome, reason) in [
            (Outcome::Mismatch, Reason::Mismatch),
            (Outcome::InvalidToken, Reason::InvalidToken),
            (Outcome::Contradictory, Reason::Contradictory),
            (Outcome::Unknown, Reason::UnknownStatus),
        ] {
            let decision = decide(&known(), &answer(outcome, Some(OrderStatus::from_code(6))));
            assert_eq!((decision.pays, reasons(&decision)), (false, vec![reason]));
            assert!(decision.ask_in.is_some());
        }
        let old_server = decide(&known(), &answer(Outcome::Unknown, None));
        assert_eq!((old_server.payment, old_server.events.len()), (PaymentState::Open, 0));
    }

    #[test]
    fn an_undocumented_status_of_a_callback_is_told_of_whatever_verify_says() {
        let decision = decide(&Known { odd_callback: Some("6"), ..known() }, &settled());
        assert_eq!((decision.pays, reasons(&decision)), (true, vec![Reason::UnknownStatus]));
    }

    #[test]
    fn a_payment_of_which_nothing_is_heard_for_a_week_is_told_of() {
        let known = Known { age: 8 * 24 * 60 * MINUTE, ..known() };
        let open = decide(&known, &answer(Outcome::Open, Some(OrderStatus::Pending)));
        assert_eq!((reasons(&open), open.ask_in), (vec![Reason::NothingHeard], None));
        assert_eq!(kinds(&decide(&known, &answer(Outcome::Closed, Some(OrderStatus::Timeout)))), [EventKind::Closed]);
    }
}
