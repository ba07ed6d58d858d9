"""`Hold`: a handler works in the transaction of a connection. Another one of this process waits until it has ended.

Where two share a connection, the rollback of one undoes what the other has written, whose order is recorded as done.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from ._native import once_refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._claims import Claims

PATIENCE = 10.0
"""Seconds that a handler waits for another one, which works in the transaction of the same connection."""

_lock = threading.Lock()
# By id: none is used again as long as its connection is held here.
_holds: dict[int, Hold] = {}


class Hold:
    """From the beginning of a handler's `once`, until it has said False or the handler has ended."""

    __slots__ = ("connection", "is_new", "key", "kind", "mark", "wakers")

    def __init__(self, kind: Any, connection: Any, key: str) -> None:
        self.kind, self.connection, self.key = kind, connection, key
        self.is_new = False
        self.mark: object = None
        self.wakers: list[Callable[[], None]] = []

    def is_last(self) -> bool:
        """Whether no other handler has used the connection since, as one does that got it from a pool."""
        return _holds.get(id(self.connection)) is self

    def settle(self, claims: Claims, *, is_new: bool) -> None:
        """Note what `once` has said; whoever asks when the handler has ended holds up nobody."""
        if is_new:
            self.is_new, self.mark = True, self._transaction()
            self._wake()
        if claims.has_ended:
            self.leave()
        elif not self.is_new:
            claims.holds.remove(self)
            self.leave()

    def leave(self) -> None:
        """Let others use the connection."""
        with _lock:
            if self.is_last():
                del _holds[id(self.connection)]
        self._wake()

    def take(self, wake: Callable[[], None]) -> bool:
        """Take the connection; where another handler works in its transaction, be woken when that may have ended."""
        with _lock:
            other = _holds.get(id(self.connection))
            if other is not None and other._is_in_the_way():
                other.wakers.append(wake)
                return False
            _holds[id(self.connection)] = self
            return True

    def misuse(self) -> Any:
        """What has certainly happened to the key other than its commit; with some drivers it is to be awaited."""
        if not self.is_last():
            return None
        if self._is_open():
            within = getattr(self.kind, "within", None)
            return within(self.connection) if within else "left_open"
        return self.kind.misuse(self.connection, self.key)

    def _is_in_the_way(self) -> bool:
        return not self.is_new or self._is_open()

    def _is_open(self) -> bool:
        return self.mark is not None and self._transaction() is self.mark

    def _transaction(self) -> object:
        with suppress(Exception):  # closed, or of another thread
            return self.kind.transaction(self.connection)
        return None

    def _wake(self) -> None:
        with _lock:
            wakers, self.wakers = self.wakers, []
        for wake in wakers:
            wake()


def once(kind: Any, connection: Any, key: str, forbidden: list[str], claims: Claims) -> bool:
    """`once` of a handler: alone in its transaction."""
    hold = _own(claims, connection)
    if hold is None:
        hold = Hold(kind, connection, key)
        _wait_for(hold)
        claims.holds.append(hold)
    is_new = False
    try:
        is_new = bool(kind.once(connection, key, forbidden))
    finally:
        hold.settle(claims, is_new=is_new)
    return is_new


async def once_async(kind: Any, connection: Any, key: str, forbidden: list[str], claims: Claims) -> bool:
    """The same with a connection of asyncio."""
    hold = _own(claims, connection)
    if hold is None:
        hold = Hold(kind, connection, key)
        await _await(hold)
        claims.holds.append(hold)
    is_new = False
    try:
        is_new = bool(await kind.once(connection, key, forbidden))
    finally:
        hold.settle(claims, is_new=is_new)
    return is_new


def _own(claims: Claims, connection: Any) -> Hold | None:
    return next((hold for hold in claims.holds if hold.connection is connection and hold.is_last()), None)


def _wait_for(hold: Hold) -> None:
    # Who blocked the loop would wait in vain for a handler that runs there as well.
    end = monotonic() + (0 if _is_on_loop() else PATIENCE)
    woken = threading.Event()
    while not hold.take(woken.set):
        if not woken.wait(max(0, end - monotonic())):
            once_refuse("shared")
        woken.clear()


async def _await(hold: Hold) -> None:
    import asyncio

    end = monotonic() + PATIENCE
    woken, loop = asyncio.Event(), asyncio.get_running_loop()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(woken.set)

    while not hold.take(wake):
        try:
            await asyncio.wait_for(woken.wait(), end - monotonic())
        except asyncio.TimeoutError:
            once_refuse("shared")
        woken.clear()


def _forget() -> None:
    """The handlers of the parent do not run in a forked child, and its lock may be taken for ever."""
    _lock._at_fork_reinit()  # type: ignore[attr-defined]
    _holds.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _is_on_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None
