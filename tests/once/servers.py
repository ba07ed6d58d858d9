"""Private database servers: `python servers.py COMMAND…` starts them in a temporary directory, runs, and stops them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
# Neither server runs as root.
AS_USER = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
STARTS_WITHIN = 60
DATABASES = ("shop", "empty")


def programs(script: str) -> Path:
    return Path(subprocess.run([SCRIPTS / script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def run(*command: object) -> None:
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **AS_USER
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def directory() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="paymento-once-"))
    try:
        if AS_USER:
            shutil.chown(folder, AS_USER["user"])
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """A PostgreSQL on a loopback port, trusting whoever connects."""
    bin, port = programs("postgres"), free_port()
    with directory() as folder:
        run(bin / "initdb", "-D", folder / "data", "-U", "shop", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c deadlock_timeout=100ms"
        run(bin / "pg_ctl", "-D", folder / "data", "-o", options, "-l", folder / "log", "-w", "start")
        try:
            for database in DATABASES:
                run(bin / "createdb", "-h", "127.0.0.1", "-p", port, "-U", "shop", database)
            yield {"PAYMENTO_TEST_POSTGRES_PORT": str(port)}
        finally:
            run(bin / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")


@contextmanager
def mariadb() -> Iterator[dict[str, str]]:
    """A MariaDB on a loopback port, with a user `shop` whose password is `shop`."""
    bin, port = programs("mariadb"), free_port()
    with directory() as folder:
        setup = folder / "setup.sql"
        users = ["CREATE USER 'shop'@'%' IDENTIFIED BY 'shop';", "GRANT ALL ON *.* TO 'shop'@'%';"]
        setup.write_text("\n".join([*(f"CREATE DATABASE {name};" for name in DATABASES), *users]), encoding="utf-8")
        files = ["--no-defaults", f"--datadir={folder / 'data'}", "--innodb-buffer-pool-size=32M"]
        run(
            "mariadb-install-db", *files, "--auth-root-authentication-method=normal", "--skip-test-db", "--basedir=/usr"
        )
        listening = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
        durability = ["--innodb-flush-log-at-trx-commit=0", f"--pid-file={folder / 'pid'}", f"--init-file={setup}"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([bin / "mariadbd", *files, *listening, *durability], stderr=log, **AS_USER)
        try:
            wait_until_it_answers(server, port, folder / "log")
            yield {"PAYMENTO_TEST_MARIADB_PORT": str(port)}
        finally:
            server.kill()
            server.wait()


def wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """It listens once the init file has run."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"MariaDB did not start:\n{log.read_text(encoding='utf-8')}")


@contextmanager
def both() -> Iterator[dict[str, str]]:
    """What the tests read from the environment."""
    with postgres() as one, mariadb() as other:
        yield one | other


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through the `finally` clauses
    with both() as found:
        sys.exit(subprocess.run(sys.argv[1:], env=os.environ | found).returncode)
