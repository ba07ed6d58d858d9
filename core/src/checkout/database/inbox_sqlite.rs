//! Callbacks, stored in SQLite.

use serde_json::json;

use super::{
    inbox::{Arrival, Wake, wake, wakes},
    sqlite_session::{Bound, SqliteSession},
};
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
const WAKE: &str = wake!(
    "MIN",
    "MAX",
    "$1",
    "SELECT json_extract(value, '$.account') AS account, json_extract(value, '$.token') AS token, \
     json_extract(value, '$.paid') AS paid, json_extract(value, '$.odd') AS odd, \
     json_extract(value, '$.back') AS back, json_extract(value, '$.count') AS count FROM json_each($2)"
);

/// On each connection, and in no file: what is to be done with a callback, so that one statement does it all, in a
/// transaction that SQLite begins and ends by itself. The driver wakes whoever waits after each statement of a text.
pub(super) const ARRIVAL: &str = concat!(
    "CREATE TEMP VIEW paymento_arrival (account, digest, body, kind, token, status, at, count, paid, odd, back) ",
    "AS SELECT 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0; ",
    "CREATE TEMP TRIGGER paymento_arrives INSTEAD OF INSERT ON paymento_arrival BEGIN ",
    insert!("(new.account, new.digest, new.body, new.kind, new.token, new.status, new.at, new.at, new.count)"),
    "; ",
    wake!(
        "MIN",
        "MAX",
        "new.at",
        "SELECT new.account AS account, new.token AS token, new.paid AS paid, new.odd AS odd, new.back AS back, \
         new.count AS count"
    ),
    "; END"
);
const ARRIVES: &str = "INSERT INTO paymento_arrival VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Within a transaction.
pub(super) async fn store_all(
    session: &mut SqliteSession,
    arrivals: &[Arrival],
    now: Millis,
) -> Result<(), sqlx::Error> {
    let mut rest = arrivals;
    for (length, sql) in INSERTS {
        while rest.len() >= length {
            let (list, later) = rest.split_at(length);
            let insert = list
                .iter()
                .fold(sqlx::query(sql), |query, arrival| bound(query, arrival).bind(now).bind(now).bind(arrival.count));
            session.execute(insert).await?;
            rest = later;
        }
    }
    let wake = sqlx::query(WAKE).bind(now).bind(to_json(&wakes(arrivals)));
    session.execute(wake).await.map(|_| ())
}

/// A transaction of its own.
pub(super) fn store_one(arrival: &Arrival, now: Millis) -> Bound<'static> {
    bound(sqlx::query(ARRIVES), arrival)
        .bind(now)
        .bind(arrival.count)
        .bind(arrival.says_paid)
        .bind(arrival.odd_status.clone())
        .bind(arrival.takes_back)
}

fn bound<'q>(query: Bound<'q>, arrival: &Arrival) -> Bound<'q> {
    query
        .bind(arrival.account.clone())
        .bind(arrival.digest.to_vec())
        .bind(arrival.body.to_vec())
        .bind(arrival.kind as i64)
        .bind(arrival.token.clone())
        .bind(arrival.status.clone())
}

fn to_json(wakes: &[Wake<'_>]) -> String {
    json!(wakes.iter().map(Wake::to_json).collect::<Vec<_>>()).to_string()
}
