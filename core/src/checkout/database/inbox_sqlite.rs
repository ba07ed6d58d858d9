//! Callbacks, stored in SQLite.

use serde_json::json;
use sqlx::{Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::inbox::{Arrival, Wake, wake, wakes};
use crate::checkout::clock::Millis;

macro_rules! row {
    () => {
        "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
    };
}
macro_rules! twice {
    ($rows:expr) => {
        concat!($rows, ",", $rows)
    };
}
macro_rules! insert {
    ($rows:expr) => {
        concat!(
            "INSERT INTO paymento_callbacks ",
            "(account, digest, body, kind, token, status, received_at, last_at, count) VALUES ",
            $rows,
            " ON CONFLICT (account, digest) DO UPDATE SET ",
            "count = paymento_callbacks.count + excluded.count, last_at = excluded.last_at"
        )
    };
}
macro_rules! wake_in_sqlite {
    ($now:literal, $wakes:literal) => {
        wake!(
            "MIN",
            "MAX",
            $now,
            concat!(
                "SELECT json_extract(value, '$.account') AS account, json_extract(value, '$.token') AS token, ",
                "json_extract(value, '$.paid') AS paid, json_extract(value, '$.odd') AS odd, ",
                "json_extract(value, '$.back') AS back, json_extract(value, '$.count') AS count FROM json_each(",
                $wakes,
                ")"
            )
        )
    };
}

/// Lists of fixed lengths, so that the statements are constant and stay prepared.
const INSERTS: [(usize, &str); 7] = [
    (64, insert!(twice!(twice!(twice!(twice!(twice!(twice!(row!())))))))),
    (32, insert!(twice!(twice!(twice!(twice!(twice!(row!()))))))),
    (16, insert!(twice!(twice!(twice!(twice!(row!())))))),
    (8, insert!(twice!(twice!(twice!(row!()))))),
    (4, insert!(twice!(twice!(row!())))),
    (2, insert!(twice!(row!()))),
    (1, insert!(row!())),
];
const WAKE: &str = wake_in_sqlite!("$1", "$2");

/// The driver hands each message to a thread of its own and waits for the answer: one message is a fourth of the way.
const WHOLE: &str = concat!("BEGIN IMMEDIATE; ", insert!(row!()), "; ", wake_in_sqlite!("$10", "$11"), "; COMMIT");

/// Within a transaction.
pub(super) async fn store_all(
    connection: &mut SqliteConnection,
    arrivals: &[Arrival],
    now: Millis,
) -> Result<(), sqlx::Error> {
    let mut rest = arrivals;
    for (length, sql) in INSERTS {
        while rest.len() >= length {
            let (list, later) = rest.split_at(length);
            let insert = list.iter().fold(sqlx::query(sql), |query, arrival| bound(query, arrival, now));
            insert.execute(&mut *connection).await?;
            rest = later;
        }
    }
    sqlx::query(WAKE).bind(now).bind(to_json(&wakes(arrivals))).execute(connection).await.map(|_| ())
}

/// A transaction of its own.
pub(super) fn store_one(arrival: &Arrival, now: Millis) -> Query<'static, Sqlite, SqliteArguments> {
    let wakes = to_json(&wakes(std::slice::from_ref(arrival)));
    bound(sqlx::query(WHOLE), arrival, now).bind(now).bind(wakes)
}

fn bound<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    arrival: &Arrival,
    now: Millis,
) -> Query<'q, Sqlite, SqliteArguments> {
    query
        .bind(arrival.account.clone())
        .bind(arrival.digest.to_vec())
        .bind(arrival.body.to_vec())
        .bind(arrival.kind as i64)
        .bind(arrival.token.clone())
        .bind(arrival.status.clone())
        .bind(now)
        .bind(now)
        .bind(arrival.count)
}

fn to_json(wakes: &[Wake<'_>]) -> String {
    json!(wakes.iter().map(Wake::to_json).collect::<Vec<_>>()).to_string()
}
