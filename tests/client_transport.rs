//! What goes over the wire, what is repeated, and what a failure says.

mod support;

use std::time::{Duration, Instant};

use paymento::{Amount, Client, Error, ErrorCode, Expected, Limits, PaymentRequest, Speed};
use support::{API_KEY, SECRET_KEY, Server, Step, TOKEN, ok, quick, read_request, status};

fn request() -> PaymentRequest {
    PaymentRequest::fiat(Amount::parse("29.99").expect("valid"), "usd").order_id("A-578")
}

fn token() -> Step {
    ok(&format!("\" {TOKEN}\""))
}

async fn create(server: &Server) -> Result<paymento::Payment, Error> {
    server.client().create_payment(request()).await
}

#[tokio::test]
async fn a_payment_request_carries_both_names_of_the_speed_and_exact_amounts() {
    let server = Server::start([token()]).await;
    let full = request().return_url("https://shop.example/back?a=1").speed(Speed::Low).additional_data("k", "v");
    let payment = server.client().create_payment(full).await.expect("created");
    assert_eq!(payment.token(), TOKEN);
    assert_eq!(payment.url(), format!("{}/gateway?token={TOKEN}", server.url()));
    assert_eq!(payment.live(), Some(false));
    let sent = &server.requests()[0];
    let (head, body) = sent.split_once("\r\n\r\n").expect("a body");
    assert!(head.starts_with("POST /v1/payment/request HTTP/1.1"), "{head}");
    assert!(head.contains(&format!("api-key: {API_KEY}")) && head.contains("user-agent: paymento/"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let expected = serde_json::json!({
        "fiatAmount": "29.99", "fiatCurrency": "USD", "orderId": "A-578", "riskSpeed": 1, "Speed": 1,
        "returnUrl": "https://shop.example/back?a=1", "additionalData": [{"key": "k", "value": "v"}],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_payment_request_that_may_have_arrived_is_never_repeated() {
    let stalled = "HTTP/1.1 200 x\r\ncontent-length: 100\r\n\r\n{\"success\":".to_owned();
    let not_json = Step::Answer(200, "", "<html>".to_owned());
    for (step, code) in [
        (Step::Stall, ErrorCode::TransportTimeout),
        (Step::Hang(stalled), ErrorCode::TransportTimeout),
        (Step::Close, ErrorCode::TransportInterrupted),
        (status(500), ErrorCode::ApiServerError),
        (status(502), ErrorCode::ApiUnavailable),
        (not_json, ErrorCode::DecodeNotJson),
        (status(200), ErrorCode::DecodeEmpty),
        (Step::Answer(200, "", " ".repeat(1024 * 1024 + 1)), ErrorCode::DecodeTooLarge),
        (ok("null"), ErrorCode::DecodeUnexpected),
        (ok("\"../../x\""), ErrorCode::DecodeUnexpected),
    ] {
        let server = Server::start([step.clone(), token()]).await;
        let error = create(&server).await.expect_err("refused");
        assert_eq!((error.code(), error.maybe_sent(), error.is_retryable()), (code, true, false), "{code}");
        assert!(error.hint().is_some_and(|hint| hint.contains("token is lost")), "{code}");
        assert_eq!(server.requests().len(), 1, "{step:?}");
    }
}

#[tokio::test]
async fn a_payment_request_is_repeated_where_the_gateway_refused_it_for_now() {
    for step in [status(503), Step::Answer(429, "retry-after: 0\r\n", String::new())] {
        let server = Server::start([step, token()]).await;
        assert_eq!(create(&server).await.expect("created").token(), TOKEN);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_refused_payment_request_was_not_carried_out_and_says_why() {
    let https = r#"{"success":false,"message":"Only HTTPS URLs are allowed","body":null}"#;
    for (step, code) in [
        (Step::Answer(200, "", https.to_owned()), ErrorCode::ApiRejected),
        (Step::Answer(400, "", r#"{"error":"Invalid request"}"#.to_owned()), ErrorCode::ApiRejected),
        (status(401), ErrorCode::ApiUnauthorized),
    ] {
        let server = Server::start([step]).await;
        let error = create(&server).await.expect_err("refused");
        assert_eq!((error.code(), error.maybe_sent(), error.is_retryable()), (code, false, false));
        assert!(!error.message().is_empty());
    }
}

#[tokio::test]
async fn asking_is_repeated_after_every_passing_failure() {
    for step in [Step::Stall, Step::Close, status(500), status(502), status(503), status(429)] {
        let server = Server::start([step.clone(), ok(r#"{"version":"1.0.0"}"#)]).await;
        assert_eq!(server.client().info().await.expect("answered").version, "1.0.0", "{step:?}");
    }
    let server = Server::start([status(404), ok("{}")]).await;
    assert_eq!(server.client().info().await.expect_err("refused").code(), ErrorCode::ApiNotFound);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_wait_that_would_pass_the_limit_is_not_waited() {
    let server = Server::start([Step::Answer(429, "retry-after: 60\r\n", String::new())]).await;
    let begun = Instant::now();
    let error = server.client().ping().await.expect_err("refused");
    assert_eq!((error.code(), error.retry_after()), (ErrorCode::ApiRateLimited, Some(Duration::from_mins(1))));
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn no_connection_means_never_sent() {
    let nobody = Client::builder(API_KEY).base_url("http://127.0.0.1:1").limits(quick()).build().expect("valid");
    let error = nobody.create_payment(request()).await.expect_err("refused");
    assert_eq!((error.code(), error.maybe_sent(), error.is_retryable()), (ErrorCode::TransportConnect, false, true));
}

#[tokio::test]
async fn the_limit_for_all_attempts_holds() {
    let server = Server::start(vec![Step::Stall; 10]).await;
    let total = Duration::from_millis(900);
    let client = server.client().with_limits(Limits { total, ..quick() }).expect("valid");
    let begun = Instant::now();
    assert_eq!(client.ping().await.expect_err("refused").code(), ErrorCode::TransportTimeout);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_connection_the_server_closed_in_between_does_not_fail_the_next_call() {
    let server = Server::start(vec![Step::AnswerAndClose(r#"{"success":true}"#); 20]).await;
    let client = server.client();
    for _ in 0..10 {
        client.ping().await.expect("answered");
    }
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_key_does_not_go_along() {
    let elsewhere = Server::start([ok("{}")]).await;
    let location: &'static str = Box::leak(format!("location: {}/v1/info\r\n", elsewhere.url()).into_boxed_str());
    let server = Server::start([Step::Answer(302, location, String::new())]).await;
    let error = server.client().info().await.expect_err("refused");
    assert_eq!((error.code(), error.http_status()), (ErrorCode::ApiRedirected, Some(302)));
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn an_answer_over_one_mebibyte_is_refused_with_and_without_its_length() {
    let endless = format!("HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n200000\r\n{}", " ".repeat(0x0020_0000));
    for step in [Step::Answer(200, "", " ".repeat(1024 * 1024 + 1)), Step::Hang(endless)] {
        let server = Server::start([step]).await;
        assert_eq!(server.client().ping().await.expect_err("refused").code(), ErrorCode::DecodeTooLarge);
    }
}

#[tokio::test]
async fn no_error_and_no_log_record_shows_a_key() {
    let echo = format!(r#"{{"success":false,"message":"bad key {API_KEY}","title":"{API_KEY}"}}"#);
    for code in [200, 400, 401, 500] {
        let server = Server::start(vec![Step::Answer(code, "", echo.clone()); 3]).await;
        let client = server.client();
        client.keep_log_records();
        let error = client.merchant().await.expect_err("refused");
        let text = format!("{error} {error:?} {:?} {client:?}", client.take_log_records());
        assert!(!text.contains(API_KEY) && !text.contains(SECRET_KEY), "{text}");
    }
}

#[tokio::test]
async fn every_attempt_leaves_a_record_and_so_does_a_canceled_one() {
    let server = Server::start([status(503), ok(r#"{"version":"1"}"#), Step::Stall]).await;
    let client = server.client();
    client.keep_log_records();
    client.info().await.expect("answered");
    let canceled = tokio::time::timeout(Duration::from_millis(200), client.create_payment(request())).await;
    assert!(canceled.is_err());
    let records = client.take_log_records();
    let rows: Vec<_> = records.iter().map(|r| (r.method, r.path.as_deref(), r.status, r.attempt, r.code)).collect();
    let info = (Some("GET"), Some("/v1/info"));
    assert_eq!(
        rows,
        [
            (info.0, info.1, Some(503), Some(1), Some("api.unavailable")),
            (info.0, info.1, Some(200), Some(2), None),
            (Some("POST"), Some("/v1/payment/request"), None, Some(1), Some("transport.canceled")),
        ]
    );
}

#[tokio::test]
async fn an_invalid_token_is_an_outcome_whatever_its_http_status() {
    let body = r#"{"success":false,"message":"Invalid Token","body":null}"#.to_owned();
    let expected = Expected::order("A-578").expect("valid");
    for code in [200, 400, 404] {
        let server = Server::start([Step::Answer(code, "", body.clone())]).await;
        let verification = server.client().verify_payment(TOKEN, &expected).await.expect("an answer");
        assert_eq!(verification.outcome().as_str(), "invalid_token", "{code}");
    }
}

fn answer(message: &str, body: &str) -> String {
    format!(r#"{{"success":false,"message":"{message}","body":{body}}}"#)
}

async fn verify(step: Step) -> Result<paymento::Verification, Error> {
    let server = Server::start(vec![step; 3]).await;
    server.client().verify_payment(TOKEN, &Expected::order("A-578").expect("valid")).await
}

#[tokio::test]
async fn a_refused_api_key_is_not_an_unknown_payment() {
    for (code, expected) in
        [(401, ErrorCode::ApiUnauthorized), (403, ErrorCode::ApiUnauthorized), (302, ErrorCode::ApiRedirected)]
    {
        let error = verify(Step::Answer(code, "", answer("Invalid token", "null"))).await.expect_err("no answer");
        assert_eq!(error.code(), expected, "{code}");
    }
}

#[tokio::test]
async fn a_no_is_decided_on_whatever_its_http_status() {
    let body = format!(r#"{{"token":"{TOKEN}","orderId":"A-578","orderStatus":7}}"#);
    for code in [200, 400] {
        let verification = verify(Step::Answer(code, "", answer("", &body))).await.expect("an answer");
        assert_eq!(verification.outcome().as_str(), "paid_not_approved", "{code}");
    }
}

#[tokio::test]
async fn noise_in_the_place_of_a_verify_answer_is_no_decision_and_may_be_asked_again() {
    for (body, code) in [
        ("<html>".to_owned(), ErrorCode::DecodeNotJson),
        (String::new(), ErrorCode::DecodeEmpty),
        ("{\"success\":tr".to_owned(), ErrorCode::DecodeNotJson),
        (answer("Too many requests, try later", "null"), ErrorCode::ApiRejected),
    ] {
        let error = verify(Step::Answer(200, "", body)).await.expect_err("no answer to decide on");
        assert_eq!((error.code(), error.is_retryable()), (code, true));
    }
}

#[tokio::test]
async fn an_answer_that_repeats_the_key_is_still_decided_on_as_it_is() {
    let body = format!(r#"{{"token":"{TOKEN}","orderId":"{API_KEY}-1","orderStatus":"Approve"}}"#);
    let server = Server::start([ok(&body)]).await;
    let expected = Expected::order(format!("{API_KEY}-1")).expect("valid");
    assert!(server.client().verify_payment(TOKEN, &expected).await.expect("an answer").is_settled());
}

#[tokio::test]
async fn one_attempt_that_may_have_arrived_is_remembered() {
    let server = Server::start([Step::Stall, status(429), status(429)]).await;
    let error = server.client().set_settings("https://shop.example/x", paymento::CallbackMethod::Post).await;
    let error = error.expect_err("refused");
    assert_eq!((error.code(), error.maybe_sent()), (ErrorCode::ApiRateLimited, true));
}

#[tokio::test]
async fn a_payment_request_is_not_begun_without_the_time_to_finish_it() {
    let server = Server::start([Step::Answer(429, "retry-after: 1\r\n", String::new()), token()]).await;
    let limits = Limits { attempt: Duration::from_secs(20), total: Duration::from_secs(3), ..quick() };
    let client = server.client().with_limits(limits).expect("valid");
    let error = client.create_payment(request()).await.expect_err("refused");
    assert_eq!((error.code(), error.maybe_sent()), (ErrorCode::ApiRateLimited, false));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_given_proxy_is_used() {
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", proxy.local_addr().expect("an address"));
    let client = Client::builder(API_KEY).base_url("http://127.0.0.1:1").proxy(address).build().expect("valid");
    let served = tokio::spawn(async move {
        let (mut stream, _) = proxy.accept().await.expect("a connection");
        let request = read_request(&mut stream).await;
        let answer = b"HTTP/1.1 200 x\r\ncontent-length: 29\r\n\r\n{\"success\":true,\"message\":\"\"}";
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.expect("written");
        request.expect("a request")
    });
    client.ping().await.expect("answered");
    assert!(served.await.expect("served").starts_with("GET http://127.0.0.1:1/v1/ping HTTP/1.1"));
}
