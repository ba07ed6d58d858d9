//! Orders and what belongs to them, written by the database itself.

use crate::{Failure, place::Beside};

/// One order in so many has its callback, its events and its history: enough for indexes of a real depth.
pub(crate) const DETAILED: i64 = 4;

const PRICE: &str = r#"'{"fiat":["29.99","USD"]}'"#;
const TERMS: &str = "'29.99 USD high'";
const SETTLEMENT: &str = concat!(
    r#"{"expectedCryptoAmount":0.00041732,"requestedFiatAmount":29.99,"receivedCryptoAmount":0.00041732,"#,
    r#""pendingTxHash":null,"transactions":[{"txHash":"#,
    r#""9b1d0c3e5f7a8b6c4d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c"}]}"#,
);

/// What is written: orders 0 up to `count` with a payment each. The last `open` are open, half of the others are paid.
#[derive(Clone, Copy)]
pub(crate) struct Shop {
    pub(crate) count: i64,
    pub(crate) open: i64,
}

impl Shop {
    pub(crate) fn past(self) -> i64 {
        self.count - self.open
    }

    /// Orders and payments.
    pub(crate) async fn write(self, beside: &mut Beside) -> Result<(), Failure> {
        let words = self.words(beside);
        for sql in [ORDERS, PAYMENTS] {
            beside.script(words.put_into(sql)).await?;
        }
        follow_on(beside, &["paymento_orders", "paymento_payments"]).await
    }

    /// A callback, a finished event and a history for one order in [`DETAILED`].
    pub(crate) async fn write_details(self, beside: &mut Beside) -> Result<(), Failure> {
        let words = self.words(beside);
        for sql in [CALLBACKS, EVENTS, HISTORY] {
            beside.script(words.put_into(sql)).await?;
        }
        follow_on(beside, &["paymento_callbacks", "paymento_events", "paymento_history"]).await
    }

    /// A `paid` event to hand over, for the paid orders of the first `most`.
    pub(crate) async fn write_due_events(self, beside: &mut Beside, most: i64) -> Result<(), Failure> {
        let words = Shop { count: most.min(self.past()), open: 0 }.words(beside);
        beside.script(words.put_into(DUE_EVENTS)).await?;
        follow_on(beside, &["paymento_events"]).await
    }

    fn words(self, beside: &Beside) -> Words {
        let count = self.count;
        let (numbers, token, digest) = if beside.is_sqlite() {
            (
                format!(
                    "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count}) SELECT i FROM n)"
                ),
                "printf('%08x%024x', i * 2654435761 % 4294967296, i)",
                "CAST(printf('%08x%024x', i * 2654435761 % 4294967296, i) AS BLOB)",
            )
        } else {
            (
                format!("(SELECT generate_series(0::bigint, {count} - 1) AS i)"),
                "(lpad(to_hex(i * 2654435761 % 4294967296), 8, '0') || lpad(to_hex(i), 24, '0'))",
                "CAST(lpad(to_hex(i * 2654435761 % 4294967296), 8, '0') || lpad(to_hex(i), 24, '0') AS BYTEA)",
            )
        };
        // The open ones were made within the last minutes, the others a second apart before that.
        let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis());
        Words(vec![
            ("{numbers}", numbers),
            ("{token}", token.to_owned()),
            ("{digest}", digest.to_owned()),
            (
                "{made_at}",
                format!("({now} - CASE WHEN i < {0} THEN 600000 + ({0} - i) * 1000 ELSE {count} - i END)", self.past()),
            ),
            ("{paid}", format!("(i < {} AND i % 2 = 0)", self.past())),
            ("{closed}", format!("(i < {} AND i % 2 = 1)", self.past())),
            ("{price}", PRICE.to_owned()),
            ("{terms}", TERMS.to_owned()),
            ("{settlement}", format!("'{SETTLEMENT}'")),
            ("{payload}", format!("'{}'", payload())),
            ("{detailed}", DETAILED.to_string()),
        ])
    }
}

struct Words(Vec<(&'static str, String)>);

impl Words {
    fn put_into(&self, sql: &str) -> String {
        self.0.iter().fold(sql.to_owned(), |sql, (word, text)| sql.replace(word, text))
    }
}

/// An event's payload as the checkout writes it.
fn payload() -> String {
    serde_json::json!({
        "detail": null, "price": { "fiat": ["29.99", "USD"] }, "current_price": null, "speed": "high",
        "additional_data": [["cart", "17"]], "late": false, "overpaid_by": null, "shortfall": null,
        "settlement": SETTLEMENT, "live": null,
    })
    .to_string()
}

/// PostgreSQL counts rows from where we have left off.
async fn follow_on(beside: &mut Beside, tables: &[&str]) -> Result<(), Failure> {
    if !beside.is_sqlite() {
        for table in tables {
            let sql = format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))");
            beside.script(sql).await?;
        }
    }
    Ok(())
}

const ORDERS: &str = "INSERT INTO paymento_orders (id, account, order_id, terms, price, state, paid_payment, \
    lease_until, fencing, created_at, updated_at, paid_at) \
    SELECT i + 1, 'default', 'A-' || i, {terms}, {price}, \
    CASE WHEN {paid} THEN 'paid' WHEN {closed} THEN 'closed' ELSE 'open' END, CASE WHEN {paid} THEN i + 1 END, \
    0, 0, {made_at}, {made_at}, CASE WHEN {paid} THEN {made_at} + 60000 END FROM {numbers} AS numbers";

const PAYMENTS: &str = "INSERT INTO paymento_payments (id, order_row, account, gateway, live, token, url, terms, \
    price, speed, additional_data, state, creator_until, created_at, updated_at, next_verify_at, urgency, \
    verify_fence, failures, callbacks, callback_paid, status, outcome, settled_at, closed_at, settlement) \
    SELECT i + 1, i + 1, 'default', 'simulator', 0, {token}, 'https://pay.example/gateway?token=' || {token}, \
    {terms}, {price}, 'high', '[[\"cart\",\"17\"]]', \
    CASE WHEN {paid} THEN 'settled' WHEN {closed} THEN 'closed' ELSE 'open' END, 0, {made_at}, {made_at}, \
    CASE WHEN NOT {paid} AND NOT {closed} THEN 9000000000000 END, 2, 1, 0, 1, 0, \
    CASE WHEN {paid} THEN '8' WHEN {closed} THEN '4' END, CASE WHEN {paid} THEN 'settled' WHEN {closed} THEN 'expired' END, \
    CASE WHEN {paid} THEN {made_at} + 60000 END, CASE WHEN {closed} THEN {made_at} + 900000 END, \
    CASE WHEN {paid} THEN {settlement} END FROM {numbers} AS numbers";

const CALLBACKS: &str = "INSERT INTO paymento_callbacks (account, digest, body, kind, token, status, received_at, \
    last_at, count) SELECT 'default', {digest}, {digest}, 0, {token}, '7', {made_at} + 50000, {made_at} + 50000, 1 \
    FROM {numbers} AS numbers WHERE i % {detailed} = 0";

const EVENTS: &str = "INSERT INTO paymento_events (order_row, account, kind, key, token, payload, state, attempts, \
    next_at, created_at, finished_at) SELECT i + 1, 'default', CASE WHEN {paid} THEN 'paid' ELSE 'closed' END, \
    'default/A-' || i || CASE WHEN {paid} THEN '/paid' ELSE '/closed' END, {token}, {payload}, 1, 0, \
    {made_at} + 60000, {made_at} + 60000, {made_at} + 61000 FROM {numbers} AS numbers \
    WHERE i % {detailed} < 2 AND ({paid} OR {closed}) AND i / 2 % 2 = 0";

const HISTORY: &str = "INSERT INTO paymento_history (order_row, at, what, who, token, detail) \
    SELECT i + 1, {made_at} + step * 1000, CASE step WHEN 0 THEN 'created' WHEN 1 THEN 'verified' WHEN 2 THEN 'decided' \
    WHEN 3 THEN 'handed_over' ELSE 'completed' END, 'shop 17@web-1', {token}, 'paid' FROM {numbers} AS numbers, \
    (SELECT 0 AS step UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) AS steps \
    WHERE i % {detailed} = 0";

const DUE_EVENTS: &str = "INSERT INTO paymento_events (order_row, account, kind, key, token, payload, state, attempts, \
    next_at, created_at) SELECT i + 1, 'default', 'paid', 'default/A-' || i || '/paid/due', {token}, {payload}, 0, 0, \
    {made_at} + 60000, {made_at} + 60000 FROM {numbers} AS numbers WHERE {paid}";
