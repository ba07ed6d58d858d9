//! Sending callbacks: one HTTP exchange per attempt, over a connection of its own.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::Semaphore, time};
use url::{Host, Url};

use super::{
    AttemptOutcome,
    attempts::{Answer, Parcel},
    ledger::Ledger,
    shared::{Outbox, Shared},
};

/// For one attempt, from the connection to the end of the answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// As much of an answer is read; the gateway looks at its status only.
const ANSWER_LIMIT: usize = 64 * 1024;
/// As much of an answer is shown to whoever looks for the reason.
const ANSWER_KEPT: usize = 4 * 1024;
/// So many attempts are under way at once: each holds a file, and some machines give a process 256 of them.
pub(super) const AT_ONCE: usize = 100;
/// The clock is looked at this often, though nothing be due.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);

/// Makes every attempt in `outbox`, side by side as far as that goes.
pub(super) async fn run(shared: Arc<Shared>, mut outbox: Outbox) {
    let free = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(errand) = outbox.recv().await {
        // Fails only for a semaphore that was closed, which nobody does.
        let Ok(place) = Arc::clone(&free).acquire_owned().await else { return };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let _place = place;
            let (parcel, began) = (shared.change(|ledger| ledger.begin_attempt(&errand)), Instant::now());
            let answer = match parcel {
                Some(parcel) => Some(attempt(parcel).await),
                None => None,
            };
            shared.change(|ledger| ledger.end_attempt(&errand, began, answer));
        });
    }
}

/// Lets happen what is due, as time goes by. A clock that stands still needs nobody for that.
pub(super) async fn keep_time(shared: Arc<Shared>) {
    if shared.read(|ledger| ledger.clock.is_manual()) {
        return std::future::pending().await;
    }
    loop {
        let wait = shared.change(Ledger::fire_due).unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP);
        let _ = time::timeout(wait, shared.rescheduled.notified()).await;
    }
}

async fn attempt(parcel: Parcel) -> Answer {
    match time::timeout(ATTEMPT_TIMEOUT, exchange(parcel)).await {
        Ok(Ok((status, body))) => Answer { outcome: AttemptOutcome::Answered(status), body },
        Ok(Err(reason)) => failed(reason),
        Err(_) => failed(format!("no complete answer within {} s", ATTEMPT_TIMEOUT.as_secs())),
    }
}

fn failed(reason: String) -> Answer {
    Answer { outcome: AttemptOutcome::Failed(reason), body: String::new() }
}

async fn exchange(parcel: Parcel) -> Result<(u16, String), String> {
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
        Ok((status, read(answer.into_body()).await))
    };
    tokio::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
}

/// The beginning of the body as text. All of it is read, so that the shop can finish; that it breaks off, or that there
/// is too much of it, changes nothing.
async fn read(body: Incoming) -> String {
    let (mut body, mut kept) = (Limited::new(body, ANSWER_LIMIT), Vec::new());
    while let Some(Ok(frame)) = body.frame().await {
        let data = frame.into_data().unwrap_or_default();
        kept.extend_from_slice(&data[..data.len().min(ANSWER_KEPT - kept.len())]);
    }
    String::from_utf8_lossy(&kept).into_owned()
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
