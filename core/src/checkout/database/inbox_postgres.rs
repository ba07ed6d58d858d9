//! Callbacks, stored in PostgreSQL.

use serde_json::{Value as Json, json};

use super::{
    Sql, Statement, Value,
    inbox::{Arrival, Wake, wake, wakes},
    values,
};

macro_rules! columns {
    () => {
        "account, digest, body, kind, token, status, count, received_at, last_at"
    };
}
macro_rules! insert {
    ($rows:literal) => {
        concat!(
            "INSERT INTO paymento_callbacks (",
            columns!(),
            ") ",
            $rows,
            " ON CONFLICT (account, digest) DO UPDATE SET ",
            "count = paymento_callbacks.count + excluded.count, last_at = excluded.last_at"
        )
    };
}

/// In a message with BEGIN and COMMIT: the statement itself sees to it that the commit waits for the disk.
macro_rules! synced {
    () => {
        " RETURNING CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', true) END"
    };
}

/// Many, in one statement. The payments first: the main statement runs before what it only writes besides. Two who lock in one
/// order do not wait for each other in a circle.
const STORE: Sql = Sql::both(concat!(
    "WITH kept AS (",
    insert!(
        "SELECT account, decode(digest, 'hex'), decode(body, 'hex'), kind, token, status, count, $1, $1 \
         FROM json_to_recordset($2::json) \
         AS x(account text, digest text, body text, kind bigint, token text, status text, count bigint)"
    ),
    synced!(),
    ") ",
    wake!(
        "LEAST",
        "GREATEST",
        "$1",
        "SELECT * FROM json_to_recordset($3::json) \
         AS x(account text, token text, paid bigint, odd text, back bigint, count bigint)"
    )
))
.planned_once();

/// One, in the same order, at half the cost.
const STORE_ONE: Sql = Sql::both(concat!(
    "WITH kept AS (",
    insert!("VALUES ($1, $7, $8, $9, $2, $10, $6, $11, $11)"),
    synced!(),
    ") ",
    wake!(
        "LEAST",
        "GREATEST",
        "$11",
        "SELECT $1 AS account, $2 AS token, $3 AS paid, $4 AS odd, $5 AS back, $6 AS count"
    )
))
.planned_once();

/// The statement that keeps them, and makes their payments' verify calls due.
pub(super) fn store(arrivals: &[Arrival], now: Value) -> Statement {
    match arrivals {
        [arrival] => store_one(arrival, now),
        arrivals => {
            let wakes: Vec<_> = wakes(arrivals).iter().map(Wake::to_json).collect();
            let rows: Vec<_> = arrivals.iter().map(to_json).collect();
            (STORE, vec![now, json!(rows).to_string().into(), json!(wakes).to_string().into()])
        }
    }
}

fn to_json(arrival: &Arrival) -> Json {
    let Arrival { account, digest, body, kind, token, status, count, .. } = arrival;
    json!({ "account": account, "digest": hex::encode(digest), "body": hex::encode(body), "kind": *kind as i64,
        "token": token, "status": status, "count": count })
}

fn store_one(arrival: &Arrival, now: Value) -> Statement {
    let Arrival { account, digest, body, kind, token, status, says_paid, odd_status, takes_back, count } = arrival;
    let values = values![
        account,
        token.clone(),
        *says_paid,
        odd_status.clone(),
        *takes_back,
        *count,
        digest.as_slice(),
        &**body,
        *kind as i64,
        status.clone(),
        now,
    ];
    (STORE_ONE, values)
}
