//! A shop's callback route, as small as it can be: reads a request, answers, hands it on.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

pub struct Received {
    pub method: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// A shop's callback route: hands on what it receives, and answers 200.
pub async fn callback_route() -> (String, mpsc::UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/callback", listener.local_addr().expect("an address"));
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, sender.clone()));
        }
    });
    (url, receiver)
}

async fn answer(mut stream: TcpStream, sender: mpsc::UnboundedSender<Received>) {
    if let Some(received) = read(&mut stream).await {
        let _ = sender.send(received);
        write(&mut stream, 200).await;
    }
}

/// Reads one request. `None` where it breaks off.
pub async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    while !is_whole(&bytes) {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(parse(&bytes))
}

/// Answers, and nothing more comes on this connection.
pub async fn write(stream: &mut TcpStream, status: u16) {
    let answer = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn split(bytes: &[u8]) -> Option<(String, &[u8])> {
    let at = bytes.windows(4).position(|part| part == b"\r\n\r\n")?;
    Some((String::from_utf8_lossy(&bytes[..at]).into_owned(), &bytes[at + 4..]))
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some((head, body)) = split(bytes) else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn parse(bytes: &[u8]) -> Received {
    let (head, body) = split(bytes).expect("a whole request");
    let mut lines = head.lines();
    let method = lines.next().and_then(|line| line.split(' ').next()).unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    });
    Received { method, headers: headers.collect(), body: body.to_vec() }
}
