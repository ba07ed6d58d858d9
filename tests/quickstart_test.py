"""The programs of the README and of docs/, run as they are written. Those in Rust are doctests of the crate."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import paymento.testing
import pytest
from paymento.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paymento import OrderEvent

ROOT = pathlib.Path(__file__).parent.parent
WAIT = 30


def code(name: str, page: str = "README.md", kind: str = "quickstart") -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"<!-- {kind}: {name} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found, f"{page} has no {kind} {name}"
    return found[1]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def python_shop(folder: pathlib.Path, port: int, program: str) -> list[str]:
    (folder / "shop.py").write_text(program, encoding="utf-8")
    return [sys.executable, "-m", "flask", "--app", "shop", "run", "--port", str(port)]


def node_shop(folder: pathlib.Path, _port: int, program: str) -> list[str]:
    (folder / "shop.mjs").write_text(program, encoding="utf-8")
    modules = folder / "node_modules"
    modules.mkdir()
    (modules / "paymento").symlink_to(ROOT / "bindings-node")
    (modules / "express").symlink_to(ROOT / "examples/express/node_modules/express")
    node = shutil.which("node")
    assert node, "node is not on the PATH"
    return [node, "shop.mjs"]


class Shop:
    """A running quickstart, and what it printed."""

    def __init__(self, command: list[str], folder: pathlib.Path, port: int, gateway: Simulator) -> None:
        keys = {"PAYMENTO_API_KEY": gateway.api_key, "PAYMENTO_SECRET_KEY": gateway.secret_key}
        environment = os.environ | keys | {"PAYMENTO_BASE_URL": gateway.base_url, "PORT": str(port)}
        self.url = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
        self.changed = threading.Condition()
        pipe, out = subprocess.PIPE, subprocess.STDOUT
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=out, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip())
                self.changed.notify_all()

    def wait_until_it_listens(self, port: int) -> None:
        for _ in range(200):
            with socket.socket() as probe:
                probe.settimeout(0.1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            with self.changed:
                self.changed.wait(0.1)  # there is no event for a port that opens
        raise AssertionError("\n".join(self.lines))

    def printed(self, line: str) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: line in self.lines, timeout=WAIT)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def buy(url: str) -> str:
    """Gives where the customer is sent."""
    request = urllib.request.Request(url + "/buy", data=b"", method="POST")
    with pytest.raises(urllib.error.HTTPError) as answer:  # nothing follows the redirect
        urllib.request.build_opener(NoRedirect).open(request, timeout=WAIT)
    assert answer.value.code in (302, 303)
    return str(answer.value.headers["Location"])


SHOPS = {
    "checkout, Python": (python_shop, code("python")),
    "checkout, Node.js": (node_shop, code("node")),
    "client, Python": (python_shop, code("client-python", "docs/client.md")),
    "client, Node.js": (node_shop, code("client-node", "docs/client.md")),
}


@pytest.fixture(params=SHOPS)
def shop_and_gateway(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[tuple[Shop, Simulator]]:
    port = free_port()
    with Simulator.start(callback_url=f"http://127.0.0.1:{port}/paymento/callback") as gateway:
        make, program = SHOPS[request.param]
        shop = Shop(make(tmp_path, port, program), tmp_path, port, gateway)
        try:
            shop.wait_until_it_listens(port)
            yield shop, gateway
        finally:
            shop.process.kill()
            shop.process.wait(WAIT)


def test_the_quickstart_ships_a_paid_order_once(shop_and_gateway: tuple[Shop, Simulator]) -> None:
    shop, gateway = shop_and_gateway
    page = buy(shop.url)
    assert page.startswith(gateway.gateway_url)
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(page).query)["token"][0]
    gateway.pay(token)
    delivered = gateway.deliveries(token, count=2, timeout=WAIT)
    assert len(delivered) == 2
    assert shop.printed("ship A-578"), "\n".join(shop.lines)
    assert shop.lines.count("ship A-578") == 1


def test_the_quickstart_refuses_a_forged_callback(shop_and_gateway: tuple[Shop, Simulator]) -> None:
    shop, _ = shop_and_gateway
    page = buy(shop.url)
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(page).query)["token"][0]
    body = f'{{"Token":"{token}","PaymentId":1,"OrderId":"A-578","OrderStatus":7,"AdditionalData":[]}}'.encode()
    headers = {"X-HMAC-SHA256-SIGNATURE": "0" * 64, "Content-Type": "application/json"}
    request = urllib.request.Request(shop.url + "/paymento/callback", data=body, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=WAIT)
    assert refused.value.code == 401
    assert "ship A-578" not in shop.lines


class Queue:
    """Takes a task's id, and does what has the same id once."""

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, str]] = {}

    def add(self, _name: str, arguments: dict[str, str], *, task_id: str) -> None:
        self.tasks.setdefault(task_id, arguments)


def recipe(name: str) -> dict[str, Any]:
    names: dict[str, Any] = {"sqlite3": sqlite3}
    exec(code(name, "docs/checkout.md", "recipe"), names)
    return names


@pytest.fixture(name="order")
def order_fixture() -> OrderEvent:
    return paymento.testing.order_event(order_id="A-578")


def test_the_recipe_with_a_unique_key_ships_once(order: OrderEvent) -> None:
    ship_once = recipe("unique-key")["ship_once"]
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE shipments (order_key TEXT PRIMARY KEY, order_id TEXT NOT NULL)")
        for _ in range(2):
            ship_once(db, order)
        assert not db.in_transaction
        assert db.execute("SELECT order_key, order_id FROM shipments").fetchall() == [(order.key, "A-578")]


def test_the_recipe_with_a_queue_ships_once(order: OrderEvent) -> None:
    queue = Queue()
    for _ in range(2):
        recipe("task-id")["enqueue"](queue, order)
    assert queue.tasks == {order.key: {"order_id": "A-578"}}


def test_the_tests_in_the_readme_pass(tmp_path: pathlib.Path) -> None:
    (tmp_path / "test_readme.py").write_text(code("pytest"), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path], check=True, timeout=WAIT)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/paymento").symlink_to(ROOT / "bindings-node")
    (tmp_path / "readme.test.mjs").write_text(code("node-test"), encoding="utf-8")
    node = shutil.which("node")
    assert node, "node is not on the PATH"
    subprocess.run([node, "--test", tmp_path], check=True, timeout=WAIT, cwd=tmp_path)
