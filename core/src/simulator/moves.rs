//! The moves of a payment that are not about money arriving.

use super::{
    EventKind,
    ledger::Ledger,
    life::may_move,
    payment::{Chosen, Payment},
    refusal::Refusal,
    rules::Confirmation,
    store::StoreId,
};
use crate::status::OrderStatus::{self, Approve, Initialize, Pending, Reject, Timeout, UserCanceled, WaitingToConfirm};

impl Ledger {
    /// Chooses the coin with this name, or the first one. A customer may choose again until money is sent.
    pub(super) fn choose_coin(&mut self, token: &str, name: Option<&str>) -> Result<(), Refusal> {
        let status = self.known(token)?.status;
        if !matches!(status, Initialize | Pending) {
            return Err(Refusal::NotOpen(status));
        }
        let detail = self.issue_address(token, name)?;
        if status == Initialize {
            self.move_to(token, Pending)?;
        }
        self.record(EventKind::CoinChosen, token, None, detail);
        Ok(())
    }

    /// The customer is told how much of the coin to send where.
    pub(super) fn issue_address(&mut self, token: &str, name: Option<&str>) -> Result<String, Refusal> {
        let address = self.random.token();
        let payment = self.payment_mut(token).ok_or(Refusal::UnknownToken)?;
        let wanted = |coin: &str| name.is_none_or(|name| coin.eq_ignore_ascii_case(name));
        let offer =
            payment.order.offers.iter().find(|offer| wanted(offer.coin.name)).ok_or(Refusal::UnknownCoin)?.clone();
        let detail = format!("{} {}", offer.amount, offer.coin.shortcut);
        let address = format!("simulated-{}-{address}", offer.coin.shortcut.to_lowercase());
        payment.chosen = Some(Chosen { offer, address });
        Ok(detail)
    }

    pub(super) fn cancel(&mut self, token: &str) -> Result<(), Refusal> {
        self.close_payment(token, UserCanceled, EventKind::Canceled)
    }

    pub(super) fn expire(&mut self, token: &str) -> Result<(), Refusal> {
        self.close_payment(token, Timeout, EventKind::Expired)
    }

    pub(super) fn reject(&mut self, token: &str) -> Result<(), Refusal> {
        self.close_payment(token, Reject, EventKind::Rejected)
    }

    /// Tells the shop. The chain does not wait for a callback that is not on its way.
    pub(super) fn announce(&mut self, token: &str, status: OrderStatus) {
        let confirms = status == WaitingToConfirm && self.rules.confirmation == Confirmation::AfterCallback;
        let on_its_way = self.queue_status(token, status, confirms);
        if confirms && !on_its_way {
            self.confirm_all(token);
        }
    }

    fn close_payment(&mut self, token: &str, to: OrderStatus, kind: EventKind) -> Result<(), Refusal> {
        self.move_to(token, to)?;
        self.record(kind, token, None, String::new());
        self.announce(token, to);
        Ok(())
    }

    /// Moves a Paid payment of this store to Approve, and says whether the payment is approved after the call. No
    /// callback goes out: none is documented for it.
    pub(super) fn verify(&mut self, store: StoreId, token: &str) -> Option<(bool, &Payment)> {
        let payment = self.payment(token).filter(|payment| payment.store == store)?;
        if may_move(payment.status, Approve) {
            self.move_to(token, Approve).ok()?;
        }
        let approved = self.payment(token)?.status == Approve;
        self.record(EventKind::Verified, token, None, format!("success: {approved}"));
        self.payment(token).map(|payment| (approved, payment))
    }

    /// Like [`verify`](Self::verify), and the payment stays where it is.
    pub(super) fn verify_in_vain(&mut self, token: &str) -> Option<(bool, &Payment)> {
        self.record(EventKind::Verified, token, None, "success: false".to_owned());
        self.payment(token).map(|payment| (false, payment))
    }

    pub(super) fn move_to(&mut self, token: &str, to: OrderStatus) -> Result<(), Refusal> {
        let payment = self.payment_mut(token).ok_or(Refusal::UnknownToken)?;
        if !may_move(payment.status, to) {
            return Err(Refusal::NotOpen(payment.status));
        }
        payment.status = to;
        self.set_deadline(token);
        Ok(())
    }

    pub(super) fn known(&self, token: &str) -> Result<&Payment, Refusal> {
        self.payment(token).ok_or(Refusal::UnknownToken)
    }
}
