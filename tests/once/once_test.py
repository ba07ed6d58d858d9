"""What `once` promises, through every driver that it knows, with real databases: see servers.py."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as StillWaiting
from typing import Any

import paymento
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
HOSTILE = ["'; DROP TABLE orders; --", "%s%(x)s", "$1 ? :key", "A-578 ", "a\0b", "\n", "😀" * 200, "é", "e\u0301", "\\"]


class Scene:
    """A database with the table and one without, and a driver."""

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


@pytest.fixture(params=DRIVERS)
def scene(request: Any, tmp_path: Any) -> Iterator[Scene]:
    database, module, make = DRIVERS[request.param]
    if module == "MySQLdb" and importlib.util.find_spec(module) is None:
        pytest.skip("mysqlclient is not installed: it needs MySQL's headers and a compiler")
    if database != "sqlite" and not os.environ.get("PAYMENTO_TEST_POSTGRES_PORT"):
        pytest.fail("run with: python tests/once/servers.py pytest tests/once")
    made = Scene(database, tmp_path, make)
    made.ask(paymento.once_table_sql(database))
    made.ask("CREATE TABLE IF NOT EXISTS shipped (order_id VARCHAR(40) PRIMARY KEY)")
    yield made
    for shop in made.open_shops:
        shop.close()


@pytest.fixture
def key() -> str:
    return f"paid:default:{uuid.uuid4()}"


def shipped(scene: Scene, order_id: str) -> int:
    return scene.ask(f"SELECT count(*) FROM shipped WHERE order_id = '{order_id}'")[0][0]


def test_the_first_time_is_true_and_every_other_false(scene: Scene, key: str) -> None:
    shop = scene.shop()
    assert shop.once(key) is True
    assert shop.once(key) is False
    shop.commit()
    assert shop.once(key) is False
    shop.commit()
    assert scene.shop().once(key) is False


def test_after_a_rollback_it_is_the_first_time_again(scene: Scene, key: str) -> None:
    shop = scene.shop()
    assert shop.once(key) is True
    shop.rollback()
    assert shop.once(key) is True
    shop.commit()
    assert shop.once(key) is False


def test_nothing_is_committed_before_the_shop_commits(scene: Scene, key: str) -> None:
    scene.shop().once(key)
    assert scene.ask(f"SELECT count(*) FROM paymento_fulfilled WHERE order_key = '{key}'")[0][0] == 0


def test_the_shops_own_write_stands_or_falls_with_the_key(scene: Scene, key: str) -> None:
    shop, order_id = scene.shop(), key[-36:]
    for ends in (shop.rollback, shop.commit):
        assert shop.once(key) is True
        shop.run(f"INSERT INTO shipped VALUES ('{order_id}')")
        ends()
    assert (shop.once(key), shipped(scene, order_id)) == (False, 1)


def test_the_transaction_goes_on_when_the_key_was_there(scene: Scene, key: str) -> None:
    shop, order_id = scene.shop(), key[-36:]
    shop.once(key)
    shop.commit()
    shop.run(f"INSERT INTO shipped VALUES ('{order_id}')")
    assert shop.once(key) is False
    assert shop.run(f"SELECT order_id FROM shipped WHERE order_id = '{order_id}'")
    shop.commit()
    assert shipped(scene, order_id) == 1


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_of_two_at_once_the_second_waits_for_the_first(scene: Scene, key: str, ends: str) -> None:
    first, second = scene.shop(), scene.shop()
    assert first.once(key) is True
    answer = second.once_later(key)
    scene.wait_until_one_waits(answer)
    getattr(first, ends)()
    assert answer.result(timeout=20) is (ends == "rollback")
    second.commit()


def test_a_connection_that_commits_by_itself_is_refused(scene: Scene, key: str) -> None:
    shop = scene.shop(autocommit=True)
    with pytest.raises(paymento.ConfigError) as caught:
        shop.once(key)
    assert caught.value.code == "config.once_no_transaction"
    assert scene.shop().once(key) is True


def test_a_missing_table_is_told_with_the_statement_that_makes_it(scene: Scene, key: str) -> None:
    shop = scene.shop("empty")
    with pytest.raises(paymento.ConfigError) as caught:
        shop.once(key)
    assert caught.value.code == "config.once_table_missing"
    statement = paymento.once_table_sql(scene.database)
    assert statement in (caught.value.hint or "")
    shop.rollback()
    shop.run(statement)
    assert shop.once(key) is True
    shop.rollback()
    shop.run("DROP TABLE IF EXISTS paymento_fulfilled")
    shop.commit()


def test_every_text_is_its_own_key(scene: Scene, key: str) -> None:
    shop = scene.shop()
    longest = (key * 10)[:255]
    keys = [longest, longest + "x", key.upper(), *(key + text for text in HOSTILE)]
    for text in [key, *keys]:
        assert shop.once(text) is True, text
    shop.commit()
    for text in [key, *keys]:
        assert shop.once(text) is False, text


def test_another_error_of_the_database_stays_what_it_is(scene: Scene, key: str) -> None:
    """A table of the same name and another shape."""
    shop = scene.shop("empty")
    shop.run("DROP TABLE IF EXISTS paymento_fulfilled")
    shop.run("CREATE TABLE paymento_fulfilled (other INTEGER)")
    try:
        with pytest.raises(Exception) as caught:  # noqa: PT011 (each driver has its own)
            shop.once(key)
        assert not isinstance(caught.value, paymento.PaymentoError)
    finally:
        shop.rollback()
        shop.run("DROP TABLE IF EXISTS paymento_fulfilled")
        shop.commit()


def test_the_checkouts_own_sqlite_file_is_refused_by_every_name(scene: Scene, key: str) -> None:
    if scene.database != "sqlite":
        pytest.skip("of SQLite")
    ours, shop = scene.name("shop"), scene.shop()
    (scene.folder / "symbolic.db").symlink_to(ours)
    (scene.folder / "hard.db").hardlink_to(ours)
    for name in [ours, str(scene.folder / "symbolic.db"), str(scene.folder / "hard.db")]:
        with pytest.raises(paymento.DatabaseError) as caught:
            shop.once(key, [name])
        assert caught.value.code == "database.shared_sqlite_file"
    assert shop.once(key, [str(scene.folder / "another.db")]) is True


def test_an_attached_file_of_the_checkout_is_refused(tmp_path: Any, key: str) -> None:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.row_factory = lambda cursor, row: {
        name[0]: value for name, value in zip(cursor.description, row, strict=True)
    }
    connection.execute("ATTACH DATABASE ? AS other", (str(tmp_path / "paymento.db"),))
    with pytest.raises(paymento.DatabaseError):
        shops.once(connection, key, forbidden_files=[tmp_path / "paymento.db"])
    connection.close()


@pytest.mark.parametrize("handle", [object(), None, "default", 5, [], "SELECT 1"])
def test_a_handle_of_no_known_driver_is_refused_with_another_way(handle: object) -> None:
    with pytest.raises(paymento.InputError, match=r"order\.key") as caught:
        shops.once(handle, "k")
    assert caught.value.code == "input.type"


def test_an_answer_that_was_not_awaited_is_no_yes(tmp_path: Any, key: str) -> None:
    class Connection:
        """Only its name and its module are looked at before it is awaited."""

    Connection.__module__ = "asyncpg.connection"
    with pytest.raises(paymento.InputError, match="await"):
        bool(shops.once(Connection(), key))


def test_a_transaction_in_autocommit_is_a_transaction(tmp_path: Any, key: str) -> None:
    """`BEGIN` by hand, or `connection.transaction()`."""
    for name in ["sqlite3", "psycopg", "psycopg2", "pymysql", "mysqlclient", "mysql-connector", "aiomysql"]:
        database, module, make = DRIVERS[name]
        if importlib.util.find_spec(module) is None:
            continue
        scene = Scene(database, tmp_path, make)
        scene.ask(paymento.once_table_sql(database))
        shop = scene.shop(autocommit=True)
        for _ in range(2):
            shop.run("BEGIN")
            assert shop.once(f"{key}-{name}") is True, name
            shop.run("ROLLBACK")
        shop.close()
