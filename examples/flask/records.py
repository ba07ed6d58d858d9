"""The shop's own database, one SQLite file, beside the checkout's and never the same: what it sells, and what is on its
way. The Express example works on the same tables."""

import os
import sqlite3
from contextlib import contextmanager

from paymento import once_table_sql

SCHEMA = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    item TEXT NOT NULL,
    amount TEXT NOT NULL,       -- decimal text: SQLite would keep a number as a binary fraction
    currency TEXT NOT NULL,
    fulfilled INTEGER NOT NULL DEFAULT 0
);
{once_table_sql("sqlite")};
"""


@contextmanager
def database():
    """One transaction: committed at the end of the block, rolled back by an exception."""
    connection = sqlite3.connect(os.environ.get("DATABASE", "shop.db"), timeout=5)
    connection.row_factory = sqlite3.Row
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def add(order_id, item, amount, currency):
    """Whether the order is new. Not so where the button was pressed twice."""
    with database() as db:
        return db.execute(
            "INSERT INTO orders (id, item, amount, currency) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (order_id, item, amount, currency),
        ).rowcount


def find(order_id):
    with database() as db:
        return db.execute("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone()


def set_up():
    with database() as db:
        db.executescript(SCHEMA)
