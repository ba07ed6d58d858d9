"""What a database's error says about a missing table."""

from collections.abc import Iterator
from contextlib import contextmanager

from ._native import once_refuse_missing_table


@contextmanager
def missing_table_told(database: str) -> Iterator[None]:
    """Give the error about a missing table its own code and hint; others pass as they are."""
    try:
        yield
    except Exception as error:
        for cause in _chain(error):
            once_refuse_missing_table(database, _code(cause), str(cause))
        raise


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and the driver's own within it: SQLAlchemy's `orig`, Django's cause."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = getattr(link, "orig", None) or link.__cause__


def _code(error: BaseException) -> str:
    """The number of MySQL, or the SQLSTATE of PostgreSQL."""
    first = error.args[0] if error.args else None
    for code in (first if isinstance(first, int) else None, getattr(error, "sqlstate", None)):
        if code:
            return str(code)
    return str(getattr(error, "pgcode", None) or "")
