"""Every driver that `once` knows, and a database with and one without its table."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as StillWaiting
from typing import Any

import pytest
import shops
from frameworks import Django, SqlAlchemy, SqlAlchemyAsync
from shops import Dbapi, Shop

DRIVERS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "sqlite3": ("sqlite", "sqlite3", lambda: Dbapi(shops.sqlite_connection)),
    "sqlite3-cursor": ("sqlite", "sqlite3", lambda: Dbapi(shops.sqlite_connection, handle="cursor")),
    "aiosqlite": ("sqlite", "aiosqlite", shops.Aiosqlite),
    "psycopg": ("postgresql", "psycopg", lambda: Dbapi(shops.psycopg_connection)),
    "psycopg-cursor": ("postgresql", "psycopg", lambda: Dbapi(shops.psycopg_connection, handle="cursor")),
    "psycopg-async": ("postgresql", "psycopg", shops.PsycopgAsync),
    "psycopg2": ("postgresql", "psycopg2", lambda: Dbapi(shops.psycopg2_connection)),
    "psycopg2-cursor": ("postgresql", "psycopg2", lambda: Dbapi(shops.psycopg2_connection, handle="cursor")),
    "asyncpg": ("postgresql", "asyncpg", shops.Asyncpg),
    "asyncpg-pool": ("postgresql", "asyncpg", lambda: shops.Asyncpg(pool=True)),
    "pymysql": ("mysql", "pymysql", lambda: Dbapi(shops.pymysql_connection)),
    "pymysql-cursor": ("mysql", "pymysql", lambda: Dbapi(shops.pymysql_connection, handle="cursor")),
    "mysqlclient": ("mysql", "MySQLdb", lambda: Dbapi(shops.mysqlclient_connection)),
    "mysql-connector": ("mysql", "mysql", lambda: Dbapi(shops.mysql_connector_connection)),
    "aiomysql": ("mysql", "aiomysql", shops.Aiomysql),
    "sqlalchemy-sqlite": ("sqlite", "sqlalchemy", lambda: SqlAlchemy("sqlite")),
    "sqlalchemy-aiosqlite": ("sqlite", "aiosqlite", lambda: SqlAlchemyAsync("sqlite+aiosqlite")),
    "sqlalchemy-psycopg": ("postgresql", "psycopg", lambda: SqlAlchemy("postgresql+psycopg")),
    "sqlalchemy-psycopg2": ("postgresql", "psycopg2", lambda: SqlAlchemy("postgresql+psycopg2")),
    "sqlalchemy-session": ("postgresql", "psycopg", lambda: SqlAlchemy("postgresql+psycopg", session=True)),
    "sqlalchemy-asyncpg": ("postgresql", "asyncpg", lambda: SqlAlchemyAsync("postgresql+asyncpg")),
    "sqlalchemy-asyncpg-session": (
        "postgresql",
        "asyncpg",
        lambda: SqlAlchemyAsync("postgresql+asyncpg", session=True),
    ),
    "sqlalchemy-psycopg-async": ("postgresql", "psycopg", lambda: SqlAlchemyAsync("postgresql+psycopg_async")),
    "sqlalchemy-pymysql": ("mysql", "pymysql", lambda: SqlAlchemy("mysql+pymysql")),
    "sqlalchemy-mysql-connector": ("mysql", "mysql", lambda: SqlAlchemy("mysql+mysqlconnector")),
    "sqlalchemy-mysqlclient": ("mysql", "MySQLdb", lambda: SqlAlchemy("mysql+mysqldb")),
    "sqlalchemy-aiomysql": ("mysql", "aiomysql", lambda: SqlAlchemyAsync("mysql+aiomysql")),
    "django-sqlite": ("sqlite", "django", lambda: Django("sqlite3")),
    "django-postgresql": ("postgresql", "django", lambda: Django("postgresql")),
    "django-alias": ("postgresql", "django", lambda: Django("postgresql", by_alias=True)),
    "django-mysql": ("mysql", "MySQLdb", lambda: Django("mysql")),
}
ADMINISTRATORS = {
    "sqlite": shops.sqlite_connection,
    "postgresql": shops.psycopg_connection,
    "mysql": shops.pymysql_connection,
}
# Where one connection waits for another, as its database tells it; SQLite tells nobody.
WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'shop'",
    # Not innodb_trx: asked more often than every 0.1 s, it gives its old answer.
    "mysql": "SELECT variable_value FROM information_schema.global_status"
    " WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'",
}


class Scene:
    """A database with the table and one without, and a driver."""

    name_of_driver = ""

    def __init__(self, database: str, folder: Any, make: Callable[[], Any]) -> None:
        self.database, self.folder, self.make = database, folder, make
        self.open_shops: list[Shop] = []

    def name(self, database: str) -> str:
        return str(self.folder / f"{database}.db") if self.database == "sqlite" else database

    def shop(self, database: str = "shop", *, autocommit: bool = False) -> Shop:
        self.open_shops.append(Shop(self.make(), self.name(database), autocommit=autocommit))
        return self.open_shops[-1]

    def administrator(self) -> Any:
        return ADMINISTRATORS[self.database](self.name("shop"), True)

    def ask(self, sql: str) -> list[Any]:
        connection = self.administrator()
        cursor = connection.cursor()
        cursor.execute(sql)
        rows = list(cursor.fetchall()) if cursor.description else []
        connection.close()
        return rows

    def wait_until_one_waits(self, answer: Any) -> None:
        if self.database == "sqlite":
            with pytest.raises(StillWaiting):
                answer.result(timeout=0.2)
            return
        deadline = time.monotonic() + 20
        while int(self.ask(WAITING[self.database])[0][0]) == 0:
            assert time.monotonic() < deadline, "nobody waits"
            assert not answer.done()
