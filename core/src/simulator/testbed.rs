//! For tests: a shop that records what it is sent, and a browser of few words. Plain sockets, no runtime.

use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use super::Simulator;

/// Members that leave the strict teacher nothing to say, for `create`.
pub(super) const CAREFUL: &str = r#","riskSpeed":1,"orderId":"A-1""#;

pub(super) const SOON: Duration = Duration::from_secs(10);

/// A message as it came over the wire.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) start: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn status(&self) -> u16 {
        self.start.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn parse(head: &[u8], body: &[u8]) -> Self {
        let head = String::from_utf8_lossy(head).into_owned();
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect();
        Self { start, headers, body: body.to_vec() }
    }
}

/// Reads until the length that the headers promise, or the end.
fn receive(stream: &mut TcpStream) -> Message {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let message = Message::parse(&bytes[..end], &bytes[end + 4..]);
            let length = message.header("content-length").and_then(|length| length.parse().ok());
            if length.is_some_and(|length: usize| message.body.len() >= length) {
                return message;
            }
        }
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return Message::parse(&bytes, &[]),
        }
    }
}

/// One request, one answer, one connection.
pub(super) fn send(port: u16, head: &str, body: &[u8]) -> Message {
    send_to(port, "localhost", head, body)
}

/// The same, for another host.
pub(super) fn send_to(port: u16, host: &str, head: &str, body: &[u8]) -> Message {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("connected");
    stream.set_read_timeout(Some(SOON)).expect("a time limit");
    let framing = format!("Host: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}\r\n{framing}").as_bytes()).expect("sent");
    // The simulator may have answered, and hung up, before the end of a body that it does not want.
    let _ = stream.write_all(body);
    receive(&mut stream)
}

impl Simulator {
    pub(super) fn call(&self, method: &str, path: &str, body: &[u8]) -> Message {
        self.call_with_key(self.api_key(), method, path, body)
    }

    pub(super) fn call_with_key(&self, key: &str, method: &str, path: &str, body: &[u8]) -> Message {
        let head = format!("{method} {path} HTTP/1.1\r\nApi-Key: {key}\r\nContent-Type: application/json");
        send(self.port(), &head, body)
    }

    pub(super) fn browse(&self, path: &str) -> Message {
        send(self.port(), &format!("GET {path} HTTP/1.1"), b"")
    }

    pub(super) fn submit(&self, action: &str, form: &str) -> Message {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        send(self.port(), &format!("POST /gateway/{action} HTTP/1.1\r\n{kind}"), form.as_bytes())
    }

    /// A payment of 29.99 USD; `more` adds members, each with a comma before it.
    pub(super) fn create(&self, more: &str) -> String {
        let body = format!(r#"{{"fiatAmount":"29.99","fiatCurrency":"USD"{more}}}"#);
        let answer = self.call("POST", "/v1/payment/request", body.as_bytes());
        answer.json()["body"].as_str().unwrap_or_else(|| panic!("no token: {}", answer.text())).to_owned()
    }

    pub(super) fn verify(&self, token: &str) -> Message {
        self.call("POST", "/v1/payment/verify", format!(r#"{{"token":"{token}"}}"#).as_bytes())
    }
}

/// Answers callbacks with the given statuses, and with 200 after those.
pub(super) struct Shop {
    pub(super) url: String,
    received: Arc<Mutex<Vec<Message>>>,
}

impl Shop {
    pub(super) fn answering(statuses: impl IntoIterator<Item = u16>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
        let url = format!("http://{}/paymento/callback?shop=1", listener.local_addr().expect("an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (seen, mut statuses) = (Arc::clone(&received), statuses.into_iter().collect::<VecDeque<_>>());
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let message = receive(&mut stream);
                seen.lock().expect("unpoisoned").push(message);
                let status = statuses.pop_front().unwrap_or(200);
                let _ = write!(stream, "HTTP/1.1 {status} Whatever\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        Self { url, received }
    }

    pub(super) fn received(&self) -> Vec<Message> {
        self.received.lock().expect("unpoisoned").clone()
    }
}

/// Sends its callbacks to this shop, with short waits between the attempts.
pub(super) fn simulator_for(shop: &Shop) -> Simulator {
    let waits = [Duration::from_millis(1); 3];
    Simulator::builder().callback_url(&shop.url).retry_schedule(waits).start().expect("started")
}
