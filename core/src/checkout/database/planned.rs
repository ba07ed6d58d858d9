//! Statements that PostgreSQL plans once on a connection, and then only runs: planning costs it more than running them.
//!
//! By PREPARE and EXECUTE, under a name that is made of the statement: whoever uses the same connection of the server through
//! PgBouncer, and has prepared a statement of this name, has prepared this one. Where a statement turns out to be missing, or
//! to be there already, somebody stands between us and the server, and the statements are written out from then on. The driver's own prepared statements are numbered, and would run another client's.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use super::{Sql, Value, failure, written};

/// A plan is no older than this when it is used. What is best for tables that hold next to nothing reads all of them when they
/// have grown, and the server itself plans anew only after it has analyzed them, which it may never do.
const OLDEST: Duration = Duration::from_secs(5);
/// So many statements after the first plans, and then twice as many each time: new tables grow with what is run.
const FIRST: u64 = 32;

/// What is planned on one connection.
pub(super) struct Planned {
    names: HashSet<u64>,
    /// Statements that were run with a plan.
    runs: u64,
    /// At so many runs, or at this time, all is planned anew.
    most_runs: u64,
    since: Instant,
    /// It is not known what is planned, or it is known that nothing can be.
    in_doubt: bool,
    /// Planned when the message that prepares them has been answered.
    coming: Vec<u64>,
}

/// A statement's text, and what is to be run before it.
pub(super) struct Text {
    pub(super) prepare: Option<String>,
    pub(super) run: String,
}

impl Default for Planned {
    fn default() -> Self {
        let names = HashSet::new();
        Self { names, runs: 0, most_runs: FIRST, since: Instant::now(), in_doubt: false, coming: vec![] }
    }
}

impl Planned {
    /// What is to be run at the beginning of a transaction.
    pub(super) fn refresh(&mut self, now: Instant) -> &'static str {
        let is_old = now.duration_since(self.since) >= OLDEST;
        if self.in_doubt || !(is_old || self.runs >= self.most_runs) {
            return "";
        }
        (self.since, self.most_runs) = (now, self.most_runs.max(self.runs.saturating_mul(2)));
        if self.names.is_empty() { "" } else { "DISCARD PLANS; " }
    }

    /// `None` where the values do not fit the statement.
    pub(super) fn text(&mut self, sql: Sql, values: &[Value]) -> Option<Text> {
        if !sql.is_planned_once || self.in_doubt || values.is_empty() {
            return Some(Text { prepare: None, run: written::written(sql.postgres, values)? });
        }
        self.runs = self.runs.saturating_add(1);
        let name = name(sql.postgres);
        let is_new = self.names.insert(name);
        if is_new {
            self.coming.push(name);
        }
        let prepare = is_new.then(|| {
            let types: Vec<_> = values.iter().map(type_of).collect();
            format!("PREPARE paymento_{name:016x} ({}) AS {}; ", types.join(", "), sql.postgres)
        });
        let mut run = format!("EXECUTE paymento_{name:016x} (");
        for (place, value) in values.iter().enumerate() {
            run.push_str(if place == 0 { "" } else { ", " });
            written::write_value(&mut run, value);
        }
        run.push(')');
        Some(Text { prepare, run })
    }

    /// What was sent has been answered.
    pub(super) fn is_done(&mut self) {
        self.coming.clear();
    }

    /// What was sent was not run, or not to its end.
    pub(super) fn is_refused(&mut self) {
        self.in_doubt |= !self.coming.is_empty();
    }

    /// What was written is not sent.
    pub(super) fn is_withdrawn(&mut self) {
        for name in self.coming.drain(..) {
            self.names.remove(&name);
        }
    }

    pub(super) fn stop(&mut self) {
        self.in_doubt = true;
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Int(_) | Value::Now(_) => "bigint",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytea",
    }
}

/// FNV-1a, of our own constant statements only: nobody chooses them to have the same name.
fn name(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

pub(super) fn is_misled(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| failure::is_misled(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::database::values;

    const ONE: Sql = Sql::both("SELECT $1, $2").planned_once();
    const OTHER: Sql = Sql::both("SELECT $2, $1").planned_once();
    const WRITTEN: Sql = Sql::both("SELECT $1");

    fn text(planned: &mut Planned, sql: Sql) -> (Option<String>, String) {
        let values = values![7, "A-578"];
        let text = planned.text(sql, &values).expect("a value for each place");
        (text.prepare, text.run)
    }

    #[test]
    fn a_statement_is_prepared_with_its_types_before_it_is_run_the_first_time() {
        let mut planned = Planned::default();
        let (prepare, run) = text(&mut planned, ONE);
        let name = run.split(' ').nth(1).expect("a name").to_owned();
        assert_eq!(prepare, Some(format!("PREPARE {name} (bigint, text) AS SELECT $1, $2; ")));
        assert_eq!(run, format!("EXECUTE {name} ('7'::bigint, 'A-578'::text)"));
        assert_eq!(text(&mut planned, ONE), (None, run.clone()), "also within the same message");
        let (prepare, other) = text(&mut planned, OTHER);
        assert!(prepare.is_some() && !other.contains(&name), "each statement has its own name");
        assert_eq!(text(&mut planned, WRITTEN), (None, "SELECT '7'::bigint".to_owned()));
    }

    #[test]
    fn plans_are_made_anew_as_tables_grow_and_as_time_goes_by() {
        let (mut planned, begun) = (Planned::default(), Instant::now());
        let mut refreshed = vec![];
        for run in 0..300 {
            if !planned.refresh(begun).is_empty() {
                refreshed.push(run);
            }
            text(&mut planned, ONE);
        }
        assert_eq!(refreshed, [32, 64, 128, 256]);
        let later = begun + OLDEST * 2;
        assert_eq!((planned.refresh(later), planned.refresh(later)), ("DISCARD PLANS; ", ""));
        assert_eq!(Planned::default().refresh(later), "", "there is none yet");
    }

    #[test]
    fn what_was_never_sent_is_prepared_the_next_time() {
        let mut planned = Planned::default();
        text(&mut planned, ONE);
        planned.is_done();
        text(&mut planned, OTHER);
        planned.is_withdrawn();
        assert!(text(&mut planned, OTHER).0.is_some());
        assert!(text(&mut planned, ONE).0.is_none());
    }

    #[test]
    fn where_it_is_not_known_what_is_prepared_everything_is_written_out() {
        let mut planned = Planned::default();
        text(&mut planned, ONE);
        planned.is_refused();
        assert_eq!(text(&mut planned, ONE), (None, "SELECT '7'::bigint, 'A-578'::text".to_owned()));
        let mut known = Planned::default();
        text(&mut known, ONE);
        known.is_done();
        known.is_refused();
        assert!(text(&mut known, ONE).1.starts_with("EXECUTE"), "nothing was on its way");
        known.stop();
        assert!(text(&mut known, ONE).1.starts_with("SELECT"));
    }
}
