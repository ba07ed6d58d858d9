//! The background work of one checkout in one process: verify what is due, renew leases, show that it is alive.
//!
//! It runs on the engine's thread and never waits for the shop's code.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    task::{AbortHandle, JoinSet},
    time::{Instant, interval, timeout},
};

use super::{
    Checkout, Worker,
    clock::Millis,
    clockwise,
    database::{Database, Sql, transact, values},
    engine::{Engine, Woken},
    event::EventKind,
    handled::Handled,
    health::{self, Problem},
    lease::{Leases, RENEW},
    process::PerProcess,
    retention::{self, Keep},
    verify::Verifier,
};
use crate::{
    error::Error,
    log::{LogLevel, LogRecord},
};

/// Verify calls of one process at a time.
const AT_ONCE: usize = 32;
/// The longest sleep, whatever is due: another process may have gone away with what it had taken.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// After a database that does not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(5);
pub(super) const CLEAN: Duration = Duration::from_hours(1);
const LOOK_AFTER: Duration = Duration::from_secs(10);
/// Nobody wants to read the same more often.
const SAY_AGAIN: Duration = Duration::from_mins(1);
/// A clock that was wrong is looked for so often.
const MEND: Duration = Duration::from_mins(1);

impl Checkout {
    /// What a process that serves the shop does besides: everything, or only to say in the log that nobody does it.
    pub(super) fn start_background(&self) -> Result<(), Error> {
        let (engine, known) = (self.engine()?, self.per_process());
        if self.worker() == Worker::Thread {
            self.start_handing_over(&known.handing);
            return self.start_runner(&[]);
        }
        start_once(&known.lookout, || engine.spawn(self.start(&engine, &known).look_out()));
        Ok(())
    }

    /// Starts this process's background work, once. `kinds`: what it also hands over.
    pub(super) fn start_runner(&self, kinds: &[EventKind]) -> Result<(), Error> {
        let (engine, known) = (self.engine()?, self.per_process());
        known.handled.note(kinds, std::time::Instant::now());
        start_once(&known.runner, || engine.spawn(self.start(&engine, &known).run()));
        Ok(())
    }

    /// Where there is no runner to do it, whoever verifies also removes what is old, besides, once an hour; and then puts right
    /// what a wrong clock wrote, where this is true.
    pub(super) fn start_tending(&self) -> Result<bool, Error> {
        let (engine, known) = (self.engine()?, self.per_process());
        let runner = known.runner.lock().unwrap_or_else(PoisonError::into_inner);
        let tends = runner.as_ref().is_none_or(AbortHandle::is_finished) && known.is_time_to_tend();
        if tends {
            start_once(&known.tending, || engine.spawn(self.start(&engine, &known).clean_once()));
        }
        Ok(tends)
    }

    /// What is held is renewed, also in a process that has no runner.
    pub(super) fn start_renewing(&self) -> Result<(), Error> {
        let (engine, known) = (self.engine()?, self.per_process());
        let runner = known.runner.lock().unwrap_or_else(PoisonError::into_inner);
        if runner.as_ref().is_none_or(AbortHandle::is_finished) {
            start_once(&known.renewer, || engine.spawn(self.start(&engine, &known).renew()));
        }
        Ok(())
    }

    fn start(&self, engine: &Arc<Engine>, known: &Arc<PerProcess>) -> Start {
        let options = &self.inner.options;
        Start {
            engine: Arc::downgrade(engine),
            woken: engine.woken.clone(),
            known: Arc::downgrade(known),
            keep: Keep { bodies: options.keep_bodies, decisions: options.keep_decisions },
            name: options.who.clone(),
        }
    }
}

pub(super) fn start_once(slot: &Mutex<Option<AbortHandle>>, start: impl FnOnce() -> AbortHandle) {
    let mut task = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if task.as_ref().is_none_or(AbortHandle::is_finished) {
        *task = Some(start());
    }
}

/// What the runner needs to begin. It holds nothing that would keep the checkout alive.
struct Start {
    engine: Weak<Engine>,
    woken: Woken,
    known: Weak<PerProcess>,
    keep: Keep,
    name: String,
}

impl Start {
    async fn run(self) {
        let Some(runner) = self.opened().await else { return };
        tokio::join!(runner.watch(), runner.verify(), runner.keep_leases(), runner.tend(), runner.clean());
    }

    /// Nothing is done here but to say what is left undone.
    async fn look_out(self) {
        let Some(runner) = self.opened().await else { return };
        let mut said = Said::default();
        loop {
            tokio::time::sleep(LOOK_AFTER).await;
            runner.look_after(&mut said).await;
        }
    }

    async fn clean_once(self) {
        let Some(runner) = self.opened().await else { return };
        runner.tell(retention::clean(&runner.database, &runner.verifier.account, runner.keep).await);
    }

    async fn renew(self) {
        let Some(runner) = self.opened().await else { return };
        runner.keep_leases().await;
    }

    async fn opened(&self) -> Option<Runner> {
        loop {
            match self.open().await {
                Ok(runner) => return runner,
                Err(error) if error.is_retryable() => tokio::time::sleep(AFTER_FAILURE).await,
                // Whoever uses the checkout gets the same error.
                Err(_) => return None,
            }
        }
    }

    async fn open(&self) -> Result<Option<Runner>, Error> {
        let (Some(engine), Some(known)) = (self.engine.upgrade(), self.known.upgrade()) else { return Ok(None) };
        let database = engine.database().await?;
        known.register(&database).await?;
        Ok(Some(Runner {
            verifier: known.verifier.over(database.clone()),
            database,
            woken: self.woken.clone(),
            leases: Arc::clone(&known.leases),
            handled: Arc::clone(&known.handled),
            keep: self.keep,
            name: self.name.clone(),
        }))
    }
}

struct Runner {
    database: Database,
    verifier: Verifier,
    woken: Woken,
    leases: Arc<Leases>,
    handled: Arc<Handled>,
    keep: Keep,
    name: String,
}

impl Runner {
    /// Wakes this process when another one has changed something.
    async fn watch(&self) {
        loop {
            if let Err(error) = self.database.changed_elsewhere(LONGEST_SLEEP).await {
                let (code, detail) = (Some(error.code().as_str()), error.to_string());
                self.verifier.client.log(LogRecord::checkout(LogLevel::Warning, code, detail));
            }
            self.woken.all();
        }
    }

    /// Verifies what is due, for ever. One slow answer holds up nothing else.
    async fn verify(&self) {
        let mut asking = JoinSet::new();
        loop {
            let notified = self.woken.to_verify.notified();
            match self.verify_due(&mut asking).await {
                Ok(sleep) => {
                    let woken = timeout(sleep, self.database.clock_moved_or(notified));
                    tokio::select! {
                        _ = woken => {}
                        Some(_) = asking.join_next() => {}
                    }
                }
                Err(error) => {
                    self.log(LogLevel::Warning, &error);
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Begins to ask about what is due now. Gives how long nothing will be.
    async fn verify_due(&self, asking: &mut JoinSet<()>) -> Result<Duration, Error> {
        while asking.try_join_next().is_some() {}
        let free = AT_ONCE.saturating_sub(asking.len());
        if free == 0 {
            return Ok(LONGEST_SLEEP);
        }
        let claimed = self.verifier.claim(i64::try_from(free).unwrap_or(1)).await?;
        for due in claimed.due {
            let (verifier, leases) = (self.verifier.clone(), Arc::clone(&self.leases));
            let raised = Arc::clone(&self.woken.to_hand_over);
            asking.spawn(async move {
                if verifier.ask_and_log(&due).await {
                    // It need not be looked for.
                    leases.expect_more(true);
                    raised.notify_waiters();
                }
            });
        }
        Ok(claimed.look_in.map_or(LONGEST_SLEEP, wait).min(LONGEST_SLEEP))
    }

    /// Renews leases. Besides the rest: no lease waits for anything else.
    async fn keep_leases(&self) {
        loop {
            tokio::time::sleep(RENEW).await;
            self.renew_leases().await;
        }
    }

    /// Shows that it is alive, and says what has gone wrong.
    async fn tend(&self) {
        let (mut looked, mut mended, mut said) = (Instant::now(), Instant::now(), Said::default());
        self.tell(clockwise::mend(&self.database, &self.verifier.account).await);
        let mut beats = interval(HEARTBEAT);
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beats.tick().await;
            self.tell(self.beat().await);
            if looked.elapsed() >= LOOK_AFTER {
                looked = Instant::now();
                self.look_after(&mut said).await;
            }
            if mended.elapsed() >= MEND {
                mended = Instant::now();
                self.tell(clockwise::mend(&self.database, &self.verifier.account).await);
            }
        }
    }

    async fn renew_leases(&self) {
        match self.leases.renew(&self.database).await {
            Ok(slow) => {
                for detail in slow {
                    self.verifier.client.log(LogRecord::checkout(LogLevel::Error, None, detail));
                }
            }
            Err(error) => self.tell(Err(error)),
        }
    }

    /// Removes what is old. Besides the rest: it may take minutes, and no lease waits for that.
    async fn clean(&self) {
        loop {
            self.tell(retention::clean(&self.database, &self.verifier.account, self.keep).await);
            tokio::time::sleep(CLEAN).await;
        }
    }

    /// Logs what `health` would say, so that nobody has to ask.
    async fn look_after(&self, said: &mut Said) {
        match health::look(&self.database, &self.verifier.account).await {
            Ok(health) => {
                for problem in said.new_of(&health.problems) {
                    let level = if problem == Problem::DeadLetters { LogLevel::Warning } else { LogLevel::Error };
                    let record = LogRecord::checkout(level, None, problem.meaning().to_owned());
                    self.verifier.client.log(record);
                }
            }
            Err(error) => self.log(LogLevel::Warning, &error),
        }
    }

    async fn beat(&self) -> Result<(), Error> {
        let handled = self.handled.kinds(std::time::Instant::now());
        let handled = handled.into_iter().map(EventKind::as_str).collect::<Vec<_>>().join(" ");
        transact!(self.database, transaction => async {
            let now = transaction.now();
            let values = values![&*self.leases.owner(), &self.verifier.account, &self.name, &handled, now];
            transaction.execute(BEAT, values).await
        })
        .map(|_| ())
    }

    fn tell(&self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.log(LogLevel::Warning, &error);
        }
    }

    fn log(&self, level: LogLevel, error: &Error) {
        let detail = format!("the checkout's background work waits: {error}");
        self.verifier.client.log(LogRecord::checkout(level, Some(error.code().as_str()), detail));
    }
}

/// When each problem was said last.
#[derive(Default)]
struct Said(HashMap<Problem, Instant>);

impl Said {
    fn new_of(&mut self, problems: &[Problem]) -> Vec<Problem> {
        self.0.retain(|problem, at| problems.contains(problem) && at.elapsed() < SAY_AGAIN);
        let new: Vec<_> = problems.iter().copied().filter(|problem| !self.0.contains_key(problem)).collect();
        self.0.extend(new.iter().map(|problem| (*problem, Instant::now())));
        new
    }
}

fn wait(millis: Millis) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0).max(1))
}

const BEAT: Sql = Sql::both(
    "INSERT INTO paymento_runners (id, account, name, handles, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5) \
     ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, handles = excluded.handles",
);
