//! What a test does to the payments of a running [`Simulator`].

use std::time::Duration;

use super::{PaymentSnapshot, Simulator, ledger::Ledger, refusal::Refusal, shared::Ended, snapshot::Surroundings};
use crate::{
    amount::Amount,
    error::{Error, ErrorCode},
};

/// Decimals that an underpayment or an overpayment is rounded to; the simulator quotes its coins with as many.
pub(super) const DECIMALS: i64 = 8;

impl Simulator {
    /// Pays exactly what is still owed: the payment waits for its confirmation when this returns, and callback 3 is on its
    /// way. Unless the builder says otherwise, the payment is Paid as soon as the first attempt at that callback has
    /// ended, well or badly; callback 7 follows once callback 3 is answered or given up. Without a callback URL the payment
    /// is Paid at once. A coin is chosen where the customer has chosen none.
    ///
    /// A payment that has expired or was canceled is paid late, and goes the same way.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown, or the payment is paid or rejected.
    pub fn pay(&self, token: &str) -> Result<(), Error> {
        self.act(|ledger| ledger.pay(token))
    }

    /// Pays this much of the chosen coin, whatever is owed. A payment that has expired or was canceled stays so until all
    /// of the money has come.
    ///
    /// # Errors
    /// As [`pay`](Self::pay), and `input.amount` when it is not positive.
    pub fn pay_amount(&self, token: &str, amount: &Amount) -> Result<(), Error> {
        self.act(|ledger| ledger.pay_amount(token, amount.clone()))
    }

    /// Pays half of what is still owed, rounded down to 8 decimals: the payment is `PartialPaid`, and callback 2 on its way.
    ///
    /// # Errors
    /// As [`pay`](Self::pay).
    pub fn underpay(&self, token: &str) -> Result<(), Error> {
        self.act(|ledger| {
            let half = ledger.owed(token)?.half(DECIMALS);
            ledger.pay_amount(token, half)
        })
    }

    /// Pays so much less than what is still owed.
    ///
    /// # Errors
    /// As [`pay`](Self::pay), and `input.amount` when it is not positive or leaves nothing to pay.
    pub fn underpay_by(&self, token: &str, amount: &Amount) -> Result<(), Error> {
        self.act(|ledger| {
            let owed = ledger.owed(token)?;
            if !amount.is_positive() || *amount >= owed {
                return Err(Refusal::WrongAmount("the missing amount is positive and less than what is owed"));
            }
            ledger.pay_amount(token, owed.minus(amount))
        })
    }

    /// Pays a tenth more than what is still owed, rounded up to 8 decimals.
    ///
    /// # Errors
    /// As [`pay`](Self::pay).
    pub fn overpay(&self, token: &str) -> Result<(), Error> {
        self.act(|ledger| {
            let owed = ledger.owed(token)?;
            let more = owed.plus(&owed.tenth(DECIMALS));
            ledger.pay_amount(token, more)
        })
    }

    /// The chain confirms all money that it has seen. Callback 7 is on its way where that is enough.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown or nothing waits for the chain.
    pub fn confirm(&self, token: &str) -> Result<(), Error> {
        self.act(|ledger| ledger.confirm(token))
    }

    /// The newest transaction that is in no block disappears from the mempool. The payment is open again, or `PartialPaid`
    /// where other money remains. For a simulator with [`manual_confirmation`](super::SimulatorBuilder::manual_confirmation)
    /// or [`confirmation_time`](super::SimulatorBuilder::confirmation_time): otherwise the chain is faster.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown or nothing is in the mempool.
    pub fn drop_transaction(&self, token: &str) -> Result<(), Error> {
        self.act(|ledger| ledger.drop_transaction(token))
    }

    /// Cancels, as the customer does on the checkout page; callback 5 is on its way when this returns.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown or the payment is not open.
    pub fn cancel(&self, token: &str) -> Result<(), Error> {
        self.act(|ledger| ledger.cancel(token))
    }

    /// Ends the time to pay of a payment that has received nothing; callback 4 is on its way when this returns.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown or the payment does not wait for its money.
    pub fn expire(&self, token: &str) -> Result<(), Error> {
        self.act(|ledger| ledger.expire(token))
    }

    /// Rejects a payment that is `PartialPaid`, waits for its confirmation, or is Paid; callback 9 is on its way when this
    /// returns.
    ///
    /// # Errors
    /// `api.rejected` when the token is unknown or the payment is none of these.
    pub fn reject(&self, token: &str) -> Result<(), Error> {
        self.act(|ledger| ledger.reject(token))
    }

    /// Moves the clock on and lets happen, in order, whatever is due by then: payments expire, chains confirm, callbacks are
    /// sent again. Returns when all of it has happened and the callbacks that it caused have been attempted. Blocks the
    /// calling thread.
    ///
    /// A duration of zero waits for the callbacks that are under way.
    ///
    /// # Errors
    /// `config.closed` when the simulator is stopped.
    pub fn advance(&self, by: Duration) -> Result<(), Error> {
        self.running()?;
        self.shared.advance(by).map_err(|_| stopped())
    }

    /// Like [`advance`](Self::advance), without blocking. Works on any async runtime.
    ///
    /// # Errors
    /// The same.
    pub async fn advanced(&self, by: Duration) -> Result<(), Error> {
        self.running()?;
        self.on_own_runtime(move |shared| async move { shared.advanced(by).await }).await.map_err(|_: Ended| stopped())
    }

    /// The simulator's clock: time since its start.
    pub fn now(&self) -> Duration {
        self.shared.read(Ledger::now)
    }

    /// The last 10,000 payments, oldest first; fewer where the texts in them come to more than 16 MiB.
    pub fn payments(&self) -> Vec<PaymentSnapshot> {
        let url = self.gateway_url();
        self.shared.read(|ledger| ledger.payments().map(|payment| ledger.snapshot(payment, &url)).collect())
    }

    /// The payment with this token.
    pub fn payment(&self, token: &str) -> Option<PaymentSnapshot> {
        let url = self.gateway_url();
        self.shared.read(|ledger| ledger.payment(token).map(|payment| ledger.snapshot(payment, &url)))
    }

    /// How many payments came before those and are not kept any more.
    pub fn forgotten_payments(&self) -> u64 {
        self.shared.read(Ledger::forgotten)
    }

    pub(super) fn act(&self, act: impl FnOnce(&mut Ledger) -> Result<(), Refusal>) -> Result<(), Error> {
        self.running()?;
        self.shared.change(act).map_err(Into::into)
    }

    pub(super) fn running(&self) -> Result<(), Error> {
        if self.shared.read(Ledger::is_closed) { Err(stopped()) } else { Ok(()) }
    }
}

impl Ledger {
    pub(super) fn snapshot(&self, payment: &super::payment::Payment, gateway_url: &str) -> PaymentSnapshot {
        payment.snapshot(&Surroundings {
            gateway_url,
            store_name: self.store_name_of(payment),
            required_confirmations: self.rules.required_confirmations,
        })
    }
}

pub(super) fn stopped() -> Error {
    Error::new(ErrorCode::ConfigClosed, "the simulator is stopped")
}
