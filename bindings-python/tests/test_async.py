"""`AsyncClient` on asyncio and uvloop: results, cancellation, loops that come and go, descriptors."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import stat
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

import paymento
from paymento.testing import Simulator

PRICE: dict[str, Any] = {"fiat_amount": "29.99", "fiat_currency": "USD"}
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine to its end on a new loop."""
    new_loop = asyncio.new_event_loop if request.param == "asyncio" else uvloop.new_event_loop

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        loop = new_loop()
        try:
            return loop.run_until_complete(coroutine)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return run


@pytest.fixture(autouse=True)
def nothing_unraisable(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Fail where a callback or a destructor raises unseen."""
    raised: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: raised.append(unraisable.exc_value))
    yield
    gc.collect()
    assert raised == []


def descriptors() -> set[int]:
    return {int(entry.name) for entry in Path("/proc/self/fd").iterdir()}


def is_pair(descriptor: int) -> bool:
    """Whether it is one end of a socket pair, which is what an event loop is woken with."""
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return False
        with socket.socket(fileno=os.dup(descriptor)) as end:
            return end.family == socket.AF_UNIX
    except OSError:  # closed meanwhile: the directory itself was open while it was read
        return False


def pairs() -> int:
    return sum(map(is_pair, descriptors()))


def test_a_payment_goes_from_create_to_settled(gateway: Simulator, run: Run) -> None:
    async def main() -> None:
        async with gateway.async_client() as client:
            payment = await client.create_payment(order_id="A-578", **PRICE)
            gateway.pay(payment.token)
            verification = await client.verify_payment(payment.token, order_id="A-578", **PRICE)
            assert verification.require_settled()
            assert await client.ping() is None  # type: ignore[func-returns-value]
            assert (await client.settings()).callback_url is None
            assert await client.merchant()
        with pytest.raises(paymento.ConfigError) as caught:
            await client.ping()
        assert caught.value.code == "config.closed"

    run(main())


def test_errors_are_raised_where_they_are_awaited(run: Run) -> None:
    async def main() -> None:
        client = paymento.AsyncClient("an-api-key", base_url="http://127.0.0.1:1", max_attempts=1)
        with pytest.raises(paymento.TransportError) as caught:
            await client.ping()
        assert caught.value.code == "transport.connect"
        with pytest.raises(paymento.InputError):
            await client.create_payment(order_id="", **PRICE)

    run(main())


def test_many_calls_run_at_once(gateway: Simulator, run: Run) -> None:
    async def main() -> None:
        client = gateway.async_client()
        payments = await asyncio.gather(
            *(client.create_payment(order_id=f"A-{number}", **PRICE) for number in range(200))
        )
        assert [payment.order_id for payment in payments] == [f"A-{number}" for number in range(200)]

    run(main())


def test_methods_are_coroutines(gateway: Simulator, run: Run) -> None:
    async def main() -> None:
        task = asyncio.create_task(gateway.async_client().ping())
        await asyncio.wait_for(task, 5)

    run(main())


def test_a_canceled_call_says_that_it_may_have_been_sent(silent: Any, run: Run) -> None:
    causes: list[Any] = []

    async def create() -> None:
        client = paymento.AsyncClient("an-api-key", base_url=silent.url)
        try:
            await client.create_payment(order_id="1", **PRICE)
        except asyncio.CancelledError as canceled:
            causes.append(canceled.__cause__)
            raise

    async def main() -> None:
        task = asyncio.create_task(create())
        await asyncio.to_thread(silent.arrived.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(main())
    [cause] = causes
    assert isinstance(cause, paymento.TransportError)
    assert (cause.code, cause.maybe_sent, cause.is_retryable) == ("transport.canceled", True, False)


def test_a_canceled_call_closes_its_connection(run: Run) -> None:
    async def main() -> None:
        closed = asyncio.Event()
        arrived = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            arrived.set()
            assert await reader.read() == b""
            closed.set()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = paymento.AsyncClient("an-api-key", base_url=f"http://127.0.0.1:{port}")
        task = asyncio.create_task(client.ping())
        await arrived.wait()
        task.cancel()
        await asyncio.wait_for(closed.wait(), 5)
        server.close()

    run(main())


def test_a_time_limit_of_asyncio_ends_a_call(silent: Any, run: Run) -> None:
    async def main() -> None:
        client = paymento.AsyncClient("an-api-key", base_url=silent.url)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.ping(), 0.05)

    run(main())


def test_a_result_for_a_closed_loop_is_dropped(answering: Callable[[bytes], Any]) -> None:
    release = threading.Event()
    server = answering(b'{"success":true,"message":""}')
    serve = server._serve
    server._serve = lambda connection: (release.wait(5), serve(connection))
    client = paymento.AsyncClient("an-api-key", base_url=server.url)
    loop = asyncio.new_event_loop()
    task = loop.create_task(client.ping())
    loop.run_until_complete(asyncio.sleep(0))
    server.arrived.wait(5)
    loop.close()
    release.set()
    asyncio.run(client.ping())
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError):
        task.get_coro().throw(RuntimeError())


def test_one_client_serves_loops_one_after_the_other_and_at_once(gateway: Simulator, run: Run) -> None:
    client = gateway.async_client()
    for _ in range(3):
        run(client.ping())
    failures: list[BaseException] = []

    def call() -> None:
        try:
            asyncio.run(client.ping())
        except BaseException as error:  # noqa: BLE001 (seen below)
            failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_thousand_loops_in_eight_threads_leave_no_descriptor(gateway: Simulator, run: Run) -> None:
    client = gateway.async_client()

    def many(count: int) -> None:
        for number in range(count):
            (run if number % 2 else asyncio.run)(client.ping())

    def in_threads(count: int) -> None:
        threads = [threading.Thread(target=many, args=(count,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    in_threads(2)
    gc.collect()
    before, pairs_before = len(descriptors()), pairs()
    in_threads(125)
    gc.collect()
    assert pairs() == pairs_before
    # Eight threads keep at most eight connections for later, whose other ends are in this process as well. There may
    # be fewer than before: what earlier tests left to close is closed meanwhile.
    assert len(descriptors()) - before <= 16


def test_a_loop_in_use_has_one_socket_pair(gateway: Simulator, run: Run) -> None:
    async def main() -> None:
        client = gateway.async_client()
        await client.ping()
        before = descriptors()
        for _ in range(100):
            await client.ping()
        assert descriptors() == before

    run(main())
