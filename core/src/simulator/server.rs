//! [`Server`]: the thread that a simulator runs on.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdListener},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
};

use axum::{Router, middleware, serve::ListenerExt};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Handle},
    sync::Notify,
};

use super::{
    api, control,
    dashboard::{self, FormToken},
    gateway, guard, openapi, send,
    shared::{Outbox, Shared},
};
use crate::error::{Error, ErrorCode};

pub(super) struct Server {
    address: SocketAddr,
    handle: Handle,
    stop: Arc<Notify>,
    thread: Mutex<Option<JoinHandle<()>>>,
    process: u32,
}

impl Server {
    pub(super) fn start(address: SocketAddr, shared: Arc<Shared>, outbox: Outbox) -> Result<Self, Error> {
        let (listener, form_token) = (listen(address)?, FormToken::new()?);
        let address = listener.local_addr().map_err(cannot_start)?;
        let stop = Arc::new(Notify::new());
        let (ready, started) = mpsc::channel();
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("paymento-simulator".to_owned())
            .spawn(move || match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    let _ = ready.send(Ok(runtime.handle().clone()));
                    runtime.block_on(run(listener, shared, outbox, form_token, &stopped));
                    // Does not wait for a name lookup that hangs.
                    runtime.shutdown_background();
                }
                Err(error) => drop(ready.send(Err(error))),
            })
            .map_err(cannot_start)?;
        let handle = started.recv().map_err(cannot_start)?.map_err(cannot_start)?;
        Ok(Self { address, handle, stop, thread: Mutex::new(Some(thread)), process: std::process::id() })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Under which address this machine reaches it: one that listens everywhere listens on loopback too.
    pub(super) fn reached_at(&self) -> SocketAddr {
        match self.address {
            SocketAddr::V4(address) if address.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
            SocketAddr::V6(address) if address.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
            address => address,
        }
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// False in a forked child, which has this value but not the thread: it must neither wait for it nor for its locks.
    pub(super) fn belongs_to_this_process(&self) -> bool {
        self.process == std::process::id()
    }

    /// Ends the thread and waits for it; the port is free afterwards, also for a second caller.
    pub(super) fn stop(&self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            self.stop.notify_one();
            // A panic on that thread has been printed by its hook; there is nothing to add.
            let _ = thread.join();
        }
    }
}

fn listen(address: SocketAddr) -> Result<StdListener, Error> {
    let listener = StdListener::bind(address).map_err(|error| {
        let (ip, port) = (address.ip(), address.port());
        Error::new(ErrorCode::ConfigPort, format!("the simulator cannot listen on {ip} port {port}: {error}"))
            .with_hint("choose another port, or 0 for any free one")
    })?;
    listener.set_nonblocking(true).map_err(cannot_start)?;
    Ok(listener)
}

fn cannot_start(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::ConfigPort, format!("the simulator cannot start: {error}"))
}

/// Serves and sends until told to stop. Whatever is under way then is dropped with the runtime.
async fn run(listener: StdListener, shared: Arc<Shared>, outbox: Outbox, form_token: FormToken, stop: &Notify) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let app = Router::new()
        .merge(api::routes(&shared))
        .merge(gateway::routes())
        .merge(dashboard::routes(form_token))
        .merge(control::routes())
        .merge(openapi::routes())
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard::check_host))
        .with_state(Arc::clone(&shared));
    tokio::select! {
        () = stop.notified() => {}
        _ = async { axum::serve(listener, app).await } => {}
        () = send::run(Arc::clone(&shared), outbox) => {}
        () = send::keep_time(shared) => {}
    }
}
