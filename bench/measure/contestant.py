"""A process that does one job over and over, and says what it cost."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .costs import Cost

BENCH = Path(__file__).resolve().parent.parent
# Calls are made in multiples of this, so that 64 at once share them evenly.
STEP = 64


@dataclass(frozen=True)
class Size:
    """How long a sample takes, how many calls it makes at least, and how long calls are made before any counts."""

    seconds: float
    fewest_calls: int
    warm_up_seconds: float


class Contestant:
    """Runs when it is told to, and waits otherwise."""

    def __init__(self, command: tuple[str, ...], environment: dict[str, str], size: Size) -> None:
        """Start it, wait until it has proven itself, and find how many calls make a sample."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(command, env=environment, cwd=BENCH, **pipes)
        try:
            self._expect_ready()
            self._calls = self._fitting(size)
        except BaseException:
            self.stop()
            raise

    def sample(self) -> Cost:
        """What one call costs now."""
        cost = self._run(self._calls)
        return Cost(cost.wall / self._calls, cost.cpu / self._calls)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _expect_ready(self) -> None:
        if self._line() != "ready":
            raise SystemExit(f"this contestant did not start: {self._process.args}")

    def _fitting(self, size: Size) -> int:
        calls, spent = size.fewest_calls, 0.0
        # Meanwhile caches fill, connections open, and JavaScript is compiled.
        while spent < size.warm_up_seconds:
            cost = self._run(calls)
            spent += cost.wall
            calls = max(size.fewest_calls, round(calls * min(size.seconds / cost.wall, 10) / STEP) * STEP)
        return calls

    def _run(self, calls: int) -> Cost:
        print(calls, file=self._process.stdin, flush=True)
        return Cost(**json.loads(self._line()))

    def _line(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"this contestant failed: {self._process.args}")
        return line.strip()
