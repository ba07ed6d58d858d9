//! Callbacks, stored many at a time: whoever waits shares one statement and one commit.

use std::collections::{BTreeMap, btree_map::Entry};

use serde_json::json;

#[cfg(feature = "postgres")]
use super::inbox_postgres;
#[cfg(feature = "sqlite")]
use super::inbox_sqlite;
use super::{Database, Pool, Transaction, failure::translate, transaction::Inner};
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

impl Database {
    /// Keeps the callbacks, and makes the verify calls due that they ask for, in a transaction of its own: where that can be
    /// told to the database in one message, in one. Keys must differ: see [`merged`].
    pub(crate) async fn store(&self, arrivals: &[Arrival]) -> Result<(), Error> {
        match (&self.pool, arrivals) {
            #[cfg(feature = "sqlite")]
            (Pool::Sqlite(sqlite), [arrival]) => {
                sqlite.execute(inbox_sqlite::store_one(arrival, self.clock.of_this_machine())).await
            }
            #[cfg(feature = "postgres")]
            (Pool::Postgres(postgres), arrivals) => postgres.store(inbox_postgres::store(arrivals, self.now())).await,
            #[cfg(feature = "sqlite")]
            (Pool::Sqlite(_), arrivals) => {
                let mut transaction = self.begin().await?;
                let now = transaction.now();
                transaction.store(arrivals, now).await?;
                transaction.commit().await
            }
        }
    }
}

impl Transaction {
    /// Keeps the callbacks, and makes the verify calls due that they ask for. Keys must differ: see [`merged`].
    #[cfg_attr(not(feature = "sqlite"), expect(clippy::unused_async, reason = "on PostgreSQL it goes with COMMIT"))]
    pub(crate) async fn store(&mut self, arrivals: &[Arrival], now: Millis) -> Result<(), Error> {
        match &mut self.inner {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(session) => inbox_sqlite::store_all(session, arrivals, now).await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(session) => {
                let (sql, values) = inbox_postgres::store(arrivals, now.into());
                session.later(sql, &values)
            }
        }
        .map_err(|error| translate(&error))
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
pub(super) struct Wake<'a> {
    pub(super) account: &'a str,
    pub(super) token: &'a str,
    pub(super) paid: bool,
    pub(super) odd: Option<&'a str>,
    pub(super) back: bool,
    pub(super) count: i64,
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

    pub(super) fn to_json(&self) -> serde_json::Value {
        let Self { account, token, paid, odd, back, count } = self;
        json!({ "account": account, "token": token, "paid": i64::from(*paid), "odd": odd, "back": i64::from(*back),
            "count": count })
    }
}

pub(super) fn wakes(arrivals: &[Arrival]) -> Vec<Wake<'_>> {
    let mut wakes: BTreeMap<(&str, &str), Wake<'_>> = BTreeMap::new();
    for wake in arrivals.iter().filter_map(Wake::of) {
        match wakes.entry((wake.account, wake.token)) {
            Entry::Occupied(mut known) => known.get_mut().add(&wake),
            Entry::Vacant(place) => drop(place.insert(wake)),
        }
    }
    wakes.into_values().collect()
}

/// The least time between two verify calls that callbacks ask for: a replay is no amplifier.
macro_rules! wake {
    ($least:expr, $greatest:expr, $now:expr, $from:expr) => {
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
            "(",
            $now,
            ", CASE WHEN paymento_payments.last_verify_at <= ",
            $now,
            " THEN paymento_payments.last_verify_at + 5000 ELSE ",
            $now,
            " END)) ",
            "FROM (",
            $from,
            ") AS c ",
            "WHERE paymento_payments.account = c.account AND paymento_payments.token = c.token ",
            "AND (paymento_payments.settled_at IS NULL OR c.back = 1)"
        )
    };
}
pub(super) use wake;

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
        let arrivals = [arrival(3, "t"), arrival(7, "t"), arrival(3, "u")];
        let wakes = wakes(&arrivals);
        assert_eq!(wakes.len(), 2);
        assert_eq!((wakes[0].count, wakes[0].paid), (2, true));
    }
}
