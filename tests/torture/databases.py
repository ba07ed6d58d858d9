"""The two databases, private and thrown away afterwards, and what is read in them at the end."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paymento

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
STARTS_WITHIN = 60
SHIPMENTS = "CREATE TABLE shipments (order_id TEXT NOT NULL, amount TEXT NOT NULL, by_whom TEXT NOT NULL)"
READ = {
    "payments": "SELECT p.token, o.order_id, p.state FROM paymento_payments p JOIN paymento_orders o "
    "ON o.id = p.order_row WHERE p.token IS NOT NULL",
    "callbacks": "SELECT digest, token, status, received_at FROM paymento_callbacks",
    "events": "SELECT o.order_id, e.kind, e.key, e.state, e.created_at, e.finished_at, e.token FROM paymento_events e "
    "JOIN paymento_orders o ON o.id = e.order_row",
    "history": "SELECT o.order_id, h.at, h.what, h.who, h.detail FROM paymento_history h "
    "JOIN paymento_orders o ON o.id = h.order_row ORDER BY h.id",
}
SHIPPED = "SELECT order_id, amount, by_whom FROM shipments"
Rows = list[tuple[Any, ...]]


@dataclass
class Outage:
    how: str
    begun: float
    ended: float = 0.0


class Sqlite:
    """The checkout's file, and the shop's own: two SQLite libraries never have one file open in one process."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.checkout, self.shop = folder / "paymento.db", folder / "shop.db"
        self.environment = {
            "PAYMENTO_DATABASE_URL": f"sqlite://{self.checkout}",
            "TORTURE_SHOP_DATABASE": str(self.shop),
        }
        self.outages: list[Outage] = []

    def start(self) -> None:
        with sqlite3.connect(self.shop) as shop:
            shop.execute("PRAGMA journal_mode = WAL")
            shop.execute(paymento.once_table_sql("sqlite"))
            shop.execute(SHIPMENTS)
        shop.close()

    def shipped(self) -> Rows:
        return self.query(self.shop, SHIPPED)

    def query(self, file: Path, sql: str) -> Rows:
        connection = sqlite3.connect(file, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def read(self) -> dict[str, Rows]:
        """When no process has the files open any more."""
        return {name: self.query(self.checkout, sql) for name, sql in READ.items()} | {"shipments": self.shipped()}

    def damage(self) -> list[str]:
        found = [self.query(file, "PRAGMA integrity_check")[0][0] for file in (self.checkout, self.shop)]
        return [f"integrity_check: {text}" for text in found if text != "ok"]

    def hit(self, random: random.Random) -> None:
        """There is no server to restart."""

    def stop(self) -> None:
        """The files go with their folder."""


@dataclass
class Postgres:
    """A server that syncs, and is killed."""

    folder: Path
    name: str = "postgres"
    outages: list[Outage] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = subprocess.run([SCRIPTS / "postgres"], check=True, stdout=subprocess.PIPE, text=True)
        self.programs = Path(found.stdout.strip())
        self.data = self.folder / "postgres"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        url = f"postgresql://shop@127.0.0.1:{self.port}/shop?sslmode=disable"
        self.environment = {
            "PAYMENTO_DATABASE_URL": url,
            "PAYMENTO_LISTEN_URL": url,
            "TORTURE_SHOP_DATABASE": url,
        }
        # The server does not run as root.
        self.user: dict[str, Any] = (
            {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        )

    def start(self) -> None:
        self.data.mkdir()
        if self.user:
            shutil.chown(self.data, "nobody")
            self.folder.chmod(0o755)
        options = ["-U", "shop", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"]
        done = subprocess.run(
            [self.programs / "initdb", "-D", self.data, *options], capture_output=True, text=True, cwd="/", **self.user
        )
        assert done.returncode == 0, done.stderr
        self.serve()
        self.execute("postgres", "CREATE DATABASE shop")
        for sql in (paymento.once_table_sql("postgresql"), SHIPMENTS):
            self.execute("shop", sql)

    def serve(self) -> None:
        """Until it answers. A predecessor's processes may still be going."""
        deadline = time.monotonic() + STARTS_WITHIN
        settings = ["listen_addresses=127.0.0.1", "max_connections=300", "fsync=on", "unix_socket_directories="]
        command = [self.programs / "postgres", "-D", self.data, "-p", str(self.port)]
        while time.monotonic() < deadline:
            with (self.folder / "postgres.log").open("ab") as log:
                arguments = [*command, *(part for setting in settings for part in ("-c", setting))]
                self.server = subprocess.Popen(arguments, stdout=log, stderr=log, cwd="/", **self.user)
            if self.answers(deadline):
                return
        raise AssertionError(f"PostgreSQL did not start; see {self.folder / 'postgres.log'}")

    def answers(self, deadline: float) -> bool:
        while self.server.poll() is None and time.monotonic() < deadline:
            try:
                self.execute("postgres", "SELECT 1")
            except Exception as error:
                if not type(error).__module__.startswith("psycopg"):
                    raise
                time.sleep(0.05)
            else:
                return True
        return False

    def execute(self, database: str, sql: str) -> Rows:
        import psycopg

        url = f"postgresql://shop@127.0.0.1:{self.port}/{database}?sslmode=disable"
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(sql.encode())
            return list(cursor.fetchall()) if cursor.description else []

    def hit(self, random: random.Random) -> None:
        """Ends the server in the middle of whatever it does, and starts it again. Blocks."""
        how = random.choice(("its server killed", "its server stopped at once", "one of its backends killed"))
        outage = Outage(how, time.time())
        self.outages.append(outage)
        if how == "one of its backends killed":
            self.kill_backend(random)
            self.answers(time.monotonic() + STARTS_WITHIN)
        else:
            self.server.send_signal(signal.SIGKILL if how == "its server killed" else signal.SIGQUIT)
            self.server.wait()
            self.serve()
        outage.ended = time.time()

    def kill_backend(self, random: random.Random) -> None:
        sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        pids = [row[0] for row in self.execute("shop", sql)]
        if pids:
            os.kill(random.choice(pids), signal.SIGKILL)

    def shipped(self) -> Rows:
        return self.execute("shop", SHIPPED)

    def read(self) -> dict[str, Rows]:
        return {name: self.execute("shop", sql) for name, sql in READ.items()} | {"shipments": self.shipped()}

    def damage(self) -> list[str]:
        return []

    def stop(self) -> None:
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait()
