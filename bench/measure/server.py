"""The local server that every HTTP contestant asks."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serving(program: str) -> Iterator[str]:
    """Run it, and give its address. It ends with its standard input."""
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        keep_to_one_core(process.pid)
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.communicate()


def keep_to_one_core(pid: int) -> None:
    """Leave the other cores to the client, where there are several and the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(pid, {max(cores)})
