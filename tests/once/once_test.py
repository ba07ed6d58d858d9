"""What `once` promises, through every driver that it knows, with real databases: see servers.py."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any

import paymento
import pytest
import shops
from paymento import _once_hold
from paymento._claims import Claims
from scene import DRIVERS, Scene

HOSTILE = ["'; DROP TABLE orders; --", "%s%(x)s", "$1 ? :key", "A-578 ", "a\0b", "\n", "😀" * 200, "é", "e\u0301", "\\"]


@pytest.fixture(params=DRIVERS)
def scene(request: Any, tmp_path: Any) -> Iterator[Scene]:
    database, module, make = DRIVERS[request.param]
    if module == "MySQLdb" and importlib.util.find_spec(module) is None:
        pytest.skip("mysqlclient is not installed: it needs MySQL's headers and a compiler")
    if database != "sqlite" and not os.environ.get("PAYMENTO_TEST_POSTGRES_PORT"):
        pytest.fail("run with: python tests/once/servers.py pytest tests/once")
    made = Scene(database, tmp_path, make)
    made.name_of_driver = request.param
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


def test_a_transaction_that_is_still_open_when_its_handler_ends_is_told(scene: Scene, key: str) -> None:
    shop = scene.shop()
    shop.driver.claims = Claims()
    assert shop.once(key) is True
    if scene.name_of_driver == "mysqlclient":
        pytest.skip("it does not tell, and is believed")
    with pytest.raises(paymento.ConfigError, match="still open"):
        shop.verify()


def test_a_transaction_that_has_ended_when_its_handler_does_is_not_told(scene: Scene, key: str) -> None:
    if scene.name_of_driver.removesuffix("-pool") == "asyncpg":
        pytest.skip("the shop of this test begins another one at once, and asyncpg tells no difference")
    shop = scene.shop()
    shop.driver.claims = Claims()
    assert shop.once(key) is True
    shop.commit()
    shop.verify()
    assert shop.once(key) is False


def test_a_read_after_the_commit_is_no_transaction_left_open(scene: Scene, key: str) -> None:
    if not scene.name_of_driver.startswith("psycopg"):
        pytest.skip("of psycopg, whose reads begin a transaction without autocommit")
    shop = scene.shop()
    shop.driver.claims = Claims()
    assert shop.once(key) is True
    shop.commit()
    assert shop.run("SELECT count(*) FROM shipped")
    shop.verify()
    # And one that has written since may be the handler's.
    shop.run(f"INSERT INTO shipped (order_id) VALUES ('{uuid.uuid4()}')")
    with pytest.raises(paymento.ConfigError, match="still open"):
        shop.verify()


def test_a_handler_in_another_ones_transaction_waits_for_its_end(
    scene: Scene, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if scene.name_of_driver == "mysqlclient":
        pytest.skip("it does not tell whether it is in a transaction")
    monkeypatch.setattr(_once_hold, "PATIENCE", 0.1)
    shop, first = scene.shop(), Claims()
    shop.driver.claims = first
    assert shop.once(key) is True
    shop.driver.claims = Claims()
    with pytest.raises(paymento.ConfigError, match="has not ended"):
        shop.once(f"{key}-2")
    first.end()
    assert shop.once(f"{key}-2") is True
