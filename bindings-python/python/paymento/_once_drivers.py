"""`once` through the drivers that block."""

import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from ._native import (
    once_insert_sql,
    once_look_sql,
    once_refuse_autocommit,
    once_refuse_connection,
    once_refuse_shared_file,
    once_was_new,
)
from ._once_failure import missing_table_told

IDLE = 0
"""libpq's status of a connection without a transaction."""
FAILED = 3
"""The same in a transaction that has failed."""
WITHIN = (2, FAILED)
"""The same in any."""
HAS_WRITTEN = "SELECT txid_current_if_assigned() IS NOT NULL"
"""Whether the transaction has written anything; it asks without giving it a number."""
MYSQL_IN_TRANSACTION = 1
"""The bit of MySQL's server status."""


class Driver(NamedTuple):
    """What one driver does in its own way."""

    database: str
    placeholder: str
    commits_alone: Callable[[Any], bool]
    """Whether the next statement would be committed by itself."""
    cursor: Callable[[Any], Any]
    """A cursor of our own, so that the shop's keeps its rows."""
    transaction: Callable[[Any], object]
    """The transaction that is certainly open: an object of its own, or True where the driver has none; or None."""
    may_look: Callable[[Any], bool] = lambda _: False
    """Whether the connection is open, and a SELECT opens no transaction there."""
    within: "Callable[[Any], str | None]" = lambda _: "left_open"
    """What an open transaction means. It may be another one, where the driver does not tell them apart."""

    def once(self, connection: Any, key: str, forbidden: list[str]) -> bool:
        """Write the key, and say whether it was new."""
        if self.commits_alone(connection):
            once_refuse_autocommit()
        cursor = self.cursor(connection)
        try:
            if forbidden and self.database == "sqlite":
                cursor.execute("PRAGMA database_list")
                once_refuse_shared_file(opened_files(cursor.fetchall()), forbidden)
            with missing_table_told(self.database):
                cursor.execute(once_insert_sql(self.database, self.placeholder), (key,))
            return once_was_new(self.database, cursor.rowcount)
        finally:
            cursor.close()

    def misuse(self, connection: Any, key: str) -> "str | None":
        """When the handler has ended, and no transaction is open: whether the key is certainly not there."""
        if not self.may_look(connection):
            return None
        cursor = self.cursor(connection)
        try:
            cursor.execute(once_look_sql(self.placeholder), (key,))
            return None if cursor.fetchone() else "rolled_back"
        finally:
            cursor.close()


def opened_files(rows: Any) -> list[str]:
    """The files in the rows of `PRAGMA database_list`; text may come as bytes."""
    return [os.fsdecode(row[2] or "") for row in rows]


def sqlite_commits_alone(connection: Any) -> bool:
    """Its own `isolation_level` opens a transaction before the insert; None, or `autocommit=True`, does not."""
    alone = connection.isolation_level is None
    autocommit = getattr(connection, "autocommit", -1)  # -1, from Python 3.12 on, is isolation_level's turn
    return (alone if autocommit == -1 else bool(autocommit)) and not connection.in_transaction


def sqlite_transaction(connection: Any) -> object:
    """From Python 3.12 on, with `autocommit=False`, there is one at any time, whatever was committed."""
    return (connection.in_transaction and getattr(connection, "autocommit", -1) is not False) or None


def _sqlite_may_look(connection: Any) -> bool:
    return not connection.in_transaction


def psycopg_transaction(connection: Any) -> object:
    """One of a pool may be somebody else's by now: the pool itself has rolled back what was left open."""
    return (not getattr(connection, "_pool", None) and connection.info.transaction_status in WITHIN) or None


def _psycopg_within(connection: Any) -> "str | None":
    """Without autocommit, a SELECT after the commit has begun another transaction. One that writes has a number."""
    if connection.info.transaction_status == FAILED:
        return "left_open"
    is_second = type(connection).__module__.startswith("psycopg2")
    cursor = _psycopg2_cursor(connection) if is_second else _psycopg_cursor(connection)
    try:
        cursor.execute(HAS_WRITTEN)
        return "left_open" if cursor.fetchone()[0] else None
    finally:
        cursor.close()


def pymysql_transaction(connection: Any) -> object:
    """What the server has said last."""
    return (connection.open and bool(connection.server_status & MYSQL_IN_TRANSACTION)) or None


def psycopg_commits_alone(connection: Any) -> bool:
    """`connection.transaction()` opens a transaction in autocommit too."""
    return bool(connection.autocommit) and connection.info.transaction_status == IDLE


def pymysql_commits_alone(connection: Any) -> bool:
    """The server says with each answer whether a transaction is open."""
    return bool(connection.get_autocommit()) and not connection.server_status & MYSQL_IN_TRANSACTION


def _mysqlclient_commits_alone(connection: Any) -> bool:
    return bool(connection.get_autocommit()) and not _keeps_savepoint(connection)


def _keeps_savepoint(connection: Any) -> bool:
    """Outside a transaction MySQL forgets a savepoint at once: what remains for a driver that tells no status."""
    cursor = connection.cursor()
    try:
        cursor.execute("SAVEPOINT paymento_once")
        cursor.execute("RELEASE SAVEPOINT paymento_once")
    except connection.OperationalError:
        return False
    finally:
        cursor.close()
    return True


# A connection's own kind of cursor may want placeholders of another style: psycopg's come from the driver itself.
def _psycopg_cursor(connection: Any) -> Any:
    return sys.modules["psycopg"].Cursor(connection)


def _psycopg2_cursor(connection: Any) -> Any:
    return connection.cursor(cursor_factory=sys.modules["psycopg2.extensions"].cursor)


def _sqlite_cursor(connection: Any) -> Any:
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor


def _cursor(connection: Any) -> Any:
    return connection.cursor()


def _mysql_connector_commits_alone(connection: Any) -> bool:
    return bool(connection.autocommit) and not connection.in_transaction


def _mysql_connector_transaction(connection: Any) -> object:
    return connection.in_transaction or None


def _unknown(_: Any) -> None:
    return None


SQLITE = Driver("sqlite", "?", sqlite_commits_alone, _sqlite_cursor, sqlite_transaction, _sqlite_may_look)
PSYCOPG = Driver(
    "postgresql", "%s", psycopg_commits_alone, _psycopg_cursor, psycopg_transaction, within=_psycopg_within
)
PSYCOPG2 = Driver(
    "postgresql", "%s", psycopg_commits_alone, _psycopg2_cursor, psycopg_transaction, within=_psycopg_within
)
PYMYSQL = Driver("mysql", "%s", pymysql_commits_alone, _cursor, pymysql_transaction)
MYSQLCLIENT = Driver("mysql", "%s", _mysqlclient_commits_alone, _cursor, _unknown)
MYSQL_CONNECTOR = Driver("mysql", "%s", _mysql_connector_commits_alone, _cursor, _mysql_connector_transaction)


class Django:
    """A Django connection: its vendor names the database."""

    def once(self, wrapper: Any, key: str, forbidden: list[str]) -> bool:
        """Write the key, and say whether it was new."""
        if wrapper.vendor not in ("sqlite", "postgresql", "mysql"):
            once_refuse_connection(wrapper)
        return self._driver(wrapper).once(wrapper, key, forbidden)

    def transaction(self, wrapper: Any) -> object:
        """The outermost `atomic`; not that of a `TestCase`, which no shop has in production."""
        return next((block for block in wrapper.atomic_blocks if not block._from_testcase), None)

    def misuse(self, wrapper: Any, key: str) -> "str | None":
        """When no `atomic` is open: whether the key is certainly not there."""
        return self._driver(wrapper).misuse(wrapper, key)

    def _driver(self, wrapper: Any) -> Driver:
        return Driver(wrapper.vendor, "%s", _django_commits_alone, _cursor, self.transaction, _django_may_look)


def _django_commits_alone(wrapper: Any) -> bool:
    return not wrapper.in_atomic_block and bool(wrapper.get_autocommit())


def _django_may_look(wrapper: Any) -> bool:
    return wrapper.connection is not None and wrapper.autocommit and not wrapper.in_atomic_block


DJANGO = Django()
