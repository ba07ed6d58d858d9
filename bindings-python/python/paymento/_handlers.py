"""What both checkouts have in common: their handlers, one for each kind of event, and what they do not do."""

from __future__ import annotations

from functools import partial
from typing import overload

from ._native import CheckoutCalls, refuse_pickling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn, TypeVar

    from ._types import EventKindName

    Handler = TypeVar("Handler", bound=Callable[..., Any])


COROUTINE = 0x80
"""The flag of the code of `async def`."""
GENERATOR = 0x20 | 0x200
"""The flags of code with a `yield`, in `def` and in `async def`."""


class Handlers:
    """One handler for each kind of event."""

    __slots__ = ("__weakref__", "_calls", "_concurrency", "_handlers", "_longest", "_worker")

    def __init__(self, calls: CheckoutCalls) -> None:
        self._calls = calls
        # As core has read them, which knows what stands for nothing given.
        self._worker = calls.worker
        self._concurrency = calls.concurrency
        self._longest = calls.max_handler_time
        self._handlers: dict[str, Callable[..., Any]] = {}

    @overload
    def on(self, kind: EventKindName) -> Callable[[Handler], Handler]: ...
    @overload
    def on(self, kind: EventKindName, handler: Handler) -> Handler: ...

    def on(self, kind: Any, handler: Any = None) -> Any:
        """Say what to do on an event. The function is given an `OrderEvent`, and may run again if it fails.

        A decorator, `@checkout.on("closed")`, or a call, `checkout.on("closed", function)`. Gives the function back.

        Args:
            kind: "paid", "partially_paid", "closed" or "attention". One handler each.
            handler: the function.

        Raises:
            CheckoutError: `checkout.handler_exists`.
            InputError: `input.type`: another kind, or no function that fits.
        """
        if handler is None:
            return lambda function: self.on(kind, function)
        self._refuse_handler(handler)
        # As core reads it: the text of any class of strings, also of an enum of the shop's own.
        name = str.__str__(kind) if isinstance(kind, str) else repr(kind)
        known = name in self._handlers
        # First of all, so that whoever is handed over to finds it.
        self._handlers.setdefault(name, handler)
        try:
            self._calls.register(kind)
        except BaseException:
            if not known:
                del self._handlers[name]
            raise
        return handler

    def on_paid(self, handler: Handler) -> Handler:
        """Say what to do when an order is paid: fulfill it. A decorator; gives the function back.

        The function is given an `OrderEvent`. When it returns, the event is done; when it raises, it is tried again
        after a wait that grows. It may also run again where the process dies before its end is recorded:
        `order.once(connection)`, or `order.key` under a unique key, makes it once.

        Raises:
            CheckoutError: `checkout.handler_exists`.
            InputError: `input.type`: no function that fits.
        """
        return self.on("paid", handler)

    def _refuse_handler(self, handler: object) -> None:
        if not callable(handler):
            refuse("handler must be a function", None)
        if _has_flag(handler, GENERATOR):
            refuse("handler must run when it is called, and a generator function does not", "there is a `yield` in it")

    def __repr__(self) -> str:
        """Show no URL: it may hold a password."""
        return f"<paymento.{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        """Refuse pickling: a checkout holds keys."""
        refuse_pickling(self)


def refuse(message: str, hint: str | None, code: str = "input.type") -> NoReturn:
    """Raise the error of an argument that cannot be used."""
    from ._errors import InputError

    text = message if hint is None else f"{message} (hint: {hint})"
    raise InputError(text, code=code, message=message, hint=hint)


def is_coroutine_function(handler: object) -> bool:
    """Whether calling it only makes a coroutine, also through a partial, a method or an object that can be called."""
    return _has_flag(handler, COROUTINE)


def _has_flag(handler: Any, flag: int) -> bool:
    # Nothing else is unwrapped: a mock has whatever attribute it is asked for, and that one has it again.
    while isinstance(handler, partial):
        handler = handler.func
    code = getattr(handler, "__code__", None) or getattr(type(handler).__call__, "__code__", None)
    flags = getattr(code, "co_flags", 0)
    return isinstance(flags, int) and bool(flags & flag)


def seconds(time: Any) -> float:
    """Seconds as a number, of a number or a timedelta; infinity is for as long as it takes."""
    if hasattr(time, "total_seconds"):
        time = time.total_seconds()
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        refuse("max_seconds must be seconds or a timedelta", None)
    try:
        number = float(time)
    except OverflowError:
        number = -1.0
    if number >= 0:
        return number
    refuse("max_seconds must not be negative, nor beyond 64 bits", None, "input.duration")


def is_asked(stop: Any) -> bool:
    """Whether an event is set, or a function says so."""
    if stop is None:
        return False
    return bool(stop() if callable(stop) else stop.is_set())
