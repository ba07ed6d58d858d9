//! Times in words, for people.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: u64 = 24 * 60 * 60;

/// How long something took or is away, in the two units that matter: `12 ms`, `1.5 s`, `2 min 5 s`, `3 h`, `2 d 4 h`.
pub(in crate::simulator) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let two = |large: u64, unit: &str, small: u64, smaller: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {smaller}"),
    };
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..10 if span.subsec_millis() >= 100 => format!("{seconds}.{} s", span.subsec_millis() / 100),
        1..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..DAY => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / DAY, "d", seconds % DAY / 3_600, "h"),
    }
}

/// `14:32:10`, in UTC.
pub(in crate::simulator) fn clock(at: SystemTime) -> String {
    let seconds = since_epoch(at) % DAY;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds % 3_600 / 60, seconds % 60)
}

/// `2026-01-31`, in UTC.
pub(in crate::simulator) fn date(at: SystemTime) -> String {
    // Counted from a March, as the odd day of a leap year then comes last; 719,468 days lie between 0000-03-01 and 1970.
    let days = since_epoch(at) / DAY + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-01-31T14:32:10Z`, for the `datetime` attribute.
pub(in crate::simulator) fn machine(at: SystemTime) -> String {
    format!("{}T{}Z", date(at), clock(at))
}

fn since_epoch(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_moment_is_written_as_the_calendar_has_it() {
        for (seconds, moment) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_767_225_600, "2026-01-01T00:00:00Z"),
            (1_835_395_199, "2028-02-28T23:59:59Z"),
            (1_835_481_600, "2028-03-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(machine(at(seconds)), moment);
        }
    }

    #[test]
    fn a_span_is_told_in_the_units_that_matter() {
        for (millis, text) in [
            (0, "0 ms"),
            (12, "12 ms"),
            (1_000, "1 s"),
            (1_540, "1.5 s"),
            (59_900, "59 s"),
            (60_000, "1 min"),
            (125_000, "2 min 5 s"),
            (10_800_000, "3 h"),
            (187_200_000, "2 d 4 h"),
        ] {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
    }
}
