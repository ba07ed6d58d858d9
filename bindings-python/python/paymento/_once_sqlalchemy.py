"""`once` through SQLAlchemy 2, and its sessions and asyncio extension."""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from ._native import (
    once_insert_sql,
    once_refuse_autocommit,
    once_refuse_connection,
    once_refuse_shared_file,
    once_was_new,
)
from ._once_async import aiosqlite_commits_alone
from ._once_drivers import opened_files, sqlite_commits_alone
from ._once_failure import missing_table_told

_DATABASES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}


def once(connection: Any, key: str, forbidden: list[str]) -> bool:
    """Write the key, and say whether it was new."""
    database = _DATABASES.get(connection.dialect.name)
    if database is None:
        once_refuse_connection(connection)
    _begin(connection, database)
    if forbidden and database == "sqlite":
        once_refuse_shared_file(opened_files(connection.exec_driver_sql("PRAGMA database_list")), forbidden)
    insert = sys.modules["sqlalchemy"].text(once_insert_sql(database, ":key"))
    with missing_table_told(database):
        rows = connection.execute(insert, {"key": key}).rowcount
    return once_was_new(database, rows)


def once_in_session(session: Any, key: str, forbidden: list[str]) -> bool:
    """In the transaction of a session, on the connection of its default engine."""
    return once(session.connection(), key, forbidden)


async def once_async(connection: Any, key: str, forbidden: list[str]) -> bool:
    """With an AsyncConnection."""
    return bool(await connection.run_sync(once, key, forbidden))


async def once_in_async_session(session: Any, key: str, forbidden: list[str]) -> bool:
    """With an AsyncSession."""
    return await once_async(await session.connection(), key, forbidden)


def _begin(connection: Any, database: str) -> None:
    """Begin as the first statement would, since only then an engine's own begin has run, and refuse autocommit."""
    begun = None
    if not connection.in_transaction():
        if not hasattr(connection, "commit"):  # SQLAlchemy 1.4 as it was: what nobody began, it commits alone
            once_refuse_autocommit()
        begun = connection.begin()
    if _commits_alone(connection, database):
        if begun is not None:
            begun.rollback()
        once_refuse_autocommit()


def _commits_alone(connection: Any, database: str) -> bool:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return True
    fairy = connection.connection
    if database == "sqlite":
        return _sqlite_commits_alone(fairy.dbapi_connection)
    # SQLAlchemy's wrappers of asyncio drivers open their transaction with the first statement: they are asked first.
    for level in (fairy.dbapi_connection, fairy.driver_connection):
        if hasattr(level, "get_autocommit"):
            return bool(level.get_autocommit())
        if isinstance(getattr(level, "autocommit", None), bool):
            return bool(level.autocommit)
    return False


def _sqlite_commits_alone(adapter: Any) -> bool:
    """Through SQLAlchemy's adapter of aiosqlite where there is one; otherwise it is the connection itself."""
    if hasattr(adapter, "run_async"):
        return bool(adapter.run_async(aiosqlite_commits_alone))
    return sqlite_commits_alone(adapter)


class Kind(NamedTuple):
    """How to ask, and which transaction is open: after a commit the next statement begins another one."""

    once: Callable[[Any, str, list[str]], Any]
    transaction: Callable[[Any], object]

    def misuse(self, _connection: Any, _key: str) -> None:
        """Looking for the key would begin a transaction."""


CONNECTION = Kind(once, lambda connection: connection.get_transaction())
SESSION = Kind(once_in_session, lambda session: session.get_transaction())
ASYNC_CONNECTION = Kind(once_async, lambda connection: connection.sync_connection.get_transaction())
ASYNC_SESSION = Kind(once_in_async_session, lambda session: session.sync_session.get_transaction())
