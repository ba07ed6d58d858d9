"""`once` through the drivers of asyncio."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from ._native import once_insert_sql, once_refuse_autocommit, once_refuse_shared_file, once_was_new
from ._once_drivers import (
    FAILED,
    HAS_WRITTEN,
    MYSQL_IN_TRANSACTION,
    SQLITE,
    opened_files,
    psycopg_commits_alone,
    psycopg_transaction,
    pymysql_commits_alone,
    sqlite_commits_alone,
)
from ._once_failure import missing_table_told


class AsyncDriver(NamedTuple):
    """What one driver does in its own way."""

    database: str
    placeholder: str
    commits_alone: Callable[[Any], Awaitable[bool]]
    write: Callable[[Any, str, str], Awaitable[int]]
    """Runs a statement with one parameter, and gives the number of rows written."""
    transaction: Callable[[Any], object]
    """The transaction that is certainly open: an object of its own, or True where the driver has none; or None."""
    misuse: "Callable[[Any, str], Awaitable[str | None] | None]" = lambda _connection, _key: None
    """When the handler has ended, and no transaction is open: whether the key is certainly not there."""
    within: "Callable[[Any], Awaitable[str | None] | str | None]" = lambda _: "left_open"
    """What an open transaction means. It may be another one, where the driver does not tell them apart."""

    async def once(self, connection: Any, key: str, forbidden: list[str]) -> bool:
        """Write the key, and say whether it was new."""
        if await self.commits_alone(connection):
            once_refuse_autocommit()
        if forbidden and self.database == "sqlite":
            once_refuse_shared_file(await _sqlite_files(connection), forbidden)
        with missing_table_told(self.database):
            rows = await self.write(connection, once_insert_sql(self.database, self.placeholder), key)
        return once_was_new(self.database, rows)


async def _psycopg_write(connection: Any, sql: str, key: str) -> int:
    async with sys.modules["psycopg"].AsyncCursor(connection) as cursor:
        await cursor.execute(sql, (key,))
        return int(cursor.rowcount)


async def _psycopg_within(connection: Any) -> "str | None":
    if connection.info.transaction_status == FAILED:
        return "left_open"
    async with sys.modules["psycopg"].AsyncCursor(connection) as cursor:
        await cursor.execute(HAS_WRITTEN)
        return "left_open" if (await cursor.fetchone())[0] else None


async def _asyncpg_write(connection: Any, sql: str, key: str) -> int:
    status = await connection.execute(sql, key)  # for instance INSERT 0 1
    return int(status.rpartition(" ")[2])


async def _aiosqlite_write(connection: Any, sql: str, key: str) -> int:
    async with connection.execute(sql, (key,)) as cursor:
        return int(cursor.rowcount)


async def _aiomysql_write(connection: Any, sql: str, key: str) -> int:
    async with connection.cursor() as cursor:
        await cursor.execute(sql, (key,))
        return int(cursor.rowcount)


async def _sqlite_files(connection: Any) -> list[str]:
    async with connection.cursor() as cursor:
        cursor.row_factory = None
        await cursor.execute("PRAGMA database_list")
        return opened_files(await cursor.fetchall())


async def aiosqlite_commits_alone(connection: Any) -> bool:
    """Asked on the thread of the connection: from Python 3.12 on, `autocommit` is told on no other."""
    if not hasattr(connection, "_execute"):
        return sqlite_commits_alone(connection)
    return bool(await connection._execute(sqlite_commits_alone, connection._conn))


async def _psycopg_commits_alone(connection: Any) -> bool:
    return psycopg_commits_alone(connection)


async def _asyncpg_commits_alone(connection: Any) -> bool:
    return not connection.is_in_transaction()


async def _aiomysql_commits_alone(connection: Any) -> bool:
    return pymysql_commits_alone(connection)


async def _aiosqlite_misuse(connection: Any, key: str) -> "str | None":
    told: str | None = await connection._execute(SQLITE.misuse, connection._conn, key)
    return told


def _aiosqlite_transaction(connection: Any) -> object:
    return connection.in_transaction or None


def _asyncpg_transaction(connection: Any) -> object:
    """What a pool has got back raises here, and its next user is given another proxy."""
    return connection.is_in_transaction() or None


def _aiomysql_transaction(connection: Any) -> object:
    return (not connection.closed and bool(connection.server_status & MYSQL_IN_TRANSACTION)) or None


PSYCOPG = AsyncDriver(
    "postgresql", "%s", _psycopg_commits_alone, _psycopg_write, psycopg_transaction, within=_psycopg_within
)
ASYNCPG = AsyncDriver("postgresql", "$1", _asyncpg_commits_alone, _asyncpg_write, _asyncpg_transaction)
AIOSQLITE = AsyncDriver(
    "sqlite", "?", aiosqlite_commits_alone, _aiosqlite_write, _aiosqlite_transaction, _aiosqlite_misuse
)
AIOMYSQL = AsyncDriver("mysql", "%s", _aiomysql_commits_alone, _aiomysql_write, _aiomysql_transaction)
