"""The runner on an event loop: a task that waits for events, and a task for each handler that runs."""

from __future__ import annotations

import asyncio
import sys
from contextvars import copy_context
from os import getpid
from time import monotonic
from weakref import ref

from ._errors import PaymentoError
from ._hand_over import failing, unrecorded
from ._handlers import is_coroutine_function
from ._loop import finish
from ._native import Stop
from ._runner import AFTER_CLOSE, AFTER_FAILURE, AFTER_HANDLERS, AFTER_REFUSAL, CLOSED, PATIENCE
from ._telling import inform, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ._native import Call, CheckoutCalls, OrderEvent, Work


class AsyncRunner:
    """Hands over the events of one checkout on one event loop, with several handlers at a time."""

    def __init__(
        self,
        calls: CheckoutCalls,
        handlers: Mapping[str, Callable[..., Any]],
        concurrency: int,
        *,
        raises: bool = False,
    ) -> None:
        self._calls = calls
        self._handlers = handlers
        self._concurrency = concurrency
        self._raises = raises
        self._stop = Stop()
        self._stopped = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._process = getpid()
        loop = asyncio.get_running_loop()
        self._loop = ref(loop)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """Start the task. The loop may end without it."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="paymento-runner")
        # A loop that is closed with the task in it has nothing to complain about.
        self._task._log_destroy_pending = False  # type: ignore[attr-defined]
        return self._task

    def is_alive(self) -> bool:
        """Whether it runs: in this process, on a loop that runs."""
        loop = self._loop()
        running = loop is not None and loop.is_running()
        return self._process == getpid() and running and self._task is not None and not self._task.done()

    def is_here(self) -> bool:
        """Whether it runs on this loop."""
        return self.is_alive() and self._loop() is asyncio.get_running_loop()

    def stop(self) -> None:
        """Take nothing more. What runs goes on."""
        self._stop.stop()
        self._stopped.set()

    async def end(self) -> None:
        """Stop, and wait for the handlers for as long as their leases would last; not for the one that awaits this."""
        self.stop()
        if self._task is None or asyncio.current_task() in {self._task, *self._running}:
            return
        if self._running:
            await asyncio.wait(self._running, timeout=AFTER_CLOSE)
        await asyncio.wait({self._task}, timeout=AFTER_HANDLERS)
        # It waits for a database that does not answer, or for handlers that take too long.
        self._task.cancel()

    async def _run(self) -> None:
        try:
            while not self._stop.is_stopped:
                await self._turn()
            if self._running:
                await asyncio.wait(self._running)
        finally:
            self._stop.stop()
            await self._cancel_handlers()

    async def _cancel_handlers(self) -> None:
        running = set(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _turn(self) -> None:
        while len(self._running) >= self._concurrency:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        try:
            works = await finish(self._calls.pull(self._concurrency - len(self._running), PATIENCE, self._stop))
        except PaymentoError as error:
            await self._wait_after(error)
            return
        for work in works:
            task = asyncio.get_running_loop().create_task(hand_over(self._calls, self._handlers, work))
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        # Recorded and logged; one handler's exit ends nobody else's.
        task.cancelled() or task.exception()

    async def _wait_after(self, error: PaymentoError) -> None:
        """Wait for what waiting cures; anything else ends the runner, or is logged where nobody waits for it."""
        if self._stop.is_stopped:
            return
        if not error.is_retryable:
            if self._raises:
                raise error
            tell("no order is handed over", error)
            if error.code in CLOSED:
                self.stop()
                return
        waiting = asyncio.ensure_future(self._stopped.wait())
        await asyncio.wait({waiting}, timeout=AFTER_FAILURE if error.is_retryable else AFTER_REFUSAL)
        waiting.cancel()


async def hand_over(calls: CheckoutCalls, handlers: Mapping[str, Callable[..., Any]], work: Work) -> None:
    """Run the handler. What it raises is recorded and logged; what is to end the program is raised as well."""
    begun = monotonic()
    try:
        await _handle(handlers[work.kind], work.event)
    except asyncio.CancelledError as error:
        if not _is_canceled():
            await _record(work, failing(calls, work, error))
            return
        await _record(work, calls.release(work))
        raise
    except BaseException as error:
        await _record(work, failing(calls, work, error))
        if not isinstance(error, Exception):
            raise
    else:
        await _record(work, calls.complete(work))
        inform("handled %s of %s in %d ms", work.kind, work.event.order_id, (monotonic() - begun) * 1000)


async def _handle(handler: Callable[..., Any], event: OrderEvent) -> None:
    if is_coroutine_function(handler):
        await handler(event)
        return
    result = await _in_thread(handler, event)
    if hasattr(result, "__await__"):
        await result


async def _in_thread(handler: Callable[..., Any], event: OrderEvent) -> Any:
    """Run a function that blocks beside the loop. It cannot be canceled, so its end is waited for and recorded."""
    running = asyncio.get_running_loop().run_in_executor(None, copy_context().run, handler, event)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if running.done():
            raise
        await asyncio.wait({running})
        return running.result()


def _is_canceled() -> bool:
    """Whether the task is being canceled, where Python tells; or the handler has raised it by itself."""
    task = asyncio.current_task()
    return task is not None and (sys.version_info < (3, 11) or task.cancelling() > 0)


async def _record(work: Work, call: Call) -> None:
    """Record how the handler ended. Where that fails the lease ends, and the event is handed over again."""
    try:
        await finish(call)
    except PaymentoError as error:
        unrecorded(work, error)
