"""`PendingOnce`: the answer of `once` that is still to be awaited."""

from collections.abc import Awaitable, Generator
from typing import Any, NoReturn

from ._errors import InputError


class PendingOnce:
    """Must be awaited. `if order.once(connection):` without `await` raises, where a coroutine would always be true."""

    def __init__(self, answer: Awaitable[bool]) -> None:
        self._answer = answer

    def __await__(self) -> Generator[Any, Any, bool]:
        return self._answer.__await__()

    def __bool__(self) -> NoReturn:
        close = getattr(self._answer, "close", None)
        if close is not None:
            close()  # nothing was sent; a warning about a lost coroutine would only repeat the error
        message, hint = "once must be awaited with an asynchronous connection", "write: if await order.once(connection)"
        raise InputError(f"{message} (hint: {hint})", code="input.type", message=message, hint=hint)
