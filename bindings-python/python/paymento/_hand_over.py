"""Runs the shop's handler on one event, and records how it ended."""

from __future__ import annotations

import sys
from contextlib import _AsyncGeneratorContextManager, _GeneratorContextManager, suppress
from os import _exit, getpid
from time import monotonic
from traceback import print_exception
from types import AsyncGeneratorType, GeneratorType

from ._claims import Claims
from ._errors import PaymentoError
from ._telling import inform, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn

    from ._native import Call, CheckoutCalls, Work

WITHIN = 3.9
"""Seconds in which a callback is answered."""

_UNRUN = (GeneratorType, AsyncGeneratorType, _GeneratorContextManager, _AsyncGeneratorContextManager)


def hand_over(
    calls: CheckoutCalls, handlers: Mapping[str, Callable[..., Any]], work: Work, wait: Callable[[Call], Any]
) -> BaseException | None:
    """Run the handler here. What it raises is recorded and logged; what is to end the program is given as well."""
    begun = monotonic()
    error = _failure(handlers, work)
    if error is None:
        record(work, wait, calls.complete(work))
        tell_success(work, begun)
        return None
    # First of all: whatever the log does with it, the failure counts.
    record(work, wait, calls.fail(work, said(error)))
    tell_failure(work, error)
    return None if isinstance(error, Exception) else error


class ParentOnly:
    """Around a handler: what follows it is its process's own. A child that it has forked ends here."""

    def __enter__(self) -> None:
        self._process = getpid()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if getpid() != self._process:
            _end(error)


def _end(error: BaseException | None) -> NoReturn:
    code = 0 if error is None else 1
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None:
        print_exception(type(error), error, error.__traceback__)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    _exit(code & 0xFF)


def _failure(handlers: Mapping[str, Callable[..., Any]], work: Work) -> BaseException | None:
    claims = Claims()
    try:
        with ParentOnly():
            result = handlers[work.kind](work.event_for(claims))
        refuse_awaitable(result, "the handler gave something to await, which only the handlers of an AsyncCheckout may")
        refuse_unrun(result)
        claims.verify()
    except BaseException as error:  # noqa: BLE001 (recorded, and given to whoever may end)
        return error
    finally:
        claims.end()
    return None


def refuse_awaitable(result: Any, why: str = "what the handler gave to await gave something to await again") -> None:
    """Raise where something is left that nobody awaits."""
    if hasattr(result, "__await__"):
        getattr(result, "close", lambda: None)()
        raise TypeError(why)


def refuse_unrun(result: Any) -> None:
    """Raise where the handler has only made a generator, or given the work away: nobody knows how that ends."""
    if isinstance(result, _UNRUN):
        raise TypeError("the handler gave a generator, and nothing of it has run: there is a `yield` in it")
    futures = sys.modules.get("concurrent.futures")
    if futures is not None and isinstance(result, futures.Future):
        raise TypeError("the handler gave a future of an executor, which may not be done: wait for its result")


def said(error: BaseException) -> str:
    """The type and the text of an exception, never what its variables hold."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 (anybody's own __str__)
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def record(work: Work, wait: Callable[[Call], Any], call: Call) -> None:
    """Record how the handler ended. Where that fails the lease ends, and the event is handed over again."""
    try:
        wait(call)
    except PaymentoError as error:
        tell_unrecorded(work, error)


def tell_success(work: Work, begun: float) -> None:
    """Log how long it took."""
    inform("handled %s of %s in %d ms", work.kind, work.event.order_id, (monotonic() - begun) * 1000)


def tell_failure(work: Work, error: BaseException) -> None:
    """Log why the handler failed."""
    follows = "it is a dead letter" if work.is_last_attempt else "it is tried again"
    tell(f"the handler of {work.kind} failed for order {work.event.order_id!r}; {follows}", error)


def tell_unrecorded(work: Work, error: PaymentoError) -> None:
    """Log that nobody knows how the handler ended."""
    tell(f"the end of the handler of {work.kind} for order {work.event.order_id!r} could not be recorded", error)
