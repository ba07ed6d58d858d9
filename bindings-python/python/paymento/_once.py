"""`once`: writes an order's key in the shop's own transaction, and says whether it was new.

No driver is imported here: a connection is recognized by the name of its class, and its driver is loaded already.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from . import _once_async, _once_drivers, _once_sqlalchemy
from ._native import once_refuse_connection, once_stored_key
from ._once_pending import PendingOnce

Paths = Sequence["str | os.PathLike[str]"]
"""The SQLite files that the checkout itself has open."""

_Sync = Callable[[Any, str, list[str]], bool]
_Async = Callable[[Any, str, list[str]], Awaitable[bool]]

_SYNC: dict[tuple[str, str], _Sync] = {
    ("sqlite3", "Connection"): _once_drivers.SQLITE.once,
    ("psycopg", "Connection"): _once_drivers.PSYCOPG.once,
    ("psycopg2", "connection"): _once_drivers.PSYCOPG2.once,
    ("pymysql", "Connection"): _once_drivers.PYMYSQL.once,
    ("MySQLdb", "Connection"): _once_drivers.MYSQLCLIENT.once,
    ("mysql", "MySQLConnectionAbstract"): _once_drivers.MYSQL_CONNECTOR.once,
    ("django", "BaseDatabaseWrapper"): _once_drivers.django,
    ("django", "ConnectionProxy"): _once_drivers.django,
    ("sqlalchemy", "Connection"): _once_sqlalchemy.once,
    ("sqlalchemy", "Session"): _once_sqlalchemy.once_in_session,
    ("sqlalchemy", "scoped_session"): _once_sqlalchemy.once_in_session,
}

_ASYNC: dict[tuple[str, str], _Async] = {
    ("psycopg", "AsyncConnection"): _once_async.PSYCOPG.once,
    ("asyncpg", "Connection"): _once_async.ASYNCPG.once,
    ("asyncpg", "PoolConnectionProxy"): _once_async.ASYNCPG.once,
    ("aiosqlite", "Connection"): _once_async.AIOSQLITE.once,
    ("aiomysql", "Connection"): _once_async.AIOMYSQL.once,
    ("sqlalchemy", "AsyncConnection"): _once_sqlalchemy.once_async,
    ("sqlalchemy", "AsyncSession"): _once_sqlalchemy.once_in_async_session,
    ("sqlalchemy", "async_scoped_session"): _once_sqlalchemy.once_in_async_session,
}

_CURSORS = {
    ("sqlite3", "Cursor"): "connection",
    ("psycopg", "BaseCursor"): "connection",
    ("psycopg2", "cursor"): "connection",
    ("pymysql", "Cursor"): "connection",
    ("MySQLdb", "BaseCursor"): "connection",
    ("django", "CursorWrapper"): "db",
}


def once(connection: Any, key: str, *, forbidden_files: Paths = ()) -> "bool | PendingOnce":
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

    Raises:
        InputError: `input.type`: the connection is of no known driver, or does not tell how many rows it wrote.
        ConfigError: `config.once_no_transaction`: every statement is committed by itself.
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
        return _SYNC[known[0]](connection, stored, files)
    return PendingOnce(_ASYNC[known[0]](connection, stored, files))


def _unwrapped(connection: Any) -> Any:
    """The connection of a cursor, Django's connection of an alias, and anything else as it is."""
    if isinstance(connection, str) and "django.db" in sys.modules:
        aliases = sys.modules["django.db"].connections
        return aliases[connection] if connection in list(aliases) else connection
    for name in _class_names(connection):
        if name in _CURSORS:
            return getattr(connection, _CURSORS[name])
    return connection


def _class_names(value: object) -> list[tuple[str, str]]:
    """The package and the name of each class of the value, subclasses first."""
    return [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(value).__mro__]
