//! Callbacks that nothing but a test asks for: repeated, forged, tampered with, and the dashboard's probe.

use http::HeaderMap;

use super::{
    Fault,
    ledger::Ledger,
    message::Message,
    notice,
    outbox::Draft,
    refusal::Refusal,
    store::{Account, StoreId},
    target::Target,
};
use crate::{
    error::{Error, ErrorCode},
    secret::Secret,
    status::OrderStatus,
};

impl Ledger {
    /// Sends a signed callback with any status, with whatever faults are armed.
    pub(super) fn send_callback(&mut self, token: &str, status: OrderStatus) -> Result<(), Error> {
        self.target_of(token)?;
        self.queue_status(token, status, false);
        Ok(())
    }

    pub(super) fn forge_callback(&mut self, token: &str, body: Vec<u8>, headers: HeaderMap) -> Result<u64, Error> {
        let (store, target) = self.target_of(token)?;
        let message = Message { body, headers };
        Ok(self.send(store, token, None, message, false, target))
    }

    /// The same bytes and headers again, to where they went.
    pub(super) fn resend(&mut self, id: u64) -> Result<u64, Error> {
        let (message, target) = self.copy_of(id)?;
        let (store, token, status) = self.origin_of(id)?;
        let faults = self.delivery(id).map(|delivery| spoiling(&delivery.faults)).unwrap_or_default();
        let draft = Draft { store, token, status, message, faults, once: false };
        Ok(self.send_draft(draft, target))
    }

    /// The same again with its status changed after it was signed; once.
    pub(super) fn tamper(&mut self, id: u64) -> Result<u64, Error> {
        let (message, target) = self.copy_of(id)?;
        let (store, token, _) = self.origin_of(id)?;
        Ok(self.send(store, &token, None, message.tampered(), true, target))
    }

    /// The dashboard's "Test Webhook": signed, and about no payment.
    pub(super) fn send_test_webhook(&mut self, store: StoreId) -> Result<u64, Error> {
        let account = self.account(store)?;
        let (message, target) = (Message::signed(notice::test_webhook(), &[], &account.secret), target(account)?);
        Ok(self.send(store, "", None, message, true, target))
    }

    /// What a thief would send: the store's newest payment is Paid, under a signature that belongs to other bytes.
    pub(super) fn send_tampered_probe(&mut self, store: StoreId) -> Result<u64, Error> {
        let newest = self.payments().rev().find(|payment| payment.store == store);
        let token = newest.map(|payment| payment.token.clone()).unwrap_or_default();
        let made_up = self.random.token();
        let account = self.account(store)?;
        let body = match self.payment(&token) {
            Some(payment) => notice::body(payment, OrderStatus::WaitingToConfirm, &[]),
            None => notice::made_up(&made_up),
        };
        let (message, target) = (Message::signed(body, &[], &account.secret).tampered(), target(account)?);
        Ok(self.send(store, &token, None, message, true, target))
    }

    pub(super) fn send(
        &mut self,
        store: StoreId,
        token: &str,
        status: Option<OrderStatus>,
        message: Message,
        once: bool,
        target: Target,
    ) -> u64 {
        let draft = Draft { store, token: token.to_owned(), status, message, faults: Vec::new(), once };
        self.send_draft(draft, target)
    }

    pub(super) fn send_draft(&mut self, draft: Draft, target: Target) -> u64 {
        let id = self.post(draft, target);
        self.enqueue(id);
        id
    }

    fn copy_of(&self, id: u64) -> Result<(Message, Target), Error> {
        let callback = self.callbacks.get(&id).ok_or(Refusal::UnknownDelivery)?;
        let message = Message { body: callback.delivery.body.clone(), headers: callback.headers.clone() };
        Ok((message, callback.target.clone()))
    }

    fn origin_of(&self, id: u64) -> Result<(StoreId, String, Option<OrderStatus>), Error> {
        let callback = self.callbacks.get(&id).ok_or(Refusal::UnknownDelivery)?;
        let delivery = &callback.delivery;
        Ok((callback.store, delivery.token.clone(), delivery.status))
    }

    fn target_of(&self, token: &str) -> Result<(StoreId, Target), Error> {
        let store = self.payment(token).ok_or(Refusal::UnknownToken)?.store;
        Ok((store, target(self.account(store)?)?))
    }

    /// The store with this name, or the first one.
    pub(super) fn store_named(&self, name: Option<&str>) -> Result<StoreId, Error> {
        let wanted = |account: &Account| name.is_none_or(|name| account.name == name);
        self.stores.iter().position(wanted).map(StoreId).ok_or_else(no_such_store)
    }

    /// What it takes to send a callback of this store.
    pub(super) fn sender(&self, store: StoreId) -> Result<(&Secret, Target), Error> {
        let account = self.account(store)?;
        Ok((&account.secret, target(account)?))
    }

    fn account(&self, store: StoreId) -> Result<&Account, Error> {
        self.store(store).ok_or_else(no_such_store)
    }

    /// Why deliveries do not come, where the ledger can tell.
    pub(super) fn hint_on_waiting(&self, token: &str) -> Option<&'static str> {
        let Some(payment) = self.payment(token) else { return Some("the simulator does not know this token") };
        if self.store(payment.store).is_some_and(|store| store.target.is_none()) {
            return Some("the simulated store has no callback URL");
        }
        self.clock.is_manual().then_some("the clock stands still; move it on with advance")
    }
}

/// The faults among these that are in the bytes, and so come along with them.
pub(super) fn spoiling(faults: &[Fault]) -> Vec<Fault> {
    faults.iter().copied().filter(|fault| fault.alters()).collect()
}

fn no_such_store() -> Error {
    Error::new(ErrorCode::ConfigMissing, "the simulator has no store of this name")
}

fn target(account: &Account) -> Result<Target, Error> {
    account.target.clone().ok_or_else(|| {
        Error::new(ErrorCode::ConfigMissing, "the simulated store has no callback URL")
            .with_hint("set one with set_callback_url, or over the API as the shop would")
    })
}
