"""How `Checkout` hands over: by a thread of its own, within `receive`, or where `run` is called."""

from __future__ import annotations

from os import getpid
from time import monotonic

from ._handlers import Handlers, is_asked, is_coroutine_function, refuse, seconds
from ._native import Call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from ._native import Answer, CheckoutCalls, Work
    from ._runner import Runner
    from ._types import Seconds

LOOK = 0.2
"""How often `run` looks whether it shall stop, in seconds."""


class Serving(Handlers):
    """Runs the handlers, which are plain functions."""

    __slots__ = ("_foreground", "_runners")

    def __init__(self, calls: CheckoutCalls) -> None:
        super().__init__(calls)
        # By process: in a forked child the parent's is not there.
        self._runners: dict[int, Runner] = {}
        self._foreground: set[Runner] = set()

    def run(self, stop: Event | Callable[[], object] | None = None) -> None:
        """Hand over to the handlers until told to stop, then wait for those that run. For a process of its own.

        `close`, called anywhere in the process, ends it too. `paymento worker module:checkout` does the same, and ends
        at SIGTERM. This installs no signal handler; Ctrl-C waits for the handlers too. A database that does not answer
        is waited for.

        Args:
            stop: an event that somebody sets, or a function that says whether to stop. Looked at 5 times a second.

        Raises:
            ConfigError, DatabaseError: what waiting does not cure.
        """
        from ._runner import Runner

        runner = Runner(self._calls, self._handlers, self._concurrency, self._longest, raises=True)
        self._foreground.add(runner)
        try:
            runner.ensure()
            while not runner.wait(LOOK):
                if is_asked(stop):
                    runner.stop()
        finally:
            runner.stop()
            while not runner.wait(LOOK):
                pass
            self._foreground.discard(runner)
        if runner.error is not None:
            raise runner.error

    def run_once(self, max_seconds: Seconds = 10, order_id: str | None = None) -> int:
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
        from ._hand_over import hand_over

        end = monotonic() + seconds(max_seconds)
        handled = 0
        while True:
            verified = self._calls.verify_due(order_id).wait()
            work: Work | None = self._calls.claim(order_id).wait()
            if work is not None:
                ending = hand_over(self._calls, self._handlers, work, Call.wait)
                if ending is not None:
                    raise ending
                handled += 1
            if monotonic() >= end or not (work or verified):
                return handled

    def close(self) -> None:
        """Stop handing over in this process, wait up to 10 seconds for handlers that run, and close the connections.

        Before a fork, so that the children may open a SQLite file. A later use opens it again.
        """
        from ._runner import AFTER_CLOSE

        end = monotonic() + AFTER_CLOSE
        background = self._runners.pop(getpid(), None)
        runners = [runner for runner in self._foreground if runner.is_of_this_process()]
        if background is not None:
            runners.append(background)
        for runner in runners:
            runner.quit()
        for runner in runners:
            runner.end(max(0, end - monotonic()))
        self._calls.close().wait()

    def _start(self) -> None:
        """Start this process's runner where there is to be one, or say that it cannot start now."""
        if self._worker != "thread":
            return
        try:
            (self._runners.get(getpid()) or self._make_runner()).ensure()
        except RuntimeError as error:  # the machine's limit, or the interpreter is ending
            from ._telling import tell

            tell("no thread could be started that hands over; the next call tries again", error)

    def _begin(self) -> float:
        """Before a callback is recorded: nothing but a mistake in the shop may keep it from that. Gives the time."""
        if self._worker == "thread":
            from ._runner import refuse_green_threads

            refuse_green_threads()
        return monotonic()

    def _make_runner(self) -> Runner:
        from ._runner import Runner

        return self._runners.setdefault(getpid(), Runner(self._calls, self._handlers, self._concurrency, self._longest))

    def _hand_over(self, answer: Answer, begun: float) -> None:
        """Run the handlers of the order that this callback was about. Whatever they raise, the callback is recorded."""
        self._start()
        order_id = answer._hand_over
        if order_id is None:
            return
        from ._errors import PaymentoError
        from ._hand_over import WITHIN, hand_over
        from ._telling import tell

        try:
            while monotonic() - begun < WITHIN and (work := self._calls.claim(order_id).wait()) is not None:
                hand_over(self._calls, self._handlers, work, Call.wait)
        except PaymentoError as error:
            tell("a callback is recorded, and its order is not handed over yet", error)

    def _refuse_handler(self, handler: object) -> None:
        super()._refuse_handler(handler)
        if is_coroutine_function(handler):
            refuse("the handlers of a Checkout are plain functions", "an AsyncCheckout takes async def as well")
