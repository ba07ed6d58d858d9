"""The README's quickstarts for Python and Node.js, run as they are written. The Rust one is a doctest of the crate."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

import pytest
from paymento.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parent.parent
WAIT = 30


def code(language: str) -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- quickstart: {language} -->\n```\w+\n(.*?)```", readme, re.DOTALL)
    assert found, f"the README has no quickstart for {language}"
    return found[1]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def python_shop(folder: pathlib.Path, port: int) -> list[str]:
    (folder / "shop.py").write_text(code("python"), encoding="utf-8")
    return [sys.executable, "-m", "flask", "--app", "shop", "run", "--port", str(port)]


def node_shop(folder: pathlib.Path, _port: int) -> list[str]:
    (folder / "shop.mjs").write_text(code("node"), encoding="utf-8")
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


@pytest.fixture(params=[python_shop, node_shop])
def shop_and_gateway(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[tuple[Shop, Simulator]]:
    port = free_port()
    with Simulator.start(callback_url=f"http://127.0.0.1:{port}/paymento/callback") as gateway:
        shop = Shop(request.param(tmp_path, port), tmp_path, port, gateway)
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


def test_the_tests_in_the_readme_pass(tmp_path: pathlib.Path) -> None:
    (tmp_path / "test_readme.py").write_text(code("pytest"), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path], check=True, timeout=WAIT)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/paymento").symlink_to(ROOT / "bindings-node")
    (tmp_path / "readme.test.mjs").write_text(code("node-test"), encoding="utf-8")
    node = shutil.which("node")
    assert node, "node is not on the PATH"
    subprocess.run([node, "--test", tmp_path], check=True, timeout=WAIT, cwd=tmp_path)
