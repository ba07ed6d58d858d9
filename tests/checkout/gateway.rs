//! A gateway that says what a test tells it to: small, scripted, on loopback.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use paymento::{Client, Secret, sign};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
};

pub(crate) const SECRET: &str = "a secret key of the test";

/// What the gateway says of one payment.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) order_id: String,
    /// Of fiat money; empty: it was asked for in coins.
    pub(crate) amount: String,
    pub(crate) status: i64,
    /// Received and expected, of the coin.
    pub(crate) received: Option<(&'static str, &'static str)>,
    /// As servers of the older documentation: no status and no settlement.
    pub(crate) old_server: bool,
    /// Paid stays Paid.
    pub(crate) unapproved: bool,
    pub(crate) verifies: usize,
}

#[derive(Default)]
struct State {
    payments: HashMap<String, Told>,
    created: usize,
    /// Whatever is made is paid.
    pays_at_once: bool,
    /// The next calls fail: `None` breaks the connection after the work is done.
    failures: Vec<Option<u16>>,
    verify_failures: Vec<u16>,
    /// The next answer to verify waits for it.
    held_back: Option<oneshot::Receiver<()>>,
    holds_back: bool,
}

/// The scripted gateway.
#[derive(Clone)]
pub(crate) struct Gateway {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
    /// Creating waits for it while it is held.
    pub(crate) creating: Arc<tokio::sync::Mutex<()>>,
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let gateway = Self { address, state: Arc::default(), changed: Arc::default(), creating: Arc::default() };
        let serving = gateway.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        gateway
    }

    pub(crate) fn client(&self) -> Client {
        Client::builder("an-api-key-of-the-test")
            .secret_key(SECRET)
            .base_url(format!("http://{}", self.address))
            .build()
            .expect("valid")
    }

    pub(crate) fn tell(&self, token: &str, change: impl FnOnce(&mut Told)) {
        change(self.state.lock().expect("lock").payments.get_mut(token).expect("a payment"));
    }

    pub(crate) fn status(&self, token: &str, status: i64) {
        self.tell(token, |told| told.status = status);
    }

    pub(crate) fn verifies(&self, token: &str) -> usize {
        self.state.lock().expect("lock").payments[token].verifies
    }

    /// Whether the gateway has approved it.
    pub(crate) fn approved(&self, token: &str) -> bool {
        self.state.lock().expect("lock").payments[token].status == 8
    }

    pub(crate) fn created(&self) -> usize {
        self.state.lock().expect("lock").created
    }

    /// The next calls to create fail in these ways.
    pub(crate) fn fail_creating(&self, failures: impl IntoIterator<Item = Option<u16>>) {
        self.state.lock().expect("lock").failures.extend(failures);
    }

    pub(crate) fn fail_verifying(&self, failures: impl IntoIterator<Item = u16>) {
        self.state.lock().expect("lock").verify_failures.extend(failures);
    }

    /// Verify calls fail no more.
    pub(crate) fn mended(&self) {
        self.state.lock().expect("lock").verify_failures.clear();
    }

    /// The next verify call is answered when this is sent to, or dropped, with what was true when it came.
    pub(crate) fn hold_back_next_answer(&self) -> oneshot::Sender<()> {
        let (release, held_back) = oneshot::channel();
        self.state.lock().expect("lock").held_back = Some(held_back);
        release
    }

    /// Waits until an answer is held back.
    pub(crate) async fn holding_back(&self) {
        let held = async {
            loop {
                let changed = self.changed.notified();
                if self.state.lock().expect("lock").holds_back {
                    return;
                }
                changed.await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(20), held).await.is_ok(), "nobody has asked");
    }

    /// From now on, whatever is made is paid.
    pub(crate) fn pay_at_once(&self) {
        self.state.lock().expect("lock").pays_at_once = true;
    }

    /// A payment that other code has made.
    pub(crate) fn made_elsewhere(&self, token: &str, order_id: &str, amount: &str, status: i64) {
        self.state.lock().expect("lock").payments.insert(token.to_owned(), told(order_id, amount, status));
    }

    /// Waits until the payment has been asked about so often.
    pub(crate) async fn asked(&self, token: &str, times: usize) {
        let enough = async {
            loop {
                let changed = self.changed.notified();
                if self.verifies(token) >= times {
                    return;
                }
                changed.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), enough).await;
        assert!(waited.is_ok(), "asked {} times instead of {times}", self.verifies(token));
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        while let Some((path, body, end)) = read(&mut stream, &mut bytes).await {
            bytes.drain(..end);
            let Some((status, answer)) = self.answer(&path, &body).await else { return };
            let text = answer.to_string();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                text.len()
            );
            if stream.write_all(format!("{head}{text}").as_bytes()).await.is_err() {
                return;
            }
            self.changed.notify_waiters();
        }
    }

    async fn answer(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        match path {
            "/v1/payment/request" => self.create(body).await,
            "/v1/payment/verify" => {
                let (answer, held_back) = (self.verify(body), self.state.lock().expect("lock").held_back.take());
                if let Some(held_back) = held_back {
                    self.state.lock().expect("lock").holds_back = true;
                    self.changed.notify_waiters();
                    let _ = held_back.await;
                }
                Some(answer)
            }
            _ => Some((404, json!({}))),
        }
    }

    async fn create(&self, body: &Value) -> Option<(u16, Value)> {
        let _held = self.creating.lock().await;
        let mut state = self.state.lock().expect("lock");
        let failure = if state.failures.is_empty() { None } else { Some(state.failures.remove(0)) };
        if let Some(Some(status)) = failure {
            return Some((status, json!({ "success": false, "message": "refused" })));
        }
        state.created += 1;
        let token = format!("{:032x}", fastrand(state.created));
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let status = if state.pays_at_once { 7 } else { 0 };
        state.payments.insert(token.clone(), told(&text("orderId"), &text("fiatAmount"), status));
        if failure == Some(None) {
            return None;
        }
        Some((200, json!({ "success": true, "message": "", "body": token })))
    }

    fn verify(&self, body: &Value) -> (u16, Value) {
        let mut state = self.state.lock().expect("lock");
        if !state.verify_failures.is_empty() {
            return (state.verify_failures.remove(0), json!({ "error": "failed" }));
        }
        let token = body["token"].as_str().unwrap_or_default().to_owned();
        let Some(told) = state.payments.get_mut(&token) else {
            let body = json!({ "token": null, "orderId": "", "orderStatus": "Initialize" });
            return (200, json!({ "success": false, "message": "Invalid Token", "body": body }));
        };
        told.verifies += 1;
        if told.status == 7 && !told.unapproved {
            told.status = 8;
        }
        let mut answer = json!({ "token": token, "orderId": told.order_id, "additionalData": [] });
        if !told.old_server {
            answer["orderStatus"] = told.status.into();
            let (received, expected) = told.received.unwrap_or(("0", "0.5"));
            // Made for an amount in coins.
            let in_coins = told.amount.is_empty();
            let number = |text: &str| serde_json::from_str::<Value>(text).expect("a number");
            answer["settlement"] = json!({ "requestedFiatAmount": if in_coins { Value::Null } else { number(&told.amount) }, "coinName": "Bitcoin",
                "expectedCryptoAmount": number(expected), "receivedCryptoAmount": number(received) });
        }
        (200, json!({ "success": told.status == 8, "message": "", "body": answer }))
    }
}

fn told(order_id: &str, amount: &str, status: i64) -> Told {
    Told {
        order_id: order_id.to_owned(),
        amount: amount.to_owned(),
        status,
        received: None,
        old_server: false,
        unapproved: false,
        verifies: 0,
    }
}

/// Tokens that do not look alike.
fn fastrand(count: usize) -> u128 {
    (count as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, Value, usize)> {
    loop {
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let end = at + 4 + length.unwrap_or(0);
            if bytes.len() >= end {
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                return Some((path, serde_json::from_slice(&bytes[at + 4..end]).unwrap_or_default(), end));
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A signed callback: its header and its body.
pub(crate) fn callback(token: &str, order_id: &str, status: i64) -> (String, Vec<u8>) {
    signed(format!(
        r#"{{"Token":"{token}","PaymentId":7,"OrderId":"{order_id}","OrderStatus":{status},"AdditionalData":[]}}"#
    ))
}

pub(crate) fn signed(body: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    let body = body.into();
    (sign(&body, &Secret::new(SECRET).expect("valid")), body)
}
