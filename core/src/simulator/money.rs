//! Money on its way to a payment: it arrives, is confirmed, or is dropped.

use super::{
    EventKind, Transaction, TransactionState, ledger::Ledger, payment::Payment, refusal::Refusal, rules::Confirmation,
    transaction::Transfer,
};
use crate::{
    amount::Amount,
    status::OrderStatus::{self, Initialize, Paid, PartialPaid, Pending, Timeout, UserCanceled, WaitingToConfirm},
};

/// Transactions of one payment; more would fill the memory.
const MOST_TRANSACTIONS: usize = 100;

impl Ledger {
    /// What is still to pay, with a coin chosen for a customer who has chosen none.
    pub(super) fn owed(&mut self, token: &str) -> Result<Amount, Refusal> {
        let payment = self.known(token)?;
        match (payment.status, payment.chosen.is_some()) {
            (Initialize, _) => self.choose_coin(token, None)?,
            (Timeout | UserCanceled, false) => drop(self.issue_address(token, None)?),
            _ => {}
        }
        let payment = self.known(token)?;
        payment.owed().filter(|_| takes_money(payment.status)).ok_or(Refusal::NotOpen(payment.status))
    }

    /// Exactly what is still to pay arrives.
    pub(super) fn pay(&mut self, token: &str) -> Result<(), Refusal> {
        let owed = self.owed(token)?;
        self.receive(token, owed)
    }

    /// Money arrives, however much; on a payment that is over, it is late.
    pub(super) fn pay_amount(&mut self, token: &str, amount: Amount) -> Result<(), Refusal> {
        if !amount.is_positive() {
            return Err(Refusal::WrongAmount("a payment is of a positive amount"));
        }
        let payment = self.known(token)?;
        if !takes_money(payment.status) {
            return Err(Refusal::NotOpen(payment.status));
        }
        if payment.chosen.is_none() {
            self.owed(token)?;
        }
        self.receive(token, amount)
    }

    fn receive(&mut self, token: &str, amount: Amount) -> Result<(), Refusal> {
        let (hash, received_at) = (self.random.hash(), self.now());
        let payment = self.payment_mut(token).ok_or(Refusal::UnknownToken)?;
        if payment.transfers.len() >= MOST_TRANSACTIONS {
            return Err(Refusal::TooManyTransactions);
        }
        let transaction =
            Transaction { hash: hash.clone(), amount, state: TransactionState::Mempool, confirmations: 0, received_at };
        payment.transfers.push(Transfer { transaction, timer: None });
        self.count_money(token, &hash)
    }

    /// Moves the payment to where the money that it has received puts it.
    fn count_money(&mut self, token: &str, hash: &str) -> Result<(), Refusal> {
        let fast = self.rules.required_confirmations == 0;
        if fast {
            self.complete_all(token);
        }
        let payment = self.known(token)?;
        let (kind, detail) = money_in_words(payment);
        let (from, to) = (payment.status, status_with(payment, fast));
        if to != from {
            self.move_to(token, to)?;
        }
        self.record(kind, token, None, detail);
        if to == Paid {
            self.record(EventKind::Confirmed, token, None, "no confirmation is asked for".to_owned());
        }
        if to != from {
            self.announce(token, to);
        }
        match self.rules.confirmation {
            _ if fast => self.settle(token),
            Confirmation::After(time) => self.set_confirmation(token, hash, time),
            Confirmation::AfterCallback | Confirmation::Manual => {}
        }
        Ok(())
    }

    /// The chain confirms all money of this payment; nothing happens to one that waits for none.
    pub(super) fn confirm_all(&mut self, token: &str) {
        self.complete_all(token);
        self.settle(token);
    }

    /// The same by hand.
    pub(super) fn confirm(&mut self, token: &str) -> Result<(), Refusal> {
        if !self.known(token)?.transactions().any(Transaction::is_open) {
            return Err(Refusal::NothingToConfirm);
        }
        self.confirm_all(token);
        Ok(())
    }

    fn complete_all(&mut self, token: &str) {
        let required = self.rules.required_confirmations;
        let Some(payment) = self.payment_mut(token) else { return };
        let open = payment.transfers.iter_mut().filter(|transfer| transfer.transaction.is_open());
        let timers: Vec<_> = open
            .map(|transfer| {
                transfer.transaction.confirm(required, required);
                transfer.timer.take()
            })
            .collect();
        for timer in timers {
            self.timers.cancel(timer);
        }
    }

    /// Paid, when the chain has confirmed enough.
    pub(super) fn settle(&mut self, token: &str) {
        let Some(payment) = self.payment(token) else { return };
        let enough = payment.expected().is_some_and(|expected| payment.confirmed() >= *expected);
        if payment.status == WaitingToConfirm && enough && self.move_to(token, Paid).is_ok() {
            self.record(EventKind::Confirmed, token, None, String::new());
            self.announce(token, Paid);
        }
    }

    /// The newest transaction that is in no block disappears.
    pub(super) fn drop_transaction(&mut self, token: &str) -> Result<(), Refusal> {
        let payment = self.payment_mut(token).ok_or(Refusal::UnknownToken)?;
        let in_mempool = |transfer: &&mut Transfer| transfer.transaction.state == TransactionState::Mempool;
        let transfer = payment.transfers.iter_mut().rev().find(in_mempool).ok_or(Refusal::NothingToDrop)?;
        transfer.transaction.state = TransactionState::Dropped;
        let timer = transfer.timer.take();
        self.timers.cancel(timer);
        let payment = self.known(token)?;
        let (from, received, enough) = (payment.status, payment.received(), payment.owed().is_none());
        let to = match from {
            WaitingToConfirm | PartialPaid if received.is_zero() => Pending,
            WaitingToConfirm if !enough => PartialPaid,
            same => same,
        };
        if to != from {
            self.move_to(token, to)?;
        }
        self.record(EventKind::TransactionDropped, token, None, format!("{received} received"));
        match to {
            PartialPaid if to != from => self.announce(token, PartialPaid),
            Pending if to != from => self.open_window(token),
            _ => self.settle(token),
        }
        Ok(())
    }
}

/// Whether the gateway still watches the address. After it has the money, or has given up, it does not.
fn takes_money(status: OrderStatus) -> bool {
    matches!(status, Initialize | Pending | PartialPaid | WaitingToConfirm | Timeout | UserCanceled)
}

/// Where money takes a payment; `fast` on a chain that needs no confirmations. Late money takes it nowhere until all of
/// it has come.
fn status_with(payment: &Payment, fast: bool) -> OrderStatus {
    match (payment.status, payment.owed().is_none()) {
        (Pending, false) => PartialPaid,
        (Pending | Timeout | UserCanceled, true) if fast => Paid,
        (Pending | PartialPaid | Timeout | UserCanceled, true) => WaitingToConfirm,
        (same, _) => same,
    }
}

fn money_in_words(payment: &Payment) -> (EventKind, String) {
    let received = payment.received();
    let Some(expected) = payment.expected() else { return (EventKind::Paid, String::new()) };
    let kind = match received.cmp(expected) {
        _ if payment.is_over() => EventKind::PaidLate,
        std::cmp::Ordering::Less => EventKind::PartiallyPaid,
        std::cmp::Ordering::Equal => EventKind::Paid,
        std::cmp::Ordering::Greater => EventKind::Overpaid,
    };
    (kind, format!("{received} of {expected}"))
}
