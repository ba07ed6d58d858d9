//! Where a store's callbacks go.

use axum::{Extension, extract::State, response::Response};

use super::{Of, Store, posted::Posted, rejected, teacher};
use crate::simulator::{
    CallbackMethod,
    order::{self, Rejection},
    request::{Fields, Invalid},
    target::Target,
    wire::{self, success},
};

const PATH: &str = "/v1/payment/settings";

pub(super) async fn read(State(shared): Store, Extension(store): Of) -> Response {
    success(shared.read(|ledger| wire::settings(ledger.store(store).and_then(|store| store.target.as_ref()))))
}

pub(super) async fn write(State(shared): Store, Extension(store): Of, Posted(fields): Posted) -> Response {
    let target = callback_target(&fields);
    let (known, strict) =
        shared.read(|ledger| (ledger.store(store).and_then(|store| store.target.clone()), ledger.strict));
    let unchanged = matches!(&target, Ok(target) if target.is_some() && *target == known);
    let findings = teacher::of_settings(&fields, unchanged, strict);
    if let Some(refusal) = teacher::teach(&shared, &findings, "POST /v1/payment/settings") {
        return refusal;
    }
    match target {
        Ok(target) => success(shared.change(|ledger| {
            let settings = wire::settings(target.as_ref());
            ledger.set_target(store, target);
            settings
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
