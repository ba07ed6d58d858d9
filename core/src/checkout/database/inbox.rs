//! Callbacks, stored many at a time: whoever waits shares one statement and one commit.

use std::collections::{BTreeMap, btree_map::Entry};

use serde_json::json;

#[cfg(feature = "sqlite")]
use super::sql::{Sql, values};
use super::{Transaction, failure::translate, transaction::Inner};
use crate::{checkout::clock::Millis, error::Error};

/// An authentic callback to keep. Equal ones are one row with a count.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) account: String,
    pub(crate) digest: [u8; 32],
    pub(crate) body: Box<[u8]>,
    pub(crate) kind: ArrivalKind,
    pub(crate) token: Option<String>,
    pub(crate) status: Option<String>,
    /// The status says Paid or Approve.
    pub(crate) says_paid: bool,
    /// The status is none that the documentation knows.
    pub(crate) odd_status: Option<String>,
    /// The status would be a step back from settled.
    pub(crate) takes_back: bool,
    pub(crate) count: i64,
}

/// What a body turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArrivalKind {
    Callback = 0,
    /// Without a token: the dashboard asks whether the address answers.
    Probe = 1,
    /// Authentic, and cannot be read.
    Undecodable = 2,
    /// Authentic, and the database refused what was read from it.
    Quarantined = 3,
}

impl Transaction {
    /// Keeps the callbacks, and makes the verify calls due that they ask for. Keys must differ: see [`merged`].
    pub(crate) async fn store(&mut self, arrivals: &[Arrival], now: Millis) -> Result<(), Error> {
        let wakes = json!(wakes(arrivals)).to_string();
        match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(transaction) => {
                insert_sqlite(&mut *transaction, arrivals, now).await.map_err(|error| translate(&error))?;
                self.execute(WAKE, values![now, wakes]).await.map(|_| ())
            }
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => {
                let stored = session.run(|connection| Box::pin(store_postgres(connection, arrivals, wakes, now))).await;
                stored.map_err(|error| translate(&error))
            }
        }
    }
}

/// Equal callbacks as one, in the order of their keys: PostgreSQL takes a key once a statement, and writers that go in
/// the same order do not wait for each other in a circle.
pub(crate) fn merged(mut arrivals: Vec<Arrival>) -> Vec<Arrival> {
    arrivals.sort_by(|one, other| (&one.account, one.digest).cmp(&(&other.account, other.digest)));
    arrivals.dedup_by(|later, kept| {
        let same = (&later.account, later.digest) == (&kept.account, kept.digest);
        if same {
            kept.count += later.count;
        }
        same
    });
    arrivals
}

/// What all callbacks of one payment ask for together.
struct Wake<'a> {
    account: &'a str,
    token: &'a str,
    paid: bool,
    odd: Option<&'a str>,
    back: bool,
    count: i64,
}

impl<'a> Wake<'a> {
    fn of(arrival: &'a Arrival) -> Option<Self> {
        Some(Self {
            account: &arrival.account,
            token: arrival.token.as_deref()?,
            paid: arrival.says_paid,
            odd: arrival.odd_status.as_deref(),
            back: arrival.takes_back,
            count: arrival.count,
        })
    }

    fn add(&mut self, other: &Self) {
        self.paid |= other.paid;
        self.odd = self.odd.or(other.odd);
        self.back |= other.back;
        self.count += other.count;
    }

    fn to_json(&self) -> serde_json::Value {
        let Self { account, token, paid, odd, back, count } = self;
        json!({ "account": account, "token": token, "paid": i64::from(*paid), "odd": odd, "back": i64::from(*back),
            "count": count })
    }
}

fn wakes(arrivals: &[Arrival]) -> Vec<serde_json::Value> {
    let mut wakes: BTreeMap<(&str, &str), Wake<'_>> = BTreeMap::new();
    for wake in arrivals.iter().filter_map(Wake::of) {
        match wakes.entry((wake.account, wake.token)) {
            Entry::Occupied(mut known) => known.get_mut().add(&wake),
            Entry::Vacant(place) => drop(place.insert(wake)),
        }
    }
    wakes.values().map(Wake::to_json).collect()
}

/// The least time between two verify calls that callbacks ask for: a replay is no amplifier.
macro_rules! wake {
    ($least:literal, $greatest:literal, $from:literal) => {
        concat!(
            "UPDATE paymento_payments SET callbacks = paymento_payments.callbacks + c.count, ",
            "callback_paid = ",
            $greatest,
            "(paymento_payments.callback_paid, c.paid), ",
            "callback_odd = COALESCE(c.odd, paymento_payments.callback_odd), urgency = 1, ",
            "next_verify_at = ",
            $least,
            "(COALESCE(paymento_payments.next_verify_at, 9000000000000000), ",
            $greatest,
            // A time to come is that of a clock which was wrong.
            "($1, CASE WHEN paymento_payments.last_verify_at <= $1 THEN paymento_payments.last_verify_at + 5000 ELSE $1 END)) ",
            "FROM (",
            $from,
            ") AS c ",
            "WHERE paymento_payments.account = c.account AND paymento_payments.token = c.token ",
            "AND (paymento_payments.settled_at IS NULL OR c.back = 1)"
        )
    };
}

#[cfg(feature = "sqlite")]
const WAKE: Sql = Sql::both(wake!(
    "MIN",
    "MAX",
    "SELECT json_extract(value, '$.account') AS account, json_extract(value, '$.token') AS token, \
     json_extract(value, '$.paid') AS paid, json_extract(value, '$.odd') AS odd, \
     json_extract(value, '$.back') AS back, json_extract(value, '$.count') AS count FROM json_each($2)"
));

#[cfg(feature = "sqlite")]
mod in_sqlite {
    use sqlx::{Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

    use super::{Arrival, Millis};

    macro_rules! row {
        () => {
            "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
        };
    }
    macro_rules! eight {
        ($row:expr) => {
            concat!($row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row)
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
    const ONE: &str = insert!(row!());
    const EIGHT: &str = insert!(eight!(row!()));
    const MANY: &str = insert!(eight!(eight!(row!())));

    pub(super) async fn insert_sqlite(
        connection: &mut SqliteConnection,
        arrivals: &[Arrival],
        now: Millis,
    ) -> Result<(), sqlx::Error> {
        let mut rest = arrivals;
        while !rest.is_empty() {
            let (sql, length) = match rest.len() {
                64.. => (MANY, 64),
                8.. => (EIGHT, 8),
                _ => (ONE, 1),
            };
            let (list, later) = rest.split_at(length);
            list.iter()
                .fold(sqlx::query(sql), |query, arrival| bound(query, arrival, now))
                .execute(&mut *connection)
                .await?;
            rest = later;
        }
        Ok(())
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
}
#[cfg(feature = "sqlite")]
use in_sqlite::insert_sqlite;

/// In one statement: each takes two round trips, and the server plans it anew.
#[cfg(feature = "postgres")]
async fn store_postgres(
    connection: &mut sqlx::PgConnection,
    arrivals: &[Arrival],
    wakes: String,
    now: Millis,
) -> Result<(), sqlx::Error> {
    const STORE: &str = concat!(
        "WITH kept AS (INSERT INTO paymento_callbacks ",
        "(account, digest, body, kind, token, status, count, received_at, last_at) ",
        "SELECT account, digest, body, kind, token, status, count, $1, $1 FROM UNNEST($3::text[], $4::bytea[], ",
        "$5::bytea[], $6::bigint[], $7::text[], $8::text[], $9::bigint[]) ",
        "AS c(account, digest, body, kind, token, status, count) ",
        "ON CONFLICT (account, digest) DO UPDATE SET ",
        "count = paymento_callbacks.count + excluded.count, last_at = excluded.last_at) ",
        wake!(
            "LEAST",
            "GREATEST",
            "SELECT * FROM json_to_recordset($2::json) \
             AS x(account text, token text, paid bigint, odd text, back bigint, count bigint)"
        )
    );
    fn column<'a, T>(arrivals: &'a [Arrival], value: impl Fn(&'a Arrival) -> T) -> Vec<T> {
        arrivals.iter().map(value).collect()
    }
    sqlx::query(STORE)
        .persistent(false)
        .bind(now)
        .bind(wakes)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(digest: u8, token: &str) -> Arrival {
        Arrival {
            account: "default".to_owned(),
            digest: [digest; 32],
            body: Box::default(),
            kind: ArrivalKind::Callback,
            token: Some(token.to_owned()),
            status: None,
            says_paid: digest == 7,
            odd_status: None,
            takes_back: false,
            count: 1,
        }
    }

    #[test]
    fn equal_callbacks_are_one_with_a_count_and_keys_are_in_order() {
        let merged = merged(vec![arrival(9, "t"), arrival(7, "t"), arrival(9, "t"), arrival(3, "u")]);
        let counts: Vec<_> = merged.iter().map(|arrival| (arrival.digest[0], arrival.count)).collect();
        assert_eq!(counts, [(3, 1), (7, 1), (9, 2)]);
    }

    #[test]
    fn a_payment_is_woken_once_for_all_its_callbacks() {
        let wakes = wakes(&[arrival(3, "t"), arrival(7, "t"), arrival(3, "u")]);
        assert_eq!(wakes.len(), 2);
        assert_eq!((&wakes[0]["count"], &wakes[0]["paid"]), (&json!(2), &json!(1)));
    }
}
