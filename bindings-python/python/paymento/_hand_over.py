"""Runs the shop's handler on one event, and records how it ended."""

from __future__ import annotations

from time import monotonic

from ._errors import PaymentoError
from ._telling import inform, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn

    from ._native import Call, CheckoutCalls, Work

WITHIN = 3.9
"""Seconds in which a callback is answered."""


def hand_over(
    calls: CheckoutCalls, handlers: Mapping[str, Callable[..., Any]], work: Work, wait: Callable[[Call], Any]
) -> None:
    """Run the handler here. What it raises is recorded and logged; what is to end the program is raised as well."""
    begun = monotonic()
    try:
        result = handlers[work.kind](work.event)
        if hasattr(result, "__await__"):
            refuse_awaitable(result)
    except BaseException as error:
        record(work, wait, failing(calls, work, error))
        if not isinstance(error, Exception):
            raise
    else:
        record(work, wait, calls.complete(work))
        inform("handled %s of %s in %d ms", work.kind, work.event.order_id, (monotonic() - begun) * 1000)


def refuse_awaitable(result: Any) -> NoReturn:
    """Raise, since nobody has run the handler yet."""
    getattr(result, "close", lambda: None)()
    raise TypeError("the handler gave something to await, which only the handlers of an AsyncCheckout may")


def failing(calls: CheckoutCalls, work: Work, error: BaseException) -> Call:
    """Log why the handler failed, and give the call that records it."""
    event = work.event
    tell(f"the handler of {work.kind} failed for order {event.order_id!r}; it is tried again", error)
    return calls.fail(work, said(error))


def said(error: BaseException) -> str:
    """The type and the text of an exception, never what its variables hold."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 (anybody's own __str__)
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def record(work: Work, wait: Callable[[Call], Any], call: Call) -> None:
    """Record how the handler ended. Where that fails the lease ends, and the event is handed over again."""
    try:
        wait(call)
    except PaymentoError as error:
        unrecorded(work, error)


def unrecorded(work: Work, error: PaymentoError) -> None:
    """Log that nobody knows how the handler ended."""
    tell(f"the end of the handler of {work.kind} for order {work.event.order_id!r} could not be recorded", error)
