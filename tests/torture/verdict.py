"""Holds what the shop did against what the gateway says, and explains every run of a handler beyond the first."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from customers import Order
from databases import Outage, Rows
from fleet import Life

LEASE = 10.0
RECOVERY = LEASE + 1.0
PAID = {"Paid", "Approve"}
CUT_SHORT = "cut short in the handler by a kill"
UNRECORDED = "ended, and killed before that was recorded"
AWAY = "not recorded: the server was away"
LOST = "the lease was lost while it ran"
FAILED = "the handler failed, and was tried again"


@dataclass
class Run:
    """One run of the `paid` handler."""

    name: str
    order: str
    begun: float
    ended: float | None = None


@dataclass
class Evidence:
    orders: list[Order]
    payments: dict[str, dict[str, Any]]
    tables: dict[str, Rows]
    lives: dict[str, Life]
    outages: list[Outage]
    acknowledged: dict[str, float]
    diaries: Path


@dataclass
class Verdict:
    wrong: list[str] = field(default_factory=list)
    expected: int = 0
    shipped: int = 0
    lost: int = 0
    doubled: int = 0
    again: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    through_outages: list[float] = field(default_factory=list)
    decisions: list[float] = field(default_factory=list)
    """From the record of a callback that says paid to the event, which comes from a verify answer."""


def owed(evidence: Evidence) -> dict[str, str]:
    """What must be shipped, and at which price: the orders whose current payment is settled."""
    payments = evidence.payments
    return {
        order.id: order.amount
        for order in evidence.orders
        if order.current and payments[order.current]["statusName"] in PAID
    }


def judge(evidence: Evidence) -> Verdict:
    verdict = Verdict()
    for order in evidence.orders:
        verdict.wrong += order.wrong
    judge_shipments(evidence, verdict)
    judge_records(evidence, verdict)
    runs = read_diaries(evidence.diaries)
    judge_runs(evidence, runs, verdict)
    judge_ends(evidence, verdict)
    judge_recovery(evidence, verdict)
    return verdict


def judge_shipments(evidence: Evidence, verdict: Verdict) -> None:
    expected = owed(evidence)
    shipped: defaultdict[str, list[str]] = defaultdict(list)
    for order, amount, _ in evidence.tables["shipments"]:
        shipped[order].append(amount)
    verdict.expected, verdict.shipped = len(expected), len(shipped)
    for order, amount in expected.items():
        if order not in shipped:
            verdict.lost += 1
            verdict.wrong.append(f"{order} is paid and was not shipped")
        elif any(float(one) != float(amount) for one in shipped[order]):
            verdict.wrong.append(f"{order} was shipped at {shipped[order]} instead of {amount}")
    for order, amounts in shipped.items():
        if len(amounts) > 1:
            verdict.doubled += 1
            verdict.wrong.append(f"{order} was shipped {len(amounts)} times with `once`")
        if order not in expected:
            verdict.wrong.append(f"{order} was shipped and is not paid at its current price")


def judge_records(evidence: Evidence, verdict: Verdict) -> None:
    watched = {(token, order) for token, order, _ in evidence.tables["payments"]}
    for order in evidence.orders:
        for token in order.tokens:
            if (token, order.id) not in watched:
                verdict.wrong.append(f"{order.id}: a customer was sent to a payment that nobody watches")
    judge_decisions(evidence, verdict)
    kept = {bytes(row[0]).hex() for row in evidence.tables["callbacks"]}
    for digest in evidence.acknowledged.keys() - kept:
        verdict.wrong.append(f"the callback {digest[:12]} was answered 200 and is not in the database")
    for order_id, kind, _, state, *_ in evidence.tables["events"]:
        if state != 1 and kind == "paid":
            verdict.wrong.append(f"the event {kind} of {order_id} is not done")


def judge_decisions(evidence: Evidence, verdict: Verdict) -> None:
    """Nobody is waited for longer than a lease: not for a process that died while it asked the gateway, either."""
    heard: dict[str, int] = {}
    for _, token, status, at in evidence.tables["callbacks"]:
        if status in ("7", "8"):
            heard[token] = min(at, heard.get(token, at))
    deaths = [life.died_at for life in evidence.lives.values() if life.died_at is not None]
    ends = sorted([*deaths, *(outage.ended for outage in evidence.outages)])
    for order, kind, _, _, created, _, token in evidence.tables["events"]:
        if kind != "paid" or token not in heard:
            continue
        decided, begun = created / 1_000, heard[token] / 1_000
        verdict.decisions.append(max(decided - begun, 0))
        before = bisect_left(ends, decided)
        since = max(begun, ends[before - 1]) if before else begun
        if decided - since > RECOVERY:
            verdict.wrong.append(f"{order} was decided {decided - since:.1f} s after its callback and the last death")


def read_diaries(folder: Path) -> dict[str, list[Run]]:
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    for file in folder.glob("*.diary"):
        running: dict[str, Run] = {}
        for line in file.read_text(encoding="utf-8").splitlines():
            what, kind, key, order, at = line.split(" ")
            if what == "begun" and kind == "paid":
                running[key] = Run(file.stem, order, int(at) / 1_000)
                runs[key].append(running[key])
            elif what == "ended":
                running[key].ended = int(at) / 1_000
    return {key: sorted(found, key=lambda run: run.begun) for key, found in runs.items()}


def judge_runs(evidence: Evidence, runs: dict[str, list[Run]], verdict: Verdict) -> None:
    for key, found in runs.items():
        for run, following in pairwise(found):
            window = explain(evidence, run, following)
            if window is None:
                verdict.wrong.append(f"{key} ran again without need: {run} and then {following}")
            else:
                verdict.again[window] += 1


def explain(evidence: Evidence, run: Run, following: Run) -> str | None:
    """Why the handler ran again; `None` where it should not have."""
    life = evidence.lives[run.name]
    died = life.died_at is not None and life.died_at <= following.begun + 0.05
    away = is_away(evidence, run.begun, following.begun)
    if died:
        return UNRECORDED if run.ended is not None else CUT_SHORT
    if run.ended is None and has_failed(evidence, run, following):
        return FAILED
    if away:
        return AWAY if run.ended is not None else FAILED
    return LOST if following.begun - run.begun >= LEASE else None


def judge_ends(evidence: Evidence, verdict: Verdict) -> None:
    """What is done is never handed over again."""
    done = {row[0]: row[5] for row in evidence.tables["events"] if row[1] == "paid" and row[3] == 1}
    for order, at, what, who, detail in evidence.tables["history"]:
        if what == "handed_over" and detail == "paid" and at > done.get(order, at):
            verdict.wrong.append(f"{order} was handed over to {who} after it was done")


def is_away(evidence: Evidence, begun: float, ended: float) -> bool:
    return any(outage.begun <= ended and outage.ended >= begun for outage in evidence.outages)


def has_failed(evidence: Evidence, run: Run, following: Run) -> bool:
    return any(
        order == run.order and what == "failed" and who == run.name and run.begun - 1 <= at / 1_000 <= following.begun
        for order, at, what, who, _ in evidence.tables["history"]
    )


def judge_recovery(evidence: Evidence, verdict: Verdict) -> None:
    """From the death of whoever held an order to the next handing over of it."""
    held: defaultdict[str, list[tuple[float, str, str]]] = defaultdict(list)
    for order, at, what, who, detail in evidence.tables["history"]:
        if (what == "handed_over" and detail == "paid") or what == "failed":
            held[order].append((at / 1_000, what, who))
    for order, steps in held.items():
        for (at, what, who), (next_at, _, _) in pairwise(steps):
            life = evidence.lives.get(who)
            if what != "handed_over" or life is None or life.died_at is None or life.died_at > next_at:
                continue
            took = next_at - max(at, life.died_at)
            if is_away(evidence, at, next_at):
                verdict.through_outages.append(took)
            else:
                verdict.recoveries.append(took)
                if took > RECOVERY:
                    verdict.wrong.append(f"{order} was handed over {took:.1f} s after {who} had died")
