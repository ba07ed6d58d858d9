"""`paymento worker shop:checkout`: a process of its own that hands over, and lets its handlers finish."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_command_line import LONGEST, environment

import paymento
from paymento import Checkout
from paymento._worker import stop_on_signals
from paymento.testing import Simulator

PRICE: Any = {"fiat_amount": "29.99", "fiat_currency": "USD"}
SHOP = """
import asyncio, pathlib, time, paymento

def handle(order):
    print("begun", order.order_id, flush=True)
    until = pathlib.Path("finish")
    while not until.exists():
        time.sleep(0.01)
    pathlib.Path("finished").write_text(order.order_id)

async def handle_async(order):
    print("begun", order.order_id, flush=True)
    while not pathlib.Path("finish").exists():
        await asyncio.sleep(0.01)
    pathlib.Path("finished").write_text(order.order_id)

def make(kind, handler):
    checkout = kind.from_env(worker="external")
    checkout.on_paid(handler)
    return checkout

checkout = make(paymento.Checkout, handle)
awaited = make(paymento.AsyncCheckout, handle_async)
bare = paymento.Checkout.from_env()
text = "no checkout"

class app:
    checkout = checkout

def make_checkout():
    return make(paymento.Checkout, handle)

def make_nothing():
    return None

def make_trouble():
    raise RuntimeError("no shop today")
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def variables(gateway: Simulator, database: str) -> dict[str, str]:
    keys = {"API_KEY": gateway.api_key, "SECRET_KEY": gateway.secret_key, "BASE_URL": gateway.base_url}
    return {f"PAYMENTO_{name}": value for name, value in {**keys, "DATABASE_URL": database}.items()}


@pytest.fixture
def start(tmp_path: Path, variables: dict[str, str]) -> Iterator[Start]:
    """Start the worker in a folder with the shop; whatever still runs afterwards is killed."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "broken.py").write_text("import nothing_of_this_name")
    script = str(Path(sys.executable).parent / "paymento")
    running = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            [script, "worker", *arguments],
            cwd=tmp_path,
            stdout=pipe,
            stderr=pipe,
            text=True,
            env=environment(**variables),
        )
        running.append(child)
        return child

    yield start
    for child in running:
        with child:
            child.kill()


def line(child: subprocess.Popen[str], part: str) -> str:
    """Wait for a line of the output."""
    assert child.stdout
    for found in child.stdout:
        if part in found:
            return found
    assert child.stderr
    raise AssertionError(child.stderr.read())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process in other ways")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("where", ["shop:checkout", "shop:awaited", "shop:app.checkout", "shop:make_checkout"])
def test_it_hands_over_and_lets_handlers_finish_when_it_is_told_to_end(
    gateway: Simulator, database: str, start: Start, where: str, ending: int
) -> None:
    child = start(where)
    assert f"{where} hands over paid, in process {child.pid}" in line(child, "hands over")
    folder = Path(database.removeprefix("sqlite:")).parent
    with Checkout(gateway.client(), database, worker="external") as checkout:
        payment = checkout.create_payment(order_id="A-578", **PRICE)
        gateway.pay(payment.token)
        checkout.visit(f"token={payment.token}")
        line(child, "begun A-578")
        child.send_signal(ending)
        line(child, "the handlers that run finish")
        assert child.poll() is None
        (folder / "finish").touch()
        line(child, "every handler has finished")
        assert child.wait(LONGEST) == 0
        assert (folder / "finished").read_text() == "A-578"
        assert "completed" in [entry.what for entry in checkout.history("A-578")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process in other ways")
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_of_either_kind_ends_it_at_once(
    gateway: Simulator, database: str, start: Start, second: int
) -> None:
    child = start("shop:checkout")
    line(child, "hands over")
    with Checkout(gateway.client(), database, worker="external") as checkout:
        payment = checkout.create_payment(order_id="A-578", **PRICE)
        gateway.pay(payment.token)
        checkout.visit(f"token={payment.token}")
    line(child, "begun A-578")
    child.send_signal(signal.SIGTERM)
    line(child, "the handlers that run finish")
    child.send_signal(second)
    assert child.wait(LONGEST) == -second


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "paymento worker shop:checkout"),
        (("shop:checkout", "shop:checkout"), 2, "one thing"),
        (("--fast",), 2, "one thing"),
        (("shop",), 2, "no MODULE:CHECKOUT"),
        (("shop:",), 2, "no MODULE:CHECKOUT"),
        (("nowhere:checkout",), 2, "there is no module 'nowhere'"),
        (("shop.nowhere:checkout",), 2, "there is no module 'shop.nowhere'"),
        (("shop:nothing",), 2, "has no 'nothing'"),
        (("shop:text",), 2, "is no Checkout"),
        (("shop:bare",), 2, "has no handler"),
        (("shop:make_nothing",), 2, "is no Checkout"),
        (("shop:make_trouble",), 1, "RuntimeError: no shop today"),
        (("broken:checkout",), 1, "nothing_of_this_name"),
    ],
)
def test_what_it_cannot_run_is_explained(start: Start, arguments: tuple[str, ...], code: int, message: str) -> None:
    output, errors = start(*arguments).communicate(timeout=LONGEST)
    assert message in errors
    assert output == ""
    assert ("Traceback" in errors) == (code == 1)
    assert [start(*arguments).wait(LONGEST)] == [code]


def test_a_database_that_cannot_be_used_is_an_error_and_no_secret(
    start: Start, variables: dict[str, str], tmp_path: Path
) -> None:
    connection = sqlite3.connect(tmp_path / "paymento.db")
    connection.execute(
        "CREATE TABLE paymento_schema (id INTEGER PRIMARY KEY, version INTEGER, oldest_compatible INTEGER)"
    )
    connection.execute("INSERT INTO paymento_schema VALUES (1, 99, 99)")
    connection.commit()
    connection.close()
    child = start("shop:checkout")
    _, errors = child.communicate(timeout=LONGEST)
    assert (child.returncode, "update the library" in errors, "Traceback" in errors) == (1, True, False)
    variables["PAYMENTO_DATABASE_URL"] = "mysql://shop:a-password@127.0.0.1/shop"
    child = start("shop:checkout")
    _, errors = child.communicate(timeout=LONGEST)
    assert (child.returncode, "a-password" in errors) == (1, False)


def test_help_explains_it(start: Start) -> None:
    output, errors = start("--help").communicate(timeout=LONGEST)
    assert (errors, "MODULE:CHECKOUT" in output) == ("", True)
    general = subprocess.run([sys.executable, "-m", "paymento", "--help"], capture_output=True, text=True, check=True)
    for command in ("simulator", "trigger", "schema", "worker"):
        assert f"paymento {command}" in general.stdout


def test_schema_prints_what_the_checkout_needs() -> None:
    for database in ("sqlite", "postgres"):
        done = subprocess.run(
            [sys.executable, "-m", "paymento", "schema", database], capture_output=True, text=True, check=True
        )
        assert done.stdout == paymento.checkout_schema_sql(database)


class Interrupted:
    """An output whose buffer a signal handler has interrupted in the middle of a write."""

    def __init__(self, file: int) -> None:
        self.file = file

    def fileno(self) -> int:
        return self.file

    def write(self, _: str) -> None:
        raise RuntimeError("reentrant call inside <_io.BufferedWriter name='<stdout>'>")

    flush = write


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process in other ways")
def test_a_signal_in_the_middle_of_a_write_ends_it_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    stop = threading.Event()
    try:
        stop_on_signals(stop)
        monkeypatch.setattr(sys, "stdout", Interrupted(writer))
        signal.raise_signal(signal.SIGTERM)
    finally:
        monkeypatch.undo()
        for number, handler in before.items():
            signal.signal(number, handler)
    os.close(writer)
    with os.fdopen(reader) as output:
        assert "the handlers that run finish" in output.read()
    assert stop.is_set()
