//! [`parse_duration`]: `20m` and the like.

use std::time::Duration;

use crate::error::{Error, ErrorCode};

/// Longer texts are no durations.
const LONGEST: usize = 32;

/// Reads a duration such as `250ms`, `90s`, `20m`, `1h30m` or `2d`: whole numbers, each with its unit.
///
/// # Errors
/// `input.duration` for anything else, a bare number included.
pub fn parse_duration(text: &str) -> Result<Duration, Error> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return Err(not_a_duration());
    }
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let (part, behind) = first_part(rest).ok_or_else(not_a_duration)?;
        total = total.checked_add(part).ok_or_else(not_a_duration)?;
        rest = behind;
    }
    Ok(total)
}

/// A number with its unit, and what comes after.
fn first_part(text: &str) -> Option<(Duration, &str)> {
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (unit, rest) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
    let millis: u64 = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some((Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(millis)?), rest))
}

fn not_a_duration() -> Error {
    Error::new(ErrorCode::InputDuration, "a duration is a whole number with a unit")
        .with_hint("like 250ms, 90s, 20m, 1h30m or 2d")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        let cases = [("250ms", 250), ("90s", 90_000), ("20m", 1_200_000), ("1h30m", 5_400_000), ("2d", 172_800_000)];
        for (text, millis) in cases.into_iter().chain([("0s", 0), (" 1h 30m ", 5_400_000), ("1m1m", 120_000)]) {
            assert_eq!(parse_duration(text).ok(), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            " ",
            "5",
            "m",
            "1.5h",
            "-1s",
            "1y",
            "1H",
            "1h30",
            "99999999999999999999s",
            "18446744073709551615d",
            "٣s",
        ] {
            assert_eq!(parse_duration(text).map_err(|error| error.code()), Err(ErrorCode::InputDuration), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}|[0-9mshd ]{0,40}") {
            let _ = parse_duration(&text);
        }
    }
}
