"""The shop's own database, one SQLite file. It decides what is shipped; a callback or an address never does."""

import os
import sqlite3
from contextlib import contextmanager

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    item TEXT NOT NULL,
    amount TEXT NOT NULL,       -- decimal text: SQLite would keep a number as a binary fraction
    currency TEXT NOT NULL,
    fulfilled_by TEXT           -- the token that paid for it; NULL until it is fulfilled
);
CREATE TABLE IF NOT EXISTS payments (
    token TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (id),
    url TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',  -- waiting, confirming or closed: for the order's page only
    created TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE VIEW IF NOT EXISTS payments_of_orders AS
    SELECT token, order_id, amount, currency, fulfilled_by, julianday('now') - julianday(created) AS age_in_days
    FROM payments JOIN orders ON orders.id = payments.order_id;
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


def set_up():
    with database() as db:
        db.executescript(SCHEMA)
