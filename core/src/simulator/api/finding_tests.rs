//! What the strict teacher finds in requests, and what the switches change.

use serde_json::json;

use crate::simulator::{BadKeyAnswer, BusinessErrorStatus, FindingKind, Profile, Simulator, UnknownTokenAnswer};

const GOOD: &str = r#""fiatAmount":"29.99","fiatCurrency":"USD","riskSpeed":1,"orderId":"A-1""#;
const SECRET_KEY: &str = "c2VjcmV0K2tleS9vZi10aGUtc3RvcmUtMDAwMDAwMDA=";

fn simulator() -> Simulator {
    Simulator::builder().secret_key(SECRET_KEY).start().expect("started")
}

fn kinds(simulator: &Simulator) -> Vec<FindingKind> {
    simulator.findings().iter().map(|finding| finding.kind).collect()
}

fn found(method: &str, path: &str, body: &str) -> Vec<FindingKind> {
    let simulator = simulator();
    simulator.call(method, path, body.as_bytes());
    kinds(&simulator)
}

fn found_in_payment(fields: &str) -> Vec<FindingKind> {
    found("POST", "/v1/payment/request", &format!("{{{fields}}}"))
}

#[test]
fn a_careful_request_is_found_nothing_wrong_with() {
    assert_eq!(found_in_payment(GOOD), []);
    let mirrored = r#""cryptoAmounts":[{"coinName":"btc","amount":"1"}],"cryptoAmount":[{"coinName":"btc","amount":"1"}],"orderId":"A","riskSpeed":0,"Speed":0"#;
    assert_eq!(found_in_payment(mirrored), []);
    assert_eq!(found_in_payment(&format!(r#"{GOOD},"returnUrl":"http://127.0.0.1:3000/back""#)), []);
    assert_eq!(found("POST", "/v1/payment/settings", r#"{"IPN_Url":"http://localhost:3000/","IPN_Method":1}"#), []);
}

#[test]
fn each_mistake_in_a_payment_request_is_found() {
    let priced = r#""fiatAmount":"29.99","fiatCurrency":"USD""#;
    let cases = [
        (format!(r#"{priced},"orderId":"A","speed":1"#), FindingKind::SpeedOnly),
        (format!(r#"{priced},"orderId":"A""#), FindingKind::RiskSpeedMissing),
        (
            r#""fiatAmount":29.99,"fiatCurrency":"USD","riskSpeed":1,"orderId":"A""#.to_owned(),
            FindingKind::AmountAsNumber,
        ),
        (
            r#""cryptoAmounts":[{"coinName":"btc","amount":0.1}],"riskSpeed":1,"orderId":"A""#.to_owned(),
            FindingKind::AmountAsNumber,
        ),
        (format!(r#"{GOOD},"ReturnUrl":"http://shop.test/""#), FindingKind::PlainHttpReturnUrl),
        (format!(r#"{GOOD},"additionalData":[{{"key":"orderid","value":"B"}}]"#), FindingKind::OrderIdInAdditionalData),
        (format!(r#"{priced},"riskSpeed":1"#), FindingKind::OrderIdMissing),
        (format!(r#"{priced},"riskSpeed":1,"orderId":" ""#), FindingKind::OrderIdMissing),
        (
            r#""cryptoAmount":[{"coinName":"btc","amount":"1"}],"riskSpeed":1,"orderId":"A""#.to_owned(),
            FindingKind::CryptoAmountSingular,
        ),
    ];
    for (fields, kind) in cases {
        assert_eq!(found_in_payment(&fields), [kind], "{fields}");
    }
}

#[test]
fn a_callback_url_over_plain_http_is_found_and_refused() {
    let simulator = simulator();
    let answer = simulator.call("POST", "/v1/payment/settings", br#"{"IPN_Url":"http://shop.test/ipn"}"#).json();
    assert_eq!((&answer["success"], &answer["message"]), (&json!(false), &json!("Only HTTPS URLs are allowed")));
    assert_eq!(kinds(&simulator), [FindingKind::PlainHttpCallbackUrl]);
}

#[test]
fn settings_written_again_unchanged_are_found() {
    let simulator = simulator();
    let write = |url: &str, method: u8| {
        let body = format!(r#"{{"IPN_Url":"{url}","IPN_Method":{method}}}"#);
        simulator.call("POST", "/v1/payment/settings", body.as_bytes()).json()
    };
    write("https://shop.test/a", 1);
    write("https://shop.test/b", 1);
    write("https://shop.test/b", 2);
    assert_eq!(kinds(&simulator), []);
    assert_eq!(write("https://shop.test/b", 2)["success"], true);
    assert_eq!(kinds(&simulator), [FindingKind::SettingsWrittenOften]);
}

#[test]
fn a_path_that_the_gateway_does_not_have_is_found() {
    for path in ["/v1/payment/refund", "/v1/payments", "/v1/payments/1", "/api/v1/payments", "/v1/payment/", "/V2/ping"]
    {
        let expected = if path.starts_with("/V2") { vec![] } else { vec![FindingKind::UnknownEndpoint] };
        assert_eq!(found("GET", path, ""), expected, "{path}");
    }
    assert_eq!(found("GET", "/favicon.ico", ""), []);
    assert_eq!(found("GET", "/v1/payment/request", ""), [], "it exists, for another method");
}

#[test]
fn a_key_in_the_url_is_found_and_not_repeated() {
    let simulator = simulator();
    let api_key = simulator.api_key().to_owned();
    let encoded = |key: &str| key.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let targets = [
        format!("/v1/ping?x={}", encoded(&api_key)),
        format!("/v1/coins?x={}", encoded(SECRET_KEY)),
        format!("/v1/info?{SECRET_KEY}"),
        format!("/v1/{}", encoded(&api_key)),
        "/v1/languages?Api_Key=abc".to_owned(),
    ];
    for target in &targets {
        simulator.call("GET", target, b"");
    }
    let findings = simulator.findings();
    let in_url = findings.iter().filter(|finding| finding.kind == FindingKind::KeyInUrl);
    assert_eq!(in_url.count(), targets.len(), "{findings:?}");
    let events = simulator.events_after(0, std::time::Duration::ZERO);
    let told = format!("{findings:?} {events:?}");
    assert!(![api_key.as_str(), SECRET_KEY, &encoded(&api_key)].iter().any(|key| told.contains(key)), "{told}");
}

#[test]
fn a_strict_simulator_refuses_what_it_finds_fault_with_and_says_why() {
    let simulator = Simulator::builder().strict(true).start().expect("started");
    let answer = simulator.call("POST", "/v1/payment/request", format!(r#"{{{GOOD},"Speed":1}}"#).as_bytes());
    assert_eq!(answer.status(), 200);
    let cases = [
        (
            "POST",
            "/v1/payment/request",
            r#"{"fiatAmount":"1","fiatCurrency":"USD","orderId":"A"}"#.to_owned(),
            FindingKind::RiskSpeedMissing,
        ),
        (
            "POST",
            "/v1/payment/request",
            format!(r#"{{{GOOD},"returnUrl":"http://localhost/"}}"#),
            FindingKind::PlainHttpReturnUrl,
        ),
        (
            "POST",
            "/v1/payment/settings",
            r#"{"IPN_Url":"http://127.0.0.1/"}"#.to_owned(),
            FindingKind::PlainHttpCallbackUrl,
        ),
        ("GET", "/v1/payment/refund", String::new(), FindingKind::UnknownEndpoint),
        ("GET", "/v1/ping?apikey=abc", String::new(), FindingKind::KeyInUrl),
    ];
    for (method, path, body, kind) in cases {
        let answer = simulator.call(method, path, body.as_bytes());
        let lesson = format!("{} {}", kind.problem(), kind.fix());
        assert_eq!((answer.status(), answer.json()), (400, json!({ "error": lesson })), "{path}");
    }
    assert_eq!(simulator.payments().len(), 1);
}

#[test]
fn a_bad_key_is_answered_as_the_switch_says() {
    let refusal = json!({"success": false, "message": "Unauthorized"});
    for (answer, status) in [(BadKeyAnswer::Unauthorized, 401), (BadKeyAnswer::Refused, 200)] {
        let simulator = Simulator::builder().bad_key_answer(answer).start().expect("started");
        for key in ["", "wrong"] {
            let answer = simulator.call_with_key(key, "GET", "/v1/payment/coins", b"");
            assert_eq!((answer.status(), answer.json()), (status, refusal.clone()));
        }
    }
}

#[test]
fn what_is_refused_is_answered_as_the_switch_says() {
    for (switch, status) in [(BusinessErrorStatus::Ok, 200), (BusinessErrorStatus::BadRequest, 400)] {
        let simulator = Simulator::builder().business_error_status(switch).start().expect("started");
        let body = format!(r#"{{{GOOD},"returnUrl":"http://shop.test/"}}"#);
        let answer = simulator.call("POST", "/v1/payment/request", body.as_bytes());
        let refusal = json!({"success": false, "message": "Only HTTPS URLs are allowed", "body": null});
        assert_eq!((answer.status(), answer.json()), (status, refusal));
        assert_eq!(simulator.verify("unknown").status(), status);
        assert_eq!(simulator.verify(&simulator.create("")).status(), 200, "not paid yet is no refusal");
    }
}

#[test]
fn an_unknown_token_is_answered_as_the_switch_and_the_profile_say() {
    let empty = |status: serde_json::Value| json!({"token": null, "orderId": "", "orderStatus": status, "additionalData": null});
    let cases = [
        (Profile::Current, UnknownTokenAnswer::NoBody, Some(json!(null))),
        (Profile::Current, UnknownTokenAnswer::DefaultBody, Some(empty("Initialize".into()))),
        (Profile::Published, UnknownTokenAnswer::NoBody, None),
        (Profile::Published, UnknownTokenAnswer::DefaultBody, Some(empty(0.into()))),
    ];
    for (profile, switch, body) in cases {
        let simulator = Simulator::builder().profile(profile).unknown_token_answer(switch).start().expect("started");
        let answer = simulator.verify("unknown").json();
        assert_eq!((&answer["success"], &answer["message"]), (&json!(false), &json!("Invalid Token")));
        assert_eq!(answer.get("body"), body.as_ref());
    }
}
