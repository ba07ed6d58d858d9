"""Runs the shop's handler on one event, on the event loop or beside it, and records how it ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import Thread
from time import monotonic
from typing import cast

from ._claims import Claims
from ._errors import PaymentoError
from ._hand_over import ParentOnly, refuse_awaitable, refuse_unrun, said, tell_failure, tell_success, tell_unrecorded
from ._handlers import is_coroutine_function
from ._loop import finish_begun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ._native import Call, CheckoutCalls, OrderEvent, Work

AFTER_CANCEL = 1.0
"""How long a record that has begun is waited for by whoever is canceled meanwhile. Core writes it in any case."""


class Handling(asyncio.Task["BaseException | None"]):
    """The task of one handler. Its result is what is to end the program: raised here, it would end the loop."""

    inner: asyncio.Task[tuple[Any, BaseException | None]] | None = None
    """Where the handler itself runs: what it cancels there, for instance at its own time limit, is its own concern."""
    _is_asked = False

    def cancel(self, *arguments: Any, **options: Any) -> bool:
        """Remember it as well: before Python 3.11 a task does not tell whether somebody has canceled it."""
        self._is_asked = True
        return super().cancel(*arguments, **options)

    def is_canceled(self) -> bool:
        """Whether somebody has canceled it; or its handler has raised CancelledError by itself."""
        return self._is_asked

    def is_current(self) -> bool:
        """Whether it is the handler that asks."""
        return asyncio.current_task() in (self, self.inner)


def begin(calls: CheckoutCalls, handlers: Mapping[str, Callable[..., Any]], work: Work) -> Handling:
    """Run the handler in a task of its own, which raises nothing but that it was canceled."""
    task = Handling(_hand_over(calls, handlers, work), loop=asyncio.get_running_loop())
    # A loop that is closed with the task in it has nothing to complain about.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    return task


async def _hand_over(
    calls: CheckoutCalls, handlers: Mapping[str, Callable[..., Any]], work: Work
) -> BaseException | None:
    task, begun = cast("Handling", asyncio.current_task()), monotonic()
    error = await _failure(handlers, work, task)
    if error is None:
        await _record(work, calls.complete(work))
        tell_success(work, begun)
    elif isinstance(error, asyncio.CancelledError) and task.is_canceled():
        await _record(work, calls.release(work))
        raise error
    else:
        await _record(work, calls.fail(work, said(error)))
        tell_failure(work, error)
    if task.is_canceled():
        # Late, since a thread or the database had to be waited for, and not lost.
        raise asyncio.CancelledError
    return None if error is None or isinstance(error, (Exception, asyncio.CancelledError)) else error


async def _failure(handlers: Mapping[str, Callable[..., Any]], work: Work, task: Handling) -> BaseException | None:
    """Run the handler, and give what it raised: as a value, since no coroutine may raise StopIteration."""
    claims = Claims()
    try:
        result, error = await _ended(handlers[work.kind], work.event_for(claims), claims, task)
        if error is None:
            refuse_awaitable(result)
            refuse_unrun(result)
            await claims.verify_async()
    except GeneratorExit:  # the loop is gone, and nothing can be recorded any more
        raise
    except BaseException as raised:  # noqa: BLE001 (recorded, and given to whoever may end)
        return raised
    finally:
        claims.end()
    return error


async def _ended(
    handler: Callable[..., Any], event: OrderEvent, claims: Claims, task: Handling
) -> tuple[Any, BaseException | None]:
    if is_coroutine_function(handler):
        result, error = await _in_task(partial(handler, event), task)
    else:
        result, error = await _in_thread(handler, event, claims)
    # What a handler gives to await is the rest of it: a forgotten `await` loses nothing.
    if error is not None or not hasattr(result, "__await__"):
        return result, error
    if task.is_canceled():  # while the function ran
        getattr(result, "close", lambda: None)()
        raise asyncio.CancelledError
    return await _in_task(lambda: result, task)


async def _in_task(make: Callable[[], Any], task: Handling) -> tuple[Any, BaseException | None]:
    """Await what the function gives in a task of its own, which is canceled with this one."""
    task.inner = inner = asyncio.Task(_awaited(make), loop=asyncio.get_running_loop())
    inner._log_destroy_pending = False  # type: ignore[attr-defined]
    try:
        return await inner
    except asyncio.CancelledError:
        if not inner.done():
            raise
        return inner.result()


async def _awaited(make: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What it gives and what it raises: a task that raises SystemExit ends its loop."""
    try:
        with ParentOnly():
            return await make(), None
    except BaseException as error:  # noqa: BLE001 (recorded, and given to whoever may end)
        return None, error


async def _in_thread(
    handler: Callable[..., Any], event: OrderEvent, claims: Claims
) -> tuple[Any, BaseException | None]:
    """Run a function that blocks beside the loop. It cannot be canceled, however often: its end is what counts.

    In a thread of its own: the loop's own are few, others use them, and one that hangs is not replaced there.
    """
    loop = asyncio.get_running_loop()
    ended, context = loop.create_future(), copy_context()

    def run() -> None:
        outcome = context.run(_outcome, handler, event, claims)
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            loop.call_soon_threadsafe(_tell, ended, outcome)

    Thread(target=run, name="paymento-handler", daemon=True).start()
    while not ended.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({ended})
    result: tuple[Any, BaseException | None] = ended.result()
    return result


def _tell(ended: asyncio.Future[Any], outcome: tuple[Any, BaseException | None]) -> None:
    if not ended.done():
        ended.set_result(outcome)


def _outcome(handler: Callable[..., Any], event: OrderEvent, claims: Claims) -> tuple[Any, BaseException | None]:
    """What it gives and what it raises: a future takes no StopIteration, and would never be done."""
    try:
        with ParentOnly():
            result = handler(event)
        if not hasattr(result, "__await__"):
            claims.verify()  # here, since some connections answer in their own thread only
    except BaseException as error:  # noqa: BLE001 (recorded, and given to whoever may end)
        return None, error
    return result, None


async def _record(work: Work, call: Call) -> None:
    """Record how the handler ended. Where that fails the lease ends, and the event is handed over again."""
    try:
        await finish_begun(call, AFTER_CANCEL)
    except PaymentoError as error:
        tell_unrecorded(work, error)
