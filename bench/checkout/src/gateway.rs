//! A gateway that has every payment of `fill` and says that it is paid. It answers from memory, at once.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::Failure;

/// Starts it, and gives its address.
pub(crate) async fn start() -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    Ok(address)
}

async fn serve(mut stream: TcpStream) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    loop {
        let Some((path, body, length)) = request(&bytes) else {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let text = answer(&path, &body).to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        stream.write_all(format!("{head}{text}").as_bytes()).await?;
        bytes.drain(..length);
    }
}

/// The first request's path and body, and how long it is, once all of it is here.
fn request(bytes: &[u8]) -> Option<(String, Value, usize)> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?.to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse::<usize>().ok()?;
    let body = serde_json::from_slice(bytes.get(head..head + length)?).ok()?;
    Some((text.split(' ').nth(1)?.to_owned(), body, head + length))
}

fn answer(path: &str, body: &Value) -> Value {
    if path.ends_with("/request") {
        let order = body["orderId"].as_str().unwrap_or_default();
        let number = order.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        return json!({ "success": true, "message": "", "body": format!("ffffffff{number:024x}") });
    }
    let token = body["token"].as_str().unwrap_or_default();
    let order = i64::from_str_radix(token.get(8..).unwrap_or_default(), 16).unwrap_or_default();
    json!({ "success": true, "message": "", "body": {
        "token": token, "orderId": format!("A-{order}"), "orderStatus": "Approve", "additionalData": [],
        "settlement": { "requestedFiatAmount": 29.99, "coinName": "Bitcoin", "expectedCryptoAmount": 0.5,
            "receivedCryptoAmount": 0.5 } } })
}
