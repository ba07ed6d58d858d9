"""`order.once` of a checkout: once in the shop's own database, and never through a second SQLite in the checkout's."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import Heard
from test_checkout import pay

import paymento
from paymento import Checkout, OrderEvent
from paymento.testing import Simulator, order_event


@pytest.fixture
def shop(tmp_path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute(paymento.once_table_sql("sqlite"))
    connection.commit()
    return connection


@pytest.fixture
def paid(gateway: Simulator, checkout: Checkout, heard: Heard) -> OrderEvent:
    """What a handler was given."""
    pay(gateway, checkout)
    return heard.take()


def test_an_event_is_new_once(shop: sqlite3.Connection, paid: OrderEvent) -> None:
    with shop:
        assert paid.once(shop)
    with shop:
        assert not paid.once(shop.cursor())
        assert order_event(order_id="B-1").once(shop)
    assert not order_event(order_id="A-578").once(shop)
    shop.close()


def test_an_asynchronous_connection_is_awaited(tmp_path: Path, shop: sqlite3.Connection, paid: OrderEvent) -> None:
    import aiosqlite

    async def ship() -> list[bool]:
        async with aiosqlite.connect(tmp_path / "shop.db") as connection:
            with pytest.raises(paymento.InputError):
                bool(paid.once(connection))
            return [await paid.once(connection), await paid.once(connection)]

    assert asyncio.run(ship()) == [True, False]
    shop.close()


class Watchful(sqlite3.Connection):
    """Tells `autocommit` only on its own thread, as every connection does from Python 3.12 on."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.thread = threading.get_ident()

    @property
    def autocommit(self) -> int:
        if threading.get_ident() != self.thread:
            raise sqlite3.ProgrammingError("SQLite objects created in a thread can only be used in that same thread")
        return -1


@pytest.mark.parametrize("through", ["aiosqlite", "SQLAlchemy"])
def test_an_asynchronous_connection_is_asked_on_its_own_thread(
    tmp_path: Path, shop: sqlite3.Connection, paid: OrderEvent, through: str
) -> None:
    import aiosqlite
    from sqlalchemy.ext.asyncio import create_async_engine

    async def ship() -> list[bool]:
        if through == "aiosqlite":
            async with aiosqlite.connect(tmp_path / "shop.db", factory=Watchful) as connection:
                return [await paid.once(connection), await paid.once(connection)]
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/shop.db", connect_args={"factory": Watchful})
        async with engine.begin() as begun:
            answers = [await paid.once(begun), await paid.once(begun)]
        await engine.dispose()
        return answers

    assert asyncio.run(ship()) == [True, False]
    shop.close()


@pytest.mark.parametrize("by", ["its name", "a link", "the attached name"])
def test_the_checkouts_own_file_is_refused(tmp_path: Path, shop: sqlite3.Connection, paid: OrderEvent, by: str) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "paymento.db")
    if by == "the attached name":
        shop.execute("ATTACH DATABASE ? AS ours", (str(tmp_path / "paymento.db"),))
        connection = shop
    else:
        connection = sqlite3.connect(tmp_path / ("link.db" if by == "a link" else "paymento.db"))
    with pytest.raises(paymento.DatabaseError) as caught:
        paid.once(connection)
    assert caught.value.code == "database.shared_sqlite_file"
    connection.close()
    shop.close()


def test_what_is_no_connection_is_refused(paid: OrderEvent) -> None:
    with pytest.raises(paymento.InputError):
        paid.once("paymento.db")


TWO_SQLITES = """
import sqlite3, sys
import paymento
client = paymento.Client(sys.argv[4], base_url=sys.argv[1])
checkout = paymento.Checkout(client, "sqlite:" + sys.argv[2], worker="external")
def buy(order_id):
    checkout.create_payment(order_id=order_id, fiat_amount="1", fiat_currency="USD")
    print(order_id, flush=True)
buy("A-1")
if sys.argv[3] == "two":
    other = sqlite3.connect(sys.argv[2])   # an admin page, a report: the interpreter's own SQLite
    other.execute("SELECT count(*) FROM paymento_orders").fetchall()
    other.close()
print("looked", flush=True)
sys.stdin.readline()
buy("A-2")
sys.stdin.readline()
"""


def orders(file: Path) -> list[Any]:
    connection = sqlite3.connect(file)
    found = connection.execute("SELECT order_id FROM paymento_orders ORDER BY order_id").fetchall()
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    return [order_id for (order_id,) in found]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep their locks in other ways")
@pytest.mark.parametrize("sqlites", ["one", "two"])
def test_two_sqlites_in_one_process_lose_what_is_committed(gateway: Simulator, tmp_path: Path, sqlites: str) -> None:
    """Why `once` refuses the checkout's own file. With one SQLite in the process, nothing is lost."""
    file = tmp_path / "paymento.db"
    command = [sys.executable, "-c", TWO_SQLITES, gateway.base_url, str(file), sqlites, gateway.api_key]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin
        assert child.stdout
        assert [child.stdout.readline(), child.stdout.readline()] == ["A-1\n", "looked\n"]
        # Another process reads, and is the last to leave as far as it can see: it deletes the write-ahead log.
        subprocess.run(
            [
                sys.executable,
                "-c",
                f"import sqlite3; c = sqlite3.connect({str(file)!r}); "
                "c.execute('SELECT count(*) FROM paymento_orders').fetchall(); c.close()",
            ],
            check=True,
        )
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "A-2\n"
        os.kill(child.pid, signal.SIGKILL)
    assert orders(file) == (["A-1", "A-2"] if sqlites == "one" else ["A-1"])
