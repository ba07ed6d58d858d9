"""`PendingOnce`: the answer of `once` that is still to be awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ._errors import InputError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

    from ._claims import Claims


class PendingOnce:
    """Must be awaited. `if order.once(connection):` without `await` raises, where a coroutine would always be true."""

    def __init__(self, answer: Coroutine[Any, Any, bool], claims: Claims | None = None) -> None:
        self._answer = answer if claims is None else self._tracked(answer, claims)
        self._unasked = answer
        self._is_awaited = False
        if claims is not None:
            claims.pending.add(self)

    def __await__(self) -> Generator[Any, Any, bool]:
        self._is_awaited = True
        return self._answer.__await__()

    def __bool__(self) -> NoReturn:
        self.close()
        message, hint = "once must be awaited with an asynchronous connection", "write: if await order.once(connection)"
        raise InputError(f"{message} (hint: {hint})", code="input.type", message=message, hint=hint)

    def close(self) -> None:
        """Where nothing was sent, a warning about a lost coroutine would only repeat the error."""
        if not self._is_awaited:
            self._answer.close()
            self._unasked.close()

    async def _tracked(self, answer: Coroutine[Any, Any, bool], claims: Claims) -> bool:
        """Nobody's concern any more when it has ended, whether it gave an answer or raised."""
        try:
            return await answer
        finally:
            claims.pending.discard(self)
