//! A PostgreSQL statement with its values written into it: it takes one round trip, where parameters take two.
//!
//! No character of a value stands in the statement but those of [`is_plain`]: everything else is written as hexadecimal
//! digits, which the server reads. So there is nothing to quote, and nothing that depends on the server's settings.

use super::Value;

/// The time at which the transaction began, by the server's clock.
const NOW: &str = "CAST(EXTRACT(EPOCH FROM transaction_timestamp()) * 1000 AS BIGINT)";

/// Puts the values in the places of `$1`, `$2` and so on. `None` where there is no value for a place.
pub(super) fn written(sql: &'static str, values: &[Value]) -> Option<String> {
    let mut pieces = sql.split('$');
    let mut text = String::with_capacity(sql.len() * 2);
    text.push_str(pieces.next()?);
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
        let (place, rest) = piece.split_at(digits);
        let place: usize = place.parse().ok()?;
        write_value(&mut text, values.get(place.checked_sub(1)?)?);
        text.push_str(rest);
    }
    Some(text)
}

/// With its type, as a parameter has one.
pub(super) fn write_value(sql: &mut String, value: &Value) {
    let written = match value {
        Value::Int(None) => "NULL::bigint".to_owned(),
        Value::Int(Some(number)) => format!("'{number}'::bigint"),
        Value::Now(offset) => format!("({NOW} + '{offset}'::bigint)"),
        Value::Text(None) => "NULL::text".to_owned(),
        Value::Text(Some(text)) if text.chars().all(is_plain) => format!("'{text}'::text"),
        Value::Bytes(bytes) => format!("decode('{}', 'hex')", hex::encode(bytes)),
        Value::Text(Some(text)) => format!("convert_from(decode('{}', 'hex'), 'UTF8')", hex::encode(text)),
    };
    sql.push_str(&written);
}

/// Neither a quote nor a backslash, nor anything else that means something within quotes. JSON is mostly of these.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-. {}[],:\"".contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checkout::database::values;

    fn text(sql: &'static str, values: &[Value]) -> String {
        written(sql, values).expect("a value for each place")
    }

    #[test]
    fn each_value_stands_in_its_place_with_its_type() {
        let values = values![1, "A-578", None::<i64>, None::<String>, -5, "it's", 7, 8, 9, 10];
        assert_eq!(
            text("VALUES ($2, $1, $3, $4, $5, $6, $10, $1)", &values),
            "VALUES ('A-578'::text, '1'::bigint, NULL::bigint, NULL::text, '-5'::bigint, \
             convert_from(decode('69742773', 'hex'), 'UTF8'), '10'::bigint, '1'::bigint)"
        );
    }

    #[test]
    fn a_place_without_a_value_is_no_statement() {
        for sql in ["SELECT $2", "SELECT $0", "SELECT '$'", "SELECT $99999999999999999999"] {
            assert_eq!(written(sql, &[1.into()]), None, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn no_value_can_end_what_it_is_written_in(value in ".*") {
            let sql = text("SELECT $1, 'x'", &[value.as_str().into()]);
            let inside = sql.strip_prefix("SELECT ").and_then(|sql| sql.strip_suffix(", 'x'")).expect("around it");
            let inside = inside
                .strip_prefix("convert_from(decode('").and_then(|inside| inside.strip_suffix("', 'hex'), 'UTF8')"))
                .or_else(|| inside.strip_prefix('\'').and_then(|inside| inside.strip_suffix("'::text")))
                .expect("one of two ways");
            prop_assert!(inside.chars().all(is_plain));
        }
    }
}
