"""`once`: writes an order's key in the shop's own transaction, and says whether it was new.

No driver is imported here: a connection is recognized by the name of its class, and its driver is loaded already.
"""

import os
import sys
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from . import _once_async, _once_drivers, _once_hold, _once_sqlalchemy
from ._claims import Claims
from ._native import once_refuse_connection, once_stored_key
from ._once_pending import PendingOnce

Paths = Sequence["str | os.PathLike[str]"]
"""The SQLite files that the checkout itself has open."""

_SYNC: dict[tuple[str, str], Any] = {
    ("sqlite3", "Connection"): _once_drivers.SQLITE,
    ("psycopg", "Connection"): _once_drivers.PSYCOPG,
    ("psycopg2", "connection"): _once_drivers.PSYCOPG2,
    ("pymysql", "Connection"): _once_drivers.PYMYSQL,
    ("MySQLdb", "Connection"): _once_drivers.MYSQLCLIENT,
    ("mysql", "MySQLConnectionAbstract"): _once_drivers.MYSQL_CONNECTOR,
    ("django", "BaseDatabaseWrapper"): _once_drivers.DJANGO,
    ("sqlalchemy", "Connection"): _once_sqlalchemy.CONNECTION,
    ("sqlalchemy", "Session"): _once_sqlalchemy.SESSION,
}

_ASYNC: dict[tuple[str, str], Any] = {
    ("psycopg", "AsyncConnection"): _once_async.PSYCOPG,
    ("asyncpg", "Connection"): _once_async.ASYNCPG,
    ("asyncpg", "PoolConnectionProxy"): _once_async.ASYNCPG,
    ("aiosqlite", "Connection"): _once_async.AIOSQLITE,
    ("aiomysql", "Connection"): _once_async.AIOMYSQL,
    ("sqlalchemy", "AsyncConnection"): _once_sqlalchemy.ASYNC_CONNECTION,
    ("sqlalchemy", "AsyncSession"): _once_sqlalchemy.ASYNC_SESSION,
}

_connection = attrgetter("connection")
# What stands for a connection, and how it is found: the same one for each handler that uses it.
_WITHIN: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("sqlite3", "Cursor"): _connection,
    ("psycopg", "BaseCursor"): _connection,
    ("psycopg2", "cursor"): _connection,
    ("pymysql", "Cursor"): _connection,
    ("MySQLdb", "BaseCursor"): _connection,
    ("django", "CursorWrapper"): attrgetter("db"),
    ("django", "ConnectionProxy"): lambda proxy: proxy._connections[proxy._alias],
    ("sqlalchemy", "scoped_session"): lambda registry: registry(),
    ("sqlalchemy", "async_scoped_session"): lambda registry: registry(),
}


def once(
    connection: Any, key: str, *, forbidden_files: Paths = (), claims: Claims | None = None
) -> "bool | PendingOnce":
    """Write the key into the shop's own database, and say whether it was new.

    It runs in the transaction that is open on the connection, or that its first statement opens, and neither commits
    nor rolls back. When the key is there already the transaction goes on. Where another open transaction has written
    the same key, it waits for that one to end, as long as the database's own limit allows.

    Args:
        connection: a connection, session or cursor of sqlite3, psycopg, psycopg2, PyMySQL, mysqlclient,
            mysql-connector, SQLAlchemy, Django (`connection` or an alias such as `"default"`), asyncpg, aiosqlite or
            aiomysql. With an asynchronous one the answer must be awaited.
        key: the order's key.
        forbidden_files: the SQLite files of the checkout itself.
        claims: those of the handler that asks, for the time after its end.

    Raises:
        InputError: `input.type`: the connection is of no known driver, or does not tell how many rows it wrote.
        ConfigError: `config.once_no_transaction`: every statement is committed by itself; or another handler works in
            the transaction of the same connection, and has not ended within 10 seconds.
            `config.once_table_missing`: the hint has the statement for the shop's migrations.
        DatabaseError: `database.shared_sqlite_file`: the connection has the checkout's own file open.
        Exception: what the driver raises, for instance at a timeout or a deadlock: roll back; the order comes again.
    """
    connection = _unwrapped(connection)
    stored, files = once_stored_key(key), [os.fspath(path) for path in forbidden_files]
    known = [name for name in _class_names(connection) if name in _SYNC or name in _ASYNC]
    if not known:
        once_refuse_connection(connection)
    if known[0] in _SYNC:
        return _once(_SYNC[known[0]], connection, stored, files, claims)
    return _pending(_ASYNC[known[0]], connection, stored, files, claims)


def _once(kind: Any, connection: Any, key: str, files: list[str], claims: Claims | None) -> bool:
    if claims is None:
        return bool(kind.once(connection, key, files))
    return _once_hold.once(kind, connection, key, files, claims)


def _pending(kind: Any, connection: Any, key: str, files: list[str], claims: Claims | None) -> PendingOnce:
    if claims is None:
        return PendingOnce(kind.once(connection, key, files))
    return PendingOnce(_once_hold.once_async(kind, connection, key, files, claims), claims)


def _unwrapped(connection: Any) -> Any:
    """The connection of a cursor or a proxy, Django's connection of an alias, and anything else as it is."""
    if isinstance(connection, str) and "django.db" in sys.modules:
        aliases = sys.modules["django.db"].connections
        return aliases[connection] if connection in list(aliases) else connection
    for name in _class_names(connection):
        if name in _WITHIN:
            return _WITHIN[name](connection)
    return connection


def _class_names(value: object) -> list[tuple[str, str]]:
    """The package and the name of each class of the value, subclasses first."""
    return [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(value).__mro__]
