"""The sessions of SQLAlchemy and Django, in the vocabulary of `shops.py`."""

from __future__ import annotations

from typing import Any

from paymento._claims import Claims
from paymento._once import once
from shops import MARIADB_PORT, POSTGRES_PORT, Asynchronous, Dbapi, mysql_arguments, postgres_url


def sqlalchemy_url(dialect: str, database: str) -> str:
    """For instance postgresql+psycopg and shop."""
    if dialect.startswith("sqlite"):
        return f"{dialect}:///{database}"
    if dialect.startswith("postgresql"):
        return postgres_url(database).replace("postgresql", dialect, 1)
    return f"{dialect}://shop:shop@127.0.0.1:{MARIADB_PORT}/{database}"


def isolation(autocommit: bool) -> dict[str, Any]:
    return {"isolation_level": "AUTOCOMMIT"} if autocommit else {}


class SqlAlchemy(Dbapi):
    """A connection, or a session."""

    def __init__(self, dialect: str, *, session: bool = False) -> None:
        self.dialect, self.wants_session = dialect, session

    def open(self, database: str, *, autocommit: bool = False) -> None:
        import sqlalchemy
        import sqlalchemy.orm

        self.engine = sqlalchemy.create_engine(sqlalchemy_url(self.dialect, database), **isolation(autocommit))
        self.connection = sqlalchemy.orm.Session(self.engine) if self.wants_session else self.engine.connect()

    def handle(self) -> Any:
        return self.connection

    def run(self, sql: str) -> list[Any]:
        import sqlalchemy

        result = self.connection.execute(sqlalchemy.text(sql))
        return list(result) if result.returns_rows else []

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()


class SqlAlchemyAsync(Asynchronous):
    """An asynchronous connection, or a session."""

    def __init__(self, dialect: str, *, session: bool = False) -> None:
        self.dialect, self.wants_session = dialect, session

    async def _open(self, database: str, autocommit: bool) -> None:
        from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

        self.engine = create_async_engine(sqlalchemy_url(self.dialect, database), **isolation(autocommit))
        self.connection = AsyncSession(self.engine) if self.wants_session else await self.engine.connect()

    async def _run(self, sql: str) -> list[Any]:
        import sqlalchemy

        result = await self.connection.execute(sqlalchemy.text(sql))
        return list(result) if result.returns_rows else []

    def close(self) -> None:
        self.wait(self.connection.close())
        self.wait(self.engine.dispose())
        self.loop.close()


class Django:
    """A connection of Django in `atomic`, the way a view has it; or outside of it, which is autocommit."""

    claims: Claims | None = None

    def __init__(self, vendor: str, *, by_alias: bool = False) -> None:
        self.vendor, self.by_alias = vendor, by_alias

    def open(self, database: str, *, autocommit: bool = False) -> None:
        from django.db import connections, transaction

        self.alias = f"{self.vendor}-{database}"
        configure(self.alias, self.vendor, database)
        self.connection, self.transaction, self.autocommit = connections[self.alias], transaction, autocommit
        self.begin()

    def begin(self) -> None:
        if not self.autocommit:
            self.atomic = self.transaction.atomic(using=self.alias)
            self.atomic.__enter__()

    def once(self, key: str, forbidden: list[str]) -> bool:
        return once(
            self.alias if self.by_alias else self.connection, key, forbidden_files=forbidden, claims=self.claims
        )

    def verify(self) -> None:
        assert self.claims
        self.claims.verify()

    def run(self, sql: str) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    def commit(self) -> None:
        self.atomic.__exit__(None, None, None)
        self.begin()

    def rollback(self) -> None:
        self.transaction.set_rollback(True, using=self.alias)
        self.commit()

    def close(self) -> None:
        if not self.autocommit:
            self.transaction.set_rollback(True, using=self.alias)
            self.atomic.__exit__(None, None, None)
        self.connection.close()


def configure(alias: str, vendor: str, database: str) -> None:
    """Add a database to Django's settings."""
    import django
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        settings.configure(DATABASES={}, USE_TZ=True)
        django.setup()
    options: dict[str, Any] = {"ENGINE": f"django.db.backends.{vendor}", "NAME": database}
    if vendor == "postgresql":
        options |= {"HOST": "127.0.0.1", "PORT": POSTGRES_PORT, "USER": "shop"}
    if vendor == "mysql":
        arguments = mysql_arguments(database)
        options |= {"HOST": arguments["host"], "PORT": MARIADB_PORT, "USER": "shop", "PASSWORD": "shop"}
    if vendor == "sqlite3":
        options["OPTIONS"] = {"timeout": 20}
    if alias not in connections.settings:
        defaults = connections.configure_settings({"default": {}, alias: options})
        connections.settings[alias] = defaults[alias]
