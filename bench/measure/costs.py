"""What is measured, and how figures of several rounds become one."""

from __future__ import annotations

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Seconds for one call: on the clock, and of processor time in all threads of the process."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Ratio:
    """How many times as much as another, round by round: the median and the middle half of the rounds."""

    median: float
    low: float
    high: float


def ratio(costs: list[Cost], others: list[Cost], metric: str) -> Ratio:
    """Compare within each round, where both met the same machine."""
    pairs = zip(costs, others, strict=True)
    ratios = [getattr(cost, metric) / getattr(other, metric) for cost, other in pairs]
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(median, low, high)


def median(costs: list[Cost], metric: str) -> float:
    """The middle of the rounds."""
    return statistics.median(getattr(cost, metric) for cost in costs)
