"""`paymento worker shop:checkout`: a process of its own that runs a shop's handlers."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import signal
import sys
import threading
import traceback

from ._checkout import Checkout
from ._errors import PaymentoError
from ._handlers import Handlers
from ._native import run_command_line
from ._telling import LOGGER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from ._async_checkout import AsyncCheckout

DONE = 0
FAILED = 1
MISUSED = 2
EXAMPLE = "paymento worker shop:checkout"


class MisusedError(Exception):
    """What was asked for makes no sense."""


class BrokenError(Exception):
    """The shop's own code has failed, and its traceback is printed."""


def main(arguments: list[str]) -> int:
    """Run the command with the arguments after `worker`, and give the exit code."""
    if arguments in (["--help"], ["-h"]):
        return run_command_line(["help", "worker"])
    try:
        where = only(arguments)
        return serve(where, found(where))
    except MisusedError as error:
        print(f"paymento: {error}\n`paymento worker --help` explains it", file=sys.stderr)
        return MISUSED
    except BrokenError:
        return FAILED
    except PaymentoError as error:
        print(f"paymento: {error}", file=sys.stderr)
        return FAILED


def only(arguments: list[str]) -> str:
    """The one argument that there is to be."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        raise MisusedError(f"worker takes one thing, where the checkout is: {EXAMPLE}")
    return arguments[0]


def found(where: str) -> Checkout | AsyncCheckout:
    """The checkout at `module:attribute`, which may be a function that makes it."""
    name, colon, attribute = where.partition(":")
    if not (name and colon and attribute):
        raise MisusedError(f"{where!r} is no MODULE:CHECKOUT; for instance: {EXAMPLE}")
    value = imported(name)
    for part in attribute.split("."):
        if not hasattr(value, part):
            raise MisusedError(f"{name!r} has no {attribute!r}")
        value = getattr(value, part)
    if not isinstance(value, Handlers) and callable(value):
        value = made(where, value)
    if not isinstance(value, Handlers):
        raise MisusedError(f"{where!r} is no Checkout and no AsyncCheckout; it is of the class {type(value).__name__}")
    if not value._handlers:
        raise MisusedError(f"{where!r} has no handler: name a module that registers one, for instance with on_paid")
    return value  # type: ignore[return-value]


def imported(name: str) -> object:
    """The module, from the working directory first."""
    if os.getcwd() not in sys.path:  # noqa: PTH109 (pathlib takes longer to import than the rest)
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise MisusedError(f"there is no module {name!r}, neither in {os.getcwd()} nor installed") from None  # noqa: PTH109
        traceback.print_exc()
        raise BrokenError from error
    except Exception as error:
        traceback.print_exc()
        raise BrokenError from error


def made(where: str, make: object) -> object:
    """What the function at that place makes."""
    try:
        return make()  # type: ignore[operator]
    except PaymentoError:
        raise
    except Exception as error:
        traceback.print_exc()
        print(f"paymento: {where!r} was called, and raised", file=sys.stderr)
        raise BrokenError from error


def serve(where: str, checkout: Checkout | AsyncCheckout) -> int:
    """Hand over until a signal comes, and let the handlers that run finish."""
    log_to_output()
    stop = threading.Event()
    stop_on_signals(stop)
    kinds = ", ".join(sorted(checkout._handlers))
    say(f"{where} hands over {kinds}, in process {os.getpid()}; SIGTERM or Ctrl-C ends it")
    if isinstance(checkout, Checkout):
        try:
            checkout.run(stop)
        finally:
            checkout.close()
    else:
        asyncio.run(serve_async(checkout, stop))
    say(f"{where} has ended; every handler has finished")
    return DONE


async def serve_async(checkout: AsyncCheckout, stop: threading.Event) -> None:
    """Hand over on an event loop."""
    try:
        await checkout.run(stop)
    finally:
        await checkout.close()


def stop_on_signals(stop: threading.Event) -> None:
    """The first signal lets the handlers finish; the second one, of either kind, ends the process at once."""
    endings = (signal.SIGINT, signal.SIGTERM)

    def told(number: int, _: FrameType | None) -> None:
        for ending in endings:
            signal.signal(ending, signal.SIG_DFL)
        stop.set()
        shout(f"{signal.Signals(number).name}: the handlers that run finish, nothing new begins")

    for ending in endings:
        signal.signal(ending, told)


def log_to_output() -> None:
    """Show what the runner logs, unless the shop has set up logging by itself."""
    if logging.getLogger().handlers or any(not isinstance(h, logging.NullHandler) for h in LOGGER.handlers):
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)


def say(text: str) -> None:
    """Print a line at once; a closed output is no reason to stop shipping."""
    try:
        print(f"paymento worker: {text}", flush=True)
    except OSError:
        pass


def shout(text: str) -> None:
    """The same from a signal handler, which may have interrupted a write to the same buffered output."""
    try:
        os.write(sys.stdout.fileno(), f"paymento worker: {text}\n".encode())
    except (OSError, ValueError, AttributeError):  # closed, or no file at all
        pass
