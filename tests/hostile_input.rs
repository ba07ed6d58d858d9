//! Whatever comes in, the answer is a value or a typed error: no panic, nothing secret in its text.

use std::panic::catch_unwind;

use paymento::{
    Amount, Callback, CallbackMethod, Client, Error, ErrorKind, Expected, Headers, OrderStatus, PaymentRequest,
    ReturnVisit, Secret, Speed, sign, testing,
};
use proptest::prelude::*;

fn secret() -> Secret {
    Secret::new("the-secret-key-that-must-not-show").expect("valid")
}

/// JSON in the shapes that the gateway sends, with anything in the places of its values.
fn json() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("Token"),
        Just("token "),
        Just("PaymentId"),
        Just("ORDERID"),
        Just("OrderStatus"),
        Just("AdditionalData"),
        Just("success"),
        Just("message"),
        Just("body"),
        Just("settlement"),
        Just("requestedFiatAmount"),
        Just("expectedCryptoAmount"),
        Just("transactions"),
        Just("txHash"),
        Just("key"),
        Just("Value"),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>().prop_filter("JSON", |value| value.is_finite()).prop_map(|value| format!("{value:e}")),
        Just("1e999999999".to_owned()),
        Just("123456789012345678901234567890.5".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        Just("\"7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a\"".to_owned()),
        ".{0,20}".prop_map(|text| serde_json::json!(text).to_string()),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|fields| {
                let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

fn is_typed<T>(result: Result<T, Error>, kinds: &[ErrorKind]) {
    if let Err(error) = result {
        assert!(kinds.contains(&error.kind()), "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("must-not-show") && !text.chars().any(char::is_control), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_body_and_header_are_refused_with_a_type(body in prop::collection::vec(any::<u8>(), 0..200), header in ".{0,80}|[0-9a-fA-F]{64}") {
        is_typed(Callback::authenticate(&body, header.as_str(), secret()), &[ErrorKind::Signature]);
    }

    #[test]
    fn any_header_names_and_values_are_refused_with_a_type(pairs in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..30), prop::collection::vec(any::<u8>(), 0..70)), 0..5)) {
        let mut pairs: Vec<(&[u8], &[u8])> = pairs.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect();
        is_typed(Callback::authenticate(b"{}", Headers::from(pairs.as_slice()), secret()), &[ErrorKind::Signature]);
        if let Some(first) = pairs.first_mut() {
            first.0 = b"X-HMAC-SHA256-SIGNATURE";
            is_typed(Callback::authenticate(b"{}", Headers::from(pairs.as_slice()), secret()), &[ErrorKind::Signature]);
        }
    }

    #[test]
    fn any_signed_bytes_are_read_or_refused_with_a_type(body in prop::collection::vec(any::<u8>(), 0..200)) {
        is_typed(Callback::authenticate(&body, sign(&body, &secret()).as_str(), secret()), &[ErrorKind::Decode]);
    }

    #[test]
    fn any_signed_json_is_read_or_refused_with_a_type(body in json()) {
        let result = Callback::authenticate(body.as_bytes(), sign(body.as_bytes(), &secret()).as_str(), secret());
        is_typed(result, &[ErrorKind::Decode]);
    }

    #[test]
    fn no_answer_settles_another_payment(body in json(), success in any::<bool>()) {
        let expected = Expected::order("the one order").expect("valid").fiat(Amount::parse("29.99").expect("valid"), "USD").expect("valid");
        let verification = testing::verification(success, "", &body, "0123456789abcdef0123456789abcdef", &expected).expect("valid");
        prop_assert!(!verification.is_settled());
        is_typed(verification.require_settled(), &[ErrorKind::Verify]);
    }

    #[test]
    fn any_query_gives_hints_that_are_safe_to_use(query in "\\PC{0,100}|(token|orderId|%[0-9a-f]{2}|[&=?#a-z0-9]){0,40}") {
        let visit = ReturnVisit::parse(&query);
        prop_assert!(visit.token().is_none_or(|token| token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')));
        prop_assert!(visit.order_id().is_none_or(|id| !id.chars().any(char::is_control)));
    }

    #[test]
    fn any_text_in_a_request_is_taken_or_refused_with_a_type(a in ".{0,140}", b in ".{0,140}", c in ".{0,20}") {
        let request = PaymentRequest::fiat(Amount::parse("1").expect("valid"), b.clone()).order_id(a.clone()).return_url(b.clone())
            .language(c.clone()).email_address(a.clone()).additional_data(c.clone(), a.clone());
        let client = Client::builder("k").base_url("http://127.0.0.1:1").build().expect("valid");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let created = runtime.block_on(async {
            tokio::time::timeout(std::time::Duration::ZERO, client.create_payment(request)).await
        });
        if let Ok(result) = created {
            is_typed(result, &[ErrorKind::Input, ErrorKind::Transport]);
        }
        is_typed(Speed::parse(&c), &[ErrorKind::Input]);
        is_typed(CallbackMethod::parse(&c), &[ErrorKind::Input]);
        let _ = c.parse::<OrderStatus>();
    }

    #[test]
    fn any_setting_is_taken_or_refused_with_a_type(a in ".{0,60}", b in ".{0,60}", url in ".{0,60}|(https?|ftp)://[a-z0-9@:/?#\\[\\]%.-]{0,40}") {
        is_typed(Client::builder(&a).build(), &[ErrorKind::Config]);
        is_typed(Client::builder("k").secret_key(&b).build(), &[ErrorKind::Config]);
        is_typed(Client::builder("k").base_url(url.clone()).gateway_url(url.clone()).build(), &[ErrorKind::Config]);
        is_typed(Client::builder("k").proxy(url.clone()).ca_certificates(a.clone()).build(), &[ErrorKind::Config]);
    }
}

#[test]
fn depth_does_not_exhaust_the_stack() {
    for body in [
        "[".repeat(60_000),
        format!("{{\"AdditionalData\":{}", "{\"a\":".repeat(10_000)),
        "[".repeat(30_000) + &"]".repeat(30_000),
    ] {
        let read = catch_unwind(|| {
            Callback::authenticate(body.as_bytes(), sign(body.as_bytes(), &secret()).as_str(), secret()).is_err()
        });
        assert!(read.expect("no panic"));
    }
    let deep = format!("{{\"Token\":null,\"AdditionalData\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let read = Callback::authenticate(deep.as_bytes(), sign(deep.as_bytes(), &secret()).as_str(), secret());
    assert!(read.expect("read").additional_data().is_empty());
}
