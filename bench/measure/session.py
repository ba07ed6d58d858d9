"""Takes the samples of one table, in turns."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .contestant import Contestant, Size
from .program import Program

if TYPE_CHECKING:
    from .costs import Cost
    from .tables import Table

# Nothing of the caller's environment may reach one contestant and not another: proxies, certificates, start-up options.
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Plan:
    """How much is measured. Each sitting begins with new processes, whose memory lies elsewhere."""

    sittings: int
    rounds: int
    # Before anything counts, in samples.
    warm_up: int


FULL = Plan(sittings=2, rounds=8, warm_up=15)
QUICK = Plan(sittings=1, rounds=4, warm_up=5)


def take(table: Table, plan: Plan) -> dict[str, list[Cost]]:
    """The costs of each contestant, one a round: A B C, A B C, and so on."""
    costs: dict[str, list[Cost]] = {name: [] for name in table.rows}
    for _ in range(plan.sittings):
        contestants: dict[str, Contestant | Program] = {}
        try:
            for name, command in table.rows.items():
                contestants[name] = start(table, command, plan)
            for _ in range(plan.rounds):
                for name, contestant in contestants.items():
                    costs[name].append(contestant.sample())
        finally:
            for contestant in contestants.values():
                contestant.stop()
    return costs


def start(table: Table, command: tuple[str, ...], plan: Plan) -> Contestant | Program:
    """A contestant that is ready for its first sample."""
    if table.is_program:
        return Program(command, ENVIRONMENT, table.feed)
    warm_up = plan.warm_up if table.warm_up is None else table.warm_up
    return Contestant(command, ENVIRONMENT, Size(table.seconds, table.fewest_calls, table.seconds * warm_up))
