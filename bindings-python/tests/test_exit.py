"""An interpreter that exits with calls in flight exits as if there were none."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

# Exits as soon as the last of the calls has been started, and leaves all of them in flight.
CODE = """
import asyncio, sys, threading, paymento
how, url = sys.argv[1:]
def block():
    paymento.Client("an-api-key", base_url=url).ping()
async def main():
    client = paymento.AsyncClient("an-api-key", base_url=url)
    tasks = [asyncio.ensure_future(client.ping()) for _ in range(20)]
    await asyncio.sleep(0.001)
    if how == "hard":
        sys.exit(0)
if how == "threads":
    for _ in range(8):
        threading.Thread(target=block, daemon=True).start()
elif how == "open":
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
else:
    asyncio.run(main())
"""


# Exits with the runner waiting, with a handler at work, with calls under way, with nothing closed.
SHOP = """
import asyncio, sys, threading, time, paymento
how, url, key, database = sys.argv[1:]
begun = threading.Event()
def ship(event):
    begun.set()
    while True:
        time.sleep(0.001)
checkout = paymento.Checkout(paymento.Client(key, secret_key="s", base_url=url), database)
checkout.on_paid(ship)
def buy():
    payment = checkout.create_payment(order_id="A-1", fiat_amount="1", fiat_currency="USD")
    if how == "handler":
        import json, urllib.request
        pay = urllib.request.Request(url.rstrip("/") + "/simulator/pay", json.dumps({"token": payment.token}).encode(),
                                     {"Content-Type": "application/json"})
        urllib.request.urlopen(pay).close()
        checkout.visit(f"token={payment.token}")
        assert begun.wait(20)
def use():
    while True:
        checkout.status("A-1")
async def main():
    shop = paymento.AsyncCheckout(paymento.AsyncClient(key, secret_key="s", base_url=url), database)
    await shop.create_payment(order_id="A-1", fiat_amount="1", fiat_currency="USD")
    tasks = [asyncio.ensure_future(shop.status("A-1")) for _ in range(20)]
    await asyncio.sleep(0.001)
if how == "awaited":
    asyncio.run(main())
else:
    buy()
if how == "calls":
    for _ in range(8):
        threading.Thread(target=use, daemon=True).start()
"""


@pytest.mark.parametrize("how", ["waiting", "handler", "calls", "awaited"])
def test_exits_with_a_checkout_in_use_are_clean(gateway: Any, tmp_path: Any, how: str) -> None:
    for number in range(4):
        arguments = [how, gateway.base_url, gateway.api_key, f"sqlite:{tmp_path}/{number}.db"]
        command = [sys.executable, "-S", "-c", PATH + SHOP, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def exit_codes(how: str, url: str, times: int) -> list[int]:
    """Run that many interpreters, a few at a time."""
    codes = []
    for _ in range(times // 4):
        children = [
            subprocess.Popen([sys.executable, "-S", "-c", PATH + CODE, how, url], stderr=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        for child in children:
            _, stderr = child.communicate(timeout=60)
            assert "panicked" not in stderr
            assert "Fatal" not in stderr
            codes.append(child.returncode)
    return codes


PATH = f"import sys; sys.path[:0] = {[entry for entry in sys.path if entry]!r}\n"


@pytest.mark.parametrize("how", ["soft", "hard", "open", "threads"])
def test_exits_with_calls_in_flight_are_clean(silent: Any, how: str) -> None:
    assert exit_codes(how, silent.url, 8) == [0] * 8


@pytest.mark.slow
@pytest.mark.parametrize("how", ["soft", "hard", "open", "threads"])
def test_fifty_exits_of_each_kind_are_clean(silent: Any, how: str) -> None:
    assert exit_codes(how, silent.url, 52) == [0] * 52
