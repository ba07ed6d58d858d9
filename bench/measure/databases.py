"""A private PostgreSQL that syncs as it is shipped, and a folder for SQLite files: on one disk, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .contestant import BENCH

if TYPE_CHECKING:
    from collections.abc import Iterator

# PostgreSQL does not run as root.
AS_USER = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
# As it comes, but for memory, and for connections enough for contestants that take 64 each.
SETTINGS = {"max_connections": "400", "shared_buffers": "1GB", "max_wal_size": "4GB"}
# For `make scale`: the server notes the plans it follows, when a database asks for it.
PLANS = {
    "shared_preload_libraries": "auto_explain",
    "auto_explain.log_nested_statements": "on",
    "logging_collector": "on",
    "log_rotation_size": "0",
}


@dataclass(frozen=True)
class Databases:
    """Where contestants make databases of their own, in the words of their command line."""

    sqlite: str
    postgres: str


@contextmanager
def databases(settings: dict[str, str] = SETTINGS) -> Iterator[Databases]:
    """Start the server, and remove everything at the end. `BENCH_DISK` names a folder on another disk."""
    disk = os.environ.get("BENCH_DISK")
    folder = Path(tempfile.mkdtemp(prefix="paymento-bench-", dir=disk))
    try:
        files, data = folder / "sqlite", folder / "postgres"
        files.mkdir()
        data.mkdir()
        folder.chmod(0o755)
        if AS_USER:
            shutil.chown(data, AS_USER["user"])
        with server(data, settings) as url:
            yield Databases(f"sqlite:{files}", url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server(folder: Path, settings: dict[str, str]) -> Iterator[str]:
    """A PostgreSQL on a loopback port."""
    script = BENCH.parent / "scripts" / "postgres"
    programs = Path(subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
    port = free_port()
    run(programs / "initdb", "-D", folder / "data", "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 "
    options += " ".join(f"-c {name}={value}" for name, value in settings.items())
    run(programs / "pg_ctl", "-D", folder / "data", "-o", options, "-l", folder / "log", "-w", "start")
    try:
        # The contestants in Node.js bring no driver that could make a database.
        for name in ("node_1", "node_64"):
            run(programs / "createdb", "-h", "127.0.0.1", "-p", port, "-U", "shop", name)
        yield f"postgres://shop@127.0.0.1:{port}"
    finally:
        run(programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")


def run(*command: object) -> None:
    """Run a program of the server's as the user that the server runs as."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **AS_USER)
    if done.returncode:
        raise SystemExit(f"{words[0]} failed:\n{done.stdout}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
