//! What the gateway reads: JSON objects whose member names match in any case, and whose unknown members are ignored.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The request cannot be read; the text says why, for the developer who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Invalid(pub(super) &'static str);

/// The members of a JSON object, in order, each value as its text.
#[derive(Debug)]
pub(super) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    pub(super) fn parse(json: &[u8]) -> Result<Self, Invalid> {
        serde_json::from_slice(json).map_err(|_| Invalid("the body is not a JSON object"))
    }

    /// The last member with this name, in any case, unless it is null.
    fn find(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.get()).filter(|text| *text != "null")
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Whether this is a JSON number, which the gateway takes for a text.
    pub(super) fn is_number(&self, name: &str) -> bool {
        self.find(name).is_some_and(|text| text.starts_with(|first: char| first == '-' || first.is_ascii_digit()))
    }

    /// A text. The gateway's server takes a number or a truth value for one, and so do several shops' requests.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Invalid> {
        self.find(name).map(text).transpose()
    }

    /// An integer, or one in quotes.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Invalid> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| Invalid("an integer was expected"))
    }

    pub(super) fn truth(&self, name: &str) -> Result<Option<bool>, Invalid> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.trim().to_lowercase().parse().map(Some).map_err(|_| Invalid("true or false was expected"))
    }

    /// A list of objects.
    pub(super) fn objects(&self, name: &str) -> Result<Option<Vec<Self>>, Invalid> {
        let Some(text) = self.find(name) else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|_| Invalid("a list of objects was expected"))
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Invalid> {
        let Some(list) = self.find(name) else { return Ok(None) };
        let items: Vec<Box<RawValue>> = serde_json::from_str(list).map_err(|_| Invalid("a list was expected"))?;
        items.iter().map(|item| text(item.get())).collect::<Result<_, _>>().map(Some)
    }
}

fn text(json: &str) -> Result<String, Invalid> {
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).map_err(|_| Invalid("a text is malformed")),
        Some(b'{' | b'[') | None => Err(Invalid("a text was expected, not an object or a list")),
        Some(_) => Ok(json.to_owned()),
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields {
        Fields::parse(json.as_bytes()).expect(json)
    }

    #[test]
    fn names_match_in_any_case_and_the_last_one_counts() {
        let fields = fields(r#"{"OrderId":"a","ORDERID":"b","other":{"orderId":"c"}}"#);
        assert_eq!(fields.text("orderId"), Ok(Some("b".to_owned())));
        assert_eq!(fields.text("missing"), Ok(None));
    }

    #[test]
    fn a_number_is_taken_for_a_text_digit_for_digit() {
        let fields = fields(r#"{"a":29.990,"b":12345678901234567890,"c":true,"d":null,"e":{},"f":[]}"#);
        assert_eq!(fields.text("a"), Ok(Some("29.990".to_owned())));
        assert_eq!(fields.text("b"), Ok(Some("12345678901234567890".to_owned())));
        assert_eq!(fields.text("c"), Ok(Some("true".to_owned())));
        assert_eq!(fields.text("d"), Ok(None));
        assert!(fields.text("e").is_err() && fields.text("f").is_err());
    }

    #[test]
    fn what_is_not_one_object_is_invalid() {
        for json in ["", "null", "[]", "1", "\"x\"", "{", "{}x", "{\"a\":}", "{\"a\":\"\\ud800\"} ]"] {
            assert!(Fields::parse(json.as_bytes()).is_err(), "{json}");
        }
        assert!(Fields::parse(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn integers_may_be_quoted_and_nothing_else() {
        let fields = fields(r#"{"a":1,"b":"1","c":1.5,"d":"x","e":[1],"f":99999999999999999999}"#);
        assert_eq!((fields.integer("a"), fields.integer("b")), (Ok(Some(1)), Ok(Some(1))));
        for name in ["c", "d", "e", "f"] {
            assert!(fields.integer(name).is_err(), "{name}");
        }
    }
}
