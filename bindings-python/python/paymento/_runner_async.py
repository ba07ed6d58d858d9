"""The runner on an event loop: a task that waits for events, and a task for each handler that runs."""

from __future__ import annotations

import asyncio
from contextvars import Context, copy_context
from functools import partial
from os import getpid
from weakref import ref

from ._errors import PaymentoError
from ._hand_over_async import begin
from ._loop import finish
from ._native import Stop
from ._runner import AFTER_FAILURE, AFTER_HANDLERS, AFTER_REFUSAL, CLOSED, PATIENCE
from ._telling import tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ._hand_over_async import Handling
    from ._native import CheckoutCalls


class AsyncRunner:
    """Hands over the events of one checkout on one event loop, with several handlers at a time."""

    def __init__(
        self,
        calls: CheckoutCalls,
        handlers: Mapping[str, Callable[..., Any]],
        concurrency: int,
        longest: float,
        *,
        raises: bool = False,
    ) -> None:
        self._calls = calls
        self._handlers = handlers
        self._concurrency = concurrency
        self._longest = longest
        self._raises = raises
        self._stop = Stop()
        self._stopped = asyncio.Event()
        # What runs, and until when by the loop's clock: then its place belongs to others.
        self._running: dict[Handling, float] = {}
        self._late: set[Handling] = set()
        self._process = getpid()
        loop = asyncio.get_running_loop()
        self._loop = ref(loop)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """Start the task. The loop may end without it."""
        # In the background not in the context of the request that happened to start it.
        context = copy_context() if self._raises else Context()
        loop = asyncio.get_running_loop()
        self._task = context.run(partial(loop.create_task, self._run(), name="paymento-runner"))
        # A loop that is closed with the task in it has nothing to complain about.
        self._task._log_destroy_pending = False  # type: ignore[attr-defined]
        return self._task

    def is_of_this_process(self) -> bool:
        """Whether it was not left behind in the parent by a fork."""
        return self._process == getpid()

    def is_alive(self) -> bool:
        """Whether it runs: in this process, on a loop that runs."""
        loop = self._loop()
        running = loop is not None and loop.is_running()
        return self.is_of_this_process() and running and self._task is not None and not self._task.done()

    def is_here(self) -> bool:
        """Whether it runs on this loop."""
        return self.is_alive() and self._loop() is asyncio.get_running_loop()

    def stop(self) -> None:
        """Take nothing more. What runs goes on."""
        self._stop.stop()
        self._stopped.set()

    def abandon(self) -> None:
        """Stop it on a loop that does not run: should it ever run again, nothing more is taken there."""
        self._stop.stop()

    async def end(self, longest: float) -> None:
        """Stop, and wait for the handlers so long at most; not for the one that awaits this."""
        self.stop()
        if self._task is None or asyncio.current_task() is self._task or self._is_asked_by_a_handler():
            return
        if self._running:
            await asyncio.wait(self._running, timeout=longest)
        await asyncio.wait({self._task}, timeout=AFTER_HANDLERS)
        # It waits for a database that does not answer, or for handlers that take too long.
        self._task.cancel()

    def _is_asked_by_a_handler(self) -> bool:
        return any(task.is_current() for task in (*self._running, *self._late))

    def begin_to_end(self, longest: float) -> asyncio.Future[None] | None:
        """The same, for a runner on another loop: begun now, to be waited for. None where that loop does not run."""
        self.abandon()
        loop = self._loop()
        if loop is None or not self.is_alive():
            return None
        ending = self.end(longest)
        try:
            return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(ending, loop))
        except RuntimeError:  # the loop was closed in between
            ending.close()
            return None

    async def _run(self) -> None:
        try:
            while not self._stop.is_stopped:
                await self._turn()
            while self._running:
                await self._wait_for_handlers()
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
            await self._wait_for_handlers()
        try:
            works = await finish(self._calls.pull(self._concurrency - len(self._running), PATIENCE, self._stop))
        except PaymentoError as error:
            await self._wait_after(error)
            return
        for work in works:
            task = begin(self._calls, self._handlers, work)
            self._running[task] = asyncio.get_running_loop().time() + self._longest
            task.add_done_callback(self._ended)

    async def _wait_for_handlers(self) -> None:
        """Wait until one has ended, or has run for as long as it may: it may never end, and counts no longer."""
        loop = asyncio.get_running_loop()
        left = min(self._running.values()) - loop.time()
        await asyncio.wait(self._running, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        late = {task for task, limit in self._running.items() if limit <= loop.time() and not task.done()}
        self._late |= late
        for task in late:
            del self._running[task]

    def _ended(self, task: Handling) -> None:
        self._running.pop(task, None)
        self._late.discard(task)
        # Looked at, so that nobody complains: what a handler raises is recorded, and its exit ends nobody else's.
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
