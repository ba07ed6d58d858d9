"""The durable checkout for asyncio: the same, awaited; a runner that is a task and keeps no loop alive."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import paymento
from paymento import AsyncCheckout, OrderEvent
from paymento.testing import Simulator, signed_callback

PRICE: Any = {"fiat_amount": "29.99", "fiat_currency": "USD"}
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")


async def pay(gateway: Simulator, checkout: AsyncCheckout, order_id: str = "A-578") -> paymento.Payment:
    payment = await checkout.create_payment(order_id=order_id, **PRICE)
    gateway.pay(payment.token)
    await checkout.visit(f"token={payment.token}")
    return payment


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    end = time.monotonic() + 20
    while not await condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def has_happened(checkout: AsyncCheckout, what: str, order_id: str = "A-578") -> bool:
    return what in [entry.what for entry in await checkout.history(order_id)]


async def happened(checkout: AsyncCheckout, what: str, order_id: str = "A-578") -> None:
    await until(lambda: has_happened(checkout, what, order_id))


@pytest.mark.parametrize("how", ["coroutine function", "function", "function that gives a coroutine"])
def test_a_paid_order_ships_by_itself(gateway: Simulator, database: str, how: str) -> None:
    threads: list[threading.Thread] = []

    async def ship(_: OrderEvent) -> None:
        await asyncio.sleep(0)
        threads.append(threading.current_thread())

    def ship_blocking(event: OrderEvent) -> Any:
        threads.append(threading.current_thread())
        return ship(event) if how == "function that gives a coroutine" else None

    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database) as checkout:
            checkout.on_paid(ship if how == "coroutine function" else ship_blocking)
            payment = await pay(gateway, checkout)
            await happened(checkout, "completed")
            record = await checkout.status("A-578")
            assert (record.state, record.token) == ("paid", payment.token)
            assert (await checkout.health()).ok

    asyncio.run(shop())
    here = threading.current_thread()
    assert [thread is here for thread in threads] == {
        "coroutine function": [True],
        "function": [False],
        "function that gives a coroutine": [False, True],
    }[how]


def test_the_runner_outlives_the_loop_it_began_on(gateway: Simulator, database: str) -> None:
    """A script that calls `asyncio.run` again and again, with one checkout that it never closes."""
    checkout = AsyncCheckout(gateway.async_client(), database)

    @checkout.on_paid
    async def ship(_: OrderEvent) -> None:
        await asyncio.sleep(0)

    async def shop(order_id: str) -> None:
        await pay(gateway, checkout, order_id)
        await happened(checkout, "completed", order_id)

    for number in range(3):
        asyncio.run(shop(f"A-{number}"))
    asyncio.run(checkout.close())


def test_a_loop_that_is_only_closed_leaves_nothing_behind(gateway: Simulator, database: str) -> None:
    checkout = AsyncCheckout(gateway.async_client(), database)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(checkout.create_payment(order_id="A-578", **PRICE))
    loop.close()

    async def again() -> None:
        await checkout.create_payment(order_id="A-579", **PRICE)
        await checkout.close()

    asyncio.run(again())


def test_a_handler_that_is_canceled_with_its_loop_runs_again_on_the_next(gateway: Simulator, database: str) -> None:
    checkout = AsyncCheckout(gateway.async_client(), database)
    tries: list[str] = []
    begun = threading.Event()

    @checkout.on_paid
    async def ship(event: OrderEvent) -> None:
        tries.append(event.order_id)
        begun.set()
        if len(tries) == 1:
            await asyncio.Event().wait()

    async def begin() -> None:
        await pay(gateway, checkout)
        assert await asyncio.to_thread(begun.wait, 20)

    async def end() -> None:
        await checkout.visit("")
        await happened(checkout, "completed")
        assert not await has_happened(checkout, "failed")
        await checkout.close()

    asyncio.run(begin())
    since = time.monotonic()
    asyncio.run(end())
    # It was given back, and no lease had to end.
    assert (tries, time.monotonic() - since < 5) == (["A-578", "A-578"], True)


@pytest.mark.parametrize("failure", [RuntimeError, asyncio.CancelledError])
def test_a_handler_that_fails_is_tried_again(gateway: Simulator, database: str, failure: type[BaseException]) -> None:
    tries: list[str] = []

    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database) as checkout:

            @checkout.on_paid
            async def ship(event: OrderEvent) -> None:
                tries.append(event.key)
                if len(tries) == 1:
                    raise failure

            await pay(gateway, checkout)
            await happened(checkout, "completed")
            assert await has_happened(checkout, "failed")

    asyncio.run(shop())
    assert len(tries) == 2


def test_run_hands_over_until_told_to_stop_and_lets_handlers_finish(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        begun, finish, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
        async with AsyncCheckout(gateway.async_client(), database, worker="external") as checkout:

            @checkout.on_paid
            async def ship(_: OrderEvent) -> None:
                begun.set()
                await finish.wait()

            running = asyncio.ensure_future(checkout.run(stop))
            await pay(gateway, checkout)
            await asyncio.wait_for(begun.wait(), 20)
            stop.set()
            await asyncio.wait({running}, timeout=0.5)
            assert not running.done()
            finish.set()
            await asyncio.wait_for(running, 20)
            assert await has_happened(checkout, "completed")

    asyncio.run(shop())


def test_run_can_be_canceled_and_gives_back_what_it_had(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        begun = asyncio.Event()
        async with AsyncCheckout(gateway.async_client(), database, worker="external") as checkout:

            @checkout.on_paid
            async def ship(_: OrderEvent) -> None:
                if not begun.is_set():
                    begun.set()
                    await asyncio.Event().wait()

            running = asyncio.ensure_future(checkout.run())
            await pay(gateway, checkout)
            await asyncio.wait_for(begun.wait(), 20)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert await checkout.run_once() == 1
            assert await has_happened(checkout, "completed")

    asyncio.run(shop())


def test_run_raises_what_waiting_does_not_cure(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database, migrate="check", worker="external") as checkout:
            await checkout.run()

    with pytest.raises(paymento.DatabaseError):
        asyncio.run(shop())


def test_inline_the_handler_has_run_when_the_callback_is_answered(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        shipped: list[str] = []
        async with AsyncCheckout(gateway.async_client(), database, worker="inline") as checkout:

            @checkout.on_paid
            async def ship(event: OrderEvent) -> None:
                shipped.append(event.order_id)

            payment = await checkout.create_payment(order_id="A-578", **PRICE)
            gateway.pay(payment.token)
            headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
            assert (await checkout.receive("POST", headers, body)).status == 200
            assert shipped == ["A-578"]

    asyncio.run(shop())


def test_inline_close_waits_for_the_handler_that_goes_on_behind_the_answer(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database, worker="inline") as checkout:
            may_end, steps = asyncio.Event(), []

            @checkout.on_paid
            async def ship(_: OrderEvent) -> None:
                steps.append("begun")
                await may_end.wait()
                steps.append("ended")

            payment = await checkout.create_payment(order_id="A-578", **PRICE)
            gateway.pay(payment.token)
            headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
            assert (await checkout.receive("POST", headers, body)).status == 200
            assert steps == ["begun"]
            asyncio.get_running_loop().call_later(0.2, may_end.set)
            await checkout.close()
            assert steps == ["begun", "ended"]
            assert await has_happened(checkout, "completed")

    asyncio.run(shop())


def test_inline_a_handler_may_close_the_checkout(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        checkout = AsyncCheckout(gateway.async_client(), database, worker="inline")

        @checkout.on_paid
        async def ship(_: OrderEvent) -> None:
            await checkout.close()

        payment = await checkout.create_payment(order_id="A-578", **PRICE)
        gateway.pay(payment.token)
        headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
        begun = time.monotonic()
        assert (await checkout.receive("POST", headers, body)).status == 200
        assert time.monotonic() - begun < 3
        await checkout.close()

    asyncio.run(shop())


def test_a_checkout_is_of_the_process_and_runs_on_one_loop_at_a_time(gateway: Simulator, database: str) -> None:
    """Two loops in two threads: the first one's runner does it all while it runs."""
    checkout = AsyncCheckout(gateway.async_client(), database)
    loops: list[asyncio.AbstractEventLoop] = []
    shipped = threading.Event()

    @checkout.on_paid
    async def ship(_: OrderEvent) -> None:
        loops.append(asyncio.get_running_loop())
        shipped.set()

    async def first() -> asyncio.AbstractEventLoop:
        await checkout.visit("")
        await asyncio.to_thread(asyncio.run, second())
        await asyncio.to_thread(shipped.wait, 20)
        await checkout.close()
        return asyncio.get_running_loop()

    async def second() -> None:
        await pay(gateway, checkout)

    assert [asyncio.run(first())] == loops


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop is not there")
def test_it_works_on_uvloop(gateway: Simulator, database: str) -> None:
    import uvloop

    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database) as checkout:

            @checkout.on_paid
            async def ship(_: OrderEvent) -> None:
                await asyncio.sleep(0)

            await pay(gateway, checkout)
            await happened(checkout, "completed")

    uvloop.run(shop())


def test_a_runner_is_not_started_before_it_is_needed(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        checkout = AsyncCheckout(gateway.async_client(), database, worker="external")
        await checkout.create_payment(order_id="A-578", **PRICE)
        assert len(asyncio.all_tasks()) == 1
        assert repr(checkout) == "<paymento.AsyncCheckout>"
        await checkout.close()
        checkout = AsyncCheckout(gateway.async_client(), database)
        await checkout.status("A-578")
        assert len(asyncio.all_tasks()) == 1
        await checkout.visit("")
        assert len(asyncio.all_tasks()) == 2
        await checkout.close()
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(shop())
