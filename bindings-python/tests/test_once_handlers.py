"""An event is not done where the transaction of its `once` is not, or where two handlers share one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from pathlib import Path
from typing import Any

import pytest
from test_checkout import pay, until

import paymento
from paymento import AsyncCheckout, Checkout, OrderEvent, _once_hold
from paymento._claims import Claims
from paymento._once import once
from paymento.testing import Simulator

Ending = Callable[[sqlite3.Connection], object]


def commit_and_close(connection: sqlite3.Connection) -> None:
    connection.commit()
    connection.close()


ENDINGS: dict[str, tuple[Ending, str]] = {
    "committed": (lambda connection: connection.commit(), ""),
    "left open": (lambda _: None, "still open"),
    "rolled back": (lambda connection: connection.rollback(), "rolled back"),
    "closed after its commit": (commit_and_close, ""),
}


def connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False)
    connection.row_factory = lambda *_: None  # the shop's own concern
    return connection


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "shop.db")
    connection.execute(paymento.once_table_sql("sqlite"))
    connection.commit()
    yield connection
    connection.close()


@pytest.fixture
def external(client: paymento.Client, database: str) -> Iterator[Checkout]:
    with Checkout(client, database, worker="external") as checkout:
        yield checkout


def failures(checkout: Checkout, order_id: str = "A-578") -> list[str]:
    return [entry.detail for entry in checkout.history(order_id) if entry.what == "failed"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_event_is_done_when_the_transaction_of_its_once_is(
    gateway: Simulator, external: Checkout, shop: sqlite3.Connection, ending: str
) -> None:
    end, message = ENDINGS[ending]
    external.on_paid(lambda order: (order.once(shop), end(shop)))
    pay(gateway, external)
    assert external.run_once() == 1
    told = failures(external)
    assert len(told) == bool(message)
    assert all(message in text and "hint" in text for text in told)


def test_the_order_comes_again_and_ships_once(gateway: Simulator, external: Checkout, shop: sqlite3.Connection) -> None:
    said: list[bool] = []

    @external.on_paid
    def ship(order: OrderEvent) -> None:
        said.append(bool(order.once(shop)))
        if len(said) > 1:
            shop.commit()
        else:
            shop.rollback()

    pay(gateway, external)
    until(lambda: external.run_once() and len(said) == 2)
    assert said == [True, True]
    assert "completed" in [entry.what for entry in external.history("A-578")]


def test_a_connection_that_another_handler_has_used_since_says_nothing(shop: sqlite3.Connection) -> None:
    first, second = Claims(), Claims()
    assert once(shop, "A-578", claims=first)
    shop.commit()
    assert once(shop, "A-579", claims=second)
    first.verify()
    with pytest.raises(paymento.ConfigError, match="still open"):
        second.verify()


def test_asking_changes_no_transaction(shop: sqlite3.Connection) -> None:
    claims = Claims()
    assert once(shop, "A-578", claims=claims)
    shop.commit()
    claims.verify()
    assert not shop.in_transaction


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_handler_waits_for_another_one_in_whose_transaction_it_would_be(
    shop: sqlite3.Connection, ending: str
) -> None:
    first, second = Claims(), Claims()
    assert once(shop, "A-578", claims=first)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(once, shop, "A-578", claims=second)
        with pytest.raises(StillWaiting):
            answer.result(0.2)
        getattr(shop, ending)()
        first.end()
        assert answer.result(20) is (ending == "rollback")
    second.end()


def test_a_handler_that_waits_too_long_for_another_one_is_refused(
    shop: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_once_hold, "PATIENCE", 0.1)
    first = Claims()
    assert once(shop, "A-578", claims=first)
    with pytest.raises(paymento.ConfigError, match="connection for each handler") as caught:
        once(shop, "A-579", claims=Claims())
    assert caught.value.code == "config.once_no_transaction"
    first.end()
    assert once(shop, "A-579", claims=Claims())


def test_nobody_waits_for_a_transaction_that_has_ended(shop: sqlite3.Connection) -> None:
    """As with a connection of a pool, whose last user does something else now."""
    first = Claims()
    for key, is_new in [("A-578", True), ("A-578", False), ("A-579", True)]:
        assert once(shop, key, claims=first if key == "A-578" else Claims()) is is_new
        shop.commit()


async def aiosqlite_connection(folder: Path) -> Any:
    import aiosqlite

    connection = await aiosqlite.connect(folder / "shop.db")
    await connection.execute(paymento.once_table_sql("sqlite"))
    await connection.commit()
    return connection


@pytest.mark.parametrize("ending", ["commit", "rollback", ""])
def test_an_awaited_event_is_done_when_the_transaction_of_its_once_is(
    gateway: Simulator, database: str, tmp_path: Path, ending: str
) -> None:
    async def main() -> list[str]:
        connection = await aiosqlite_connection(tmp_path)
        async with AsyncCheckout(gateway.async_client(), database, worker="external") as checkout:

            @checkout.on_paid
            async def ship(order: OrderEvent) -> None:
                assert await order.once(connection)
                if ending:
                    await getattr(connection, ending)()

            payment = await checkout.create_payment(order_id="A-578", fiat_amount="29.99", fiat_currency="USD")
            gateway.pay(payment.token)
            await checkout.visit(f"token={payment.token}")
            assert await checkout.run_once() == 1
            await connection.close()
            return [entry.detail for entry in await checkout.history("A-578") if entry.what == "failed"]

    told = asyncio.run(main())
    message = {"commit": "", "rollback": "rolled back", "": "still open"}[ending]
    assert len(told) == bool(message)
    assert all(message in text for text in told)


@pytest.mark.parametrize("forgotten", ["await", "the task"])
def test_an_event_whose_once_nobody_has_awaited_has_failed(
    gateway: Simulator, database: str, tmp_path: Path, forgotten: str
) -> None:
    async def main() -> list[str]:
        connection = await aiosqlite_connection(tmp_path)
        async with AsyncCheckout(gateway.async_client(), database, worker="external") as checkout:
            tasks = []

            @checkout.on_paid
            async def ship(order: OrderEvent) -> None:
                answer: Any = order.once(connection)
                if forgotten == "the task":
                    tasks.append(asyncio.ensure_future(answer))

            payment = await checkout.create_payment(order_id="A-578", fiat_amount="29.99", fiat_currency="USD")
            gateway.pay(payment.token)
            await checkout.visit(f"token={payment.token}")
            assert await checkout.run_once() == 1
            await asyncio.gather(*tasks, return_exceptions=True)
            await connection.close()
            return [entry.detail for entry in await checkout.history("A-578") if entry.what == "failed"]

    [told] = asyncio.run(main())
    assert "await" in told


def test_an_awaiting_handler_waits_for_another_one_in_whose_transaction_it_would_be(tmp_path: Path) -> None:
    async def main() -> None:
        connection = await aiosqlite_connection(tmp_path)
        first, second = Claims(), Claims()
        assert await once(connection, "A-578", claims=first)  # type: ignore[misc]
        answer = asyncio.ensure_future(once(connection, "A-578", claims=second))  # type: ignore[arg-type]
        await asyncio.wait({answer}, timeout=0.2)
        assert not answer.done()
        await connection.rollback()
        first.end()
        assert await asyncio.wait_for(answer, 20)
        second.end()
        await connection.close()

    asyncio.run(main())


def test_a_forked_child_waits_for_no_handler_of_its_parent(shop: sqlite3.Connection) -> None:
    assert once(shop, "A-578", claims=Claims())
    _once_hold._forget()
    assert once(shop, "A-579", claims=Claims())


def test_no_connection_is_kept_when_its_handler_has_ended(shop: sqlite3.Connection) -> None:
    claims = Claims()
    assert once(shop, "A-578", claims=claims)
    claims.end()
    shop.commit()
    assert once(shop, "A-579", claims=claims)  # by a thread that the handler has left behind
    assert id(shop) not in _once_hold._holds
