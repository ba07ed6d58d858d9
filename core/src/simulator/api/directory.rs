//! What the gateway knows and anyone with a key may ask: coins, prices, currencies, languages, the store itself.

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use serde_json::json;

use super::{Of, Store, posted::Posted, rejected};
use crate::simulator::{
    coin::{COINS, CURRENCIES, Coin},
    order::Rejection,
    request::{Fields, Invalid},
    wire::{self, success},
};

pub(super) async fn accepted_coins(State(shared): Store, Extension(store): Of) -> Response {
    let coins = shared.read(|ledger| ledger.store(store).map(|store| store.coins.clone())).unwrap_or_default();
    success(coins.into_iter().map(wire::accepted_coin).collect::<Vec<_>>())
}

pub(super) async fn coins() -> Response {
    success(COINS.iter().map(wire::coin_details).collect::<Vec<_>>())
}

pub(super) async fn last_block(State(shared): Store, coin_id: Result<Path<String>, PathRejection>) -> Response {
    let coin = match coin_id.map(|Path(id)| id.parse::<i64>()) {
        Ok(Ok(id)) => COINS.iter().find(|coin| coin.id == id).ok_or(Rejection::Refused("Coin not found")),
        _ => Err(Invalid("the coin id is not an integer").into()),
    };
    match coin {
        Ok(coin) => success(wire::last_block(coin)),
        Err(rejection) => rejected(&shared, "/v1/coins/{coinId}/last-block", &rejection),
    }
}

pub(super) async fn prices(State(shared): Store, Posted(fields): Posted) -> Response {
    match wanted_prices(&fields) {
        Ok(prices) => success(prices),
        Err(invalid) => rejected(&shared, "/v1/coins/price", &invalid.into()),
    }
}

fn wanted_prices(fields: &Fields) -> Result<Vec<wire::CoinPrice>, Invalid> {
    let names = fields.texts("coinNames")?;
    let currency = fields.text("currency")?.unwrap_or_else(|| "USD".to_owned());
    let with_change = fields.truth("include24HrChange")?.unwrap_or(false);
    let coins: Vec<&Coin> = match &names {
        Some(names) => names.iter().filter_map(|name| Coin::named(name)).collect(),
        None => COINS.iter().collect(),
    };
    let prices = coins.into_iter().map(|coin| wire::coin_price(coin, currency.trim(), with_change));
    prices.collect::<Option<_>>().ok_or(Invalid("currency is not one of /v1/currencies"))
}

pub(super) async fn currencies() -> Response {
    let items = (1..).zip(CURRENCIES).map(|(id, (title, _))| json!({ "id": id, "title": title }));
    success(items.collect::<Vec<_>>())
}

pub(super) async fn languages() -> Response {
    let known = [("English", "English", "en-US"), ("German", "Deutsch", "de-DE"), ("French", "français", "fr-FR")];
    success(known.map(|(name, display, culture)| json!({ "name": name, "displayName": display, "culture": culture })))
}

pub(super) async fn info() -> Response {
    success(json!({ "version": "1.0.0" }))
}

pub(super) async fn ping() -> Response {
    wire::json(StatusCode::OK, &wire::Simple { success: true, message: "" })
}

pub(super) async fn merchant(State(shared): Store, Extension(store): Of) -> Response {
    let name = shared.read(|ledger| ledger.store(store).map(|store| store.name.clone()));
    success(json!({ "name": name, "isActive": true }))
}
