//! Bytes that are hardly HTTP: the simulator answers, never with 5xx, and lives on.

#[path = "support/raw_http.rs"]
mod raw_http;

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpStream},
    time::Duration,
};

use paymento::simulator::Simulator;
use raw_http::Connection;

fn request(start: &str, more: &str) -> Vec<u8> {
    format!("{start}\r\nHost: localhost\r\n{more}\r\n\r\n").into_bytes()
}

#[test]
fn what_is_hardly_http_is_answered_and_never_with_5xx() {
    let simulator = Simulator::start().expect("started");
    let key = format!("Api-Key: {}\r\nContent-Type: application/json", simulator.api_key());
    let long = format!("GET /v1/{} HTTP/1.1", "a".repeat(20_000));
    let requests = [
        request("GET /v1/\u{e9}\u{202e} HTTP/1.1", &key),
        request("GET /v1/%00%ff%zz/%2e%2e HTTP/1.1", &key),
        request("GET /v1/coins/%ff/last-block HTTP/1.1", &key),
        request("GET http://localhost/v1/ping HTTP/1.1", &key),
        request("GET //v1/ping HTTP/1.1", &key),
        request("OPTIONS * HTTP/1.1", &key),
        request("CONNECT localhost:80 HTTP/1.1", &key),
        request("TRACE /v1/ping HTTP/1.1", &key),
        request(&long, &key),
        request("GET /v1/ping HTTP/1.0", &key),
        request("GET /v1/ping HTTP/9.9", &key),
        request("POST /v1/payment/verify HTTP/1.1", &key),
        request("POST /v1/payment/verify HTTP/1.1", &format!("{key}\r\nContent-Length: -1")),
        request("POST /v1/payment/verify HTTP/1.1", &format!("{key}\r\nContent-Length: 99999999999999999999999")),
        request("POST /v1/payment/verify HTTP/1.1", &format!("{key}\r\nTransfer-Encoding: chunked\r\n\r\nzz")),
        request(
            "POST /v1/payment/verify HTTP/1.1",
            &format!("{key}\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff"),
        ),
        request(
            "POST /v1/payment/verify HTTP/1.1",
            &format!("{key}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"),
        ),
        request("GET /v1/ping HTTP/1.1", "Api-Key: \0"),
        request("GET /v1/ping HTTP/1.1", "no colon"),
        request("GET /v1/ping HTTP/1.1", &"X-Many: 1\r\n".repeat(500)),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        b"\r\n\r\nnonsense\r\n\r\n".to_vec(),
    ];
    for request in requests {
        let answer = Connection::to(simulator.port()).exchange(&request);
        let answer = answer.unwrap_or_else(|problem| panic!("{problem} to {:?}", String::from_utf8_lossy(&request)));
        assert!(answer.status < 500, "{answer:?} to {:?}", String::from_utf8_lossy(&request));
    }
    let ping = Connection::to(simulator.port()).exchange(&request("GET /v1/ping HTTP/1.1", &key)).expect("an answer");
    assert_eq!(ping.status, 200);
}

#[test]
fn a_body_that_ends_early_is_no_request() {
    let simulator = Simulator::start().expect("started");
    let head = format!("Api-Key: {}\r\nContent-Type: application/json\r\nContent-Length: 100", simulator.api_key());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, simulator.port())).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time limit");
    stream.write_all(&request("POST /v1/payment/request HTTP/1.1", &head)).expect("sent");
    stream.write_all(br#"{"fiatAmount":"1","fiatCurrency":"USD"}"#).expect("sent");
    stream.shutdown(Shutdown::Write).expect("ended");
    let mut answer = String::new();
    // Hanging up is an answer to half a request.
    let _ = stream.read_to_string(&mut answer);
    assert!(!answer.starts_with("HTTP/1.1 5") && !answer.contains("\"success\":true"), "{answer}");
    assert!(simulator.payments().is_empty());
}
