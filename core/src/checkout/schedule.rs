//! When to ask the gateway again: a pure function of the time that has passed.

use super::clock::Millis;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// Minutes after a payment was made. Later hourly up to a day, then daily up to a week.
const FIRST: [Millis; 7] = [1, 2, 4, 8, 15, 30, 60];
/// Seconds after a payment was first seen paid and not approved.
const UNAPPROVED: [Millis; 5] = [1, 2, 5, 10, 30];
/// After this long, somebody should look at a payment that is paid and not approved.
pub(super) const UNAPPROVED_TOO_LONG: Millis = 5 * MINUTE;

/// No payment is asked about for longer than this, unless it is paid and not approved.
pub(super) const LONGEST: Millis = 7 * DAY;

/// The next age, after `age`, at which a payment that is not settled is asked about. `None` after a week.
pub(super) fn next_age(age: Millis) -> Option<Millis> {
    if let Some(minutes) = FIRST.into_iter().find(|minutes| minutes * MINUTE > age) {
        return Some(minutes * MINUTE);
    }
    let step = if age < DAY { HOUR } else { DAY };
    let next = (age / step + 1) * step;
    (next <= LONGEST).then_some(next)
}

/// The same for a payment that is paid and not approved, counted from when that was first seen.
pub(super) fn next_unapproved_age(age: Millis) -> Millis {
    if let Some(seconds) = UNAPPROVED.into_iter().find(|seconds| seconds * SECOND > age) {
        return seconds * SECOND;
    }
    if age < UNAPPROVED_TOO_LONG {
        return (age / (30 * SECOND) + 1) * 30 * SECOND;
    }
    // Money that is there is not forgotten after a week.
    next_age(age).unwrap_or((age / DAY + 1) * DAY)
}

/// How long to wait after the gateway could not be asked, for the n-th time in a row.
pub(super) fn after_failure(failures: i64) -> Millis {
    let doubled = SECOND << failures.clamp(0, 12);
    doubled.min(10 * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_asked_about_for_a_week_and_ever_less_often() {
        let mut ages = vec![];
        let mut age = 0;
        while let Some(next) = next_age(age) {
            ages.push(next);
            age = next;
        }
        let minutes: Vec<_> = ages.iter().take(9).map(|age| age / MINUTE).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 15, 30, 60, 120, 180]);
        assert_eq!(ages.len(), 7 + 23 + 6);
        assert_eq!(ages.last(), Some(&(7 * DAY)));
    }

    #[test]
    fn an_answer_that_came_early_or_late_changes_nothing_of_the_schedule() {
        assert_eq!(next_age(90 * SECOND), Some(2 * MINUTE));
        assert_eq!(next_age(3 * DAY + HOUR), Some(4 * DAY));
        assert_eq!(next_age(8 * DAY), None);
    }

    #[test]
    fn a_paid_payment_is_asked_about_every_few_seconds_until_it_is_approved() {
        let mut ages = vec![0];
        while ages[ages.len() - 1] < UNAPPROVED_TOO_LONG {
            ages.push(next_unapproved_age(ages[ages.len() - 1]));
        }
        let seconds: Vec<_> = ages.iter().map(|age| age / SECOND).collect();
        assert_eq!(seconds, [0, 1, 2, 5, 10, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300]);
        assert_eq!(next_unapproved_age(8 * DAY), 9 * DAY);
    }

    #[test]
    fn waits_after_failures_grow_and_end_at_ten_minutes() {
        assert_eq!([0, 1, 4, 60].map(after_failure), [SECOND, 2 * SECOND, 16 * SECOND, 10 * MINUTE]);
    }
}
