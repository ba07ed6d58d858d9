"""One shop's session with its database through each driver, in one vocabulary. Each runs in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from paymento._claims import Claims
from paymento._once import once

POSTGRES_PORT = int(os.environ.get("PAYMENTO_TEST_POSTGRES_PORT", "0"))
MARIADB_PORT = int(os.environ.get("PAYMENTO_TEST_MARIADB_PORT", "0"))


def postgres_url(database: str) -> str:
    return f"postgresql://shop@127.0.0.1:{POSTGRES_PORT}/{database}"


def mysql_arguments(database: str) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": MARIADB_PORT, "user": "shop", "password": "shop", "database": database}


class Dbapi:
    """A driver that follows PEP 249."""

    claims: Claims | None = None
    """Those of the handler that uses it, where it is one."""

    def __init__(self, connect: Callable[[str, bool], Any], *, begin: str = "", handle: str = "connection") -> None:
        self.connect, self.begin_sql, self.handle_name = connect, begin, handle

    def open(self, database: str, *, autocommit: bool = False) -> None:
        self.connection = self.connect(database, autocommit)

    def handle(self) -> Any:
        return self.connection if self.handle_name == "connection" else self.connection.cursor()

    def once(self, key: str, forbidden: list[str]) -> bool:
        return once(self.handle(), key, forbidden_files=forbidden, claims=self.claims)

    def verify(self) -> None:
        assert self.claims
        self.claims.verify()

    def run(self, sql: str) -> list[Any]:
        cursor = self.connection.cursor()
        cursor.execute(sql)
        rows = list(cursor.fetchall()) if cursor.description else []
        cursor.close()
        return rows

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()

    def close(self) -> None:
        self.connection.close()


class Asynchronous:
    """A driver of asyncio; the subclasses say what differs. `_` marks what runs in the loop."""

    claims: Claims | None = None

    def open(self, database: str, *, autocommit: bool = False) -> None:
        self.loop = asyncio.new_event_loop()
        self.wait(self._open(database, autocommit))

    def wait(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def handle(self) -> Any:
        return self.connection

    def once(self, key: str, forbidden: list[str]) -> bool:
        async def ask() -> bool:
            return await once(self.handle(), key, forbidden_files=forbidden, claims=self.claims)

        return self.wait(ask())

    def verify(self) -> None:
        assert self.claims
        self.wait(self.claims.verify_async())

    def run(self, sql: str) -> list[Any]:
        return self.wait(self._run(sql))

    async def _run(self, sql: str) -> list[Any]:
        cursor = await self.connection.execute(sql)
        return list(await cursor.fetchall()) if cursor.description else []

    def commit(self) -> None:
        self.wait(self.connection.commit())

    def rollback(self) -> None:
        self.wait(self.connection.rollback())

    def close(self) -> None:
        self.wait(self.connection.close())
        self.loop.close()


class PsycopgAsync(Asynchronous):
    async def _open(self, database: str, autocommit: bool) -> None:
        import psycopg

        self.connection = await psycopg.AsyncConnection.connect(postgres_url(database), autocommit=autocommit)


class Aiosqlite(Asynchronous):
    async def _open(self, database: str, autocommit: bool) -> None:
        import aiosqlite

        self.connection = await aiosqlite.connect(database, isolation_level=None if autocommit else "DEFERRED")


class Aiomysql(Asynchronous):
    async def _open(self, database: str, autocommit: bool) -> None:
        import aiomysql

        arguments = mysql_arguments(database)
        self.connection = await aiomysql.connect(db=arguments.pop("database"), autocommit=autocommit, **arguments)

    async def _run(self, sql: str) -> list[Any]:
        async with self.connection.cursor() as cursor:
            await cursor.execute(sql)
            return list(await cursor.fetchall())

    def close(self) -> None:
        self.wait(self.connection.ensure_closed())
        self.loop.close()


class Asyncpg(Asynchronous):
    """With a pool, the handle is the pool's proxy."""

    def __init__(self, *, pool: bool = False) -> None:
        self.wants_pool = pool

    async def _open(self, database: str, autocommit: bool) -> None:
        import asyncpg

        self.autocommit = autocommit
        self.pool = await asyncpg.create_pool(postgres_url(database), min_size=1) if self.wants_pool else None
        self.connection = await (self.pool.acquire() if self.pool else asyncpg.connect(postgres_url(database)))
        await self._begin()

    async def _begin(self) -> None:
        self.transaction = self.connection.transaction()
        if not self.autocommit:
            await self.transaction.start()

    async def _run(self, sql: str) -> list[Any]:
        return list(await self.connection.fetch(sql))

    def commit(self) -> None:
        self.wait(self.transaction.commit())
        self.wait(self._begin())

    def rollback(self) -> None:
        self.wait(self.transaction.rollback())
        self.wait(self._begin())

    def close(self) -> None:
        if self.pool:
            self.wait(self.pool.release(self.connection))
            self.wait(self.pool.close())
        else:
            self.wait(self.connection.close())
        self.loop.close()


class Shop:
    """A session in a thread of its own, so that two can wait for each other."""

    def __init__(self, driver: Any, database: str, *, autocommit: bool = False) -> None:
        self.driver = driver
        self.thread = ThreadPoolExecutor(1)
        self.begin(self.driver.open, database, autocommit=autocommit).result()

    def begin(self, work: Callable[..., Any], *arguments: Any, **options: Any) -> Future[Any]:
        return self.thread.submit(work, *arguments, **options)

    def once(self, key: str, forbidden: list[str] | None = None) -> bool:
        return self.once_later(key, forbidden).result()

    def once_later(self, key: str, forbidden: list[str] | None = None) -> Future[bool]:
        return self.begin(self.driver.once, key, forbidden or [])

    def verify(self) -> None:
        """Ask what a handler's end asks."""
        self.begin(self.driver.verify).result()

    def run(self, sql: str) -> list[Any]:
        return self.begin(self.driver.run, sql).result()

    def commit(self) -> None:
        self.begin(self.driver.commit).result()

    def rollback(self) -> None:
        self.begin(self.driver.rollback).result()

    def close(self) -> None:
        self.begin(self.driver.close).result()
        self.thread.shutdown()


def sqlite_connection(database: str, autocommit: bool) -> sqlite3.Connection:
    return sqlite3.connect(database, timeout=20, isolation_level=None if autocommit else "DEFERRED")


def psycopg_connection(database: str, autocommit: bool) -> Any:
    import psycopg

    return psycopg.connect(postgres_url(database), autocommit=autocommit)


def psycopg2_connection(database: str, autocommit: bool) -> Any:
    import psycopg2

    connection = psycopg2.connect(postgres_url(database))
    connection.autocommit = autocommit
    return connection


def pymysql_connection(database: str, autocommit: bool) -> Any:
    import pymysql

    return pymysql.connect(autocommit=autocommit, **mysql_arguments(database))


def mysqlclient_connection(database: str, autocommit: bool) -> Any:
    import MySQLdb

    return MySQLdb.connect(autocommit=autocommit, **mysql_arguments(database))


def mysql_connector_connection(database: str, autocommit: bool) -> Any:
    import mysql.connector

    return mysql.connector.connect(autocommit=autocommit, **mysql_arguments(database))
