"""What the tests share: the gateway on loopback, and servers that behave badly."""

from __future__ import annotations

import runpy
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

import paymento
from paymento.testing import Simulator

# A script that runs the tests in the background has Ctrl-C ignored, here and in every child.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def gateway() -> Iterator[Simulator]:
    """Play the gateway. Shared: a test that needs its own starts one."""
    with Simulator.start() as simulator:
        yield simulator


@pytest.fixture
def client(gateway: Simulator) -> Iterator[paymento.Client]:
    with gateway.client() as client:
        yield client


class Server:
    """Accepts connections and does with each what it is told to, which includes nothing."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.arrived = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        try:
            connection.recv(65536)
            self.arrived.set()
            self._serve(connection)
        except OSError:
            return

    def close(self) -> None:
        self._listener.close()
        for connection in self._connections:
            connection.close()


@pytest.fixture
def silent() -> Iterator[Server]:
    """Take a request and never answer it."""
    server = Server(lambda _: None)
    yield server
    server.close()


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], Server]]:
    """Make servers that answer every request with the same bytes."""
    servers: list[Server] = []

    def make(answer: bytes) -> Server:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "

        def serve(connection: socket.socket) -> None:
            connection.sendall(head + str(len(answer)).encode() + b"\r\n\r\n" + answer)
            connection.shutdown(socket.SHUT_WR)

        servers.append(Server(serve))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


class Shop:
    """A small HTTP server that keeps what it is sent."""

    def __init__(self) -> None:
        self.received: Queue[tuple[str, dict[str, str], bytes]] = Queue()
        self.answers: list[int] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                shop.received.put((self.command, dict(self.headers), body))
                self.send_response(shop.answers.pop(0) if shop.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_PUT = do_POST  # noqa: N815 (the name is the server's)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/callback"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, count: int) -> list[tuple[str, dict[str, str], bytes]]:
        """Wait for so many callbacks."""
        return [self.received.get(timeout=5) for _ in range(count)]


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Name a SQLite file for a checkout, of this test's own."""
    return f"sqlite:{tmp_path}/paymento.db"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a private PostgreSQL. Tests that share it take accounts of their own."""
    servers: Any = runpy.run_path(str(Path(__file__).resolve().parents[2] / "tests" / "once" / "servers.py"))
    with servers["postgres"]() as environment:
        yield f"postgres://shop@127.0.0.1:{environment['PAYMENTO_TEST_POSTGRES_PORT']}/empty"


class Heard:
    """What a handler was given, to be waited for."""

    def __init__(self) -> None:
        self.events: Queue[paymento.OrderEvent] = Queue()

    def __call__(self, event: paymento.OrderEvent) -> None:
        self.events.put(event)

    def take(self) -> paymento.OrderEvent:
        """Wait for the next one."""
        return self.events.get(timeout=20)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def checkout(client: paymento.Client, database: str, heard: Heard) -> Iterator[paymento.Checkout]:
    """Make a checkout with a handler for paid orders."""
    with paymento.Checkout(client, database) as checkout:
        checkout.on_paid(heard)
        yield checkout
