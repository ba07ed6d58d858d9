"""The runner of one process: a daemon thread that waits for events, and daemon threads that run the handlers."""

from __future__ import annotations

import sys
import threading
from os import getpid
from queue import SimpleQueue
from time import monotonic

from ._errors import ConfigError, PaymentoError
from ._hand_over import hand_over
from ._native import Call, Stop
from ._telling import tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ._native import CheckoutCalls, Work

PATIENCE = 5.0
"""How long it waits in core at a time. In between, what core has to log is logged."""
AFTER_FAILURE = 1.0
"""Until a database that does not answer is asked again."""
AFTER_REFUSAL = 30.0
"""The same, where waiting seldom helps."""
CLOSED = ("config.closed", "database.forked")
"""What waiting never cures."""
AFTER_CLOSE = 10.0
"""How long `close` waits for handlers: so long their leases would last."""
AFTER_HANDLERS = 1.0
"""How long it waits beyond that for the database to answer, or to stay silent."""


class Runner:
    """Hands over the events of one checkout, with several handlers at a time."""

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
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._ended.set()
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        # What runs, and until when: then its place belongs to others.
        self._running: dict[Work, float] = {}
        self._ending = False
        self._thread: threading.Thread | None = None
        self._hands: list[threading.Thread] = []
        self._process = getpid()
        self.error: BaseException | None = None

    def is_of_this_process(self) -> bool:
        """Whether it was not left behind in the parent by a fork."""
        return self._process == getpid()

    def ensure(self) -> None:
        """Start the thread, unless it runs."""
        if self._thread is not None and self._thread.is_alive():
            return
        refuse_green_threads()
        with self._lock:
            if (self._thread is None or not self._thread.is_alive()) and not self._stop.is_stopped:
                self._thread = self._started()

    def _started(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name="paymento-runner", daemon=True)
        self._ended.clear()
        try:
            thread.start()
        except RuntimeError:  # the machine's limit, or the interpreter is ending
            self._ended.set()
            raise
        return thread

    def stop(self) -> None:
        """Take nothing more. What runs goes on."""
        self._stop.stop()
        with self._changed:
            self._changed.notify_all()

    def wait(self, longest: float | None = None) -> bool:
        """Wait until the thread has ended, with every handler."""
        # Not `join`: where Ctrl-C interrupts it, Python before 3.13 takes the thread for ended.
        return self._ended.wait(longest)

    def quit(self) -> None:
        """Take nothing more, and not what is under way either."""
        self._ending = True
        self.stop()

    def end(self, longest: float) -> None:
        """Quit, and wait for the handlers so long at most; not for the one that calls this."""
        self.quit()
        if threading.current_thread() in (self._thread, *self._hands):
            return
        with self._changed:
            self._changed.wait_for(lambda: self._busy() == 0, longest)
        self.wait(AFTER_HANDLERS)

    def _run(self) -> None:
        try:
            while not self._stop.is_stopped:
                self._turn()
        except BaseException as error:
            self.error = error
            # Nobody waits for a runner in the background, and what is refused has been told.
            if not (self._raises or isinstance(error, PaymentoError)):
                raise
        finally:
            with self._changed:
                while self._busy():
                    self._wait_for_handlers()
                # Whoever still runs is late, and ends without being told.
                for _ in range(len(self._hands) - len(self._running)):
                    self._queue.put(None)
                self._hands = []
            self._ended.set()

    def _turn(self) -> None:
        free = self._wait_for_room()
        if self._stop.is_stopped:
            return
        try:
            works = self._calls.pull(free, PATIENCE, self._stop).wait_aside()
        except PaymentoError as error:
            self._wait_after(error)
            return
        # Whoever closes waits no longer: what comes now is handed over when its lease has ended.
        for work in works if not self._ending else ():
            self._take(work)

    def _wait_for_room(self) -> int:
        with self._changed:
            while self._busy() >= self._concurrency and not self._stop.is_stopped:
                self._wait_for_handlers()
            return self._concurrency - self._busy()

    def _busy(self) -> int:
        """How many handlers run. One that runs longer than it may no longer counts: it may never end."""
        now = monotonic()
        return sum(limit > now for limit in self._running.values())

    def _wait_for_handlers(self) -> None:
        """Wait until something has changed, or the next handler has run for as long as it may."""
        now = monotonic()
        limits = [limit for limit in self._running.values() if limit > now]
        self._changed.wait(min(limits) - now if limits else None)

    def _wait_after(self, error: PaymentoError) -> None:
        """Wait for what waiting cures; anything else ends the runner, or is logged where nobody waits for it."""
        if self._stop.is_stopped:
            return
        if not error.is_retryable:
            if self._raises:
                raise error
            tell("no order is handed over", error)
            if error.code in CLOSED:
                raise error
        with self._changed:
            self._changed.wait_for(
                lambda: self._stop.is_stopped, AFTER_FAILURE if error.is_retryable else AFTER_REFUSAL
            )

    def _take(self, work: Work) -> None:
        with self._changed:
            self._running[work] = monotonic() + self._longest
            needs_hand = len(self._running) > len(self._hands)
        if needs_hand and not self._add_hand():
            self._hand_over(work)
            return
        self._queue.put(work)

    def _add_hand(self) -> bool:
        """Start one more thread for handlers; false where there is none at all."""
        hand = threading.Thread(target=self._handle, name="paymento-handler", daemon=True)
        self._hands.append(hand)
        try:
            hand.start()
        except RuntimeError:  # the machine's limit, or the interpreter is ending
            self._hands.remove(hand)
            return len(self._hands) > len(self._running) - self._busy()
        return True

    def _handle(self) -> None:
        while (work := self._queue.get()) is not None:
            if not self._hand_over(work):
                return
            del work

    def _hand_over(self, work: Work) -> bool:
        """Run the handler; false where another thread has taken this one's place meanwhile."""
        try:
            hand_over(self._calls, self._handlers, work, Call.wait_aside)
        except BaseException:  # noqa: BLE001, S110 (recorded and logged; one handler's exit ends nobody else's)
            pass
        finally:
            with self._changed:
                is_in_time = self._running.pop(work) > monotonic()
                if not is_in_time and threading.current_thread() in self._hands:
                    self._hands.remove(threading.current_thread())
                self._changed.notify_all()
        return is_in_time


def refuse_green_threads() -> None:
    """Refuse to wait on what only looks like a thread: it would stop every request of the process."""
    monkey, patcher = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    if (monkey and monkey.is_module_patched("threading")) or (patcher and patcher.is_monkey_patched("thread")):
        message = "there are no real threads under gevent and eventlet"
        hint = 'make the checkout with worker="external", and run `paymento worker` beside the web server'
        raise ConfigError(f"{message} (hint: {hint})", code="config.worker", message=message, hint=hint)
