//! The gateway's API under `/v1`.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Path, Request, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};

use super::{
    CallbackMethod, EventKind,
    coin::{COINS, CURRENCIES, Coin},
    order::{self, Rejection},
    request::{Fields, Invalid},
    shared::Shared,
    store::StoreId,
    target::Target,
    wire::{self, failure, refused, success},
};

/// Larger than any request that makes sense.
const BODY_LIMIT: usize = 64 * 1024;

type Store = State<Arc<Shared>>;
/// The store whose key the request carries.
type Of = Extension<StoreId>;

pub(super) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let endpoints: [(&str, MethodRouter<Arc<Shared>>); 12] = [
        ("/payment/request", post(request_payment)),
        ("/payment/verify", post(verify)),
        ("/payment/settings", get(settings).post(set_settings)),
        ("/payment/coins", get(accepted_coins)),
        ("/coins", get(async || success(COINS.iter().map(wire::coin_details).collect::<Vec<_>>()))),
        ("/coins/{coin_id}/last-block", get(last_block)),
        ("/coins/price", post(coin_prices)),
        ("/currencies", get(currencies)),
        ("/languages", get(languages)),
        ("/info", get(async || success(serde_json::json!({ "version": "1.0.0" })))),
        ("/ping", get(async || wire::json(StatusCode::OK, &wire::Simple { success: true, message: "" }))),
        ("/ping/merchant", get(merchant)),
    ];
    let mut router = Router::new();
    for (path, endpoint) in endpoints {
        // The gateway's own plugins put a slash at the end of some.
        router = router.route(&format!("/v1{path}"), endpoint.clone()).route(&format!("/v1{path}/"), endpoint);
    }
    router
        .route_layer(middleware::from_fn_with_state(Arc::clone(shared), check_key))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .method_not_allowed_fallback(async || failure(StatusCode::METHOD_NOT_ALLOWED))
        .fallback(async || failure(StatusCode::NOT_FOUND))
}

/// Refuses a request without the store's key. The contract does not know the status of that; 401 is what it says in HTTP.
/// The handlers find the store in the request's extensions.
async fn check_key(State(shared): Store, mut request: Request, next: Next) -> Response {
    let key = request.headers().get("api-key").map(|value| value.as_bytes().trim_ascii());
    if let Some(store) = key.and_then(|key| shared.store_of(key)) {
        request.extensions_mut().insert(store);
        return next.run(request).await;
    }
    let reason = if key.is_some() { "the Api-Key header is wrong" } else { "the Api-Key header is missing" };
    note(&shared, format!("{} {}: {reason}", request.method(), request.uri().path()));
    wire::json(StatusCode::UNAUTHORIZED, &wire::Simple { success: false, message: "Unauthorized" })
}

fn note(shared: &Shared, detail: String) {
    shared.change(|ledger| ledger.record(EventKind::RequestRefused, "", None, detail));
}

/// A JSON object in a request's body.
struct Posted(Fields);

impl FromRequest<Arc<Shared>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let path = request.uri().path().to_owned();
        read_fields(request, shared).await.map(Self).map_err(|(status, reason)| {
            note(shared, format!("{path}: {reason}"));
            failure(status)
        })
    }
}

async fn read_fields(request: Request, shared: &Arc<Shared>) -> Result<Fields, (StatusCode, &'static str)> {
    if !is_json(request.headers()) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type is not application/json"));
    }
    let body = Bytes::from_request(request, shared).await.map_err(unreadable)?;
    Fields::parse(&body).map_err(|Invalid(reason)| (StatusCode::BAD_REQUEST, reason))
}

fn unreadable(rejection: BytesRejection) -> (StatusCode, &'static str) {
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => (StatusCode::PAYLOAD_TOO_LARGE, "the body is over 64 KiB"),
        _ => (StatusCode::BAD_REQUEST, "the body did not arrive whole"),
    }
}

/// The kinds that the gateway's schema lists.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "application/json" | "text/json")
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn rejected(shared: &Shared, path: &str, rejection: &Rejection) -> Response {
    let (reason, response) = match rejection {
        Rejection::Invalid(Invalid(reason)) => (reason, failure(StatusCode::BAD_REQUEST)),
        Rejection::Refused(message) => (message, refused(message)),
    };
    note(shared, format!("{path}: {reason}"));
    response
}

async fn request_payment(State(shared): Store, Extension(store): Of, Posted(fields): Posted) -> Response {
    let coins = shared.read(|ledger| ledger.store(store).map(|store| store.coins.clone())).unwrap_or_default();
    match order::read(&fields, &coins) {
        Ok(order) => success(shared.change(|ledger| ledger.create(store, order))),
        Err(rejection) => rejected(&shared, "/v1/payment/request", &rejection),
    }
}

async fn verify(State(shared): Store, Extension(store): Of, Posted(fields): Posted) -> Response {
    let token = match fields.text("token") {
        Ok(token) => token.unwrap_or_default(),
        Err(invalid) => return rejected(&shared, "/v1/payment/verify", &invalid.into()),
    };
    let answer = shared.change(|ledger| {
        ledger.verify(store, token.trim()).map(|(approved, payment)| wire::verification(payment, approved))
    });
    answer.unwrap_or_else(|| rejected(&shared, "/v1/payment/verify", &Rejection::Refused("Invalid Token")))
}

async fn accepted_coins(State(shared): Store, Extension(store): Of) -> Response {
    let coins = shared.read(|ledger| ledger.store(store).map(|store| store.coins.clone())).unwrap_or_default();
    success(coins.into_iter().map(wire::accepted_coin).collect::<Vec<_>>())
}

async fn settings(State(shared): Store, Extension(store): Of) -> Response {
    success(shared.read(|ledger| wire::settings(ledger.store(store).and_then(|store| store.target.as_ref()))))
}

async fn set_settings(State(shared): Store, Extension(store): Of, Posted(fields): Posted) -> Response {
    match callback_target(&fields) {
        Ok(target) => success(shared.change(|ledger| {
            let settings = wire::settings(target.as_ref());
            ledger.set_target(store, target);
            settings
        })),
        Err(rejection) => rejected(&shared, "/v1/payment/settings", &rejection),
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

async fn last_block(State(shared): Store, Path(coin_id): Path<String>) -> Response {
    let Ok(id) = coin_id.parse::<i64>() else {
        return rejected(&shared, "/v1/coins/{coinId}/last-block", &Invalid("the coin id is not an integer").into());
    };
    match COINS.iter().find(|coin| coin.id == id) {
        Some(coin) => success(wire::last_block(coin)),
        None => refused("Coin not found"),
    }
}

async fn coin_prices(State(shared): Store, Posted(fields): Posted) -> Response {
    match prices(&fields) {
        Ok(prices) => success(prices),
        Err(invalid) => rejected(&shared, "/v1/coins/price", &invalid.into()),
    }
}

fn prices(fields: &Fields) -> Result<Vec<wire::CoinPrice>, Invalid> {
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

async fn currencies() -> Response {
    let items = (1..).zip(CURRENCIES).map(|(id, (title, _))| serde_json::json!({ "id": id, "title": title }));
    success(items.collect::<Vec<_>>())
}

async fn languages() -> Response {
    let known = [("English", "English", "en-US"), ("German", "Deutsch", "de-DE"), ("French", "français", "fr-FR")];
    let items = known.map(
        |(name, display, culture)| serde_json::json!({ "name": name, "displayName": display, "culture": culture }),
    );
    success(items)
}

async fn merchant(State(shared): Store, Extension(store): Of) -> Response {
    let name = shared.read(|ledger| ledger.store(store).map(|store| store.name.clone()));
    success(serde_json::json!({ "name": name, "isActive": true }))
}
