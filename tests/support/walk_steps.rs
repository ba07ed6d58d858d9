//! What a walk over the simulator's API may do next: requests valid, nearly valid, and not at all.

use proptest::{prelude::*, sample::select};
use serde_json::json;

#[derive(Clone, Debug)]
pub enum Act {
    Nothing,
    Pay,
    Cancel,
    Underpay,
    Reject,
    AnHourPasses,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub method: String,
    pub target: String,
    pub act: Act,
    /// Which of the payments so far is acted upon, and stands for `TOKEN` in the body.
    pub token_index: usize,
    /// `KEY` stands for the right one.
    key: Option<&'static [u8]>,
    content_type: Option<&'static [u8]>,
    body: Vec<u8>,
    chunked: bool,
}

impl Step {
    pub fn bytes(&self, key: &str, token: &str) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nHost: localhost\r\n", self.method, self.target).into_bytes();
        for (name, value) in [("Api-Key", self.key), ("Content-Type", self.content_type)] {
            let Some(value) = value else { continue };
            let value = if value == b"KEY" { key.as_bytes() } else { value };
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let body = replaced(&self.body, b"TOKEN", token.as_bytes());
        if self.chunked {
            bytes.extend(format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()).bytes());
            bytes.extend(body);
            bytes.extend_from_slice(if self.body.is_empty() { b"\r\n" } else { b"\r\n0\r\n\r\n" });
        } else {
            // No length at all says that there is no body.
            let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
            bytes.extend(format!("{length}\r\n").bytes());
            bytes.extend(body);
        }
        bytes
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from);
    at.map_or_else(|| bytes.to_vec(), |at| [&bytes[..at], to, &bytes[at + from.len()..]].concat())
}

pub fn step() -> impl Strategy<Value = Step> {
    let request = prop_oneof![6 => fitting(), 2 => (method(), target(), body()), 1 => odd()];
    (request, act(), any::<usize>(), key(), content_type(), prop::bool::weighted(0.1)).prop_map(
        |((method, target, body), act, token_index, key, content_type, chunked)| Step {
            method,
            target,
            act,
            token_index,
            key,
            content_type,
            body,
            chunked,
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    let rare = vec![Act::Cancel, Act::Underpay, Act::Reject, Act::AnHourPasses];
    prop_oneof![6 => Just(Act::Nothing), 2 => Just(Act::Pay), 1 => select(rare)]
}

fn key() -> impl Strategy<Value = Option<&'static [u8]>> {
    let wrong: Vec<Option<&'static [u8]>> = vec![None, Some(b""), Some(b"wrong"), Some(b"\xff\xfe"), Some(b"KEY KEY")];
    prop_oneof![12 => Just(Some(b"KEY".as_slice())), 1 => select(wrong)]
}

fn content_type() -> impl Strategy<Value = Option<&'static [u8]>> {
    let json: Vec<&'static [u8]> =
        vec![b"application/json", b"application/json; charset=utf-8", b"text/json", b"application/json-patch+json"];
    let other: Vec<Option<&'static [u8]>> =
        vec![None, Some(b"text/plain"), Some(b"application/x-www-form-urlencoded"), Some(b"\xff"), Some(b";;,")];
    prop_oneof![8 => select(json).prop_map(Some), 1 => select(other)]
}

fn text(text: &str) -> String {
    text.to_owned()
}

const GETS: [&str; 9] = [
    "/v1/payment/settings",
    "/v1/payment/coins",
    "/v1/coins",
    "/v1/coins/1/last-block",
    "/v1/currencies",
    "/v1/languages",
    "/v1/info",
    "/v1/ping",
    "/v1/ping/merchant",
];

/// A method, a path and a body that go together, the body perhaps not quite.
fn fitting() -> impl Strategy<Value = (String, String, Vec<u8>)> {
    let post = |path: &'static str, valid: Vec<&'static str>| {
        (select(valid), members(), select(vec!["", "/", "?a=b"])).prop_map(move |(valid, more, end)| {
            (text("POST"), format!("{path}{end}"), format!("{{{valid}{more}}}").into_bytes())
        })
    };
    let prices = vec![
        r#""fiatAmount":"29.99","fiatCurrency":"USD","riskSpeed":1,"orderId":"A-1""#,
        r#""FIATAMOUNT":29.99,"FiatCurrency":"eur","Speed":0,"returnUrl":"https://shop.test/r?a=b""#,
        r#""cryptoAmounts":[{"coinName":"btc","amount":"0.001"}],"orderId":957,"riskSpeed":0"#,
        r#""fiatAmount":"5","fiatCurrency":"USD","returnUrl":"http://shop.test/""#,
    ];
    let settings = vec![
        r#""IPN_Url":"https://shop.test/ipn","IPN_Method":1"#,
        r#""ipn_url":"http://shop.test/""#,
        r#""IPN_Url":"""#,
    ];
    let wanted = vec![r#""coinNames":["BTC","eth"],"currency":"EUR","include24HrChange":true"#, r#""currency":"XYZ""#];
    prop_oneof![
        3 => post("/v1/payment/request", prices),
        4 => post("/v1/payment/verify", vec![r#""token":"TOKEN""#, r#""Token":" TOKEN ""#, r#""token":"unknown""#, r#""a":0"#]),
        1 => post("/v1/payment/settings", settings),
        1 => post("/v1/coins/price", wanted),
        3 => (select(&GETS[..]), select(vec!["", "/", "?api_key=x"]))
            .prop_map(|(path, end)| (text("GET"), format!("{path}{end}"), Vec::new())),
    ]
}

/// Any of them with any other, and with any body.
fn method() -> impl Strategy<Value = String> {
    select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]).prop_map(text)
}

fn target() -> impl Strategy<Value = String> {
    let posts = ["/v1/payment/request", "/v1/payment/verify", "/v1/coins/price"];
    let known: Vec<_> = GETS.into_iter().chain(posts).collect();
    let ids =
        select(vec!["1", "99", "-1", "9223372036854775808", "one", "%00", "%ff", "1%2f2", "..", "%", "%zz", "1e3"]);
    prop_oneof![
        4 => select(known).prop_map(text),
        2 => ids.prop_map(|id| format!("/v1/coins/{id}/last-block")),
        1 => select(vec!["/v1/payments", "/v1/payment/refund", "/api/v1/payments", "/v1//ping", "/v1/ping/../info", "/V1/ping", "/v1", "/v1/ping//"]).prop_map(text),
        1 => "/v1/[a-z0-9%./;:@&=+$,~_-]{0,30}(\\?[a-z%=&;]{0,10})?",
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let deep = "[".repeat(20_000) + &"]".repeat(20_000);
    prop_oneof![
        3 => members().prop_map(|more| format!("{{\"a\":0{more}}}").into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..64),
        1 => select(vec![text(""), text("null"), text("[]"), text("{\"token\":\"\u{0}\"}"), text("\u{feff}{}"), format!("{{\"additionalData\":{deep}}}")]).prop_map(String::into_bytes),
    ]
}

/// Bodies too large to be read, whatever they hold.
fn odd() -> impl Strategy<Value = (String, String, Vec<u8>)> {
    let large = select(vec![64 * 1024 + 1, 100_000, 400_000]).prop_map(|size| vec![b' '; size]);
    (select(vec!["/v1/payment/request", "/v1/payment/verify"]), large)
        .prop_map(|(path, body)| (text("POST"), text(path), body))
}

/// Members of any name and value, each with a comma before it.
fn members() -> impl Strategy<Value = String> {
    let member = (name(), value()).prop_map(|(name, value)| format!(",{}:{value}", json!(name)));
    prop_oneof![2 => Just(String::new()), 1 => prop::collection::vec(member, 0..4).prop_map(|members| members.concat())]
}

fn name() -> impl Strategy<Value = String> {
    let known = vec![
        "fiatAmount",
        "FIATCURRENCY",
        "ReturnUrl",
        "orderId",
        "riskSpeed",
        "Speed",
        "language",
        "EmailAddress",
        "cryptoAmounts",
        "cryptoAmount",
        "additionalData",
        "token",
        "IPN_Url",
        "ipn_method",
        "coinNames",
        "currency",
        "include24HrChange",
    ];
    prop_oneof![4 => select(known).prop_map(text), 1 => "[a-zé]{0,6}"]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| json!(number).to_string()),
        "[0-9.eE+-]{1,12}",
        "\\PC{0,12}".prop_map(|text| json!(text).to_string()),
        select(vec![
            "null",
            "true",
            "false",
            "1e400",
            "\"1e400\"",
            "\"http://[::1\"",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\"0\""
        ])
        .prop_map(text),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            (select(vec!["key", "Value", "coinName", "amount"]), inner)
                .prop_map(|(name, value)| format!("[{{\"{name}\":{value}}}]")),
        ]
    })
}
