"""What the tests share: the gateway on loopback, and servers that behave badly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

import paymento
from paymento.testing import Simulator


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
