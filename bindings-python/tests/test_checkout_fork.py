"""A checkout and forks: SQLite never crosses one, everything else does; gunicorn with nothing configured ships."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import Heard
from test_fork import in_child

import paymento
from paymento import Checkout
from paymento.testing import Simulator

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks on Windows"),
]
PRICE: Any = {"fiat_amount": "29.99", "fiat_currency": "USD"}


def runners() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "paymento-runner"]


def test_a_checkout_that_the_parent_only_made_works_in_each_child(
    client: paymento.Client, database: str, heard: Heard
) -> None:
    checkout = Checkout(client, database)
    checkout.on_paid(heard)
    assert runners() == []

    def serve() -> None:
        assert runners() == []
        payment = checkout.create_payment(order_id=str(os.getpid()), **PRICE)
        assert len(runners()) == 1
        gateway_pays(client, payment)
        checkout.visit(f"token={payment.token}")
        assert heard.take().order_id == str(os.getpid())

    assert [in_child(serve) for _ in range(2)] == [0, 0]
    assert runners() == []


def gateway_pays(client: paymento.Client, payment: paymento.Payment) -> None:
    """Pay over HTTP: a forked child cannot drive its parent's simulator."""
    post(f"{client.base_url.rstrip('/')}/simulator/pay", {"token": payment.token})


def post(url: str, fields: dict[str, str] | None = None) -> bytes:
    request = urllib.request.Request(url, json.dumps(fields or {}).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return bytes(answer.read())


def test_sqlite_that_the_parent_has_open_is_refused_in_a_child(client: paymento.Client, database: str) -> None:
    checkout = Checkout(client, database)
    checkout.create_payment(order_id="A-578", **PRICE)

    def serve(checkout: Checkout) -> None:
        for call in (lambda: checkout.status("A-578"), lambda: checkout.create_payment(order_id="A-578", **PRICE)):
            with pytest.raises(paymento.DatabaseError, match="close") as caught:
                call()
            assert caught.value.code == "database.forked"
        assert checkout.receive("POST", {}, b"{}").status == 401

    assert in_child(lambda: serve(checkout)) == 0
    # Nor does opening it anew help.
    assert in_child(lambda: serve(Checkout(client, database))) == 0
    assert checkout.status("A-578").state == "open"
    checkout.close()


def test_sqlite_that_the_parent_has_closed_works_in_a_child(client: paymento.Client, database: str) -> None:
    checkout = Checkout(client, database)
    checkout.create_payment(order_id="A-578", **PRICE)
    checkout.close()

    def serve() -> None:
        assert checkout.status("A-578").state == "open"
        checkout.create_payment(order_id="A-579", **PRICE)
        assert len(runners()) == 1
        checkout.close()

    assert [in_child(serve), in_child(serve)] == [0, 0]
    assert checkout.status("A-579").state == "open"
    checkout.close()


def test_postgres_is_opened_anew_by_each_process(client: paymento.Client, postgres: str) -> None:
    with Checkout(client, postgres, account="test-fork") as checkout:
        checkout.create_payment(order_id="A-578", **PRICE)

        def serve() -> None:
            assert checkout.status("A-578").state == "open"
            checkout.create_payment(order_id=str(os.getpid()), **PRICE)
            assert len(runners()) == 1

        assert [in_child(serve) for _ in range(3)] == [0, 0, 0]
        assert len(checkout.payments().payments) == 4


def test_forking_while_other_threads_use_it_hangs_nobody(client: paymento.Client, postgres: str) -> None:
    stop = threading.Event()
    with Checkout(client, postgres, account="test-fork-threads") as checkout:
        checkout.create_payment(order_id="A-578", **PRICE)

        def use() -> None:
            while not stop.is_set():
                checkout.status("A-578")
                checkout.receive("POST", {}, b"{}")

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        codes = [in_child(lambda: checkout.status("A-578")) for _ in range(20)]
        stop.set()
        for thread in threads:
            thread.join()
    assert codes == [0] * 20


SHOP = """
import os, sqlite3, paymento
from flask import Flask, request

app = Flask(__name__)
checkout = paymento.Checkout(paymento.Client.from_env())
with sqlite3.connect("shop.db") as db:
    db.execute("CREATE TABLE IF NOT EXISTS shipped (order_id TEXT, process INTEGER)")
    db.execute(paymento.once_table_sql("sqlite"))

@app.post("/buy/<order_id>")
def buy(order_id):
    payment = checkout.create_payment(order_id=order_id, fiat_amount="29.99", fiat_currency="USD")
    return {"token": payment.token, "process": os.getpid()}

@app.post("/callback")
def callback():
    answer = checkout.receive(request.method, request.headers, request.get_data())
    return answer.body, answer.status, answer.headers

@checkout.on_paid
def ship(order):
    db = sqlite3.connect("shop.db", timeout=20)
    with db:
        if order.once(db):
            db.execute("INSERT INTO shipped VALUES (?, ?)", (order.order_id, os.getpid()))
    db.close()
"""


@contextmanager
def gunicorn(folder: Path, gateway: Simulator, *options: str) -> Iterator[tuple[str, int]]:
    """Serve the shop with four workers; gives its address, and the master's process id."""
    (folder / "shop.py").write_text(SHOP)
    keys = {"API_KEY": gateway.api_key, "SECRET_KEY": gateway.secret_key, "BASE_URL": gateway.base_url}
    environment = {**os.environ, **{f"PAYMENTO_{name}": value for name, value in keys.items()}}
    command = [sys.executable, "-m", "gunicorn", "--workers=4", "--bind=127.0.0.1:0", *options, "shop:app"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stderr=log, text=True)
    try:
        yield wait_for_address(folder / "log"), server.pid
    finally:
        server.terminate()
        server.wait(20)


def wait_for_address(log: Path) -> str:
    end = time.monotonic() + 20
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found[0]


def shipped(folder: Path, orders: int) -> list[tuple[str, int]]:
    """What was shipped, once it is so many orders."""
    end = time.monotonic() + 40
    while True:
        shop = sqlite3.connect(folder / "shop.db", timeout=20)
        rows: list[tuple[str, int]] = shop.execute("SELECT order_id, process FROM shipped ORDER BY order_id").fetchall()
        shop.close()
        if len(rows) >= orders or time.monotonic() > end:
            return rows
        time.sleep(0.1)


@pytest.mark.parametrize("options", [[], ["--preload"]], ids=["workers load it", "the master loads it"])
def test_gunicorn_with_four_workers_and_nothing_configured_ships_each_order_once(
    tmp_path: Path, options: list[str]
) -> None:
    with Simulator.start() as gateway, gunicorn(tmp_path, gateway, *options) as (url, master):
        gateway.set_callback_url(f"{url}/callback")
        bought = [json.loads(post(f"{url}/buy/A-{number}")) for number in range(8)]
        for payment in bought:
            gateway.pay(payment["token"])
        rows = shipped(tmp_path, 8)
        # A callback that is sent again ships nothing.
        gateway.wait_for_delivery(gateway.resend(gateway.recent_deliveries()[0].id))
        assert gateway.deliveries(bought[0]["token"])[-1].attempts[-1].answer_status == 200
    assert [order_id for order_id, _ in rows] == [f"A-{number}" for number in range(8)]
    assert shipped(tmp_path, 8) == rows
    assert master not in {process for _, process in rows}
    assert (tmp_path / "paymento.db").stat().st_mode & 0o777 == 0o600
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_an_awaited_checkout_runs_anew_in_each_child(gateway: Simulator, postgres: str) -> None:
    checkout = paymento.AsyncCheckout(gateway.async_client(), postgres, account="test-fork-awaited")
    heard: list[str] = []

    @checkout.on_paid
    async def ship(event: paymento.OrderEvent) -> None:
        heard.append(event.order_id)

    async def shop() -> None:
        order_id = str(os.getpid())
        payment = await checkout.create_payment(order_id=order_id, **PRICE)
        await asyncio.to_thread(post, f"{gateway.base_url.rstrip('/')}/simulator/pay", {"token": payment.token})
        await checkout.visit(f"token={payment.token}")
        end = time.monotonic() + 15
        while "completed" not in [entry.what for entry in await checkout.history(order_id)]:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        await checkout.close()

    asyncio.run(shop())
    assert [in_child(lambda: asyncio.run(shop())) for _ in range(2)] == [0, 0]
    assert heard == [str(os.getpid())]


@pytest.mark.parametrize("ends", ["exit", "return", "raise"])
def test_the_child_of_a_handler_that_forks_does_nothing_of_its_parents(
    gateway: Simulator, client: paymento.Client, database: str, ends: str
) -> None:
    codes: list[int] = []

    def ship(_: paymento.OrderEvent) -> None:
        child = os.fork()
        if child:
            codes.append(os.waitpid(child, 0)[1])
        elif ends == "exit":
            sys.exit(7)
        elif ends == "raise":
            raise ValueError("in the child")

    with Checkout(client, database, worker="external") as checkout:
        checkout.on_paid(ship)
        payment = checkout.create_payment(order_id="A-578", **PRICE)
        gateway.pay(payment.token)
        checkout.visit(f"token={payment.token}")
        assert checkout.run_once() == 1
        whats = [entry.what for entry in checkout.history("A-578")]
    assert (whats.count("completed"), whats.count("failed")) == (1, 0)
    assert [os.waitstatus_to_exitcode(code) for code in codes] == [{"exit": 7, "return": 0, "raise": 1}[ends]]
