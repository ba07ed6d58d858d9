//! Payments that other code has made are taken over.

use super::{
    Checkout, OrderRecord,
    clock::Millis,
    database::{Sql, Transaction, transact, values},
    history::Note,
    orders::{self, PaymentRow},
    record::record,
    status::{status_of, unknown_order},
    terms::{Terms, price_to_json},
};
use crate::{
    error::{Error, ErrorCode},
    expected::Expected,
    outcome::Outcome,
    price::Price,
    request::check_order_id,
    speed::Speed,
    status::{Meaning, OrderStatus},
    token::Token,
    verification::Verification,
};

/// Who has made a payment that was taken over: nobody here knows what was asked for.
pub(super) const ADOPTED: &str = "elsewhere";

/// What is taken over.
struct Adopted {
    account: String,
    order_id: String,
    token: String,
    price: Price,
    speed: Speed,
    gateway: String,
    live: Option<i64>,
    url: String,
    who: String,
}

impl Checkout {
    /// Takes over a payment that other code has made. The gateway is asked about it first, and then it is watched like any.
    /// Callbacks that came for it within the last 7 days count.
    ///
    /// `price` becomes the order's current price where the order is new. Its amount is held against the gateway's; its currency
    /// cannot be, since the gateway names none.
    ///
    /// # Errors
    /// `verify.invalid_token` and `verify.mismatch` where the gateway does not know it as this order's at this price;
    /// `checkout.other_order`; `input.token`, `input.order_id`; `transport.` and `api.`; `database.`.
    pub async fn adopt(&self, token: &str, order_id: &str, price: &Price, speed: Speed) -> Result<OrderRecord, Error> {
        let token = Token::from_input(token)?;
        check_order_id(order_id)?;
        let gateway = self.client().gateway();
        let adopted = Adopted {
            account: self.account().to_owned(),
            order_id: order_id.to_owned(),
            token: token.as_str().to_owned(),
            price: price.clone(),
            speed,
            live: (gateway == "simulator").then_some(0),
            gateway,
            url: self.client().payment(&token, String::new(), price.clone()).url().to_owned(),
            who: self.who().to_owned(),
        };
        let (parts, client) = (self.verifier_parts(), self.client().clone());
        let woken = self.engine()?.woken.clone();
        self.with_database_for(std::time::Duration::from_secs(30), async move |database| {
            let verifier = parts.over(database);
            let expected = Expected { order_id: adopted.order_id.clone(), price: Some(adopted.price.clone()) };
            let verification = verifier.client.verify_payment(&adopted.token, &expected).await?;
            let verification = verification.of_unknown_origin(&adopted.price);
            if matches!(verification.outcome(), Outcome::InvalidToken | Outcome::Mismatch) {
                return Err(verification.require_settled().err().unwrap_or_else(unknown_order));
            }
            let order = transact!(verifier.database, transaction => adopt(&mut transaction, &adopted, &verification))?;
            woken.all();
            let mut transaction = verifier.database.begin_read().await?;
            status_of(&mut transaction, &client, order).await?.ok_or_else(unknown_order)
        })
        .await
    }
}

async fn adopt(transaction: &mut Transaction, adopted: &Adopted, verification: &Verification) -> Result<i64, Error> {
    let now = transaction.now();
    let terms = Terms::new(&adopted.price, adopted.speed);
    let price = price_to_json(&adopted.price).to_string();
    let values = values![&adopted.account, &adopted.order_id, terms.as_str(), &price, now];
    transaction.execute(INSERT_ORDER, values).await?;
    let order = orders::lock(transaction, &adopted.account, &adopted.order_id).await?.ok_or_else(unknown_order)?;
    let values = values![
        order.id,
        &adopted.account,
        &adopted.gateway,
        adopted.live,
        &adopted.token,
        &adopted.url,
        terms.as_str(),
        &price,
        adopted.speed.as_str(),
        serde_json::json!(verification.additional_data()).to_string(),
        now,
        now,
        ADOPTED
    ];
    transaction.execute(INSERT_PAYMENT, values).await?;
    apply_kept(transaction, &adopted.account, &adopted.token, now).await?;
    let payment = orders::payment(transaction, &adopted.account, &adopted.token).await?.ok_or_else(unknown_order)?;
    if payment.order_row != order.id {
        return Err(Error::new(ErrorCode::CheckoutOtherOrder, "the token belongs to another order of this account"));
    }
    let note = Note { what: "adopted", who: &adopted.who, token: Some(&adopted.token), detail: terms.as_str() };
    note.write(transaction, order.id, now).await?;
    let locked = transaction.rows_of_each(orders::locking(order.id)).await?;
    record(transaction, &locked, &payment.asked(), verification, &adopted.who).await?;
    super::intent::drop_closed(transaction, order.id, now).await?;
    transaction.notify();
    Ok(order.id)
}

/// What callbacks have said of a token before it was known here.
pub(super) async fn apply_kept(
    transaction: &mut Transaction,
    account: &str,
    token: &str,
    now: Millis,
) -> Result<(), Error> {
    let kept = Kept::of(transaction, account, token).await?;
    if kept.count > 0 {
        let values = values![account, token, kept.count, i64::from(kept.says_paid), now, kept.odd];
        transaction.execute(APPLY, values).await?;
    }
    Ok(())
}

/// The callbacks of a token.
#[derive(Default)]
struct Kept {
    count: i64,
    says_paid: bool,
    /// A status that is not documented.
    odd: Option<String>,
}

impl Kept {
    async fn of(transaction: &mut Transaction, account: &str, token: &str) -> Result<Self, Error> {
        let mut kept = Self::default();
        for row in transaction.rows(KEPT, values![account, token]).await? {
            kept.count += row.int("count")?;
            let Some(text) = row.maybe_text("status")? else { continue };
            let status = text.parse().ok();
            kept.says_paid |= status.is_some_and(OrderStatus::says_paid);
            if status.is_none_or(|status| status.meaning() == Meaning::Unknown) {
                kept.odd = Some(text);
            }
        }
        Ok(kept)
    }
}

/// By the callbacks themselves.
pub(super) async fn has_callback_said_paid(
    transaction: &mut Transaction,
    account: &str,
    payment: &PaymentRow,
) -> Result<bool, Error> {
    let Some(token) = &payment.token else { return Ok(false) };
    Ok(Kept::of(transaction, account, token).await?.says_paid)
}

const INSERT_ORDER: Sql = Sql::both(
    "INSERT INTO paymento_orders (account, order_id, terms, price, state, lease_until, fencing, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, 'open', 0, 0, $5, $5) ON CONFLICT (account, order_id) DO NOTHING",
);
const INSERT_PAYMENT: Sql = Sql::both(
    "INSERT INTO paymento_payments (order_row, account, gateway, live, token, url, terms, price, speed, additional_data, \
     state, creator_until, created_at, updated_at, next_verify_at, urgency, verify_fence, failures, callbacks, \
     callback_paid, creator) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', 0, $11, $11, $12, 2, 0, 0, 0, 0, $13) \
     ON CONFLICT (account, token) DO NOTHING",
);
const KEPT: Sql = Sql::both(
    "SELECT status, CAST(SUM(count) AS BIGINT) AS count FROM paymento_callbacks WHERE account = $1 AND token = $2 \
     GROUP BY status",
);
const APPLY: Sql = Sql::both(
    "UPDATE paymento_payments SET callbacks = callbacks + $3, urgency = 1, next_verify_at = $5, \
     callback_odd = COALESCE($6, callback_odd), \
     callback_paid = CASE WHEN $4 = 1 THEN 1 ELSE callback_paid END \
     WHERE account = $1 AND token = $2 AND callbacks = 0 AND settled_at IS NULL",
);
