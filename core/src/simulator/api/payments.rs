//! Making a payment, and verifying one.

use axum::{extract::State, response::Response};

use super::{Store, posted::Posted, rejected, teacher};
use crate::simulator::{
    Fault, api_fault,
    ledger::Ledger,
    order,
    profile::Profile,
    shared::Shared,
    verify_shape::VerifyShape,
    wire::{self, success},
};

const REQUEST: &str = "/v1/payment/request";
const VERIFY: &str = "/v1/payment/verify";

pub(super) async fn request(State(shared): Store, Posted(fields): Posted) -> Response {
    let findings = teacher::of_payment(&fields, shared.read(|ledger| ledger.strict));
    if let Some(refusal) = teacher::teach(&shared, &findings, "POST /v1/payment/request") {
        return refusal;
    }
    let order = match order::read(&fields) {
        Ok(order) => order,
        Err(rejection) => return rejected(&shared, REQUEST, &rejection),
    };
    let (token, faults) = shared.change(|ledger| {
        let faults = ledger.strike_api(None, api_fault::concerns_create);
        (ledger.create(order), faults)
    });
    if faults.contains(&Fault::ApiLostCreate) {
        return api_fault::silence().await;
    }
    success(if faults.contains(&Fault::ApiTokenWithSpace) { format!(" {token}") } else { token })
}

pub(super) async fn verify(State(shared): Store, Posted(fields): Posted) -> Response {
    let token = match fields.text("token") {
        Ok(token) => token.unwrap_or_default(),
        Err(invalid) => return rejected(&shared, VERIFY, &invalid.into()),
    };
    let token = token.trim();
    let mishap = shared.change(|ledger| api_fault::mishap(ledger, Some(token)));
    api_fault::befall(mishap, async { verified(&shared, token) }).await
}

fn verified(shared: &Shared, token: &str) -> Response {
    let profile = shared.api.profile;
    shared.change(|ledger| verify_at(ledger, token, profile)).unwrap_or_else(|| {
        super::note(shared, format!("{VERIFY}: Invalid Token"));
        wire::unknown_token(shared.api)
    })
}

fn verify_at(ledger: &mut Ledger, token: &str, profile: Profile) -> Option<Response> {
    let status = ledger.payment(token)?.status;
    let faults = ledger.strike_api(Some(token), |fault| api_fault::concerns_verify(fault, status));
    let shape = VerifyShape::new(profile, &faults);
    let verified =
        if faults.contains(&Fault::ApiPaidNotApproved) { ledger.verify_in_vain(token) } else { ledger.verify(token) };
    verified.map(|(approved, payment)| wire::verification(payment, approved, shape))
}
