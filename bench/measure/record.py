"""bench/RESULTS.md."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .contestant import BENCH
from .machine import interpreters, machine, node_versions, python_versions
from .report import Costs, behind, section

if TYPE_CHECKING:
    from .session import Plan
    from .tables import Table

METHOD = """\
Made by `make bench`. Absolute figures belong to this machine; the multiples carry over.

- Release builds of the wheel and the addon against the current versions of the others, all in one run.
- Each contestant is a process of its own. They take turns, A B C A B C: {rounds} rounds, in {sittings} sittings of new
  processes. A multiple is taken within a round; shown are the median and, in brackets, the middle half of the rounds.
- Before it is timed, each webhook contestant has accepted a signed body and refused one with another character. Each
  has a valid body of its own kind, of the same size. paymento has no check without parse: its work is the same in both.
- HTTP: the same local server without TLS, on one core; POST JSON, read and parse the JSON answer. All have a time
  limit. paymento also holds the answer against the order. CPU time is that of all threads of the client's process.
- 64 at once: as many threads, tasks or promises, each calling in a loop. All connections are open before it counts.
- Before it counts, each has been called for {warm_up} times as long as a sample takes, so that JavaScript is compiled.
  A shop calls its gateway less often: what it sees lies nearer to the programs of 100 calls.
- Import: a whole program that does nothing else, from its start to its end.
"""


def write(measured: list[tuple[Table, Costs]], plan: Plan, load: float) -> None:
    """Put everything into one text, and keep it."""
    parts = [
        f"# How fast it is\n\n{method(plan)}",
        facts(load),
        f"## Where we are behind\n\n{behind(measured)}",
        *(section(table, costs) for table, costs in measured),
    ]
    (BENCH / "RESULTS.md").write_text("\n".join(parts), encoding="utf-8")


def method(plan: Plan) -> str:
    """How it was measured."""
    return METHOD.format(rounds=plan.rounds * plan.sittings, sittings=plan.sittings, warm_up=plan.warm_up)


def facts(load: float) -> str:
    """When, where, and with what."""
    day = datetime.now(tz=timezone.utc).date()
    lines = (
        day,
        f"{machine()}, load average {load:.1f} when it began",
        interpreters(),
        f"Python: {python_versions()}",
        f"Node.js: {node_versions()}",
    )
    return "".join(f"- {line}\n" for line in lines)
