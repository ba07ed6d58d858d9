//! A server on loopback that answers from a script, and keeps what it was sent.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod child;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use paymento::{Client, ClientBuilder, Limits};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};

pub const TOKEN: &str = "3f1c9a5e7d2b4c6080a1b2c3d4e5f607";
pub const API_KEY: &str = "the-api-key-that-must-not-show";
pub const SECRET_KEY: &str = "the-secret-key-that-must-not-show";

/// What the server does with one request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Status, further header lines, body.
    Answer(u16, &'static str, String),
    /// Answers, and closes the connection without saying so.
    AnswerAndClose(&'static str),
    /// Reads the request and closes the connection.
    Close,
    /// Reads the request and never answers.
    Stall,
    /// Sends these bytes, and then nothing more, with the connection open.
    Hang(String),
}

pub fn ok(body: &str) -> Step {
    Step::Answer(200, "", format!(r#"{{"success":true,"message":"","body":{body}}}"#))
}

pub fn status(code: u16) -> Step {
    Step::Answer(code, "", String::new())
}

#[derive(Default)]
struct Shared {
    script: VecDeque<Step>,
    requests: Vec<String>,
}

/// Requests beyond the script are answered with 418, which no test expects.
pub struct Server {
    pub port: u16,
    shared: Arc<Mutex<Shared>>,
}

impl Server {
    pub async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Mutex::new(Shared { script: script.into_iter().collect(), requests: Vec::new() }));
        let server = Self { port, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every request so far: head and body as text.
    pub fn requests(&self) -> Vec<String> {
        self.shared.lock().expect("no panic").requests.clone()
    }

    pub fn builder(&self) -> ClientBuilder {
        Client::builder(API_KEY).secret_key(SECRET_KEY).base_url(self.url()).limits(quick())
    }

    pub fn client(&self) -> Client {
        self.builder().build().expect("valid")
    }
}

/// Short enough for a test that waits for a time-out, long enough for a busy machine.
pub fn quick() -> Limits {
    let limit = Duration::from_millis(700);
    Limits { connect: limit, attempt: limit, total: Duration::from_secs(5) }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Mutex<Shared>>) {
    while let Some(request) = read_request(&mut stream).await {
        let step = {
            let mut shared = shared.lock().expect("no panic");
            shared.requests.push(request);
            shared.script.pop_front().unwrap_or(status(418))
        };
        match step {
            Step::Answer(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\n\r\n", body.len());
                if stream.write_all((head + &body).as_bytes()).await.is_err() {
                    return;
                }
            }
            Step::AnswerAndClose(body) => {
                let answer = format!("HTTP/1.1 200 x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
                return;
            }
            Step::Close => return,
            Step::Stall => std::future::pending::<()>().await,
            Step::Hang(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
                std::future::pending::<()>().await;
            }
        }
    }
}

pub async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut part).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&part[..read]),
            _ => return None,
        }
    }
}
