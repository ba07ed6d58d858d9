//! Every endpoint in its documented shape, and nothing that makes the API fall over.

use proptest::{prelude::*, test_runner::Config};
use serde_json::json;

use crate::simulator::{Simulator, testbed};

#[test]
fn every_list_has_the_published_shape_with_and_without_a_slash_at_the_end() {
    let simulator = Simulator::start().expect("started");
    let cases = [
        ("/v1/payment/coins", json!({"name": "bitcoin", "shortcut": "btc"})),
        (
            "/v1/coins",
            json!({"name": "Bitcoin", "shortcut": "BTC", "contractAddress": null, "chainId": null,
                "network": "Bitcoin Testnet", "isTest": true}),
        ),
        ("/v1/currencies", json!({"id": 1, "title": "USD"})),
        ("/v1/languages", json!({"name": "English", "displayName": "English", "culture": "en-US"})),
    ];
    for (path, first) in cases {
        for path in [path.to_owned(), format!("{path}/")] {
            let answer = simulator.call("GET", &path, b"").json();
            assert_eq!(
                (&answer["success"], &answer["message"], &answer["body"][0]),
                (&true.into(), &"".into(), &first)
            );
        }
    }
}

#[test]
fn the_small_endpoints_have_the_published_shape() {
    let simulator = Simulator::builder().store_name("Example Shop").start().expect("started");
    let cases = [
        ("/v1/ping/", json!({"success": true, "message": ""})),
        (
            "/v1/ping/merchant",
            json!({"success": true, "message": "", "body": {"name": "Example Shop", "isActive": true}}),
        ),
        ("/v1/info", json!({"success": true, "message": "", "body": {"version": "1.0.0"}})),
        ("/v1/coins/99/last-block", json!({"success": false, "message": "Coin not found", "body": null})),
    ];
    for (path, expected) in cases {
        assert_eq!(simulator.call("GET", path, b"").json(), expected);
    }
    let block = simulator.call("GET", "/v1/coins/1/last-block", b"").json();
    assert!(block["body"]["lastReceiveBlockHeight"].is_i64() && block["body"]["coinName"] == "Bitcoin");
    assert_eq!(simulator.call("GET", "/v1/coins/one/last-block", b"").status(), 400);
}

#[test]
fn prices_are_exact_and_the_change_comes_on_request() {
    let simulator = Simulator::start().expect("started");
    let prices = |body: &str| simulator.call("POST", "/v1/coins/price", body.as_bytes()).text();
    let all = r#"{"success":true,"message":"","body":[{"id":1,"name":"Bitcoin","shortcut":"BTC","price":71864.21,"currency":"USD","change24H":-1.42}]}"#;
    assert_eq!(prices(r#"{"CoinNames":["bitcoin","doge"],"currency":"usd","include24HrChange":true}"#), all);
    assert!(prices(r#"{"coinNames":["BTC"]}"#).contains("\"change24H\":null"));
    assert_eq!(prices(r#"{"currency":"XYZ"}"#), r#"{"error":"Invalid request"}"#);
}

#[test]
fn a_request_that_cannot_be_read_is_answered_as_documented() {
    let simulator = Simulator::start().expect("started");
    for body in ["", "{", "[]", "null", "\u{feff}{}", r#"{"fiatAmount":{}}"#, r#"{"fiatAmount":"1"}"#] {
        let answer = simulator.call("POST", "/v1/payment/request", body.as_bytes());
        assert_eq!((answer.status(), answer.text().as_str()), (400, r#"{"error":"Invalid request"}"#), "{body}");
    }
    for size in [64 * 1024 + 1, 2_000_000] {
        assert_eq!(simulator.call("POST", "/v1/payment/verify", &vec![b' '; size]).status(), 413);
    }
    let head =
        format!("POST /v1/payment/verify HTTP/1.1\r\nApi-Key: {}\r\nContent-Type: text/plain", simulator.api_key());
    assert_eq!(testbed::send(simulator.port(), &head, b"{}").status(), 415);
}

#[test]
fn deep_nesting_is_refused_and_the_simulator_lives_on() {
    let simulator = Simulator::start().expect("started");
    let deep = format!(r#"{{"additionalData":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(simulator.call("POST", "/v1/payment/request", deep.as_bytes()).status(), 400);
    assert_eq!(simulator.call("GET", "/v1/ping", b"").status(), 200);
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| json!(number).to_string()),
        "[0-9.eE+-]{1,12}",
        "\\PC{0,12}".prop_map(|text| json!(text).to_string()),
        prop::sample::select(vec![
            "\"USD\"",
            "\"29.99\"",
            "1e400",
            "\"1e400\"",
            "\"http://[::1\"",
            "\"https://a/b?c#d\"",
            "\"BTC\""
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name(), inner), 0..4).prop_map(|members| object(&members)),
        ]
    })
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
        "coinName",
        "amount",
        "additionalData",
        "key",
        "Value",
        "token",
        "IPN_Url",
        "IPN_Method",
        "coinNames",
        "currency",
        "include24HrChange",
    ];
    prop_oneof![4 => prop::sample::select(known).prop_map(str::to_owned), 1 => "[a-zé]{0,6}"]
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn no_body_makes_the_api_answer_5xx_or_not_at_all() {
    let simulator = Simulator::start().expect("started");
    let paths = ["/v1/payment/request", "/v1/payment/verify", "/v1/payment/settings", "/v1/coins/price"];
    let bodies = prop_oneof![
        6 => prop::collection::vec((name(), value()), 0..8).prop_map(|members| object(&members).into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..64),
    ];
    let strategy = (prop::sample::select(paths.to_vec()), bodies);
    proptest!(Config::with_cases(400), |((path, body) in strategy)| {
        let answer = simulator.call("POST", path, &body);
        prop_assert!(matches!(answer.status(), 200 | 400), "{} {}", answer.status(), answer.text());
        prop_assert!(answer.json().is_object());
    });
}

#[test]
fn no_form_and_no_query_makes_the_page_answer_5xx() {
    let simulator = Simulator::start().expect("started");
    let token = simulator.create("");
    let strategy = (prop::sample::select(vec!["coin", "pay", "cancel"]), "[a-z=&%+0-9]{0,40}", any::<bool>());
    proptest!(Config::with_cases(150), |((action, form, known) in strategy)| {
        let form = if known { format!("token={token}&{form}") } else { form };
        let (submitted, page) = (simulator.submit(action, &form), simulator.browse(&format!("/gateway?{form}")));
        prop_assert!(matches!((submitted.status(), page.status()), (303 | 404, 200 | 404)));
    });
}
