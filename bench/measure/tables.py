"""What is compared with what."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .databases import Databases

Command = tuple[str, ...]

NODE = shutil.which("node") or "node"


@dataclass(frozen=True)
class Figure:
    """One column: which of the costs, and how it is shown."""

    metric: str
    factor: float
    unit: str
    # Calls a second instead of seconds a call.
    is_rate: bool = False


@dataclass(frozen=True)
class Table:
    """One comparison: contestants that do the same job, in turns."""

    title: str
    # Command lines by the names of the contestants.
    rows: dict[str, Command]
    # The others are expressed in multiples of this one.
    reference: str
    figures: tuple[Figure, ...]
    # How long one sample takes, and how many calls it makes at least.
    seconds: float = 0
    fewest_calls: int = 64
    # Before anything counts, in samples; by the plan where there is none.
    warm_up: int | None = None
    # Rows that no library can pass: the bare interpreter.
    floors: frozenset[str] = field(default_factory=frozenset)
    # Run from start to end for each sample, with this on its standard input.
    is_program: bool = False
    feed: str = ""


CHECK_FIGURES = (Figure("wall", 1e9, "ns a call"),)
CALL_FIGURES = (Figure("wall", 1e6, "µs a call"), Figure("cpu", 1e6, "CPU ms per 1,000 calls"))
START_FIGURES = (Figure("wall", 1e3, "ms"), Figure("cpu", 1e3, "CPU ms"))


def tables(url: str, program: str, databases: Databases) -> list[Table]:
    """Every comparison: against the server at this address, and with what is measured in Rust by this program."""
    in_databases = [*stored(program, databases), *handed_over(program, databases)]
    return [*webhooks(), *calls(url), *first_calls(url), *imports(), *in_databases]


def python(script: str, *arguments: str) -> Command:
    """Command line of a contestant in Python."""
    return (sys.executable, f"contestants/{script}.py", *arguments)


def node(script: str, *arguments: str) -> Command:
    """Command line of a contestant in JavaScript."""
    return (NODE, f"contestants/{script}.mjs", *arguments)


OURS = ("paymento Client", "paymento Client, all headers", "paymento.authenticate")
WEBHOOK_PEERS = {
    "Python": {
        "check": ("hmac.new", "hmac.digest", "stripe", "svix", "standardwebhooks"),
        "parse": ("hmac.new, json", "hmac.digest, json", "stripe", "svix, json", "standardwebhooks"),
    },
    "Node.js": {
        "check": ("node:crypto", "stripe", "svix (parses too)", "standardwebhooks"),
        "parse": ("node:crypto, JSON.parse", "stripe", "svix", "standardwebhooks"),
    },
}


def webhooks() -> list[Table]:
    """Is this body authentic, and what does it say."""
    jobs = (
        ("webhook check, 220 bytes", "check", "220"),
        ("webhook check and parse, 220 bytes", "parse", "220"),
        ("webhook check, 64 KiB", "check", "65536"),
    )
    made = []
    for language, command in (("Python", python), ("Node.js", node)):
        for title, job, size in jobs:
            names = (*OURS, *WEBHOOK_PEERS[language][job])
            rows = {name: command("webhooks", job, name, size) for name in names}
            made.append(Table(f"{language}, {title}", rows, OURS[0], CHECK_FIGURES, seconds=0.03))
    return made


ONE = "one call at a time"


def calls(url: str) -> list[Table]:
    """POST JSON, read and parse the JSON answer."""
    made = []
    for at_once, title in (("1", ONE), ("64", "64 at once")):
        made += [
            http(
                f"Python, threads: {title}", ("http.client", "requests", "httpx"), python, "http_blocking", url, at_once
            ),
            http(f"Python, asyncio: {title}", ("aiohttp", "httpx"), python, "http_async", url, at_once, "asyncio"),
            http(f"Python, uvloop: {title}", ("aiohttp", "httpx"), python, "http_async", url, at_once, "uvloop"),
            http(f"Node.js: {title}", ("undici", "axios", "fetch"), node, "http", url, at_once),
        ]
    return made


def http(title: str, peers: Command, command: Callable[..., Command], script: str, *arguments: str) -> Table:
    """One comparison of HTTP clients."""
    rows = {name: command(script, name, *arguments) for name in ("paymento", *peers)}
    return Table(f"HTTP, {title}", rows, "paymento", CALL_FIGURES, seconds=0.12, fewest_calls=256)


def first_calls(url: str) -> list[Table]:
    """Short programs: a job that runs every minute, a function in the cloud, a shop that was just started."""
    # Each contestant makes one call to prove itself, and 20 that do not count elsewhere.
    feed = f"{100 - 1 - 20}\n"
    tables_of_one = [table for table in calls(url) if table.title.endswith(ONE)]
    return [short(table, feed) for table in tables_of_one if "uvloop" not in table.title]


def short(table: Table, feed: str) -> Table:
    """The same contestants, each in a new process for each sample."""
    title = table.title.replace(ONE, "a program of 100 calls from its start to its end")
    return replace(table, title=title, figures=START_FIGURES, is_program=True, feed=feed)


def imports() -> list[Table]:
    """A program that does nothing else."""
    python_peers = ("stripe", "svix", "standardwebhooks", "requests", "httpx", "aiohttp")
    node_peers = ("stripe", "svix", "standardwebhooks", "axios", "undici")
    return [
        starting("Python, import", "import {}", python_peers, (sys.executable, "-c")),
        starting("Node.js, require", "require('{}')", node_peers, (NODE, "-e")),
        starting("Node.js, import", "import '{}'", node_peers, (NODE, "--input-type=module", "-e")),
    ]


def starting(title: str, statement: str, peers: Command, interpreter: Command) -> Table:
    """One comparison of whole programs, with one that imports nothing."""
    bare = "bare interpreter"
    rows = {bare: (*interpreter, "")} | {name: (*interpreter, statement.format(name)) for name in ("paymento", *peers)}
    return Table(title, rows, bare, START_FIGURES, floors=frozenset({bare}), is_program=True)


STORED_FIGURES = (Figure("wall", 1, "a second", is_rate=True), Figure("cpu", 1e6, "CPU ms per 1,000"))
IN_RUST = ("paymento, Rust", "paymento, Rust, its own payments", "sqlx, one by one")


def stored(program: str, databases: Databases) -> list[Table]:
    """A callback checked, read and kept, once each, synced to disk."""
    made = []
    for server, database, drivers in (
        ("SQLite", databases.sqlite, {"sqlite3": "sqlite3"}),
        ("PostgreSQL", databases.postgres, {"psycopg": "psycopg"}),
    ):
        for waiting, title in (("1", "one at a time"), ("64", "64 waiting")):
            names = IN_RUST if waiting == "1" else IN_RUST[:2]
            rows = {name: (program, "stored", name, database, waiting) for name in names}
            rows["paymento, Python"] = python("stored", "paymento", database, waiting)
            rows["paymento, Node.js"] = node("stored", database, waiting)
            for name in [*drivers, "Django"]:
                rows[name if waiting == "1" else f"{name}, 64 threads"] = python("stored", name, database, waiting)
            if waiting == "64" and server == "PostgreSQL":
                rows["psycopg, 16 threads"] = python("stored", "psycopg", database, "16")
            title = f"Callbacks stored, {server}: {title}"
            made.append(Table(title, rows, IN_RUST[0], STORED_FIGURES, seconds=0.4, warm_up=3))
    return made


def handed_over(program: str, databases: Databases) -> list[Table]:
    """Paid orders that wait, handed over to a handler that does nothing."""
    rows = {
        f"PostgreSQL, {count}, {at_once} at once each": (program, "handover", databases.postgres, count[0], at_once)
        for count, at_once in (("1 process", "8"), ("1 process", "64"), ("2 processes", "64"), ("4 processes", "64"))
    } | {
        f"SQLite, 1 process, {at_once} at once": (program, "handover", databases.sqlite, "1", at_once)
        for at_once in ("8", "64")
    }
    reference = next(iter(rows))
    title = "Orders handed over, none twice"
    return [Table(title, rows, reference, STORED_FIGURES, seconds=1.5, fewest_calls=2_048, warm_up=1)]
