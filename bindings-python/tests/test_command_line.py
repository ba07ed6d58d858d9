"""The command `paymento` of the wheel, as a process: what it prints, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Shop

import paymento

LONGEST = 20
SECRET = "the-secret-of-the-shop"
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the command; whatever still runs afterwards is killed."""
    running = []

    def start(*arguments: str, command: tuple[str, ...] = (sys.executable, "-m", "paymento")) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        child = subprocess.Popen([*command, *arguments], stdout=pipe, stderr=pipe, text=True, env=environment())
        running.append(child)
        return child

    yield start
    for child in running:
        with child:
            child.kill()


def environment(**more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PAYMENTO_")}
    return {**inherited, **more}


def settings(child: subprocess.Popen[str]) -> dict[str, str]:
    """The environment that a simulator prints for a shop to be started with."""
    assert child.stdout
    found: dict[str, str] = {}
    for line in child.stdout:
        if export := re.fullmatch(r"\s*export (PAYMENTO_\w+)='(.*)'\n", line):
            found[export[1]] = export[2]
        if len(found) == 4:
            return found
    raise AssertionError(found)


def ended(child: subprocess.Popen[str]) -> int:
    child.communicate(timeout=LONGEST)
    return child.returncode


def ran(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paymento", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=LONGEST, env=environment(**more), check=False
    )


def test_a_shop_is_started_with_what_the_simulator_prints(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    child = start("simulator", "--port", "0")
    for name, value in settings(child).items():
        monkeypatch.setenv(name, value)
    with paymento.Client.from_env() as client:
        payment = client.create_payment(order_id="A-578", fiat_amount="29.99", fiat_currency="USD")
    assert payment.url.startswith(os.environ["PAYMENTO_GATEWAY_URL"])
    assert child.stdout
    event = next(line for line in child.stdout if "payment_created" in line)
    assert "A-578" in event


def test_the_script_is_the_module(start: Start) -> None:
    script = str(Path(sys.executable).parent / "paymento")
    version = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=LONGEST, check=True)
    assert version.stdout == ran("--version").stdout == f"paymento {paymento.__version__}\n"
    child = start("simulator", "--port", "0", "--json", command=(script,))
    assert child.stdout
    assert json.loads(child.stdout.readline())["base_url"].startswith("http://127.0.0.1:")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process in other ways")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_at_once(start: Start, ending: signal.Signals) -> None:
    child = start("simulator", "--port", "0")
    settings(child)
    child.send_signal(ending)
    assert ended(child) == -ending


def test_it_ends_when_nobody_reads_it_any_more(start: Start) -> None:
    child = start("simulator", "--port", "0", "--json")
    assert child.stdout
    base_url = json.loads(child.stdout.readline())["base_url"]
    child.stdout.close()
    with paymento.Client("an-api-key", base_url=base_url, max_attempts=1) as client, pytest.raises(paymento.ApiError):
        client.merchant()
    assert child.wait(timeout=LONGEST) == 0


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "paymento", "simulator", "--port", "0", "--json", "--stop-with-parent"])
child.wait()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nobody adopts a process on Windows")
def test_it_ends_with_its_parent_even_when_that_is_killed(start: Start) -> None:
    parent = start(command=(sys.executable, "-c", PARENT))
    assert parent.stdout
    base_url = json.loads(parent.stdout.readline())["base_url"]
    parent.kill()
    # The simulator holds the other end of these pipes: their end is its end.
    parent.communicate(timeout=LONGEST)
    assert parent.returncode == -signal.SIGKILL
    client = paymento.Client("an-api-key", base_url=base_url, max_attempts=1)
    with client, pytest.raises(paymento.TransportError):
        client.ping()


def test_trigger_sends_one_signed_callback(shop: Shop) -> None:
    done = ran("trigger", "paid", shop.url, "--order-id", "B-1", PAYMENTO_SECRET_KEY=SECRET)
    assert (done.returncode, done.stderr) == (0, "")
    assert "answered 200" in done.stdout
    [(method, headers, body)] = shop.take(1)
    callback = paymento.authenticate(body, headers, SECRET)
    assert (method, callback.order_id, callback.status) == ("POST", "B-1", paymento.OrderStatus.PAID)
    shop.answers = [500]
    assert ran("trigger", "7", shop.url, "--secret", SECRET).returncode == 1
    spoiled = ran("trigger", "paid", shop.url, "--secret", SECRET, "--fault", "wrong_secret")
    assert spoiled.returncode == 0
    [_, (_, headers, body)] = shop.take(2)
    with pytest.raises(paymento.SignatureError):
        paymento.authenticate(body, headers, SECRET)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("nonsense",), 2, "there is no command"),
        (("simulator", "--port", "many"), 2, "many"),
        (("simulator", "--nonsense\udcff"), 2, "nonsense"),
        (("trigger", "paid", "http://127.0.0.1:1/"), 2, "PAYMENTO_SECRET_KEY"),
    ],
)
def test_what_is_not_understood_is_explained(arguments: tuple[str, ...], code: int, message: str) -> None:
    done = ran(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told(start: Start) -> None:
    child = start("simulator", "--port", "0", "--json")
    assert child.stdout
    port = json.loads(child.stdout.readline())["base_url"].rpartition(":")[2]
    done = ran("simulator", "--port", port)
    assert (done.returncode, port in done.stderr) == (1, True)
