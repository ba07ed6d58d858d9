//! One process of the tortured shop, in Rust. It is killed at any moment; what it did is in its diary.

use std::{
    error::Error,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use paymento::{
    Amount, Checkout, Client, PaymentRequest, Price,
    checkout::{EventKind, OrderEvent},
};
use serde_json::{Value, json};
use sqlx::{
    Connection as _, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions,
    sqlite::SqliteJournalMode::Wal as WriteAheadLog,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

type Failure = Box<dyn Error + Send + Sync>;

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// What happened here, a line each. A line that is written outlives the process.
struct Diary(std::fs::File);

impl Diary {
    fn note(&self, what: &str, event: &OrderEvent) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let line = format!("{what} {} {} {} {now}\n", event.kind, event.key, event.order_id);
        (&self.0).write_all(line.as_bytes()).expect("the diary takes a line");
    }
}

/// Dies in the handler, for as many times as the number after the place says.
fn place(name: &str) {
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let wanted = setting("TORTURE_DIE_AT");
    let Some((place, times)) = wanted.split_once(':') else { return };
    if place == name && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == times.parse().unwrap_or(1) {
        std::process::abort();
    }
}

#[derive(Clone)]
struct Shop {
    checkout: Checkout,
    diary: Arc<Diary>,
}

impl Shop {
    fn open() -> Result<Self, Failure> {
        let client = Client::builder(&setting("PAYMENTO_API_KEY"))
            .secret_key(&setting("PAYMENTO_SECRET_KEY"))
            .base_url(setting("PAYMENTO_BASE_URL"))
            .build()?;
        let checkout = Checkout::builder(client)
            .database(&setting("PAYMENTO_DATABASE_URL"))
            .verifies_per_second(1_000)
            .name(setting("TORTURE_NAME"))
            .build()?;
        let file = std::fs::OpenOptions::new().create(true).append(true).open(setting("TORTURE_DIARY"))?;
        let shop = Self { checkout, diary: Arc::new(Diary(file)) };
        shop.handle()?;
        Ok(shop)
    }

    fn handle(&self) -> Result<(), Failure> {
        let diary = Arc::clone(&self.diary);
        self.checkout.on(EventKind::Paid, move |event| {
            let diary = Arc::clone(&diary);
            async move { ship(&diary, event).await.map_err(|error| error.to_string()) }
        })?;
        for kind in [EventKind::PartiallyPaid, EventKind::Closed, EventKind::Attention] {
            let diary = Arc::clone(&self.diary);
            self.checkout.on(kind, move |event| {
                diary.note("told", &event);
                async { Ok::<_, String>(()) }
            })?;
        }
        Ok(())
    }

    async fn answer(&self, mut stream: TcpStream) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        let request = loop {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            if let Some(request) = Request::read(&bytes) {
                break request;
            }
        };
        let (status, body) = self.route(&request).await;
        let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        Ok(stream.write_all(head.as_bytes()).await?)
    }

    async fn route(&self, request: &Request) -> (u16, String) {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let answer = match path {
            "/callback" => {
                let answer = self.checkout.receive(&Method::POST, &request.headers, &request.body).await;
                return (answer.status, answer.body.to_owned());
            }
            "/buy" => self.buy(&request.body).await,
            "/visit" => self.checkout.visit(query).await.map(|_| json!({})),
            _ => self.checkout.health().await.map(
                |health| json!({ "events_due": health.events_due, "verifies_due": health.verifies_due, "dead_letters": health.dead_letters }),
            ),
        };
        match answer {
            Ok(body) => (200, body.to_string()),
            Err(error) => (503, json!({ "code": error.code().as_str() }).to_string()),
        }
    }

    async fn buy(&self, body: &[u8]) -> Result<Value, paymento::Error> {
        let order: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
        let request = PaymentRequest::fiat(Amount::parse(&text("amount"))?, "USD").order_id(text("order"));
        let payment = self.checkout.create_payment(request).await?;
        Ok(json!({ "token": payment.token() }))
    }
}

/// Ships in one transaction of the shop's own database, once.
async fn ship(diary: &Diary, event: OrderEvent) -> Result<(), Failure> {
    diary.note("begun", &event);
    let url = setting("TORTURE_SHOP_DATABASE");
    if url.starts_with("postgres") {
        ship_postgres(&url, &event).await?;
    } else {
        ship_sqlite(&url, &event).await?;
    }
    diary.note("ended", &event);
    place("handler_end");
    Ok(())
}

/// The price that was shipped for.
fn amount(event: &OrderEvent) -> String {
    match &event.price {
        Some(Price::Fiat { amount, .. }) => amount.to_string(),
        _ => String::new(),
    }
}

async fn ship_sqlite(file: &str, event: &OrderEvent) -> Result<(), Failure> {
    let options =
        SqliteConnectOptions::new().filename(file).journal_mode(WriteAheadLog).busy_timeout(Duration::from_secs(10));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if event.once_sqlite(&mut transaction).await? || setting("TORTURE_WITHOUT_ONCE") == "1" {
        sqlx::query("INSERT INTO shipments (order_id, amount, by_whom) VALUES (?, ?, ?)")
            .bind(&event.order_id)
            .bind(amount(event))
            .bind(setting("TORTURE_NAME"))
            .execute(&mut *transaction)
            .await?;
    }
    place("in_handler");
    transaction.commit().await?;
    Ok(connection.close().await?)
}

async fn ship_postgres(url: &str, event: &OrderEvent) -> Result<(), Failure> {
    let mut connection = PgConnection::connect(url).await?;
    let mut transaction = connection.begin().await?;
    if event.once_postgres(&mut transaction).await? || setting("TORTURE_WITHOUT_ONCE") == "1" {
        sqlx::query("INSERT INTO shipments (order_id, amount, by_whom) VALUES ($1, $2, $3)")
            .bind(&event.order_id)
            .bind(amount(event))
            .bind(setting("TORTURE_NAME"))
            .execute(&mut *transaction)
            .await?;
    }
    place("in_handler");
    transaction.commit().await?;
    Ok(connection.close().await?)
}

struct Request {
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    /// `None` until all of it is there.
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let target = head.split(' ').nth(1)?.to_owned();
        let headers: HeaderMap = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?)))
            .collect();
        let length = headers.get("content-length").and_then(|text| text.to_str().ok()?.parse().ok()).unwrap_or(0);
        let body = bytes[end + 4..].to_vec();
        (body.len() >= length).then_some(Self { target, headers, body })
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let shop = Shop::open()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("ready {}", listener.local_addr()?.port());
    let hands = shop.checkout.clone();
    tokio::spawn(async move {
        let ended = hands.run(std::future::pending()).await;
        eprintln!("run has ended: {ended:?}");
        std::process::exit(3);
    });
    loop {
        let (stream, _) = listener.accept().await?;
        let shop = shop.clone();
        tokio::spawn(async move {
            if let Err(error) = shop.answer(stream).await {
                eprintln!("a connection failed: {error}");
            }
        });
    }
}
