//! HTTP/1.1 over a bare socket, one connection for many requests: it sends what a client library would refuse to.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

/// Longer than any answer takes, and shorter than a stalled one.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

/// A connection that is opened again where the server has closed it after an answer.
pub struct Connection {
    port: u16,
    stream: Option<TcpStream>,
}

impl Connection {
    pub fn to(port: u16) -> Self {
        Self { port, stream: None }
    }

    /// Sends these bytes and reads one answer; the error says what came instead.
    pub fn exchange(&mut self, request: &[u8]) -> Result<Answer, String> {
        let mut stream = self.stream.take().map_or_else(|| connect(self.port), Ok)?;
        // The server may answer, and hang up, before the end of a body that it does not want.
        let _ = stream.write_all(request);
        let without_body = request.starts_with(b"HEAD ");
        let answer = receive(&mut stream, without_body)?;
        let kept = !answer.head.to_ascii_lowercase().contains("\r\nconnection: close") && request.len() < 32 * 1024;
        self.stream = kept.then_some(stream);
        Ok(answer)
    }
}

fn connect(port: u16) -> Result<TcpStream, String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok(stream)
}

fn receive(stream: &mut TcpStream, without_body: bool) -> Result<Answer, String> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        if let Some(answer) = whole(&bytes, without_body) {
            return Ok(answer);
        }
        match stream.read(&mut chunk) {
            Ok(0) => return Err(format!("the connection ended after {:?}", String::from_utf8_lossy(&bytes))),
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error) => return Err(format!("{error} after {:?}", String::from_utf8_lossy(&bytes))),
        }
    }
}

/// The answer, once all that its headers promise is there.
fn whole(bytes: &[u8], without_body: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let promised = head.lines().filter_map(|line| line.split_once(':'));
    let length = promised
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .find_map(|(_, value)| value.trim().parse().ok());
    let length = if without_body { 0 } else { length.unwrap_or(0) };
    let body = bytes.get(end + 4..end + 4 + length)?.to_vec();
    Some(Answer { status, head, body })
}
