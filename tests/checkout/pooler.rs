//! Behind a real PgBouncer in transaction mode: each transaction may run on another connection of the server.

use std::{
    io::Write as _,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use paymento::{
    Checkout,
    checkout::{EventKind, Worker},
};

use crate::{
    gateway::callback,
    postgres,
    shop::{Heard, On, SOON, Shop, builder, fresh_folder, receive, request},
};

const PAID: [EventKind; 1] = [EventKind::Paid];

/// A pooler in front of the tests' server. It ends with the test.
pub(crate) struct Pooler {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Pooler {
    /// In front of the database of this URL, with fewer connections than there are clients.
    fn start(url: &str) -> Self {
        Self::start_with(url, "default_pool_size = 2\n")
    }

    /// With settings of its own.
    pub(crate) fn start_with(url: &str, own: &str) -> Self {
        let (folder, port) = (fresh_folder(), free_port());
        let server = url.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()).expect("a port");
        let mut settings = std::fs::File::create(folder.join("pgbouncer.ini")).expect("made");
        write!(
            settings,
            "[databases]\n* = host=127.0.0.1 port={server} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             admin_users = postgres\n{own}",
        )
        .expect("written");
        for (path, mode) in [(folder.clone(), 0o755), (folder.join("pgbouncer.ini"), 0o644)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
        }
        let mut command = Command::new(program());
        if std::fs::metadata(&folder).is_ok_and(|folder| std::os::unix::fs::MetadataExt::uid(&folder) == 0) {
            // It refuses to run as root.
            command.args(["-u", "postgres"]);
        }
        let child = command
            .arg(folder.join("pgbouncer.ini"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer");
        let mut pooler = Self { child, port, folder };
        pooler.wait();
        pooler
    }

    fn wait(&mut self) {
        let end = Instant::now() + SOON;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(self.child.try_wait().expect("asked").is_none(), "PgBouncer has ended");
            assert!(Instant::now() < end, "PgBouncer does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn url(&self, direct: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}?sslmode=disable", self.port, postgres::name(direct))
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

fn program() -> PathBuf {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/pgbouncer");
    let output = Command::new(script).stderr(Stdio::inherit()).output().expect("scripts/pgbouncer");
    assert!(output.status.success(), "PgBouncer is missing");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

async fn behind(shop: &Shop) -> Pooler {
    let url = shop.url.clone();
    tokio::task::spawn_blocking(move || Pooler::start(&url)).await.expect("started")
}

pub(crate) fn process(shop: &Shop, pooler: &Pooler, worker: Worker) -> Checkout {
    let builder = builder(&shop.gateway, &pooler.url(&shop.url), &shop.clock).listen_url(&shop.url);
    builder.worker(worker).build().expect("valid")
}

/// How many transactions the pooler has passed on, by its own count.
fn transactions(pooler: &Pooler, database: &str) -> u64 {
    let admin = format!("postgres://postgres@127.0.0.1:{}/pgbouncer?sslmode=disable", pooler.port);
    let line = postgres::psql(&admin, "SHOW STATS");
    let row = line.lines().find(|line| line.starts_with(database)).unwrap_or_default();
    row.split('|').nth(1).and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_life_of_an_order_behind_a_pooler() {
    let shop = Shop::open(On::Postgres).await;
    let pooler = behind(&shop).await;
    // The tables are made through the pooler as well, by two who come at once.
    let (one, two) = (process(&shop, &pooler, Worker::External), process(&shop, &pooler, Worker::External));
    let (heard, of_two) = (Heard::by(&one), Heard::by(&two));
    let (first, second) =
        tokio::join!(one.create_payment(request("A-578", "29.99")), two.create_payment(request("A-578", "29.99")));
    let token = first.expect("created").token().to_owned();
    assert_eq!((second.expect("the same").token(), shop.gateway.created()), (token.as_str(), 1));
    shop.gateway.status(&token, 7);
    assert_eq!(receive(&two, callback(&token, "A-578", 7)).await.status, 200);
    one.run_once(SOON, None).await.expect("ran");
    two.run_once(SOON, None).await.expect("ran");
    assert_eq!((heard.paid(), of_two.paid()), (vec!["A-578".to_owned()], vec![]));
    let what: Vec<_> = one.history("A-578").await.expect("read").into_iter().map(|entry| entry.what).collect();
    assert!(what.contains(&"completed".to_owned()), "{what:?}");
    let name = postgres::name(&shop.url).to_owned();
    let passed = tokio::task::spawn_blocking(move || transactions(&pooler, &name)).await.expect("asked");
    assert!(passed > 10, "the pooler has passed on {passed} transactions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_callbacks_at_once_behind_a_pooler_are_stored_and_handed_over_once() {
    let shop = Shop::open(On::Postgres).await;
    let pooler = behind(&shop).await;
    let processes: Vec<_> = (0..4).map(|_| process(&shop, &pooler, Worker::External)).collect();
    let heard: Vec<_> = processes.iter().map(Heard::by).collect();
    let mut tokens = vec![];
    for number in 0..64 {
        let request = request(&format!("A-{number}"), "1");
        tokens.push(processes[number % 4].create_payment(request).await.expect("created").token().to_owned());
    }
    let receiving: Vec<_> = tokens
        .iter()
        .enumerate()
        .map(|(number, token)| {
            shop.gateway.status(token, 7);
            let (checkout, body) = (processes[number % 4].clone(), callback(token, &format!("A-{number}"), 7));
            tokio::spawn(async move { receive(&checkout, body).await.status })
        })
        .collect();
    for status in receiving {
        assert_eq!(status.await.expect("ran"), 200);
    }
    let working: Vec<_> = processes
        .iter()
        .cloned()
        .map(|process| tokio::spawn(async move { process.run_once(SOON, None).await }))
        .collect();
    for worked in working {
        worked.await.expect("ran").expect("up");
    }
    processes[0].run_once(SOON, None).await.expect("what another had begun to ask about");
    let mut paid: Vec<_> = heard.iter().flat_map(Heard::paid).collect();
    paid.sort_unstable();
    let mut expected: Vec<_> = (0..64).map(|number| format!("A-{number}")).collect();
    expected.sort_unstable();
    assert_eq!(paid, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_are_kept_and_processes_woken_behind_a_pooler() {
    let shop = Shop::open(On::Postgres).await;
    let pooler = behind(&shop).await;
    let (here, there) = (process(&shop, &pooler, Worker::External), process(&shop, &pooler, Worker::Thread));
    let token = here.create_payment(request("A-578", "29.99")).await.expect("created").token().to_owned();
    shop.gateway.status(&token, 7);
    let waiting = tokio::spawn({
        let there = there.clone();
        async move { there.next(&PAID, SOON).await.map(|work| (work, Instant::now())) }
    });
    while here.health().await.expect("up").runners == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let listens = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let direct = shop.url.clone();
    let listening = move || while postgres::psql(&direct, listens) != "1" {};
    tokio::task::spawn_blocking(listening).await.expect("it listens on the direct connection");
    let sent_at = Instant::now();
    receive(&here, callback(&token, "A-578", 7)).await;
    let (work, heard_at) = waiting.await.expect("ran").expect("up");
    let latency = heard_at.duration_since(sent_at);
    println!("callback here, handed over there, by LISTEN beside the pooler: {latency:?}");
    assert!(latency < Duration::from_millis(900), "only by looking every second: {latency:?}");
    let work = work.expect("woken");
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        shop.clock.advance(Duration::from_secs(6));
        assert!(here.claim(&PAID, None).await.expect("up").is_none(), "the lease is not renewed");
    }
    there.complete(work).await.expect("still ours");
}
