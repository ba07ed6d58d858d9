"""One shop on the stage: its simulated gateway, and its process."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from paymento import PaymentoError
from paymento.testing import Simulator

EXAMPLES = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"


class StageError(Exception):
    """The demo cannot go on; the text is for the terminal."""

    def __init__(self, text, exit_code=1):
        super().__init__(text)
        self.exit_code = exit_code


class Shop:
    """A store's callbacks go to one address, so each shop has a store of its own, which is a simulator of its own."""

    def __init__(self, name, store_name, command, port, gateway_port):
        self.name, self.port = name, claim(port, f"the {name} shop")
        self.url = f"http://{HOST}:{self.port}"
        claim(gateway_port, f"the {name} shop's simulator")
        try:
            self.simulator = Simulator.start(store_name=store_name, port=gateway_port)
        except PaymentoError as error:
            raise StageError(f"the {name} shop's simulator does not start: {error}") from None
        self.process = None
        self._command, self._rest = command, b""

    def open(self, folder):
        """Starts the process; it prints `open at` when it answers. `folder` is for what it keeps."""
        self.process = subprocess.Popen(
            self._command,
            cwd=EXAMPLES,
            env=self.environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is the demo's: it ends the shops itself, in order
        )
        os.set_blocking(self.process.stdout.fileno(), False)

    def environment(self, folder):
        """What a shop is told, and nothing that the person at the terminal has set for another one."""
        unwanted = ("PAYMENTO_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        environment = {key: value for key, value in os.environ.items() if not key.upper().startswith(unwanted)}
        return environment | {
            "PAYMENTO_API_KEY": self.simulator.api_key,
            "PAYMENTO_SECRET_KEY": self.simulator.secret_key,
            "PAYMENTO_BASE_URL": self.simulator.base_url,
            "PUBLIC_URL": self.url,
            "PORT": str(self.port),
            "DATABASE": str(Path(folder) / f"{self.name.lower()}.db"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def read_lines(self):
        """The lines printed since the last call, and whether there may be more later."""
        while True:
            try:
                chunk = os.read(self.process.stdout.fileno(), 65536)
            except BlockingIOError:
                is_open = True
                break
            if not chunk:
                is_open = False
                break
            self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        if not is_open and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        return [line.decode("utf-8", "replace").rstrip() for line in lines], is_open

    def close(self):
        if self.process is not None:
            end(self.process)
            self.process.stdout.close()
        self.simulator.stop()


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
            hint = "choose others: make demo PORTS=8001,8002,8003 (simulator, Flask shop, Express shop)"
            raise StageError(text + hint, exit_code=2) from None
        return probe.getsockname()[1]


def flask_command():
    return [sys.executable, str(EXAMPLES / "flask" / "shop.py")]


def express_command():
    node = shutil.which("node")
    if node is None:
        raise StageError("node is not on the PATH; the Express shop needs Node 20 or later")
    if not (EXAMPLES / "express" / "node_modules" / "express").is_dir():
        raise StageError("the Express shop is not installed: run `npm ci` in examples/express")
    return [node, str(EXAMPLES / "express" / "server.mjs")]
