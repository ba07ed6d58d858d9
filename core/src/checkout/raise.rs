//! Events are put into the outbox, once for each key.

use super::{
    clock::Millis,
    database::{Arrival, ArrivalKind, Sql, Transaction, values},
    event::{EventKind, Payload, Reason},
};
use crate::{error::Error, signature};

/// Characters.
const LONGEST_OF_PAID: usize = 200;

/// An event for the outbox.
pub(super) struct Raised<'a> {
    pub(super) account: &'a str,
    pub(super) order_row: i64,
    pub(super) order_id: &'a str,
    pub(super) kind: EventKind,
    pub(super) reason: Option<Reason>,
    pub(super) token: Option<&'a str>,
    /// Tells apart events of one kind about one payment.
    pub(super) distinct: &'a str,
    pub(super) payload: &'a Payload,
}

impl Raised<'_> {
    /// The same each time: whatever happens twice is one event. `paid` is one for the order, whatever the payment.
    fn key(&self) -> String {
        let (account, order_id, kind) = (escaped(self.account), escaped(self.order_id), self.kind.as_str());
        if self.kind == EventKind::Paid {
            let key = format!("{account}/{order_id}/{kind}");
            return if key.chars().count() <= LONGEST_OF_PAID { key } else { shortened(&key) };
        }
        let reason = self.reason.map(|reason| format!(":{reason}")).unwrap_or_default();
        format!("{account}/{order_id}/{kind}{reason}/{}/{}", self.token.unwrap_or_default(), self.distinct)
    }

    /// Puts it into the outbox, and says whether it is new.
    pub(super) async fn put(&self, transaction: &mut Transaction, now: Millis) -> Result<bool, Error> {
        let values = values![
            self.order_row,
            self.account,
            self.kind.as_str(),
            self.reason.map(Reason::as_str),
            self.key(),
            self.token,
            self.payload.to_json(),
            now
        ];
        Ok(transaction.execute(INSERT, values).await? > 0)
    }
}

/// Shops keep the key of `paid` in a column of their own. What an order id's slashes make too long is told by its SHA-256,
/// which has one slash less than any other key.
fn shortened(key: &str) -> String {
    format!("sha256:{}/paid", hex::encode(signature::digest(key.as_bytes())))
}

/// An order id with slashes must not give the key of another order's event.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('/', "%2F")
}

/// Somebody should look at an authentic body that cannot be read.
pub(super) async fn undecodable(transaction: &mut Transaction, arrival: &Arrival, now: Millis) -> Result<(), Error> {
    let what = match arrival.kind {
        ArrivalKind::Quarantined => "the database refused what was read from a callback",
        _ => "a callback is authentic, and cannot be read",
    };
    let digest = hex::encode(arrival.digest);
    let detail = format!("{what}; its body is kept under SHA-256 {digest}");
    let order_row = super::orders::of_the_account(transaction, &arrival.account, now).await?;
    let raised = Raised {
        account: &arrival.account,
        order_row,
        order_id: "",
        kind: EventKind::Attention,
        reason: Some(Reason::UndecodableCallback),
        token: None,
        distinct: &digest,
        payload: &Payload { detail: Some(detail), ..Payload::default() },
    };
    raised.put(transaction, now).await.map(|_| ())
}

const INSERT: Sql = Sql::both(
    "INSERT INTO paymento_events \
     (order_row, account, kind, reason, key, token, payload, state, attempts, next_at, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $8) ON CONFLICT (account, key) DO NOTHING",
)
.planned_once();

#[cfg(test)]
mod tests {
    use super::*;

    fn key(order_id: &str, kind: EventKind, reason: Option<Reason>, token: Option<&str>) -> String {
        let payload = &Payload::default();
        Raised { account: "default", order_row: 1, order_id, kind, reason, token, distinct: "", payload }.key()
    }

    #[test]
    fn no_order_id_gives_the_key_of_another_orders_event() {
        assert_eq!(key("A-578", EventKind::Paid, None, None), "default/A-578/paid");
        let failed = key("A", EventKind::Attention, Some(Reason::HandlerFailed), Some("paid"));
        assert_ne!(key("A/attention:handler_failed", EventKind::Paid, None, None), failed.trim_end_matches('/'));
        assert_ne!(key("A/B", EventKind::Paid, None, None), key("A%2FB", EventKind::Paid, None, None));
        let [one, other] =
            ["/".repeat(64), "/".repeat(63) + "%"].map(|order_id| key(&order_id, EventKind::Paid, None, None));
        assert!(one.len() <= LONGEST_OF_PAID && one != other, "{one} {other}");
        let [one, other] =
            ["/".repeat(128), "/".repeat(127) + "%"].map(|order_id| key(&order_id, EventKind::Paid, None, None));
        assert!(one.len() <= LONGEST_OF_PAID && one.starts_with("sha256:") && one != other, "{one} {other}");
    }
}
