"""What every contestant does: read a number of calls, make them, tell what they cost."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def serve(run: Callable[..., object], warm_up: int, prepare: Callable[[int], object] = int) -> None:
    """Answer each number on standard input with the seconds that `run` took for what `prepare` made of it.

    Before each: `warm_up` calls that do not count. The others have had the processor, and idle connections may be gone.
    """
    print("ready", flush=True)
    for line in sys.stdin:
        run(prepare(warm_up))
        work = prepare(int(line))
        wall, cpu = time.perf_counter(), time.process_time()
        run(work)
        cost = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        print(json.dumps(cost), flush=True)
    # Without closing clients: nothing is measured any more.
    os._exit(0)
