"""Callbacks as the gateway sends them, each with a body of its own."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import time
from typing import TYPE_CHECKING, NamedTuple

from payloads import SECRET

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

PAYMENTS = 10_000
TEMPLATE = (
    '{"Token":"%08x%024x","PaymentId":%d,"OrderId":"A-%d","OrderStatus":7,'
    '"AdditionalData":[{"key":"note","value":"%090d"}]}'
)
NUMBERS = itertools.count()


class Signed(NamedTuple):
    """A body and its signature."""

    body: bytes
    signature: str


def fresh(count: int) -> list[Signed]:
    """As many new callbacks, of ten thousand payments in turns."""
    return [signed(number) for number in itertools.islice(NUMBERS, count)]


def signed(number: int) -> Signed:
    payment = number % PAYMENTS
    body = (TEMPLATE % (payment * 2_654_435_761 % 2**32, payment, number, payment, number)).encode()
    return Signed(body, hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().upper())


def authentic(one: Signed) -> bool:
    """What a shop does without a library."""
    expected = hmac.new(SECRET.encode(), one.body, hashlib.sha256).hexdigest().upper()
    return hmac.compare_digest(expected, one.signature)


def store_all(store: Callable[[Signed], object], callbacks: list[Signed], pool: ThreadPoolExecutor | None, threads: int) -> None:
    """All of them, by as many threads, each in a loop."""
    if pool is None:
        repeat(store, callbacks)
        return
    list(pool.map(lambda first: repeat(store, callbacks[first::threads]), range(threads)))


def repeat(store: Callable[[Signed], object], callbacks: list[Signed]) -> None:
    for one in callbacks:
        store(one)


def now() -> int:
    return time.time_ns() // 1_000_000
