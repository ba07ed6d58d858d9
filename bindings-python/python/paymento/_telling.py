"""What the runner has to say, in Python's `logging`."""

from __future__ import annotations

import logging
import sys
import traceback

LOGGER = logging.getLogger("paymento")


def tell(message: str, error: BaseException) -> None:
    """Log an error with its traceback; to standard error where the program has set up no logging at all."""
    try:
        _log_error(message, error)
    except Exception:  # noqa: BLE001 (anybody's own handler of log records)
        _complain()


def inform(message: str, *values: object) -> None:
    """Log what went well."""
    try:
        LOGGER.info(message, *values)
    except Exception:  # noqa: BLE001 (anybody's own handler of log records)
        _complain()


def _log_error(message: str, error: BaseException) -> None:
    LOGGER.error(message, exc_info=error)
    if logging.lastResort is not None and LOGGER.isEnabledFor(logging.ERROR) and not _is_heard():
        info = (type(error), error, error.__traceback__)
        record = LOGGER.makeRecord(LOGGER.name, logging.ERROR, "", 0, message, (), info)
        logging.lastResort.handle(record)


def _complain() -> None:
    """Show what a handler of log records raised, as `logging` does with its own: it costs nobody an order."""
    try:
        traceback.print_exc(file=sys.stderr)
    except Exception:  # noqa: BLE001, S110 (there is nobody left to tell)
        pass


def _is_heard() -> bool:
    """Whether anybody but a null handler gets what is logged."""
    logger: logging.Logger | None = LOGGER
    while logger is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            return True
        logger = logger.parent if logger.propagate else None
    return False
