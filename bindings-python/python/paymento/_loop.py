"""How an answer comes to the event loop that waits for it: a queue and one socket for each running loop.

Background threads never touch Python. They put answers into the queue and wake the loop with a byte; the loop fetches
them and resolves its own futures. The loop holds the socket, and with the loop the socket goes.
"""

from __future__ import annotations

from asyncio import CancelledError, Future, get_running_loop, wait
from itertools import count
from socket import socket
from weakref import WeakKeyDictionary, ref

from ._native import CompletionQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any

    from ._native import Call


class Completions:
    """The answers that one event loop waits for."""

    __slots__ = ("__weakref__", "_numbers", "_queue", "_reader", "_waiting")

    def __init__(self, queue: CompletionQueue) -> None:
        self._numbers = count()
        self._waiting: dict[int, Future[Any]] = {}
        self._queue = queue
        self._reader = socket(fileno=queue.take_reader())
        self._reader.setblocking(False)

    def attach(self, loop: AbstractEventLoop) -> None:
        """Let the loop fetch answers. From now on it holds this object, and nobody else does for long."""
        try:
            loop.add_reader(self._reader.fileno(), self._fetch)
        except NotImplementedError:
            # Windows' Proactor loop: what it reads holds the task, and the task holds this object.
            loop.create_task(self._listen(loop))

    def start(self, call: Call, future: Future[Any]) -> int:
        """Start a call, whose answer goes to the future."""
        number = next(self._numbers)
        call.start(self._queue, number)
        self._waiting[number] = future
        return number

    def forget(self, number: int) -> None:
        """Wait no longer. What still comes is dropped."""
        self._waiting.pop(number, None)

    def _fetch(self) -> None:
        try:
            self._reader.recv(4096)
        except (BlockingIOError, InterruptedError):
            pass
        self._resolve()

    async def _listen(self, loop: AbstractEventLoop) -> None:
        while await loop.sock_recv(self._reader, 4096):
            # What a handler of log records raises to end the program ends no more than this callback.
            loop.call_soon(self._resolve)

    def _resolve(self) -> None:
        answers, stop = self._queue.drain()
        for number, value, error in answers:
            future = self._waiting.pop(number, None)
            if future is None or future.done():
                continue
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)
        if stop is not None:
            raise stop

    def __del__(self) -> None:
        self._reader.close()


_of_loops: WeakKeyDictionary[AbstractEventLoop, ref[Completions]] = WeakKeyDictionary()


def _completions(loop: AbstractEventLoop) -> Completions:
    known = _of_loops.get(loop)
    completions = None if known is None else known()
    if completions is None:
        completions = Completions(CompletionQueue())
        completions.attach(loop)
        _of_loops[loop] = ref(completions)
    return completions


async def finish(call: Call) -> Any:
    """Run a call in the background. Canceling the coroutine drops the call, which may have been sent."""
    loop = get_running_loop()
    completions = _completions(loop)
    future: Future[Any] = loop.create_future()
    number = completions.start(call, future)
    try:
        return await future
    except CancelledError as canceled:
        raise canceled from call.cancel()
    finally:
        completions.forget(number)


async def finish_begun(call: Call, patience: float) -> Any:
    """Run a call in the background. Canceling the coroutine does not cancel it: it is waited for so long, then left."""
    loop = get_running_loop()
    completions = _completions(loop)
    future: Future[Any] = loop.create_future()
    number = completions.start(call, future)
    end: float | None = None
    try:
        while not future.done() and (end is None or loop.time() < end):
            if await _is_canceled_in(future, None if end is None else end - loop.time()) and end is None:
                end = loop.time() + patience
        return future.result() if future.done() else None
    finally:
        completions.forget(number)


async def _is_canceled_in(future: Future[Any], longest: float | None) -> bool:
    """Wait for the future, and say whether the coroutine was canceled instead."""
    try:
        await wait({future}, timeout=longest)
    except CancelledError:
        return True
    return False
