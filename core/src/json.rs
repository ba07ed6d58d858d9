//! The gateway's JSON, read one level at a time, with every digit of a number kept.
//!
//! Names match ignoring case and white space around them: answers are camelCase, callbacks PascalCase, and the
//! documentation shows a key with a trailing space. Unknown fields are never a failure.

use std::{borrow::Cow, fmt};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::status::OrderStatus;

/// A JSON object's fields, in order, unread.
#[derive(Debug, Default)]
#[cfg_attr(
    not(all(feature = "testing", feature = "client")),
    allow(unreachable_pub, reason = "named by testing::from_json")
)]
pub struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// Reads one object. `None` when the bytes are anything else. A byte order mark is skipped.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice(bytes).ok()
    }

    /// The first field with this name; a JSON `null` counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let (_, value) = self.0.iter().find(|(key, _)| is_named(key, name))?;
        (value.get() != "null").then_some(*value)
    }

    /// The first of several names: the documentation has had more than one for some fields.
    pub(crate) fn get_any(&self, names: &[&str]) -> Option<&'a RawValue> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Whether one of these names is there, be it with `null`.
    pub(crate) fn has_any(&self, names: &[&str]) -> bool {
        self.0.iter().any(|(key, _)| names.iter().any(|name| is_named(key, name)))
    }

    /// The first of these names that is there twice with different values. Readers differ in which of the two they take.
    pub(crate) fn ambiguous<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        let differs = |name: &str| {
            let mut values = self.0.iter().filter(|(key, _)| is_named(key, name));
            let first = values.next().map(|(_, value)| value.get());
            values.any(|(_, value)| Some(value.get()) != first)
        };
        names.iter().copied().find(|name| differs(name))
    }

    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        object(self.get(name)?)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        text(self.get(name)?)
    }
}

impl<'de: 'a, 'a> serde::Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some((Name(name), value)) = map.next_entry()? {
            fields.push((name, value));
        }
        Ok(Object(fields))
    }
}

/// Ignores case, and white space around the key, which few have: looking for it is put off.
fn is_named(key: &str, name: &str) -> bool {
    key.eq_ignore_ascii_case(name) || (key.len() > name.len() && key.trim().eq_ignore_ascii_case(name))
}

/// Borrowed from the JSON where it holds no escapes; a plain `Cow` is always copied.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

pub(crate) fn object(raw: &RawValue) -> Option<Object<'_>> {
    serde_json::from_str(raw.get()).ok()
}

pub(crate) fn array(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

pub(crate) fn boolean(raw: &RawValue) -> Option<bool> {
    serde_json::from_str(raw.get()).ok()
}

/// A string, or a number as its literal text: ids come as both.
pub(crate) fn text(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first()? {
        b'"' => serde_json::from_str(raw.get()).ok(),
        b'-' | b'0'..=b'9' => Some(raw.get().to_owned()),
        _ => None,
    }
}

/// A whole number up to 64 bits, or a string of one.
pub(crate) fn integer(raw: &RawValue) -> Option<i64> {
    text(raw)?.trim().parse().ok()
}

/// A status as it was reported: there are answers without one, and with one that cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReportedStatus {
    /// As it came, without quotes; `None` when there was none.
    pub(crate) text: Option<String>,
    /// As it reads; `None` when there was none, or neither a number nor a documented name.
    pub(crate) status: Option<OrderStatus>,
}

impl ReportedStatus {
    pub(crate) fn read(raw: Option<&RawValue>) -> Self {
        let text = raw.map(|raw| text(raw).unwrap_or_else(|| raw.get().to_owned()));
        let status = text.as_deref().and_then(|text| text.parse().ok());
        Self { text: text.map(|text| crate::text::clean(&text, 40)), status }
    }
}

/// `[{key, value}]`, `null`, missing, a map, or any of these once more inside a string. What cannot be read is left out:
/// the shop's own notes must never cost a payment.
pub(crate) fn additional_data(raw: Option<&RawValue>) -> Vec<(String, String)> {
    let Some(raw) = raw else { return Vec::new() };
    if !raw.get().starts_with('"') {
        return pairs(raw);
    }
    let inner = text(raw).unwrap_or_default();
    serde_json::from_str::<&RawValue>(&inner).map(pairs).unwrap_or_default()
}

fn pairs(raw: &RawValue) -> Vec<(String, String)> {
    if let Some(items) = array(raw) {
        return items.into_iter().filter_map(|item| pair(&object(item)?)).collect();
    }
    let fields = object(raw).unwrap_or_default().0;
    fields.into_iter().filter_map(|(key, value)| Some((key.into_owned(), text(value)?))).collect()
}

fn pair(item: &Object<'_>) -> Option<(String, String)> {
    Some((item.text("key")?, item.text("value").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn names_match_ignoring_case_and_white_space() {
        let object = Object::parse(br#"{"IPN_Url ": "x", "orderid": 5, "nothing": null}"#).expect("an object");
        assert_eq!(object.text("ipn_url").as_deref(), Some("x"));
        assert_eq!(object.text("OrderId").as_deref(), Some("5"));
        assert!(object.get("nothing").is_none());
    }

    #[test]
    fn a_name_with_two_values_is_ambiguous_and_one_repeated_is_not() {
        let object = Object::parse(br#"{"a":1,"A":2,"b":1,"B ":1}"#).expect("an object");
        assert_eq!(object.ambiguous(&["b", "c"]), None);
        assert_eq!(object.ambiguous(&["b", "a"]), Some("a"));
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert!(Object::parse(b"\xef\xbb\xbf{}").is_some());
    }

    #[test]
    fn what_is_not_an_object_is_none_however_deep() {
        let deep = "[".repeat(200_000);
        for bytes in [&b""[..], b"[]", b"null", b"7", b"{", b"\xff\xfe", deep.as_bytes()] {
            assert!(Object::parse(bytes).is_none());
        }
        let nested = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Object::parse(nested.as_bytes()).is_none_or(|object| object.text("a").is_none()));
    }

    #[test]
    fn ids_are_read_to_64_bits_from_numbers_and_strings() {
        assert_eq!(integer(raw("9007199254740993")), Some(9_007_199_254_740_993));
        assert_eq!(integer(raw("\"244\"")), Some(244));
        assert_eq!(integer(raw("1.5")), None);
        assert_eq!(integer(raw("99999999999999999999")), None);
    }

    #[test]
    fn additional_data_is_read_in_every_shape_it_comes_in() {
        let expected = vec![("a".to_owned(), "b".to_owned())];
        for json in [
            r#"[{"key":"a","value":"b"}]"#,
            r#"[{"Key":"a","Value":"b"}]"#,
            r#""[{\"Key\":\"a\",\"Value\":\"b\"}]""#,
            r#"{"a":"b"}"#,
        ] {
            assert_eq!(additional_data(Some(raw(json))), expected, "{json}");
        }
        for json in ["[]", "\"\"", "5", "[5]", "[{}]", "\"nonsense\""] {
            assert_eq!(additional_data(Some(raw(json))), [], "{json}");
        }
    }

    #[test]
    fn a_status_that_cannot_be_read_is_told_from_one_that_is_missing() {
        assert_eq!(ReportedStatus::read(None), ReportedStatus::default());
        let reported = ReportedStatus::read(Some(raw("\"Revert\"")));
        assert_eq!((reported.text.as_deref(), reported.status), (Some("Revert"), None));
        assert_eq!(ReportedStatus::read(Some(raw("\"8\""))).status, Some(OrderStatus::Approve));
        assert_eq!(ReportedStatus::read(Some(raw("42"))).status, Some(OrderStatus::Unknown(42)));
        assert_eq!(ReportedStatus::read(Some(raw("[8]"))).status, None);
    }
}
