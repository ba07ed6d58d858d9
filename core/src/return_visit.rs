//! [`ReturnVisit`]: what the browser brings back from the hosted page.

use url::form_urlencoded;

use crate::{request::is_order_id, token::Token};

/// Longest query read, in bytes; a longer one gives a visit without hints.
const MAX_QUERY_BYTES: usize = 8 * 1024;

/// Hints from the return URL: which payment the customer may come from.
///
/// The return URL is not signed, and anybody can type one. So there is no status here; ask with `verify_payment`, and
/// only for an order that is open in your own records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnVisit {
    token: Option<String>,
    order_id: Option<String>,
}

impl ReturnVisit {
    /// Reads a query string, with or without `?`, or a whole URL. Never fails; hints that make no sense are left out.
    pub fn parse(query: &str) -> Self {
        let query = match query.split_once('?') {
            // Before a query's own question mark stands nothing, a path, or scheme and host.
            Some((before, query)) if before.is_empty() || before.starts_with('/') || before.contains("://") => query,
            _ => query,
        };
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        if query.len() > MAX_QUERY_BYTES {
            return Self::default();
        }
        Self::from_pairs(form_urlencoded::parse(query.as_bytes()))
    }

    /// Reads decoded parameters. The gateway appends its own, so the last of a name counts.
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut visit = Self::default();
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref());
            if name.eq_ignore_ascii_case("token") {
                visit.token = Token::parse(value).map(|token| token.as_str().to_owned());
            } else if name.eq_ignore_ascii_case("orderId") {
                visit.order_id = is_order_id(value).then(|| value.to_owned());
            }
        }
        visit
    }

    /// The token, if it has the form of one. A hint.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The order id, if it has the form of one. A hint.
    pub fn order_id(&self) -> Option<&str> {
        self.order_id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a";

    #[test]
    fn a_query_and_a_url_give_the_same_hints() {
        let query = format!("wc_order=788&token={TOKEN}&orderId=%E2%84%967&status=7");
        let asked = format!("{query}&next=/cart?item=3");
        let texts = [
            query.clone(),
            format!("?{query}"),
            format!("/back?{query}"),
            format!("https://shop.example/back?{query}#top"),
            asked,
        ];
        for text in texts {
            let visit = ReturnVisit::parse(&text);
            assert_eq!((visit.token(), visit.order_id()), (Some(TOKEN), Some("№7")));
        }
    }

    #[test]
    fn no_status_can_be_read_from_a_visit() {
        let visit = ReturnVisit::parse("status=7");
        assert_eq!(visit, ReturnVisit::default());
        assert!(!format!("{:?}", ReturnVisit::parse(&format!("token={TOKEN}&status=7"))).contains("status"));
    }

    #[test]
    fn what_the_gateway_appends_counts_over_the_shops_own_parameters() {
        let visit = ReturnVisit::parse(&format!("token=csrf-token-of-the-shop&token={TOKEN}"));
        assert_eq!(visit.token(), Some(TOKEN));
    }

    #[test]
    fn hints_that_make_no_sense_are_left_out() {
        let long = format!("token={TOKEN}&x={}", "y".repeat(MAX_QUERY_BYTES));
        for query in ["token=x&orderId=", "token=%ff%fe&orderId=a%00b", "", "????", &long] {
            assert_eq!(ReturnVisit::parse(query), ReturnVisit::default(), "{query}");
        }
    }
}
