//! The gateway's answer to a verify call, from memory: the same for every client that is measured.
//!
//! One thread a connection and no dependency. It prints its port, and ends when its standard input does.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    process, thread,
};

const ANSWER: &str = concat!(
    r#"{"success":true,"message":"","body":{"token":"7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a","orderId":"A-578","#,
    r#""orderStatus":"Approve","additionalData":[{"key":"invoice","value":"I-2041"}],"settlement":{"#,
    r#""expectedCryptoAmount":0.00041732,"requestedFiatAmount":29.99,"receivedCryptoAmount":0.00041732,"#,
    r#""pendingTxHash":null,"transactions":[{"txHash":"#,
    r#""9b1d0c3e5f7a8b6c4d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c"}]}}}"#,
);
const LONGEST_REQUEST: usize = 16 * 1024;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || serve(stream));
    }
    Ok(())
}

/// Answers until the client hangs up or sends what this server cannot read.
fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let answer = answer();
    let mut buffer = [0; LONGEST_REQUEST];
    let mut filled = 0;
    loop {
        match stream.read(&mut buffer[filled..])? {
            0 => return Ok(()),
            count => filled += count,
        }
        while let Some(length) = request_length(&buffer[..filled]) {
            stream.write_all(&answer)?;
            buffer.copy_within(length..filled, 0);
            filled -= length;
        }
    }
}

fn answer() -> Vec<u8> {
    let length = ANSWER.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {length}\r\n\
         Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: bench\r\n\r\n{ANSWER}"
    )
    .into_bytes()
}

/// The length of the first request, once all of it is here.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let length = head + content_length(&bytes[..head]);
    (bytes.len() >= length).then_some(length)
}

fn content_length(head: &[u8]) -> usize {
    let lines = head.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    let mut fields = lines.filter_map(|line| line.split_once(':'));
    let value = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value.trim());
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}
