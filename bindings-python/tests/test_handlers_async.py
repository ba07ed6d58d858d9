"""How the end of a handler is recorded on an event loop, whatever ends the loop, the handler or the program."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from conftest import Heard
from test_checkout import until
from test_checkout_async import PRICE, happened, has_happened, pay

import paymento
from paymento import AsyncCheckout, Checkout, OrderEvent
from paymento.testing import Simulator, signed_callback

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")


def stopping(_: OrderEvent) -> None:
    raise StopIteration


def exiting(_: OrderEvent) -> None:
    raise SystemExit(7)


async def closing_async(_: OrderEvent) -> None:
    raise GeneratorExit


async def exiting_async(_: OrderEvent) -> None:
    raise SystemExit(7)


async def interrupting_async(_: OrderEvent) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def opening(_: OrderEvent) -> Any:
    yield


async def count(checkout: AsyncCheckout, what: str) -> int:
    return [entry.what for entry in await checkout.history("A-578")].count(what)


def test_a_function_in_a_thread_runs_once_however_often_its_task_is_canceled(gateway: Simulator, database: str) -> None:
    begun, finish = threading.Event(), threading.Event()
    tries: list[str] = []

    async def shop() -> None:
        checkout = AsyncCheckout(gateway.async_client(), database)

        @checkout.on_paid
        def ship(event: OrderEvent) -> None:
            tries.append(event.key)
            begun.set()
            assert finish.wait(20)

        await pay(gateway, checkout)
        assert await asyncio.to_thread(begun.wait, 20)
        for _ in range(5):
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)
        finish.set()
        await checkout.visit("")
        await happened(checkout, "completed")
        assert (await count(checkout, "handed_over"), await count(checkout, "failed")) == (1, 0)
        await checkout.close()

    asyncio.run(shop())
    assert tries == ["default/A-578/paid"]


def test_asyncio_run_ends_when_a_function_in_a_thread_has_ended_and_is_recorded(
    gateway: Simulator, database: str
) -> None:
    begun, finish = threading.Event(), threading.Event()
    checkout = AsyncCheckout(gateway.async_client(), database)

    @checkout.on_paid
    def ship(_: OrderEvent) -> None:
        begun.set()
        assert finish.wait(20)

    async def begin() -> None:
        await pay(gateway, checkout)
        assert await asyncio.to_thread(begun.wait, 20)
        # After the loop has canceled everything, and the runner its handlers.
        asyncio.get_running_loop().call_later(0.2, finish.set)

    async def end() -> None:
        assert await has_happened(checkout, "completed")
        assert await count(checkout, "handed_over") == 1
        await checkout.close()

    asyncio.run(begin())
    asyncio.run(end())


def test_run_once_that_is_canceled_waits_for_the_function_and_begins_nothing_more(
    gateway: Simulator, database: str
) -> None:
    begun, finish = threading.Event(), threading.Event()
    orders: list[str] = []

    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database, worker="external") as checkout:

            @checkout.on_paid
            def ship(event: OrderEvent) -> None:
                orders.append(event.order_id)
                begun.set()
                assert finish.wait(20)

            await pay(gateway, checkout)
            await pay(gateway, checkout, "A-579")
            running = asyncio.ensure_future(checkout.run_once())
            assert await asyncio.to_thread(begun.wait, 20)
            running.cancel()
            await asyncio.wait({running}, timeout=0.2)
            assert not running.done()
            finish.set()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert len(orders) == 1
            assert await has_happened(checkout, "completed", orders[0])

    asyncio.run(shop())


@pytest.mark.parametrize("handler", [stopping, exiting, exiting_async, interrupting_async, closing_async])
def test_whatever_a_handler_raises_is_recorded_and_ends_no_loop(
    gateway: Simulator, database: str, handler: Callable[..., Any]
) -> None:
    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database, concurrency=1) as checkout:
            checkout.on_paid(handler)
            for order_id in ("A-578", "A-579"):
                await pay(gateway, checkout, order_id)
                await happened(checkout, "failed", order_id)

    asyncio.run(shop())


@pytest.mark.parametrize("handler", [exiting, exiting_async])
def test_inline_the_answer_is_200_when_the_handler_wants_to_end_the_program(
    gateway: Simulator, database: str, handler: Callable[..., Any]
) -> None:
    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database, worker="inline") as checkout:
            checkout.on_paid(handler)
            payment = await checkout.create_payment(order_id="A-578", **PRICE)
            gateway.pay(payment.token)
            headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
            assert (await checkout.receive("POST", headers, body)).status == 200
            assert await has_happened(checkout, "failed")

    asyncio.run(shop())


def test_run_once_records_what_ends_the_program_and_raises_it(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        checkout = AsyncCheckout(gateway.async_client(), database, worker="external")
        checkout.on_paid(exiting_async)
        await pay(gateway, checkout)
        await checkout.run_once()

    async def look() -> None:
        async with AsyncCheckout(gateway.async_client(), database, worker="external") as checkout:
            assert await has_happened(checkout, "failed")

    with pytest.raises(SystemExit):
        asyncio.run(shop())
    asyncio.run(look())


def test_a_handler_that_only_makes_a_generator_has_not_shipped(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database, worker="external") as checkout:
            checkout.on_paid(opening)
            await pay(gateway, checkout)
            assert await checkout.run_once() == 1
            assert not await has_happened(checkout, "completed")
            assert await has_happened(checkout, "failed")

    asyncio.run(shop())


def test_close_ends_run_and_lets_its_handlers_finish(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        begun, finish = asyncio.Event(), asyncio.Event()
        checkout = AsyncCheckout(gateway.async_client(), database, worker="external")

        @checkout.on_paid
        async def ship(_: OrderEvent) -> None:
            begun.set()
            await finish.wait()

        running = asyncio.ensure_future(checkout.run())
        await pay(gateway, checkout)
        await asyncio.wait_for(begun.wait(), 20)
        closing = asyncio.ensure_future(checkout.close())
        await asyncio.wait({running, closing}, timeout=0.2)
        assert not running.done()
        assert not closing.done()
        finish.set()
        await asyncio.wait_for(asyncio.gather(running, closing), 20)
        assert await has_happened(checkout, "completed")
        await checkout.close()

    asyncio.run(shop())


def test_what_a_stopped_loop_has_not_fetched_is_given_back_to_others(gateway: Simulator, database: str) -> None:
    """A loop that is run for one call at a time, and nothing closes."""
    checkout = AsyncCheckout(gateway.async_client(), database)
    checkout.on_paid(lambda _: None)
    loop = asyncio.new_event_loop()
    payment = loop.run_until_complete(checkout.create_payment(order_id="A-578", **PRICE))
    gateway.pay(payment.token)
    headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
    loop.run_until_complete(checkout.receive("POST", headers, body))
    heard = Heard()
    with Checkout(gateway.client(), database, worker="external") as other:
        other.on_paid(heard)
        until(other.run_once)
        assert heard.take().order_id == "A-578"
    loop.run_until_complete(checkout.close())
    loop.close()


def test_close_waits_for_a_runner_on_another_loop(gateway: Simulator, database: str) -> None:
    begun, finish = threading.Event(), threading.Event()
    checkout = AsyncCheckout(gateway.async_client(), database)

    @checkout.on_paid
    async def ship(_: OrderEvent) -> None:
        begun.set()
        assert await asyncio.to_thread(finish.wait, 20)

    async def shop() -> None:
        await pay(gateway, checkout)
        assert await asyncio.to_thread(begun.wait, 20)
        closing = threading.Thread(target=asyncio.run, args=(checkout.close(),))
        closing.start()
        await asyncio.to_thread(closing.join, 0.3)
        assert closing.is_alive()
        finish.set()
        await asyncio.to_thread(closing.join, 20)
        assert not closing.is_alive()
        assert await has_happened(checkout, "completed")
        await checkout.close()

    asyncio.run(shop())


def test_a_time_that_is_none_is_an_input_error(gateway: Simulator, database: str) -> None:
    checkout = AsyncCheckout(gateway.async_client(), database)
    with pytest.raises(paymento.InputError) as caught:
        asyncio.run(checkout.run_once(10**400))
    assert caught.value.code == "input.duration"


REQUEST: ContextVar[str] = ContextVar("request", default="none")


def test_handlers_do_not_run_in_the_context_of_the_request_that_started_the_runner(
    gateway: Simulator, database: str
) -> None:
    seen: list[str] = []

    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database) as checkout:

            @checkout.on_paid
            async def ship(_: OrderEvent) -> None:
                seen.append(REQUEST.get())

            REQUEST.set("of somebody else")
            await pay(gateway, checkout, "A-578")
            await happened(checkout, "completed", "A-578")

    asyncio.run(shop())
    assert seen == ["none"]


def test_a_handler_that_never_ends_keeps_no_place(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        finish = asyncio.Event()
        async with AsyncCheckout(gateway.async_client(), database, concurrency=1, max_handler_time=10) as checkout:
            assert checkout._longest == 10
            checkout._longest = 0.3

            @checkout.on_paid
            async def ship(event: OrderEvent) -> None:
                if event.order_id == "A-578":
                    await finish.wait()

            await pay(gateway, checkout)
            await happened(checkout, "handed_over")
            for order_id in ("A-579", "A-580"):
                await pay(gateway, checkout, order_id)
                await happened(checkout, "completed", order_id)
            assert not await has_happened(checkout, "completed")
            finish.set()
            await happened(checkout, "completed")

    asyncio.run(shop())


def test_run_ends_although_a_handler_never_does(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        begun, stop = asyncio.Event(), asyncio.Event()
        checkout = AsyncCheckout(gateway.async_client(), database, worker="external", concurrency=1)
        checkout._longest = 0.3

        @checkout.on_paid
        async def ship(_: OrderEvent) -> None:
            begun.set()
            await asyncio.Event().wait()

        running = asyncio.ensure_future(checkout.run(stop))
        await pay(gateway, checkout)
        await asyncio.wait_for(begun.wait(), 20)
        stop.set()
        await asyncio.wait_for(running, 20)
        await checkout.close()

    asyncio.run(shop())


def test_a_handler_that_cancels_itself_and_goes_on_is_not_canceled(gateway: Simulator, database: str) -> None:
    """As a time limit within the handler does, before Python 3.11 in no other way."""

    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database, worker="external") as checkout:

            @checkout.on_paid
            async def ship(_: OrderEvent) -> None:
                task = asyncio.current_task()
                assert task
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(20)

            await pay(gateway, checkout)
            assert await checkout.run_once() == 1
            assert await has_happened(checkout, "completed")

    asyncio.run(shop())


def test_a_handler_that_lets_its_own_cancellation_out_has_failed(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        async with AsyncCheckout(gateway.async_client(), database, worker="external") as checkout:

            @checkout.on_paid
            async def ship(_: OrderEvent) -> None:
                raise asyncio.CancelledError

            await pay(gateway, checkout)
            assert await checkout.run_once() == 1
            assert await has_happened(checkout, "failed")

    asyncio.run(shop())


def test_a_handler_may_close_its_own_checkout(gateway: Simulator, database: str) -> None:
    async def shop() -> None:
        closed = asyncio.Event()
        checkout = AsyncCheckout(gateway.async_client(), database)

        @checkout.on_paid
        async def ship(_: OrderEvent) -> None:
            await checkout.close()
            closed.set()

        await pay(gateway, checkout)
        await asyncio.wait_for(closed.wait(), 20)

    asyncio.run(shop())


def test_functions_that_hang_take_no_place_from_the_others(gateway: Simulator, database: str) -> None:
    finish = threading.Event()
    heard = Heard()

    async def shop() -> None:
        checkout = AsyncCheckout(gateway.async_client(), database, concurrency=40, verifies_per_second=1_000)

        @checkout.on_paid
        def ship(event: OrderEvent) -> None:
            heard(event)
            assert finish.wait(20)

        # More than the loop's own threads, whatever the machine.
        for number in range(40):
            payment = await checkout.create_payment(order_id=f"A-{number}", **PRICE)
            gateway.pay(payment.token)
            headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
            await checkout.receive("POST", headers, body)
        for _ in range(40):
            await asyncio.to_thread(heard.take)
        finish.set()
        await checkout.close()

    asyncio.run(shop())


@pytest.mark.parametrize("given", ["coroutine", "task"])
def test_what_an_async_handler_gives_to_await_is_awaited(gateway: Simulator, database: str, given: str) -> None:
    shipped: list[str] = []

    async def work(event: OrderEvent) -> None:
        await asyncio.sleep(0)
        if not shipped:
            shipped.append(event.order_id)
            raise ValueError("the printer is out of paper")
        shipped.append(event.order_id)

    async def shop() -> None:
        checkout = AsyncCheckout(gateway.async_client(), database)

        @checkout.on_paid
        async def ship(event: OrderEvent) -> Any:
            return work(event) if given == "coroutine" else asyncio.create_task(work(event))

        await pay(gateway, checkout)
        await happened(checkout, "completed")
        assert await count(checkout, "failed") == 1
        await checkout.close()

    asyncio.run(shop())
    assert shipped == ["A-578", "A-578"]


def test_what_is_awaited_and_gives_something_to_await_again_has_not_shipped(gateway: Simulator, database: str) -> None:
    async def work() -> None:
        raise AssertionError("nobody awaits it")

    async def wrapped() -> Any:
        return work()

    async def shop() -> None:
        checkout = AsyncCheckout(gateway.async_client(), database, worker="external")

        @checkout.on_paid
        async def ship(_: OrderEvent) -> Any:
            return wrapped()

        await pay(gateway, checkout)
        await checkout.run_once()
        assert (await count(checkout, "failed"), await count(checkout, "completed")) == (1, 0)
        await checkout.close()

    asyncio.run(shop())
