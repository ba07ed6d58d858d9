//! Asking the gateway about payments that are due, at the account's pace, and recording what it answers.

use std::time::Duration;

use super::{
    clock::{Millis, millis},
    database::{Database, Row, Sql, Transaction, transact, values},
    event::{EventKind, Payload, Reason},
    history::Note,
    lease::{LEASE, RENEW},
    orders,
    raise::Raised,
    record::{Asked, Recorded, record},
    schedule,
    terms::price_from_text,
};
use crate::{
    Client,
    error::{Error, ErrorCode},
    expected::Expected,
    log::{LogLevel, LogRecord},
    text::quote,
    verification::Verification,
};

/// Whoever asks has this long for it, and longer while it lives; then another process may ask.
const ASKING: Millis = LEASE;
/// However long a gateway asks for patience: one that says a year has made a mistake.
const LONGEST_PAUSE: Millis = 10 * 60_000;
/// The least time between two verify calls about one payment that somebody outside can cause.
pub(super) const LEAST_GAP: Millis = 5_000;
/// Two who ask for one order at the same moment ask the gateway once.
pub(super) const SAME_ASK: Millis = 500;
const A_DAY: Millis = 24 * 3_600_000;
/// When to look again where nobody wakes us.
const SOON: Millis = 500;
/// Pauses are made up for by no more than this.
const BURST: Millis = 1_000;

/// A payment to ask about.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) asked: Asked,
    pub(super) token: String,
    pub(super) expected: Expected,
}

/// Who asks, for which store, and how fast.
#[derive(Clone)]
pub(super) struct Verifier {
    pub(super) database: Database,
    pub(super) client: Client,
    pub(super) account: String,
    pub(super) who: String,
    /// Verify calls a second, by all processes together.
    pub(super) pace: u32,
}

impl Verifier {
    /// Takes the payments that are due, callback-driven ones first, no more than the pace allows now.
    pub(super) async fn claim(&self, most: i64) -> Result<Claimed, Error> {
        let Some(waits) = self.waits().await? else { return Ok(Claimed::default()) };
        if !waits.is_over() {
            return Ok(Claimed { due: vec![], look_in: waits.due().map(|due| due.max(waits.free)) });
        }
        let first = || vec![(LOCK_ACCOUNT, values![&self.account])];
        transact!(self.database, first(), (transaction, account) => self.try_claim(&mut transaction, &account, &waits, most))
    }

    /// The same, and waits for the pace where that takes no longer than `longest`.
    pub(super) async fn claim_within(&self, most: i64, longest: Duration) -> Result<Vec<Due>, Error> {
        let due = self.claim(most).await?.due;
        let held_up = if due.is_empty() { self.held_up().await? } else { None };
        let wait = held_up.map(|wait| Duration::from_millis(u64::try_from(wait).unwrap_or(0) + 1));
        match wait.filter(|wait| *wait <= longest) {
            Some(wait) => {
                tokio::time::sleep(wait).await;
                Ok(self.claim(most).await?.due)
            }
            None => Ok(due),
        }
    }

    async fn try_claim(
        &self,
        transaction: &mut Transaction,
        account: &[Vec<Row>],
        waits: &Waits,
        most: i64,
    ) -> Result<Claimed, Error> {
        let now = transaction.now();
        transaction.may_be_lost();
        let Some(row) = account.iter().flatten().next() else { return Ok(Claimed::default()) };
        let (allowed, begun) = self.allowed(row.int("pace_at")?, now);
        let (most, mut due) = (allowed.min(most), Vec::new());
        let reserved = reserved(begun / self.interval(), most);
        let mut is_exhausted = false;
        for (urgency, most) in [(1_i64, most - reserved), (2, most), (1, most)] {
            let left = most - i64::try_from(due.len()).unwrap_or(i64::MAX);
            // Where there were fewer than asked for, there are no more. What becomes due meanwhile wakes us again.
            if left > 0 && waits.is_due(urgency) && !(urgency == 1 && is_exhausted) {
                let values = values![&self.account, urgency, now, left, now + ASKING, step()];
                let rows = transaction.rows(CLAIM, values).await?;
                is_exhausted |= urgency == 1 && i64::try_from(rows.len()).is_ok_and(|taken| taken < left);
                for row in rows {
                    match read_due(&row) {
                        Ok(one) => due.push(one),
                        Err(error) => self.set_aside(transaction, &row, &error, now).await?,
                    }
                }
            }
        }
        let taken = i64::try_from(due.len()).unwrap_or(i64::MAX);
        if taken > 0 {
            transaction.later(SET_PACE, values![&self.account, begun + taken * self.interval()]).await?;
        }
        // Where there were fewer than allowed, nothing is due but what another process is taking at this moment.
        let look_in = if taken < most { SOON } else { self.interval() };
        Ok(Claimed { due, look_in: Some(look_in) })
    }

    /// One payment that cannot be read must not stand in the way of the others.
    async fn set_aside(
        &self,
        transaction: &mut Transaction,
        row: &Row,
        error: &Error,
        now: Millis,
    ) -> Result<(), Error> {
        let (order_id, token) = (row.text("order_id")?, row.maybe_text("token")?);
        let detail = format!("the payment cannot be read in the database, and is not asked about: {}", error.message());
        let raised = Raised {
            account: &self.account,
            order_row: row.int("order_row")?,
            order_id: &order_id,
            kind: EventKind::Attention,
            reason: Some(Reason::Mismatch),
            token: token.as_deref(),
            distinct: "unreadable",
            payload: &Payload { detail: Some(detail), ..Payload::default() },
        };
        raised.put(transaction, now).await?;
        transaction.later(SET_ASIDE, values![row.int("id")?, now + A_DAY]).await
    }

    /// How many calls the pace allows now, and the time it is counted from.
    fn allowed(&self, pace_at: Millis, now: Millis) -> (i64, Millis) {
        let begun = pace_at.max(now - BURST);
        ((now - begun) / self.interval(), begun)
    }

    fn interval(&self) -> Millis {
        (1_000 / i64::from(self.pace)).max(1)
    }

    /// Takes this payment, due or not, if it was not asked about within `gap`. Counts at the pace, and does not wait.
    pub(super) async fn claim_one(&self, payment: i64, gap: Millis) -> Result<Option<Due>, Error> {
        transact!(self.database, transaction => self.try_claim_one(&mut transaction, payment, gap))
    }

    async fn try_claim_one(
        &self,
        transaction: &mut Transaction,
        payment: i64,
        gap: Millis,
    ) -> Result<Option<Due>, Error> {
        let now = transaction.now();
        transaction.may_be_lost();
        let row = transaction.row(CLAIM_ONE, values![payment, now, now + ASKING, now - gap, step()]).await?;
        let due = row.as_ref().map(read_due).transpose()?;
        if due.is_some() {
            transaction.later(COUNT_PACE, values![&self.account, self.interval(), now - BURST, now + BURST]).await?;
        }
        Ok(due)
    }

    /// Takes the payments of one order that are due. Counts at the pace, and does not wait: somebody asks for this order.
    pub(super) async fn claim_of_order(&self, order_id: &str) -> Result<Vec<Due>, Error> {
        if !orders::may_be_an_id(order_id) {
            return Ok(vec![]);
        }
        let mut transaction = self.database.begin_read().await?;
        let now = transaction.now();
        let rows = transaction.rows(DUE_OF_ORDER, values![&self.account, order_id, now]).await?;
        drop(transaction);
        let mut due = Vec::with_capacity(rows.len());
        for row in rows {
            due.extend(self.claim_one(row.int("id")?, SAME_ASK).await?);
        }
        Ok(due)
    }

    /// Asks, and records the answer. A failure is recorded as well, and gives the error.
    pub(super) async fn ask(&self, due: &Due) -> Result<Recorded, Error> {
        let asking = self.client.verify_payment(&due.token, &due.expected);
        let verification = match self.while_renewing(due, asking).await {
            Ok(verification) => verification,
            Err(error) => {
                self.failed(due, &error).await?;
                return Err(error);
            }
        };
        super::fail_point("after_verify");
        match self.record(&due.asked, &verification).await {
            // What the database holds of the order cannot be read: asking again at once does not mend it.
            Err(error) if error.code() == ErrorCode::DatabaseValue => {
                self.failed(due, &error).await?;
                Err(error)
            }
            recorded => recorded,
        }
    }

    /// Records an answer, and logs what needs somebody to look.
    pub(super) async fn record(&self, asked: &Asked, verification: &Verification) -> Result<Recorded, Error> {
        let recorded = transact!(self.database, orders::locking(asked.order_row), (transaction, locked) =>
            record(&mut transaction, &locked, asked, verification, &self.who))?;
        for reason in &recorded.reasons {
            self.log_attention(verification.order_id(), *reason);
        }
        Ok(recorded)
    }

    /// In the log as well, for shops that handle no `attention`: some of these are money.
    fn log_attention(&self, order_id: &str, reason: Reason) {
        let detail = format!("the order {} needs somebody to look: {reason}", quote(order_id));
        self.client.log(LogRecord::checkout(LogLevel::Warning, None, detail));
    }

    /// Keeps the payment while the gateway is being asked.
    async fn while_renewing<T>(&self, due: &Due, asking: impl Future<Output = T>) -> T {
        let mut asking = std::pin::pin!(asking);
        loop {
            match tokio::time::timeout(RENEW, &mut asking).await {
                Ok(answer) => return answer,
                Err(_) => {
                    // Where that fails, another process asks as well: of two answers the older one decides nothing.
                    let _ = transact!(self.database, transaction => self.renew(&mut transaction, &due.asked));
                }
            }
        }
    }

    async fn renew(&self, transaction: &mut Transaction, asked: &Asked) -> Result<(), Error> {
        let now = transaction.now();
        transaction.execute(RENEW_ASKING, values![asked.payment, asked.fence, now + ASKING]).await.map(|_| ())
    }

    /// Puts the payment off; a gateway that asks for patience gets it for the whole account.
    async fn failed(&self, due: &Due, error: &Error) -> Result<(), Error> {
        let wait = error.retry_after().map_or(0, pause);
        transact!(self.database, transaction => self.put_off(&mut transaction, due, error, wait))
    }

    async fn put_off(
        &self,
        transaction: &mut Transaction,
        due: &Due,
        error: &Error,
        wait: Millis,
    ) -> Result<(), Error> {
        let now = transaction.now();
        let Some(row) = transaction.row(FAILURES, values![due.asked.payment, due.asked.fence]).await? else {
            return Ok(());
        };
        let failures = row.int("failures")?;
        let again = now + schedule::after_failure(failures).max(wait);
        transaction.later(PUT_OFF, values![due.asked.payment, again, due.asked.fence]).await?;
        if wait > 0 {
            transaction.later(PAUSE, values![&self.account, now + wait]).await?;
        }
        if failures == 0 {
            let code = error.code().as_str();
            let note = Note { what: "verified", who: &self.who, token: Some(&due.token), detail: code };
            note.write(transaction, due.asked.order_row, now).await?;
        }
        Ok(())
    }

    /// Asks, and says whether there is something new to hand over. Logs what fails.
    pub(super) async fn ask_and_log(&self, due: &Due) -> bool {
        match self.ask(due).await {
            Ok(recorded) => recorded.raised,
            Err(error) => {
                self.log(&error);
                false
            }
        }
    }

    /// Asks about all of these at once.
    pub(super) async fn ask_all(&self, due: Vec<Due>) {
        let mut asking = tokio::task::JoinSet::new();
        for due in due {
            let verifier = self.clone();
            asking.spawn(async move { verifier.ask_and_log(&due).await });
        }
        while asking.join_next().await.is_some() {}
    }

    fn log(&self, error: &Error) {
        let detail = format!("a payment could not be verified: {}; it is asked about again", error.code());
        self.client.log(LogRecord::checkout(LogLevel::Warning, Some(error.code().as_str()), detail));
    }

    /// Milliseconds until the pace allows what is due now; `None`: nothing is due.
    pub(super) async fn held_up(&self) -> Result<Option<Millis>, Error> {
        Ok(self.waits().await?.filter(|waits| waits.due() == Some(0)).map(|waits| waits.free))
    }

    async fn waits(&self) -> Result<Option<Waits>, Error> {
        let (now, mut rows) = self.database.look(vec![(NEXT_DUE, values![&self.account])]).await?;
        let Some(row) = rows.pop() else { return Ok(None) };
        let until = |at: Option<Millis>| at.map(|at| (at - now).max(0));
        let free_at = row.int("pace_at")?.max(now - BURST) + self.interval();
        let of = [until(row.maybe_int("urgent_at")?), until(row.maybe_int("other_at")?)];
        Ok(Some(Waits { of, free: (free_at - now).max(0) }))
    }
}

/// What is to be asked about now, and in how many milliseconds to look again; `None`: nothing will be due.
#[derive(Default)]
pub(super) struct Claimed {
    pub(super) due: Vec<Due>,
    pub(super) look_in: Option<Millis>,
}

/// In milliseconds.
struct Waits {
    /// Until something of the first urgency is due, and of the second; `None`: never.
    of: [Option<Millis>; 2],
    /// Until the pace allows a call.
    free: Millis,
}

impl Waits {
    fn due(&self) -> Option<Millis> {
        self.of.iter().flatten().copied().min()
    }

    fn is_due(&self, urgency: i64) -> bool {
        usize::try_from(urgency - 1).is_ok_and(|at| self.of.get(at) == Some(&Some(0)))
    }

    fn is_over(&self) -> bool {
        self.due() == Some(0) && self.free == 0
    }
}

/// Of so many calls from this one on, how many are not for callbacks: one in four, since what no callback tells of is never
/// verified otherwise while there are more callbacks than the pace allows.
fn reserved(first: i64, calls: i64) -> i64 {
    (first + calls).div_euclid(4) - first.div_euclid(4)
}

/// By how much the fence rises. A claim waits for no disk: where a crash of the server has lost it, the next one must not get
/// the same number, or the older of two answers would count.
fn step() -> i64 {
    fastrand::i64(1..1 << 20)
}

fn pause(asked_for: Duration) -> Millis {
    millis(asked_for).min(LONGEST_PAUSE)
}

fn read_due(row: &Row) -> Result<Due, Error> {
    Ok(Due {
        asked: Asked { payment: row.int("id")?, order_row: row.int("order_row")?, fence: row.int("verify_fence")? },
        token: row.text("token")?,
        expected: Expected { order_id: row.text("order_id")?, price: Some(price_from_text(&row.text("price")?)?) },
    })
}

const LOCK_ACCOUNT: Sql = Sql::each(
    "SELECT pace_at FROM paymento_accounts WHERE account = $1",
    "SELECT pace_at FROM paymento_accounts WHERE account = $1 FOR UPDATE",
)
.planned_once();
const SET_PACE: Sql = Sql::both("UPDATE paymento_accounts SET pace_at = $2 WHERE account = $1").planned_once();
/// What does not wait holds the others up by no more than $4, however much of it there is.
const COUNT_PACE: Sql = Sql::each(
    "UPDATE paymento_accounts SET pace_at = MAX(pace_at, MIN(MAX(pace_at, $3) + $2, $4)) WHERE account = $1",
    "UPDATE paymento_accounts SET pace_at = GREATEST(pace_at, LEAST(GREATEST(pace_at, $3) + $2, $4)) WHERE account = $1",
).planned_once();
const PAUSE: Sql = Sql::each(
    "UPDATE paymento_accounts SET pace_at = MAX(pace_at, $2) WHERE account = $1",
    "UPDATE paymento_accounts SET pace_at = GREATEST(pace_at, $2) WHERE account = $1",
);

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE paymento_payments SET verify_fence = verify_fence + $6, last_verify_at = $3, verify_until = $5, ",
            "next_verify_at = $5 WHERE id IN (SELECT id FROM paymento_payments WHERE account = $1 AND urgency = $2 ",
            "AND next_verify_at <= $3 ORDER BY next_verify_at LIMIT $4",
            $lock,
            ") RETURNING id, order_row, verify_fence, token, price, ",
            "(SELECT order_id FROM paymento_orders WHERE id = paymento_payments.order_row) AS order_id"
        )
    };
}
const CLAIM: Sql = Sql::each(claim!(""), claim!(" FOR UPDATE SKIP LOCKED")).planned_once();

const CLAIM_ONE: Sql = Sql::both(
    "UPDATE paymento_payments SET verify_fence = verify_fence + $5, last_verify_at = $2, verify_until = $3, \
     next_verify_at = $3 WHERE id = $1 AND token IS NOT NULL AND settled_at IS NULL \
     AND (last_verify_at IS NULL OR last_verify_at <= $4 OR last_verify_at > $2) \
     RETURNING id, order_row, verify_fence, token, price, \
     (SELECT order_id FROM paymento_orders WHERE id = paymento_payments.order_row) AS order_id",
)
.planned_once();

/// A callback that came meanwhile has made it due sooner: that stays.
const RENEW_ASKING: Sql = Sql::both(
    "UPDATE paymento_payments SET next_verify_at = CASE WHEN next_verify_at = verify_until THEN $3 ELSE next_verify_at END, \
     verify_until = $3 WHERE id = $1 AND verify_fence = $2 AND verify_until IS NOT NULL",
);

const DUE_OF_ORDER: Sql = Sql::both(
    "SELECT p.id FROM paymento_payments p JOIN paymento_orders o ON o.id = p.order_row \
     WHERE o.account = $1 AND o.order_id = $2 AND p.next_verify_at <= $3 ORDER BY p.id",
);

const FAILURES: Sql = Sql::both("SELECT failures FROM paymento_payments WHERE id = $1 AND verify_fence = $2");
/// But for what a callback has asked for meanwhile.
const PUT_OFF: Sql = Sql::both(
    "UPDATE paymento_payments SET failures = failures + 1, verify_until = NULL, \
     next_verify_at = CASE WHEN next_verify_at < verify_until AND next_verify_at < $2 THEN next_verify_at ELSE $2 END \
     WHERE id = $1 AND verify_fence = $3",
);
const SET_ASIDE: Sql =
    Sql::both("UPDATE paymento_payments SET next_verify_at = $2, verify_until = NULL, urgency = 2 WHERE id = $1");

/// Each the first of an index: PostgreSQL plans this three times as fast as MIN, and it is asked at every turn.
const NEXT_DUE: Sql = Sql::both(
    "SELECT a.pace_at, \
     (SELECT next_verify_at FROM paymento_payments WHERE account = $1 AND urgency = 1 AND next_verify_at IS NOT NULL \
     ORDER BY next_verify_at LIMIT 1) AS urgent_at, \
     (SELECT next_verify_at FROM paymento_payments WHERE account = $1 AND urgency = 2 AND next_verify_at IS NOT NULL \
     ORDER BY next_verify_at LIMIT 1) AS other_at \
     FROM paymento_accounts a WHERE a.account = $1",
)
.planned_once();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_in_four_is_kept_for_what_no_callback_tells_of() {
        assert_eq!([0, 1, 2, 3, 4].map(|first| reserved(first, 1)), [0, 0, 0, 1, 0]);
        assert_eq!([(0, 4), (1, 4), (2, 2), (5, 32)].map(|(first, calls)| reserved(first, calls)), [1, 1, 1, 8]);
    }

    #[test]
    fn a_claim_that_was_lost_and_the_next_one_have_different_numbers() {
        let steps: std::collections::HashSet<_> = (0..100).map(|_| step()).collect();
        assert!(steps.len() > 90 && steps.iter().all(|step| *step > 0), "{steps:?}");
    }

    #[test]
    fn a_gateway_that_asks_for_a_year_of_patience_gets_ten_minutes() {
        assert_eq!(pause(Duration::from_secs(7)), 7_000);
        assert_eq!(pause(Duration::from_hours(24 * 365)), LONGEST_PAUSE);
        assert_eq!(pause(Duration::MAX), LONGEST_PAUSE);
    }
}
