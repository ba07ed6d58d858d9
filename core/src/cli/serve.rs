//! `paymento simulator`: starts one, says how a shop reaches it, and prints what happens.

use std::{
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;

use super::{
    DONE,
    arguments::{SimulatorArguments, StoreArguments},
    printable,
    usage::Usage,
};
use crate::{
    error::Error,
    simulator::{Event, Simulator, Store, StoreOptions},
};

/// How often it looks whether the process that started it is still there.
const PARENT_CHECK: Duration = Duration::from_millis(500);

pub(super) fn run(asked: SimulatorArguments, output: &mut dyn Write, errors: &mut dyn Write) -> Result<u8, Usage> {
    let (json, quiet) = (asked.json, asked.quiet);
    let parent = asked.stop_with_parent.then(parent_process);
    if let Some(address) = asked.address.filter(|address| !address.is_loopback()) {
        let _ = writeln!(
            errors,
            "warning: listening on {address}: whoever reaches this port can pay, read the keys and send callbacks"
        );
    }
    let simulator = start(asked)?;
    let told = if json { introduce_as_json(&simulator, output) } else { introduce(&simulator, output) };
    // When the output is closed, whoever wanted the simulator has gone.
    let _ = told.and_then(|()| follow(&simulator, output, Follow { json, quiet, parent }));
    simulator.stop();
    Ok(DONE)
}

fn start(asked: SimulatorArguments) -> Result<Simulator, Error> {
    let mut builder = Simulator::builder()
        .port(asked.port)
        .strict(asked.strict)
        .profile(asked.profile)
        .confirmation_time(asked.confirmation_time)
        .stores(asked.stores.into_iter().map(store_options));
    if let Some(seed) = asked.seed {
        builder = builder.seed(seed);
    }
    if let Some(window) = asked.payment_window {
        builder = builder.payment_window(window);
    }
    if let Some(address) = asked.address {
        builder = builder.address(address);
    }
    builder.start()
}

fn store_options(asked: StoreArguments) -> StoreOptions {
    let mut store = StoreOptions::new(asked.name.unwrap_or_else(|| "Simulated store".to_owned()));
    if let Some((api_key, secret_key)) = asked.keys {
        store = store.api_key(api_key).secret_key(secret_key);
    }
    if let Some(url) = asked.callback_url {
        store = store.callback_url(url);
    }
    store.callback_method(asked.callback_method)
}

fn introduce(simulator: &Simulator, output: &mut dyn Write) -> io::Result<()> {
    let base_url = simulator.base_url();
    writeln!(output, "The simulated gateway runs; no real money moves. Ctrl-C ends it.\n")?;
    writeln!(output, "  dashboard   {base_url}/")?;
    for store in simulator.stores() {
        writeln!(output, "\n  store       {}", printable(store.name()))?;
        match store.callback_url() {
            Some(url) => writeln!(output, "  callbacks   {}", printable(url))?,
            None => {
                writeln!(output, "  callbacks   nowhere yet: --ipn-url, the dashboard or the shop sets the address")?;
            }
        }
        writeln!(output, "\n  export PAYMENTO_API_KEY='{}'", store.api_key())?;
        writeln!(output, "  export PAYMENTO_SECRET_KEY='{}'", store.secret_key())?;
        writeln!(output, "  export PAYMENTO_BASE_URL='{base_url}'")?;
        writeln!(output, "  export PAYMENTO_GATEWAY_URL='{}'", simulator.gateway_url())?;
    }
    writeln!(output)?;
    output.flush()
}

#[derive(Serialize)]
struct Introduction {
    base_url: String,
    gateway_url: String,
    dashboard_url: String,
    stores: Vec<StoreIntroduction>,
}

#[derive(Serialize)]
struct StoreIntroduction {
    name: String,
    api_key: String,
    secret_key: String,
    callback_url: Option<String>,
}

impl From<Store> for StoreIntroduction {
    fn from(store: Store) -> Self {
        Self {
            name: store.name().to_owned(),
            api_key: store.api_key().to_owned(),
            secret_key: store.secret_key().to_owned(),
            callback_url: store.callback_url().map(str::to_owned),
        }
    }
}

fn introduce_as_json(simulator: &Simulator, output: &mut dyn Write) -> io::Result<()> {
    let introduction = Introduction {
        base_url: simulator.base_url(),
        gateway_url: simulator.gateway_url(),
        dashboard_url: format!("{}/", simulator.base_url()),
        stores: simulator.stores().into_iter().map(Into::into).collect(),
    };
    write_json(output, &introduction)
}

fn write_json(output: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, value)?;
    output.write_all(b"\n")?;
    output.flush()
}

#[derive(Clone, Copy)]
struct Follow {
    json: bool,
    quiet: bool,
    parent: Option<u32>,
}

/// Prints what happens until the parent is gone, the output is closed or the simulator is stopped.
fn follow(simulator: &Simulator, output: &mut dyn Write, how: Follow) -> io::Result<()> {
    let mut last = 0;
    while !simulator.is_stopped() && how.parent.is_none_or(|parent| parent == parent_process()) {
        for event in simulator.events_after(last, PARENT_CHECK) {
            last = event.sequence;
            match how {
                Follow { quiet: true, .. } => {}
                Follow { json: true, .. } => write_json(output, &EventLine::from(&event))?,
                Follow { .. } => write_line(output, &event)?,
            }
        }
    }
    Ok(())
}

fn write_line(output: &mut dyn Write, event: &Event) -> io::Result<()> {
    let seconds = event.at.as_secs_f64();
    let token: String = event.token.chars().take(8).collect();
    let status = event.status.map_or_else(String::new, |status| status.to_string());
    writeln!(
        output,
        "{seconds:>9.3}  {kind:<18}  {token:<8}  {order:<16}  {status:<16}  {detail}",
        kind = event.kind.as_str(),
        order = printable(&event.order_id),
        detail = printable(&event.detail),
    )?;
    output.flush()
}

#[derive(Serialize)]
struct EventLine<'a> {
    sequence: u64,
    at: f64,
    kind: &'static str,
    token: &'a str,
    order_id: &'a str,
    status: Option<i64>,
    detail: &'a str,
}

impl<'a> From<&'a Event> for EventLine<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            sequence: event.sequence,
            at: event.at.as_secs_f64(),
            kind: event.kind.as_str(),
            token: &event.token,
            order_id: &event.order_id,
            status: event.status.map(crate::status::OrderStatus::code),
            detail: &event.detail,
        }
    }
}

/// The process that started this one, or whoever has adopted it since. Elsewhere than on Unix nobody adopts.
fn parent_process() -> u32 {
    #[cfg(unix)]
    return std::os::unix::process::parent_id();
    #[cfg(not(unix))]
    return 0;
}
