//! Making a payment, and verifying one.

use axum::{Extension, extract::State, response::Response};

use super::{Of, Store, posted::Posted, rejected, teacher};
use crate::simulator::{
    Fault, api_fault,
    ledger::Ledger,
    order,
    profile::Profile,
    shared::Shared,
    store::StoreId,
    verify_shape::VerifyShape,
    wire::{self, success},
};

const REQUEST: &str = "/v1/payment/request";
const VERIFY: &str = "/v1/payment/verify";

pub(super) async fn request(State(shared): Store, Extension(store): Of, Posted(fields): Posted) -> Response {
    let (coins, strict) =
        shared.read(|ledger| (ledger.store(store).map(|store| store.coins.clone()).unwrap_or_default(), ledger.strict));
    let findings = teacher::of_payment(&fields, strict);
    if let Some(refusal) = teacher::teach(&shared, &findings, "POST /v1/payment/request") {
        return refusal;
    }
    let order = match order::read(&fields, &coins) {
        Ok(order) => order,
        Err(rejection) => return rejected(&shared, REQUEST, &rejection),
    };
    let (token, fault) = shared.change(|ledger| {
        let fault = api_fault::of_create(ledger);
        (ledger.create(store, order), fault)
    });
    match fault {
        Some(Fault::ApiLostCreate) => api_fault::silence().await,
        Some(_) => success(format!(" {token}")),
        None => success(token),
    }
}

pub(super) async fn verify(State(shared): Store, Extension(store): Of, Posted(fields): Posted) -> Response {
    let token = match fields.text("token") {
        Ok(token) => token.unwrap_or_default(),
        Err(invalid) => return rejected(&shared, VERIFY, &invalid.into()),
    };
    let token = token.trim();
    let mishap = shared.change(|ledger| {
        let is_own = ledger.payment(token).is_some_and(|payment| payment.store == store);
        api_fault::mishap(ledger, is_own.then_some(token))
    });
    api_fault::befall(mishap, async { verified(&shared, store, token) }).await
}

fn verified(shared: &Shared, store: StoreId, token: &str) -> Response {
    let profile = shared.api.profile;
    shared.change(|ledger| verify_at(ledger, store, token, profile)).unwrap_or_else(|| {
        super::note(shared, format!("{VERIFY}: Invalid Token"));
        wire::unknown_token(shared.api)
    })
}

fn verify_at(ledger: &mut Ledger, store: StoreId, token: &str, profile: Profile) -> Option<Response> {
    let status = ledger.payment(token).filter(|payment| payment.store == store)?.status;
    let faults = ledger.strike_api(Some(token), |fault| api_fault::concerns_verify(fault, status));
    let shape = VerifyShape::new(profile, &faults);
    let verified = if faults.contains(&Fault::ApiPaidNotApproved) {
        ledger.verify_in_vain(token)
    } else {
        ledger.verify(store, token)
    };
    verified.map(|(approved, payment)| wire::verification(payment, approved, shape))
}
