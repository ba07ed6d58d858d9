"""One process of the tortured shop, in Python. It is killed at any moment; what it did is in its diary."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import paymento

DATABASE = os.environ["TORTURE_SHOP_DATABASE"]
NAME = os.environ["TORTURE_NAME"]
WITHOUT_ONCE = os.environ.get("TORTURE_WITHOUT_ONCE") == "1"
DIE_AT, _, TIMES = os.environ.get("TORTURE_DIE_AT", "").partition(":")
SHIP = "INSERT INTO shipments (order_id, amount, by_whom) VALUES (?, ?, ?)"

# Appended to: a line that is written outlives the process.
diary = os.open(os.environ["TORTURE_DIARY"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
passed = {"in_handler": 0, "handler_end": 0}

client = paymento.Client(
    os.environ["PAYMENTO_API_KEY"],
    secret_key=os.environ["PAYMENTO_SECRET_KEY"],
    base_url=os.environ["PAYMENTO_BASE_URL"],
)
checkout = paymento.Checkout(client, os.environ["PAYMENTO_DATABASE_URL"], verifies_per_second=1_000, name=NAME)


def note(what: str, order: paymento.OrderEvent) -> None:
    os.write(diary, f"{what} {order.kind} {order.key} {order.order_id} {int(time.time() * 1_000)}\n".encode())


def place(name: str) -> None:
    """Die in the handler, the wanted time it comes here."""
    passed[name] += 1
    if name == DIE_AT and passed[name] == int(TIMES):
        os.kill(os.getpid(), signal.SIGKILL)


@checkout.on_paid
def ship(order: paymento.OrderEvent) -> None:
    note("begun", order)
    amount = order.price.fiat_amount if order.price is not None else None
    values = (order.order_id, str(amount), NAME)
    if DATABASE.startswith("postgres"):
        ship_postgres(order, values)
    else:
        ship_sqlite(order, values)
    note("ended", order)
    place("handler_end")


def ship_sqlite(order: paymento.OrderEvent, values: tuple[str, str, str]) -> None:
    connection = sqlite3.connect(DATABASE, timeout=10, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        if order.once(connection) or WITHOUT_ONCE:
            connection.execute(SHIP, values)
        place("in_handler")
        connection.execute("COMMIT")
    finally:
        connection.close()


def ship_postgres(order: paymento.OrderEvent, values: tuple[str, str, str]) -> None:
    import psycopg

    with psycopg.connect(DATABASE) as connection:
        if order.once(connection) or WITHOUT_ONCE:
            connection.execute(SHIP.replace("?", "%s"), values)
        place("in_handler")


@checkout.on("partially_paid")
@checkout.on("closed")
@checkout.on("attention")
def hear(order: paymento.OrderEvent) -> None:
    note("told", order)


def buy(body: bytes) -> dict[str, Any]:
    order = json.loads(body)
    payment = checkout.create_payment(order_id=order["order"], fiat_amount=order["amount"], fiat_currency="USD")
    return {"token": payment.token}


def health() -> dict[str, Any]:
    found = checkout.health()
    return {name: getattr(found, name) for name in ("events_due", "verifies_due", "dead_letters")}


class Door(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self.path == "/callback":
            answer = checkout.receive(self.command, self.headers, body)
            self.reply(answer.status, answer.body)
        else:
            self.answer(lambda: buy(body))

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/visit":
            self.answer(lambda: checkout.visit(query) and {})
        else:
            self.answer(health)

    def answer(self, call: Any) -> None:
        try:
            self.reply(200, json.dumps(call()))
        except paymento.PaymentoError as error:
            self.reply(503, json.dumps({"code": error.code}))

    def reply(self, status: int, body: str | bytes) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        print(f"a connection failed: {sys.exc_info()[1]!r}", file=sys.stderr)


server = Server(("127.0.0.1", 0), Door)
# What is due is handed over from now on, whether or not somebody buys.
with suppress(paymento.DatabaseError):
    checkout.visit("token=none")
print(f"ready {server.server_port}", flush=True)
server.serve_forever()
