"""One shop on the stage: a process that is started, read, killed, and started again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"


class StageError(Exception):
    """The demo cannot go on; the text is for the terminal."""

    def __init__(self, text, exit_code=1):
        super().__init__(text)
        self.exit_code = exit_code


class Shop:
    def __init__(self, name, command, port):
        self.name, self.port = name, claim(port, f"the {name} shop")
        self.url = f"http://{HOST}:{self.port}"
        self.is_alive = False
        self._command, self._settings, self._process, self._rest = command, {}, None, b""

    def open(self, settings=None):
        """Starts the process; it prints `open at` when it answers. The settings of the first time stay."""
        self._settings = settings or self._settings
        if self._process is not None:
            self._process.stdout.close()
        self._process = subprocess.Popen(
            self._command,
            cwd=EXAMPLES,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is the demo's: it ends the shops itself, in order
        )
        os.set_blocking(self.output.fileno(), False)
        self.is_alive, self._rest = True, b""

    def environment(self):
        """What a shop is told, and nothing that the person at the terminal has set for another one."""
        unwanted = ("PAYMENTO_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        environment = {key: value for key, value in os.environ.items() if not key.upper().startswith(unwanted)}
        own = {"PORT": str(self.port), "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        return environment | own | self._settings

    @property
    def output(self):
        return self._process.stdout

    @property
    def pid(self):
        return self._process.pid

    def read_lines(self):
        """The lines printed since the last call. `is_alive` is false once there will be no more."""
        while self.is_alive:
            try:
                chunk = os.read(self.output.fileno(), 65536)
            except BlockingIOError:
                break
            self.is_alive = bool(chunk)
            self._rest += chunk or b"\n"  # a last line that was not ended
        *lines, self._rest = self._rest.split(b"\n")
        return [line.decode("utf-8", "replace").rstrip() for line in lines]

    def kill(self):
        """As the machine does it when it has no memory left: the shop is told nothing."""
        self._process.kill()

    def wait(self):
        """The exit code, of a process whose output has ended."""
        end(self._process)
        return self._process.returncode

    def close(self):
        if self._process is not None:
            end(self._process)
            self._process.stdout.close()


def end(process):
    """Asks, then insists; the whole session, so that nothing a shop started outlives it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=2)
        except ProcessLookupError:
            process.wait()
        except subprocess.TimeoutExpired:
            continue
        return


def claim(port, purpose):
    """The port, or a free one for 0. Looks first: a shop that finds its port taken only tells its own log."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            text = f"port {port}, for {purpose}, cannot be used: {error.strerror.lower()}\n"
            hint = (
                "choose others: make demo PORTS=8001,8002,8003,8004 (simulator, Flask shop, Express shop, front door)"
            )
            raise StageError(text + hint, exit_code=2) from None
        return probe.getsockname()[1]


def flask_command():
    return [sys.executable, str(EXAMPLES / "flask" / "shop.py")]


def express_command():
    node = shutil.which("node")
    if node is None:
        raise StageError("node is not on the PATH; the Express shop needs Node 20 or later")
    modules = EXAMPLES / "express" / "node_modules"
    if not all((modules / package).is_dir() for package in ("express", "better-sqlite3")):
        raise StageError("the Express shop is not installed: run `npm ci` in examples/express")
    return [node, str(EXAMPLES / "express" / "server.mjs")]
