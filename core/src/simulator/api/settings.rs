//! Where a store's callbacks go.

use axum::{extract::State, response::Response};

use super::{Store, posted::Posted, rejected, teacher};
use crate::simulator::{
    CallbackMethod,
    order::{self, Rejection},
    outbox::Target,
    request::{Fields, Invalid},
    wire::{self, success},
};

const PATH: &str = "/v1/payment/settings";

pub(super) async fn read(State(shared): Store) -> Response {
    success(shared.read(|ledger| wire::settings(ledger.target.as_ref())))
}

pub(super) async fn write(State(shared): Store, Posted(fields): Posted) -> Response {
    let target = callback_target(&fields);
    let unchanged = matches!(&target, Ok(Some(target)) if shared.read(|ledger| ledger.target.as_ref() == Some(target)));
    let findings = teacher::of_settings(&fields, unchanged, shared.read(|ledger| ledger.strict));
    if let Some(refusal) = teacher::teach(&shared, &findings, "POST /v1/payment/settings") {
        return refusal;
    }
    match target {
        Ok(target) => success(shared.change(|ledger| {
            ledger.set_target(target);
            wire::settings(ledger.target.as_ref())
        })),
        Err(rejection) => rejected(&shared, PATH, &rejection),
    }
}

fn callback_target(fields: &Fields) -> Result<Option<Target>, Rejection> {
    let method = match fields.integer("IPN_Method")? {
        None | Some(0 | 1) => CallbackMethod::Post,
        Some(2) => CallbackMethod::Put,
        Some(_) => return Err(Invalid("IPN_Method is none of 0, 1 and 2").into()),
    };
    let Some(url) = fields.text("IPN_Url")?.filter(|url| !url.trim().is_empty()) else { return Ok(None) };
    order::https_url(&url)?;
    Target::new(&url, method).map(Some).map_err(|_| Invalid("IPN_Url is not a URL").into())
}
