//! Sending callbacks: one HTTP exchange per attempt, over a connection of its own.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time};
use url::{Host, Url};

use super::{
    AttemptOutcome,
    outbox::Parcel,
    shared::{Outbox, Shared},
};

/// For one attempt, from the connection to the end of the answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// As much of an answer is read; the gateway looks at its status only.
const ANSWER_LIMIT: usize = 64 * 1024;

/// Sends the callbacks of every payment in `outbox`: side by side for several payments, one after the other for one.
pub(super) async fn run(shared: Arc<Shared>, mut outbox: Outbox) {
    while let Some(token) = outbox.recv().await {
        tokio::spawn(work_queue(Arc::clone(&shared), token));
    }
}

async fn work_queue(shared: Arc<Shared>, token: String) {
    while let Some(id) = shared.change(|ledger| ledger.next_callback(&token)) {
        deliver(&shared, id).await;
    }
}

async fn deliver(shared: &Shared, id: u64) {
    while let Some(parcel) = shared.change(|ledger| ledger.begin_attempt(id)) {
        let began = Instant::now();
        let outcome = attempt(parcel).await;
        match shared.change(|ledger| ledger.end_attempt(id, began, &outcome)) {
            Some(wait) => time::sleep(wait).await,
            None => return,
        }
    }
}

async fn attempt(parcel: Parcel) -> AttemptOutcome {
    match time::timeout(ATTEMPT_TIMEOUT, exchange(parcel)).await {
        Ok(Ok(status)) => AttemptOutcome::Answered(status),
        Ok(Err(reason)) => AttemptOutcome::Failed(reason),
        Err(_) => AttemptOutcome::Failed(format!("no complete answer within {} s", ATTEMPT_TIMEOUT.as_secs())),
    }
}

async fn exchange(parcel: Parcel) -> Result<u16, String> {
    if parcel.target.url.scheme() != "http" {
        return Err("the simulator speaks plain http only, and the callback URL is https".to_owned());
    }
    let stream = connect(&parcel.target.url).await.map_err(|error| format!("no connection: {error}"))?;
    let _ = stream.set_nodelay(true);
    let request = request(parcel).map_err(|error| format!("the request cannot be made: {error}"))?;
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| format!("no connection: {error}"))?;
    let answer = async move {
        let answer = sender.send_request(request).await.map_err(|error| format!("no answer: {error}"))?;
        let status = answer.status().as_u16();
        // Read so that the shop can finish; what it says, or that there is too much of it, changes nothing.
        let _ = Limited::new(answer.into_body(), ANSWER_LIMIT).collect().await;
        Ok(status)
    };
    tokio::pin!(answer);
    tokio::select! {
        biased;
        status = &mut answer => status,
        _ = connection => answer.await,
    }
}

async fn connect(url: &Url) -> io::Result<TcpStream> {
    let port = url.port_or_known_default().unwrap_or(80);
    match url.host() {
        Some(Host::Ipv4(address)) => TcpStream::connect((address, port)).await,
        Some(Host::Ipv6(address)) => TcpStream::connect((address, port)).await,
        Some(Host::Domain(name)) => TcpStream::connect((name, port)).await,
        None => Err(io::ErrorKind::InvalidInput.into()),
    }
}

fn request(parcel: Parcel) -> Result<Request<Full<Bytes>>, http::Error> {
    let url = &parcel.target.url;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request = Request::builder()
        .method(parcel.target.method.method())
        .uri(path)
        .header(header::HOST, host)
        .header(header::CONNECTION, HeaderValue::from_static("close"))
        .body(Full::new(Bytes::from(parcel.body)))?;
    request.headers_mut().extend(without_framing(parcel.headers));
    Ok(request)
}

/// Forged headers may lie about anything but where the body ends, which is this connection's own business.
fn without_framing(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::HOST, header::EXPECT] {
        headers.remove(name);
    }
    headers
}
