"""A program that is run from its start to its end: for what an import costs, and the first calls."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .contestant import BENCH
from .costs import Cost

if TYPE_CHECKING:
    from typing import BinaryIO


class Program:
    """Runs once a sample."""

    def __init__(self, command: tuple[str, ...], environment: dict[str, str], feed: str) -> None:
        """Run it twice, so that its files are in memory and its bytecode is written. `feed`: its standard input."""
        self._command, self._environment, self._feed = command, environment, feed
        self.sample()
        self.sample()

    def sample(self) -> Cost:
        """What one run costs, the operating system's own accounting of processor time included."""
        with fed(self._feed) as reader, Path(os.devnull).open("wb") as nowhere:
            files = [(os.POSIX_SPAWN_DUP2, reader.fileno(), 0), (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
            os.chdir(BENCH)
            begin = time.perf_counter()
            process = os.posix_spawn(self._command[0], self._command, self._environment, file_actions=files)
            _, status, usage = os.wait4(process, 0)
            wall = time.perf_counter() - begin
        if status != 0:
            raise SystemExit(f"this program failed: {self._command}")
        return Cost(wall, usage.ru_utime + usage.ru_stime)

    def stop(self) -> None:
        """Nothing runs between samples."""


def fed(text: str) -> BinaryIO:
    """What a program reads: this, and then the end."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return os.fdopen(reader, "rb")
