"""A client that was made, and used, before a fork works after it: blocking, awaited, inherited, new, under gunicorn."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import traceback
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

import paymento
from paymento.testing import Simulator

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
LONGEST = 20  # seconds that a child gets before the alarm kills it


def in_child(work: Callable[[], object]) -> int:
    """Run the work in a forked child; 0 where it succeeded."""
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST)
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 (a child must not return into pytest)
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("used_before", [False, True])
def test_an_inherited_client_works_in_the_child_and_in_the_parent(gateway: Simulator, used_before: bool) -> None:
    client, awaited = gateway.client(), gateway.async_client()

    def use() -> None:
        client.ping()
        asyncio.run(awaited.ping())

    if used_before:
        use()
    assert [in_child(use) for _ in range(3)] == [0, 0, 0]
    use()


def test_a_new_client_works_in_the_child(gateway: Simulator) -> None:
    gateway.client().ping()
    asyncio.run(gateway.async_client().ping())

    def use() -> None:
        gateway.client().ping()
        asyncio.run(gateway.async_client().ping())

    assert in_child(use) == 0


def test_a_child_of_a_child_works(gateway: Simulator) -> None:
    client = gateway.client()
    client.ping()

    def use() -> None:
        client.ping()
        assert in_child(client.ping) == 0
        client.ping()

    assert in_child(use) == 0


def test_a_child_may_drop_and_close_what_it_inherited(gateway: Simulator) -> None:
    clients = [gateway.client(), gateway.client()]
    for client in clients:
        client.ping()

    def use() -> None:
        clients[0].close()
        clients.clear()

    assert in_child(use) == 0
    clients[0].ping()


def test_forking_while_other_threads_call_hangs_nobody(gateway: Simulator) -> None:
    client, awaited = gateway.client(), gateway.async_client()
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            client.ping()
            asyncio.run(awaited.ping())

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()

    def use() -> None:
        client.ping()
        asyncio.run(awaited.ping())

    codes = [in_child(use) for _ in range(20)]
    stop.set()
    for thread in threads:
        thread.join()
    assert codes == [0] * 20


def test_an_inherited_simulator_says_that_it_is_the_parents() -> None:
    with Simulator.start() as gateway:

        def use() -> None:
            with pytest.raises(paymento.ConfigError) as caught:
                gateway.payments()
            assert caught.value.code == "config.closed"
            gateway.stop()

        assert in_child(use) == 0
        assert gateway.payments() == []


APP = """
import asyncio, os, paymento
from flask import Flask

client, awaited = paymento.Client.from_env(), paymento.AsyncClient.from_env()
client.ping()                 # in the master, which then forks
asyncio.run(awaited.ping())
app = Flask(__name__)

@app.get("/<int:number>")
def pay(number):
    payment = client.create_payment(order_id=str(number), fiat_amount="1", fiat_currency="USD")
    asyncio.run(awaited.verify_payment(payment.token, order_id=str(number)))
    return f"{os.getpid()} {payment.order_id}"
"""


def test_gunicorn_preloads_an_app_with_a_client(gateway: Simulator, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(APP)
    keys = {"API_KEY": gateway.api_key, "SECRET_KEY": gateway.secret_key, "BASE_URL": gateway.base_url}
    environment = {**os.environ, **{f"PAYMENTO_{name}": value for name, value in keys.items()}}
    gunicorn = ["-m", "gunicorn", "--preload", "--workers=2", "--threads=4", "--bind=127.0.0.1:0", "shop:app"]
    command = [sys.executable, *gunicorn]
    server = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    assert server.stderr
    try:
        url = next(found[0] for line in server.stderr if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        answers = [urllib.request.urlopen(f"{url}/{number}", timeout=LONGEST).read().split() for number in range(20)]
    finally:
        server.terminate()
        server.communicate(timeout=LONGEST)
    assert [int(order_id) for _, order_id in answers] == list(range(20))
    assert server.pid not in {int(pid) for pid, _ in answers}
