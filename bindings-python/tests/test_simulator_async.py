"""The simulator on an event loop that serves the callbacks itself."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import paymento
from paymento import OrderStatus, testing
from paymento.testing import Simulator

PRICE: dict[str, Any] = {"fiat_amount": "29.99", "fiat_currency": "USD"}


@asynccontextmanager
async def callback_route() -> AsyncIterator[str]:
    """Answer every callback with 200, on the running loop."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/callback"
    finally:
        server.close()


async def create(gateway: Simulator) -> str:
    async with gateway.async_client() as client:
        return (await client.create_payment(order_id="A-578", **PRICE)).token


def test_waiting_leaves_the_loop_free_to_answer_the_callbacks() -> None:
    async def main() -> None:
        async with callback_route() as url:
            with Simulator.start(callback_url=url, virtual_clock=True) as gateway:
                token = await create(gateway)
                gateway.underpay(token)
                await gateway.advanced("1h")
                [partial] = await gateway.delivered(token, 1)
                assert (partial.status, partial.is_delivered) == (OrderStatus.PARTIAL_PAID, True)
                gateway.pay(token)
                deliveries = await gateway.delivered(token, count=3)
                assert deliveries[-1].status is OrderStatus.PAID
                again = await gateway.delivery_finished(gateway.resend(partial.id))
                assert again.body == partial.body
                events = await gateway.next_events(0)
                assert events[0].kind == "payment_created"
                assert gateway.now() == 3600.0

    asyncio.run(main())


def test_many_waits_need_no_thread_each() -> None:
    async def main() -> None:
        async with callback_route() as url:
            with Simulator.start(callback_url=url) as gateway:
                token = await create(gateway)
                before = threads()
                waits = [asyncio.create_task(gateway.delivered(token, 2)) for _ in range(100)]
                await asyncio.sleep(0)
                assert threads() <= before
                gateway.pay(token)
                results = await asyncio.gather(*waits)
                assert {len(result) for result in results} == {2}

    asyncio.run(main())


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def test_a_wait_in_vain_ends_in_time_and_says_why() -> None:
    async def main() -> None:
        with Simulator.start() as gateway:
            with pytest.raises(paymento.TransportError) as caught:
                await gateway.delivered(await create(gateway), 1, timeout="10ms")
            assert (caught.value.code, "callback URL" in str(caught.value.hint)) == ("transport.timeout", True)
            assert await gateway.next_events(99, timeout=0.01) == []

    asyncio.run(main())


def test_a_canceled_wait_ends_at_once() -> None:
    async def main() -> None:
        with Simulator.start() as gateway:
            wait = asyncio.create_task(gateway.delivered(testing.TOKEN, 1, timeout="1h"))
            await asyncio.sleep(0)
            wait.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await wait
            # Nothing was sent anywhere that could have arrived.
            assert caught.value.__cause__ is None

    asyncio.run(main())


def test_stopping_wakes_whoever_waits() -> None:
    async def main() -> None:
        gateway = Simulator.start()
        wait = asyncio.create_task(gateway.delivered(testing.TOKEN, 1, timeout="1h"))
        await asyncio.sleep(0)
        gateway.stop()
        with pytest.raises(paymento.ConfigError) as caught:
            await wait
        assert caught.value.code == "config.closed"

    asyncio.run(main())


WAITS = """
import signal
from paymento.testing import Simulator, TOKEN
# As Ctrl-C does, while it waits.
signal.signal(signal.SIGALRM, signal.default_int_handler)
with Simulator.start() as gateway:
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        gateway.deliveries(TOKEN, count=1, timeout="1h")
    except KeyboardInterrupt as interrupt:
        print(type(interrupt.__cause__).__name__)
"""


def test_ctrl_c_ends_a_wait_that_blocks() -> None:
    child = subprocess.run([sys.executable, "-c", WAITS], capture_output=True, text=True, timeout=20, check=False)
    assert (child.stdout.strip(), child.returncode) == ("NoneType", 0), child.stderr
