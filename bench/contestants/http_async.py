"""Contestants that ask over HTTP on an event loop: `http_async.py NAME URL AT_ONCE asyncio|uvloop`."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from question import EXPECTED, HEADERS, PATH, QUESTION, TIMEOUT, TOKEN, check
from serve import serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def paymento(url: str) -> Callable[[], Awaitable[Any]]:
    import paymento

    client = paymento.AsyncClient(HEADERS["Api-Key"], base_url=url)
    if not (await client.verify_payment(TOKEN, **EXPECTED)).is_settled:
        raise SystemExit("the payment is settled, and paymento does not say so")

    async def ask() -> Any:
        return (await client.verify_payment(TOKEN, **EXPECTED)).is_settled

    return ask


async def aiohttp(url: str) -> Callable[[], Awaitable[Any]]:
    import aiohttp

    session = aiohttp.ClientSession(url, headers=HEADERS, timeout=aiohttp.ClientTimeout(TIMEOUT))

    async def ask() -> Any:
        async with session.post(PATH, json=QUESTION) as response:
            return await response.json()

    check(await ask())
    return ask


async def httpx(url: str) -> Callable[[], Awaitable[Any]]:
    import httpx

    client = httpx.AsyncClient(base_url=url, headers=HEADERS, timeout=TIMEOUT)

    async def ask() -> Any:
        return (await client.post(PATH, json=QUESTION)).json()

    check(await ask())
    return ask


async def repeat(ask: Callable[[], Awaitable[Any]], calls: int) -> None:
    for _ in range(calls):
        await ask()


async def at_once(ask: Callable[[], Awaitable[Any]], calls: int, tasks: int) -> None:
    await asyncio.gather(*(repeat(ask, calls // tasks) for _ in range(tasks)))


def main() -> None:
    name, url, tasks, loop_name = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    if loop_name == "uvloop":
        import uvloop

        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    contestants = {"paymento": paymento, "aiohttp": aiohttp, "httpx": httpx}
    ask = loop.run_until_complete(contestants[name](url))
    serve(lambda calls: loop.run_until_complete(at_once(ask, calls, tasks)), warm_up=max(20, tasks))


main()
