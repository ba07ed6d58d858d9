"""Contestants that store callbacks: `stored.py NAME DATABASE THREADS`.

Each does what a callback route does: check the signature, read the body, keep it unless it is known, wait for the disk.
DATABASE is `sqlite:` and a folder, or the URL of a PostgreSQL server.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import callbacks
from callbacks import Signed, authentic, now
from serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    Store = Callable[[Signed], object]

NAME = f"bench{os.getpid()}"
# As patient as can be: with 64 threads, SQLite's writers starve now and then.
BUSY_SECONDS = 120

TABLE = """
CREATE TABLE callbacks (
    id {identity} PRIMARY KEY, account TEXT NOT NULL, digest {blob} NOT NULL, body {blob} NOT NULL, kind BIGINT NOT NULL,
    token TEXT, status TEXT, received_at BIGINT NOT NULL, last_at BIGINT NOT NULL, count BIGINT NOT NULL,
    UNIQUE (account, digest));
CREATE INDEX callbacks_token ON callbacks (account, token) WHERE token IS NOT NULL;
CREATE INDEX callbacks_time ON callbacks (received_at);
"""
COLUMNS = "account, digest, body, kind, token, status, received_at, last_at, count"
INSERT = f"INSERT INTO callbacks ({COLUMNS}) VALUES ({{values}}) ON CONFLICT (account, digest) DO NOTHING"


def row(one: Signed) -> tuple[object, ...]:
    """The checked callback as a row."""
    if not authentic(one):
        raise SystemExit("a callback was refused")
    read, at = json.loads(one.body), now()
    digest = hashlib.sha256(one.body).digest()
    return ("default", digest, one.body, 0, read["Token"], str(read["OrderStatus"]), at, at, 1)


def sqlite_file(database: str) -> Path:
    folder = Path(database.removeprefix("sqlite:")) / NAME
    folder.mkdir()
    return folder / "shop.db"


def postgres_database(server: str) -> str:
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    return f"{server}/{NAME}"


def sqlite3(database: str) -> Store:
    import sqlite3

    path, own = sqlite_file(database), threading.local()
    insert = INSERT.format(values="?, ?, ?, ?, ?, ?, ?, ?, ?")

    def connection() -> sqlite3.Connection:
        if not hasattr(own, "connection"):
            own.connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            own.connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        return own.connection

    connection().executescript(TABLE.format(identity="INTEGER", blob="BLOB"))
    return lambda one: connection().execute(insert, row(one))


def psycopg(database: str) -> Store:
    import psycopg

    url, own = postgres_database(database), threading.local()
    insert = INSERT.format(values="%s, %s, %s, %s, %s, %s, %s, %s, %s")

    def connection() -> psycopg.Connection:
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(url, autocommit=True)
        return own.connection

    identity = "BIGINT GENERATED ALWAYS AS IDENTITY"
    connection().execute(TABLE.format(identity=identity, blob="BYTEA"))
    return lambda one: connection().execute(insert, row(one))


def django(database: str) -> Store:
    from django.conf import settings

    settings.configure(DATABASES={"default": django_database(database)}, USE_TZ=True)
    import django
    from django.db import connection, models, transaction

    django.setup()

    class Callback(models.Model):
        account = models.TextField()
        digest = models.BinaryField()
        body = models.BinaryField()
        kind = models.BigIntegerField()
        token = models.TextField(null=True)
        status = models.TextField(null=True)
        received_at = models.BigIntegerField(db_index=True)
        last_at = models.BigIntegerField()
        count = models.BigIntegerField()

        class Meta:
            app_label = "shop"
            constraints = (models.UniqueConstraint(fields=["account", "digest"], name="once"),)
            indexes = (models.Index(fields=["account", "token"], name="by_token"),)

    with connection.schema_editor() as editor:
        editor.create_model(Callback)
    names = COLUMNS.split(", ")

    def store(one: Signed) -> None:
        values = dict(zip(names, row(one), strict=True))
        key = {name: values.pop(name) for name in ("account", "digest")}
        with transaction.atomic():
            Callback.objects.get_or_create(**key, defaults=values)

    return store


def django_database(database: str) -> dict[str, object]:
    if database.startswith("sqlite:"):
        durable = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
        options = {"timeout": BUSY_SECONDS, "transaction_mode": "IMMEDIATE", "init_command": durable}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": sqlite_file(database), "OPTIONS": options}
    import psycopg

    known = psycopg.conninfo.conninfo_to_dict(postgres_database(database))
    names = {"NAME": "dbname", "USER": "user", "HOST": "host", "PORT": "port"}
    return {"ENGINE": "django.db.backends.postgresql", **{name: known[key] for name, key in names.items()}}


def paymento(database: str) -> Store:
    import paymento

    url = f"sqlite:{sqlite_file(database)}" if database.startswith("sqlite:") else postgres_database(database)
    # Nobody listens there, and nobody is asked: what is stored is not verified.
    client = paymento.Client("an-api-key", secret_key=callbacks.SECRET, base_url="http://127.0.0.1:9")
    checkout = paymento.Checkout(client, url, worker="external")
    prove(checkout)

    def store(one: Signed) -> None:
        if checkout.receive("POST", one.signature, one.body).status != 200:
            raise SystemExit("a callback was not stored")

    return store


def prove(checkout: object) -> None:
    one = callbacks.fresh(1)[0]
    answers = [checkout.receive("POST", one.signature, body).status for body in (b"{}", one.body)]
    if answers != [401, 200]:
        raise SystemExit(f"the callbacks were answered with {answers}")


def main() -> None:
    name, database, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    contestants = {"paymento": paymento, "sqlite3": sqlite3, "psycopg": psycopg, "Django": django}
    store = contestants[name](database)
    if threads == 1:
        serve(lambda some: callbacks.repeat(store, some), warm_up=1, prepare=callbacks.fresh)
        return
    with ThreadPoolExecutor(threads) as pool:
        run = lambda some: callbacks.store_all(store, some, pool, threads)
        serve(run, warm_up=threads, prepare=callbacks.fresh)


main()
