"""Ctrl-C ends a call that waits, blocking or not, within half a second."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import Any

import pytest

BLOCKING = """
import sys, paymento
client = paymento.Client("an-api-key", base_url=sys.argv[1])
try:
    client.create_payment(order_id="1", fiat_amount="1", fiat_currency="USD")
except KeyboardInterrupt as interrupt:
    print(type(interrupt.__cause__).__name__, interrupt.__cause__.code, interrupt.__cause__.maybe_sent)
"""
AWAITED = """
import asyncio, sys, paymento
client = paymento.AsyncClient("an-api-key", base_url=sys.argv[1])
try:
    asyncio.run(client.create_payment(order_id="1", fiat_amount="1", fiat_currency="USD"))
except KeyboardInterrupt:
    print("TransportError transport.canceled True")
"""
WAITING = """
import socket, sys
from paymento.testing import Simulator
with Simulator.start() as gateway:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1].rpartition(":")[2]))).sendall(b"ready")
        gateway.deliveries("7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a", count=1, timeout=30)
    except KeyboardInterrupt:
        print("TransportError transport.canceled True")
"""


@pytest.mark.parametrize("code", [BLOCKING, AWAITED, WAITING], ids=["blocking", "awaited", "simulator"])
def test_ctrl_c_ends_a_call_within_half_a_second(silent: Any, code: str) -> None:
    with subprocess.Popen([sys.executable, "-c", code, silent.url], stdout=subprocess.PIPE, text=True) as child:
        assert silent.arrived.wait(20)
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        output, _ = child.communicate(timeout=20)
    assert output.strip() == "TransportError transport.canceled True"
    assert child.returncode == 0
    # The interpreter's own exit is in it.
    assert time.monotonic() - started < 1.0


def test_a_handler_of_another_signal_runs_while_a_call_waits(silent: Any) -> None:
    code = """
import os, signal, sys, paymento
signal.signal(signal.SIGALRM, lambda *_: print("handled", flush=True))
signal.setitimer(signal.ITIMER_REAL, 0.05)
client = paymento.Client("an-api-key", base_url=sys.argv[1], timeout=0.5, max_attempts=1)
try:
    client.ping()
except paymento.TransportError as error:
    print(error.code)
"""
    done = subprocess.run([sys.executable, "-c", code, silent.url], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["handled", "transport.timeout"]
