//! Callbacks, stored in PostgreSQL.

use std::fmt::Write as _;

use serde_json::json;
use sqlx::PgConnection;

use super::{
    Value,
    inbox::{Arrival, Wake, wake, wakes},
    written::{write_bytes, write_value},
};
use crate::checkout::clock::Millis;

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

/// Many, in one statement.
const STORE: &str = concat!(
    "WITH kept AS (",
    insert!(
        "SELECT account, digest, body, kind, token, status, count, $1, $1 FROM UNNEST($3::text[], $4::bytea[], \
         $5::bytea[], $6::bigint[], $7::text[], $8::text[], $9::bigint[]) \
         AS c(account, digest, body, kind, token, status, count)"
    ),
    ") ",
    wake!(
        "LEAST",
        "GREATEST",
        "$1",
        "SELECT * FROM json_to_recordset($2::json) \
         AS x(account text, token text, paid bigint, odd text, back bigint, count bigint)"
    )
);

/// One, with its values and the time by the server's clock written into it, so that BEGIN and COMMIT go with it.
/// The payment first, as in [`STORE`], whose main statement runs before what it only writes besides: two who lock in one order
/// do not wait for each other in a circle.
const STORE_ONE: [&str; 2] = [
    wake!("LEAST", "GREATEST", "@now", "SELECT * FROM (VALUES (@wake)) AS x(account, token, paid, odd, back, count)"),
    insert!("VALUES (@arrival, @now, @now)"),
];

/// Within a transaction.
pub(super) async fn store_all(
    connection: &mut PgConnection,
    arrivals: &[Arrival],
    now: Millis,
) -> Result<(), sqlx::Error> {
    fn column<'a, T>(arrivals: &'a [Arrival], value: impl Fn(&'a Arrival) -> T) -> Vec<T> {
        arrivals.iter().map(value).collect()
    }
    let wakes: Vec<_> = wakes(arrivals).iter().map(Wake::to_json).collect();
    sqlx::query(STORE)
        .persistent(false)
        .bind(now)
        .bind(json!(wakes).to_string())
        .bind(column(arrivals, |arrival| arrival.account.as_str()))
        .bind(column(arrivals, |arrival| arrival.digest.as_slice()))
        .bind(column(arrivals, |arrival| &*arrival.body))
        .bind(column(arrivals, |arrival| arrival.kind as i64))
        .bind(column(arrivals, |arrival| arrival.token.as_deref()))
        .bind(column(arrivals, |arrival| arrival.status.as_deref()))
        .bind(column(arrivals, |arrival| arrival.count))
        .execute(connection)
        .await
        .map(|_| ())
}

/// The statements that keep one, but for BEGIN and COMMIT.
pub(super) fn store_one(arrival: &Arrival, offset: Millis) -> String {
    let mut now = String::new();
    write_value(&mut now, &Value::Now(offset));
    let [wake, insert] = STORE_ONE.map(|text| text.replace("@now", &now));
    let mut sql = String::new();
    for one in wakes(std::slice::from_ref(arrival)) {
        let _ = write!(sql, "{}; ", wake.replace("@wake", &wake_text(&one)));
    }
    sql.push_str(&insert.replace("@arrival", &arrival_text(arrival)));
    sql
}

fn arrival_text(arrival: &Arrival) -> String {
    let Arrival { account, digest, body, kind, token, status, count, .. } = arrival;
    let mut sql = String::new();
    write_value(&mut sql, &account.into());
    sql.push_str(", ");
    write_bytes(&mut sql, digest);
    sql.push_str(", ");
    write_bytes(&mut sql, body);
    write_values(&mut sql, &[Value::from(*kind as i64), token.clone().into(), status.clone().into(), (*count).into()]);
    sql
}

fn wake_text(wake: &Wake<'_>) -> String {
    let Wake { account, token, paid, odd, back, count } = *wake;
    let mut sql = String::new();
    write_value(&mut sql, &account.into());
    write_values(&mut sql, &[token.into(), paid.into(), odd.into(), back.into(), count.into()]);
    sql
}

fn write_values(sql: &mut String, values: &[Value]) {
    for value in values {
        sql.push_str(", ");
        write_value(sql, value);
    }
}
