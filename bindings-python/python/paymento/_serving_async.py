"""How `AsyncCheckout` hands over: by a task of its own, within `receive`, or where `run` is awaited."""

from __future__ import annotations

import asyncio
from time import monotonic

from ._errors import PaymentoError
from ._hand_over import WITHIN
from ._hand_over_async import begin
from ._handlers import Handlers, is_asked, seconds
from ._loop import finish
from ._runner import AFTER_CLOSE, AFTER_HANDLERS
from ._runner_async import AsyncRunner
from ._telling import tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from ._hand_over_async import Handling
    from ._native import Answer, CheckoutCalls, Work
    from ._types import Seconds

LOOK = 0.2
"""How often `run` looks whether it shall stop, in seconds."""


class AsyncServing(Handlers):
    """Runs the handlers: coroutine functions on the loop, plain functions in threads of their own."""

    __slots__ = ("_inline", "_runner", "_runners", "_under_way")

    def __init__(self, calls: CheckoutCalls) -> None:
        super().__init__(calls)
        self._runner: AsyncRunner | None = None
        """The one in the background; `run` has its own."""
        self._runners: set[AsyncRunner] = set()
        # The loop itself holds its tasks only weakly.
        self._under_way: set[asyncio.Task[None]] = set()
        self._inline: set[Handling] = set()

    async def run(self, stop: asyncio.Event | threading.Event | Callable[[], object] | None = None) -> None:
        """Hand over to the handlers until told to stop, then wait for those that run. For a process of its own.

        `close`, called anywhere in the process, ends it too. `paymento worker module:checkout` does the same, and ends
        at SIGTERM. This installs no signal handler. A database that does not answer is waited for. Canceling it cancels
        the handlers that run, whose events are handed over again; for plain functions it waits.

        Args:
            stop: an event that somebody sets, or a function that says whether to stop. Looked at 5 times a second.

        Raises:
            ConfigError, DatabaseError: what waiting does not cure.
        """
        runner = AsyncRunner(self._calls, self._handlers, self._concurrency, self._longest, raises=True)
        task = self._started(runner)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=LOOK)
                if is_asked(stop):
                    runner.stop()
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            raise
        if not task.cancelled():  # by `close`, for handlers that took too long
            task.result()

    async def run_once(self, max_seconds: Seconds = 10, order_id: str | None = None) -> int:
        """Verify what is due and run the handlers on what there is, here and now. For cron, and for tests.

        What a handler raises is recorded and logged. It is raised as well where it is to end the program: SystemExit.

        Args:
            max_seconds: after that no further event is begun.
            order_id: only of this order.

        Returns:
            How many events were handed over.

        Raises:
            DatabaseError: `database.` and what is wrong with it.
        """
        end = monotonic() + seconds(max_seconds)
        handled = 0
        while True:
            verified = await finish(self._calls.verify_due(order_id))
            work: Work | None = await finish(self._calls.claim(order_id))
            if work is not None:
                ending = await begin(self._calls, self._handlers, work)
                if ending is not None:
                    raise ending
                handled += 1
            if monotonic() >= end or not (work or verified):
                return handled

    async def close(self) -> None:
        """Stop handing over in this process, wait up to 10 seconds for handlers that run, and close the connections.

        Before a fork, so that the children may open a SQLite file. A later use opens it again.
        """
        self._runner = None
        end = monotonic() + AFTER_CLOSE
        runners = [runner for runner in self._runners if runner.is_of_this_process()]
        here = [runner for runner in runners if runner.is_here()]
        elsewhere = [runner.begin_to_end(AFTER_CLOSE) for runner in runners if runner not in here]
        for runner in here:
            runner.stop()
        for runner in here:
            await runner.end(max(0, end - monotonic()))
        await self._end_inline(max(0, end - monotonic()))
        if ending := {future for future in elsewhere if future is not None}:
            # Such a loop may end meanwhile, and never tell.
            await asyncio.wait(ending, timeout=max(0, end - monotonic()) + AFTER_HANDLERS)
        await finish(self._calls.close())

    async def _end_inline(self, longest: float) -> None:
        """Wait for the handlers that `receive` has begun on this loop; not for the one that calls this."""
        loop = asyncio.get_running_loop()
        under_way = {task for task in self._under_way if task.get_loop() is loop}
        if under_way and not any(handling.is_current() for handling in self._inline):
            await asyncio.wait(under_way, timeout=longest)

    def _started(self, runner: AsyncRunner) -> asyncio.Task[None]:
        task = runner.start()
        self._runners.add(runner)
        task.add_done_callback(lambda _: self._runners.discard(runner))
        return task

    def _start(self) -> None:
        """Start this process's runner where there is to be one."""
        if self._worker == "thread" and (self._runner is None or not self._runner.is_alive()):
            if self._runner is not None:
                self._runner.abandon()
                self._runners.discard(self._runner)
            self._runner = AsyncRunner(self._calls, self._handlers, self._concurrency, self._longest)
            self._started(self._runner)

    def _begin(self) -> float:
        """Before a callback is recorded. Gives the time."""
        return monotonic()

    async def _hand_over(self, answer: Answer, begun: float) -> None:
        """Run the handlers of the order that this callback was about. Whatever they raise, the callback is recorded.

        What takes longer than the gateway waits goes on afterwards, where the host lets it.
        """
        self._start()
        order_id = answer._hand_over
        if order_id is None:
            return
        task = asyncio.ensure_future(self._hand_over_order(order_id, begun + WITHIN))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait({task}, timeout=begun + WITHIN - monotonic())

    async def _hand_over_order(self, order_id: str, end: float) -> None:
        try:
            while monotonic() < end and (work := await finish(self._calls.claim(order_id))) is not None:
                handling = begin(self._calls, self._handlers, work)
                self._inline.add(handling)
                handling.add_done_callback(self._inline.discard)
                await handling
        except PaymentoError as error:
            tell("a callback is recorded, and its order is not handed over yet", error)
