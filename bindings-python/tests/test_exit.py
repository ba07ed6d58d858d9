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
