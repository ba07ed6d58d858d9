//! A network that swallows everything: no connection is refused, none is closed, and nothing is ever answered.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use paymento::{Checkout, ErrorCode, checkout::Worker};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

use crate::{
    gateway::callback,
    postgres,
    shop::{Heard, On, Shop, builder, receive, request},
};

/// In front of a database: lets everything through, until it swallows everything. What it has swallowed from stays dead.
struct Hole {
    address: SocketAddr,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Passes,
    Swallows,
    /// From the moment on at which a client says this.
    SwallowsFrom(&'static str),
}

impl Hole {
    async fn before(url: &str) -> Self {
        let port = url.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()).expect("a port");
        let server: SocketAddr = format!("127.0.0.1:{port}").parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = watch::Sender::new(State::Passes);
        let of_all = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, of_all.clone()));
            }
        });
        Self { address, state }
    }

    fn url(&self, direct: &str) -> String {
        format!("postgres://postgres@{}/{}?sslmode=disable", self.address, postgres::name(direct))
    }

    async fn swallows(&self) -> bool {
        let mut state = self.state.subscribe();
        let swallowing = state.wait_for(|state| *state == State::Swallows);
        tokio::time::timeout(Duration::from_secs(20), swallowing).await.is_ok()
    }

    fn is_now(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn pass(client: TcpStream, server: SocketAddr, state: watch::Sender<State>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let held = Arc::new(tokio::sync::Mutex::new(vec![]));
    tokio::join!(
        one_way(from_client, to_server, state.clone(), Arc::clone(&held)),
        one_way(from_server, to_client, state, held)
    );
}

async fn one_way(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: watch::Sender<State>,
    held: Arc<tokio::sync::Mutex<Vec<(OwnedReadHalf, OwnedWriteHalf)>>>,
) {
    let (mut bytes, mut now, mut statements) = (vec![0; 16 * 1024], state.subscribe(), Statements::default());
    loop {
        let read = tokio::select! {
            _ = now.wait_for(|state| *state == State::Swallows) => break,
            read = from.read(&mut bytes) => read,
        };
        let said = String::from_utf8_lossy(&bytes[..read.as_ref().map_or(0, |length| *length)]);
        statements.learn(&said);
        let until = *state.borrow();
        if let State::SwallowsFrom(text) = until
            && statements.are(text, &said)
        {
            state.send_replace(State::Swallows);
            break;
        }
        match read {
            Ok(length) if length > 0 && to.write_all(&bytes[..length]).await.is_ok() => {}
            _ => return,
        }
    }
    // Neither end is told, for as long as the test runs.
    held.lock().await.push((from, to));
    std::future::pending::<()>().await;
}

/// What a client has prepared on its connection: it says the name only, the next time.
#[derive(Default)]
struct Statements(Vec<(String, String)>);

impl Statements {
    fn learn(&mut self, said: &str) {
        let prepared = said.split("PREPARE ").skip(1).filter_map(|rest| rest.split_once(' '));
        self.0.extend(prepared.map(|(name, statement)| (name.to_owned(), statement.to_owned())));
    }

    fn are(&self, text: &str, said: &str) -> bool {
        let is_run = |(name, statement): &(String, String)| statement.contains(text) && said.contains(name.as_str());
        said.contains(text) || self.0.iter().any(is_run)
    }
}

async fn shop(worker: Worker) -> (Shop, Hole, Checkout) {
    let shop = Shop::open(On::Postgres).await;
    let hole = Hole::before(&shop.url).await;
    let url = hole.url(&shop.url);
    let behind = builder(&shop.gateway, &url, &shop.clock).listen_url(&url).worker(worker).build().expect("valid");
    (shop, hole, behind)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything_costs_a_callback_four_seconds_and_a_create_twenty_five() {
    let (shop, hole, checkout) = shop(Worker::External).await;
    let token = checkout.create_payment(request("A-578", "29.99")).await.expect("created").token().to_owned();
    hole.is_now(State::Swallows);
    let creating = tokio::spawn({
        let checkout = checkout.clone();
        async move {
            let begun = Instant::now();
            let error = checkout.create_payment(request("B-1", "1")).await.expect_err("the database is away");
            (error.code(), begun.elapsed())
        }
    });
    for _ in 0..3 {
        let begun = Instant::now();
        let answer = receive(&checkout, callback(&token, "A-578", 7)).await;
        assert_eq!((answer.status, answer.code), (503, Some(ErrorCode::DatabaseUnavailable)));
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    }
    let (code, took) = creating.await.expect("ran");
    assert_eq!(code, ErrorCode::DatabaseUnavailable);
    assert!(took < Duration::from_secs(25), "{took:?}");
    let begun = Instant::now();
    let error = checkout.status("A-578").await.expect_err("the database is away");
    assert_eq!((error.code(), error.is_retryable()), (ErrorCode::DatabaseUnavailable, true));
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    drop(shop);
}

/// Three connections, one after the other, each given up after the 11 seconds that a statement has; and a new one.
const WORST: Duration = Duration::from_secs(40);

/// In the middle of any transaction; `None`: between two.
const PLACES: [Option<&str>; 5] = [
    None,
    Some("INSERT INTO paymento_callbacks"),
    Some("COMMIT"),
    Some("UPDATE paymento_payments SET verify_fence"),
    Some("SELECT e.id"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_the_network_is_back_everything_resumes_although_the_old_connections_stay_dead() {
    let resuming: Vec<_> = PLACES.into_iter().map(|place| tokio::spawn(resumes(place))).collect();
    for resumed in resuming {
        resumed.await.expect("resumed");
    }
}

async fn resumes(place: Option<&'static str>) {
    let (shop, hole, checkout) = shop(Worker::Thread).await;
    let heard = Heard::by(&checkout);
    let token = checkout.create_payment(request("A-578", "29.99")).await.expect("created").token().to_owned();
    let running = tokio::spawn({
        let checkout = checkout.clone();
        async move { checkout.run(std::future::pending()).await }
    });
    hole.is_now(place.map_or(State::Swallows, State::SwallowsFrom));
    // In every place at once: the writer, the readers, the runner, the listener.
    let (one, two, three) = tokio::join!(
        receive(&checkout, callback(&token, "A-578", 7)),
        receive(&checkout, callback(&token, "A-578", 3)),
        checkout.status("A-578"),
    );
    let swallows = hole.swallows().await;
    assert!(swallows, "nobody has said {place:?}");
    assert!(place.is_some() || (one.status, two.status, three.is_err()) == (503, 503, true));
    hole.is_now(State::Passes);
    shop.gateway.status(&token, 7);
    let back = Instant::now();
    // As the gateway does: again and again.
    while receive(&checkout, callback(&token, "A-578", 7)).await.status != 200 {
        assert!(back.elapsed() < WORST, "{place:?}: still not recorded after {:?}", back.elapsed());
    }
    println!("{place:?}: recorded {:?} after the network was back", back.elapsed());
    while heard.paid().is_empty() {
        assert!(back.elapsed() < 2 * WORST, "{place:?}: still not handed over after {:?}", back.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("{place:?}: handed over {:?} after the network was back", back.elapsed());
    running.abort();
}
