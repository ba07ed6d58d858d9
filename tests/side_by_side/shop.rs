//! The smallest shop that is right: it authenticates, verifies, and ships an order once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use paymento::{Client, Payment};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[derive(Default)]
struct Books {
    payments: HashMap<String, Payment>,
    shipped: Vec<String>,
}

#[derive(Clone)]
pub struct Shop {
    pub callback_url: String,
    client: Client,
    books: Arc<Mutex<Books>>,
}

impl Shop {
    pub async fn open(client: Client) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let callback_url = format!("http://{}/callback", listener.local_addr().expect("an address"));
        let shop = Self { callback_url, client, books: Arc::default() };
        let door = shop.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let door = door.clone();
                tokio::spawn(async move { door.answer(stream).await });
            }
        });
        shop
    }

    pub fn expects(&self, payment: &Payment) {
        self.books.lock().expect("whole").payments.insert(payment.token().to_owned(), payment.clone());
    }

    pub fn shipped(&self) -> Vec<String> {
        self.books.lock().expect("whole").shipped.clone()
    }

    async fn answer(&self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let (headers, body) = loop {
            stream.read_buf(&mut bytes).await.expect("a request");
            if let Some(whole) = whole(&bytes) {
                break whole;
            }
        };
        let status = self.receive(&headers, &body).await;
        let answer = format!("HTTP/1.1 {status} \r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.expect("answered");
    }

    async fn receive(&self, headers: &HeaderMap, body: &[u8]) -> u16 {
        let Ok(callback) = self.client.authenticate(body, headers) else { return 401 };
        let payment = self.books.lock().expect("whole").payments.get(callback.token().unwrap_or_default()).cloned();
        let Some(payment) = payment else { return 200 };
        match self.client.verify_payment(payment.token(), &(&payment).into()).await {
            Ok(verification) if verification.is_settled() => self.ship(payment.order_id()),
            Ok(_) => {}
            Err(_) => return 503,
        }
        200
    }

    fn ship(&self, order_id: &str) {
        let shipped = &mut self.books.lock().expect("whole").shipped;
        if !shipped.iter().any(|order| order == order_id) {
            shipped.push(order_id.to_owned());
        }
    }
}

fn whole(bytes: &[u8]) -> Option<(HeaderMap, Vec<u8>)> {
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let headers: HeaderMap = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?)))
        .collect();
    let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    (bytes.len() >= end + 4 + length).then(|| (headers, bytes[end + 4..].to_vec()))
}
