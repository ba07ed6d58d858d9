//! What can be seen: the same fields in `tracing` as anywhere, and lines on standard error where they are asked for.

mod support;

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use paymento::{Callback, Secret};
use support::{API_KEY, SECRET_KEY, Server, child, ok, status};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

const FIELDS: [&str; 7] = ["attempt", "code", "event", "method", "milliseconds", "path", "status"];

type Row = BTreeMap<String, String>;

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Row>>>);

#[derive(Default)]
struct Fields(Row);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "paymento"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().expect("no panic").push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

async fn a_refused_callback_and_a_call() {
    let secret = Secret::new(SECRET_KEY).expect("valid");
    let forged = "0".repeat(64);
    Callback::authenticate(b"the body that must not show", forged.as_str(), secret).expect_err("refused");
    let server = Server::start([status(503), ok(r#"{"version":"1"}"#)]).await;
    server.client().info().await.expect("answered");
}

#[tokio::test]
async fn tracing_gets_the_same_fields_as_every_language_and_nothing_secret() {
    let recorder = Recorder::default();
    let guard = tracing::subscriber::set_default(recorder.clone());
    a_refused_callback_and_a_call().await;
    drop(guard);
    let rows = recorder.0.lock().expect("no panic").clone();
    let names = |row: &Row| row.keys().filter(|name| *name != "message").cloned().collect::<Vec<_>>();
    assert_eq!(names(&rows[0]), ["code", "event"]);
    assert_eq!(names(&rows[1]), FIELDS);
    let codes: Vec<_> = rows.iter().map(|row| row.get("code").map(String::as_str)).collect();
    assert_eq!(codes, [Some("\"signature.mismatch\""), Some("\"api.unavailable\""), None]);
    let text = format!("{rows:?}");
    assert!(!text.contains("must-not-show") && !text.contains("must not show") && !text.contains("0000"), "{text}");
}

#[tokio::test]
async fn the_environment_asks_for_lines_on_standard_error() {
    if child::is_child() {
        return a_refused_callback_and_a_call().await;
    }
    let name = "the_environment_asks_for_lines_on_standard_error";
    let lines = |level: &str| {
        let output = child::run(name, &[("PAYMENTO_LOG", level)]);
        let text = String::from_utf8(output.stderr).expect("text");
        assert!(!text.contains(API_KEY) && !text.contains("must"), "{text}");
        text.lines().filter(|line| line.starts_with("paymento ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let all = lines("debug");
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(all[0], "paymento warning: callback refused: signature.mismatch");
    assert!(all[2].starts_with("paymento debug: GET /v1/info 200 in "), "{all:?}");
    assert_eq!(lines("warning").len(), 2);
    assert_eq!(lines("off").len(), 0);
}
