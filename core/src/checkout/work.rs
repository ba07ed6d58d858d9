//! [`Work`]: an event handed over, with the order leased to whoever got it.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use super::{
    Checkout,
    claim::{Wanted, claim},
    database::{Sql, values},
    event::{EventKind, OrderEvent},
    finish::{Ending, Finish},
    lease::Leases,
    orders::may_be_an_id,
};
use crate::error::{Error, ErrorCode};

/// Looks again after this long, whoever wakes it or not.
const LOOK: Duration = Duration::from_secs(1);
/// Work that is done waits this long for a database that does not answer.
const WAIT_FOR_DATABASE: Duration = Duration::from_secs(30);
/// Most that is handed over at one commit.
const MOST: u32 = 1_000;
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// An event handed over. The order is leased to the holder, and the lease renewed in the background, until the work is
/// [completed](Checkout::complete), [failed](Checkout::fail) or dropped.
#[derive(Debug)]
pub struct Work {
    pub(super) event: OrderEvent,
    pub(super) id: i64,
    pub(super) order_row: i64,
    pub(super) fencing: i64,
    pub(super) attempt: i64,
    pub(super) owner: Arc<str>,
    pub(super) leases: Weak<Leases>,
}

impl Work {
    /// What happened.
    pub fn event(&self) -> &OrderEvent {
        &self.event
    }

    /// The event's number in the database.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Rises each time the order is handed over to somebody: where a shop's own system can check it, an earlier holder
    /// is told apart.
    pub fn fencing(&self) -> i64 {
        self.fencing
    }

    /// How often its handler has failed before.
    pub fn failures(&self) -> i64 {
        self.attempt
    }

    /// Whether one more failure makes a dead letter of the event.
    pub fn is_last_attempt(&self) -> bool {
        self.leases.upgrade().is_some_and(|leases| self.attempt + 1 >= leases.most_failures())
    }

    /// Whether somebody renews the lease: not after the checkout was closed.
    fn is_held(&self) -> bool {
        self.leases.strong_count() > 0
    }

    pub(super) fn finish(&self, who: &str, ending: Ending) -> Finish {
        Finish {
            event: self.id,
            order_row: self.order_row,
            owner: self.owner.to_string(),
            fencing: self.fencing,
            who: who.to_owned(),
            ending,
        }
    }
}

/// From now on nobody renews the lease: it ends by itself.
impl Drop for Work {
    fn drop(&mut self) {
        if let Some(leases) = self.leases.upgrade() {
            leases.let_go(self.order_row, self.fencing);
        }
    }
}

impl Checkout {
    /// Hands over one event of these kinds, or `None` where none is due. The order is leased to this process.
    ///
    /// `order_id`: only of this order.
    ///
    /// # Errors
    /// `database.`.
    pub async fn claim(&self, kinds: &[EventKind], order_id: Option<&str>) -> Result<Option<Work>, Error> {
        Ok(self.claim_many(kinds, order_id, 1).await?.pop())
    }

    /// Hands over up to `most` events of as many orders, at one commit; never more than 1,000.
    ///
    /// # Errors
    /// `database.`.
    pub async fn claim_many(&self, kinds: &[EventKind], order_id: Option<&str>, most: u32) -> Result<Vec<Work>, Error> {
        if order_id.is_some_and(|order_id| !may_be_an_id(order_id)) {
            return Ok(vec![]);
        }
        let leases = self.leases();
        let wanted = Wanted {
            account: self.account().to_owned(),
            kinds: kinds.to_vec(),
            order_id: order_id.map(ToOwned::to_owned),
            most: i64::from(most.min(MOST)),
            owner: leases.owner(),
            who: self.who().to_owned(),
        };
        let works = self.with_database(async move |database| claim(&database, &wanted, &leases).await).await?;
        if !works.is_empty() {
            self.start_renewing()?;
        }
        Ok(works)
    }

    /// Waits for an event of these kinds to hand over, at most as long as `patience`.
    ///
    /// # Errors
    /// `database.`.
    pub async fn next(&self, kinds: &[EventKind], patience: Duration) -> Result<Option<Work>, Error> {
        Ok(self.next_many(kinds, patience, 1).await?.pop())
    }

    /// Like [`next`](Self::next), for up to `most` events of as many orders.
    ///
    /// # Errors
    /// `database.`.
    pub async fn next_many(&self, kinds: &[EventKind], patience: Duration, most: u32) -> Result<Vec<Work>, Error> {
        self.next_many_until(kinds, patience, most, std::future::pending()).await
    }

    /// Like [`next_many`](Self::next_many), and gives nothing as soon as `stop` is ready. Nothing that was taken is lost by
    /// it, as it may be where the future is dropped.
    ///
    /// # Errors
    /// `database.`.
    pub async fn next_many_until(
        &self,
        kinds: &[EventKind],
        patience: Duration,
        most: u32,
        stop: impl Future<Output = ()>,
    ) -> Result<Vec<Work>, Error> {
        let end = Instant::now() + patience;
        let mut stop = std::pin::pin!(stop);
        loop {
            // Also to show that somebody still comes for these.
            self.start_runner(kinds)?;
            let engine = self.engine()?;
            let woken = Arc::clone(&engine.woken.to_hand_over).notified_owned();
            let works = self.claim_many(kinds, None, most).await?;
            let left = end.saturating_duration_since(Instant::now());
            if !works.is_empty() || left.is_zero() {
                return Ok(works);
            }
            let waiting = engine.run(async move {
                let _ = tokio::time::timeout(left.min(LOOK), woken).await;
                Ok(())
            });
            tokio::select! {
                biased;
                () = &mut stop => return Ok(vec![]),
                waited = waiting => waited?,
            }
        }
    }

    /// Records that the work is done. It is never handed over again.
    ///
    /// # Errors
    /// `checkout.lease_lost` where somebody else has got the order meanwhile, who does the work again; `database.`.
    pub async fn complete(&self, work: Work) -> Result<(), Error> {
        super::fail_point("before_complete");
        self.finish(work, Ending::Completed).await
    }

    /// Records that the handler failed. The work is handed over again after a wait that grows, and after the tenth
    /// failure it is a dead letter.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn fail(&self, work: Work, message: &str) -> Result<(), Error> {
        let most = self.most_failures();
        self.finish(work, Ending::Failed { message: message.to_owned(), most }).await
    }

    /// Records that the handler failed, and must not run again by itself: the work is a dead letter at once.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn fail_for_good(&self, work: Work, message: &str) -> Result<(), Error> {
        self.finish(work, Ending::Failed { message: message.to_owned(), most: 1 }).await
    }

    /// Gives the work back untouched: it is handed over again at once.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn release(&self, work: Work) -> Result<(), Error> {
        self.finish(work, Ending::Released).await
    }

    /// A database that does not answer is waited for, with the lease kept: otherwise work that is done would be done again.
    async fn finish(&self, work: Work, ending: Ending) -> Result<(), Error> {
        let finish = work.finish(self.who(), ending);
        let end = Instant::now() + WAIT_FOR_DATABASE;
        let mut may_be_recorded = false;
        let own = loop {
            match self.try_finish(&finish, may_be_recorded).await {
                Err(error) if error.is_retryable() && Instant::now() < end && work.is_held() => {
                    may_be_recorded = true;
                    self.pause().await?;
                }
                result => break result?,
            }
        };
        drop(work);
        if own {
            return Ok(());
        }
        Err(Error::new(ErrorCode::CheckoutLeaseLost, "the order was handed over to somebody else meanwhile"))
    }

    async fn try_finish(&self, finish: &Finish, may_be_recorded: bool) -> Result<bool, Error> {
        let entry = finish.clone();
        if self.with_writer(async move |writer| writer.finish(entry).await).await? {
            return Ok(true);
        }
        if !may_be_recorded {
            return Ok(false);
        }
        // The answer to an earlier attempt's commit was lost: nobody else has been handed the order since.
        let (order_row, fencing) = (finish.order_row, finish.fencing);
        self.with_database(async move |database| {
            let row = database.begin_read().await?.row(FENCING, values![order_row]).await?;
            Ok(row.map(|row| row.int("fencing")).transpose()? == Some(fencing))
        })
        .await
    }

    async fn pause(&self) -> Result<(), Error> {
        let pausing = async {
            tokio::time::sleep(AFTER_FAILURE).await;
            Ok(())
        };
        self.engine()?.run(pausing).await
    }
}

const FENCING: Sql = Sql::both("SELECT fencing FROM paymento_orders WHERE id = $1");
