"""`Claims`: what `once` has told one running handler, and whether it still holds when the handler ends."""

from __future__ import annotations

from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._once_hold import Hold
    from ._once_pending import PendingOnce

PATIENCE = 2.0
"""Seconds that a connection of asyncio may take to say how its transaction has ended."""


class Claims:
    """The connections on which `once` has said True to one handler, and what was not awaited."""

    __slots__ = ("has_ended", "holds", "pending")

    def __init__(self) -> None:
        self.holds: list[Hold] = []
        self.pending: set[PendingOnce] = set()
        self.has_ended = False

    def verify(self) -> None:
        """Raise where the handler has ended, and what it wrote beside `once` has certainly not been committed.

        A connection that is closed, is used by another handler, or does not tell, is not asked.
        """
        self._refuse_pending()
        for hold in self.holds:
            answer = _ask(hold)
            getattr(answer, "close", lambda: None)()  # of asyncio, and there is no loop here
            _refuse(answer)

    async def verify_async(self) -> None:
        """The same on an event loop."""
        self._refuse_pending()
        for hold in self.holds:
            answer = _ask(hold)
            if hasattr(answer, "__await__"):
                answer = await _within_patience(answer)
            _refuse(answer)

    def end(self) -> None:
        """The handler has ended: others may use its connections."""
        self.has_ended = True
        for hold in self.holds:
            hold.leave()
        self.holds = []

    def _refuse_pending(self) -> None:
        if self.pending:
            for pending in self.pending:
                pending.close()
            _refuse("not_awaited")


def _ask(hold: Hold) -> Any:
    # Best effort: whatever goes wrong here says nothing about the handler.
    with suppress(Exception):
        return hold.misuse()
    return None


async def _within_patience(answer: Any) -> Any:
    import asyncio

    with suppress(Exception):
        return await asyncio.wait_for(answer, PATIENCE)
    return None


def _refuse(misuse: object) -> None:
    if isinstance(misuse, str):
        from ._native import once_refuse

        once_refuse(misuse)
