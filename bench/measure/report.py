"""Tables for the terminal and for RESULTS.md: the same text serves both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .costs import Cost, Ratio, median, ratio
from .remarks import remark

if TYPE_CHECKING:
    from .tables import Figure, Table

Costs = dict[str, list[Cost]]


def section(table: Table, costs: Costs) -> str:
    """One table: figures, and multiples of the reference with the middle half of the rounds."""
    head = ["", *(figure.unit for figure in table.figures)]
    head += [
        f"× {table.reference}" + (f" ({figure.metric})" if len(table.figures) > 1 else "") for figure in table.figures
    ]
    rows = [head, ["---", *["---:"] * (len(head) - 1)]]
    rows += [row(table, name, costs) for name in table.rows]
    return f"## {table.title}\n\n{aligned(rows)}\n"


def row(table: Table, name: str, costs: Costs) -> list[str]:
    """The figures of one contestant."""
    cells = [name]
    cells += [figured(costs[name], figure) for figure in table.figures]
    if name == table.reference:
        return cells + ["1"] * len(table.figures)
    return cells + [shown_ratio(against(table, name, costs, figure)) for figure in table.figures]


def figured(costs: list[Cost], figure: Figure) -> str:
    """The middle of the rounds, in the figure's unit."""
    value = median(costs, figure.metric)
    return shown(figure.factor / value if figure.is_rate else figure.factor * value)


def against(table: Table, name: str, costs: Costs, figure: Figure) -> Ratio:
    """One contestant in multiples of the reference."""
    return ratio(costs[name], costs[table.reference], figure.metric)


def behind(measured: list[tuple[Table, Costs]]) -> str:
    """Where ours took more than a peer did, by the reason for it."""
    reasons: dict[str, list[str]] = {}
    for table, costs in measured:
        for our in [name for name in table.rows if name.startswith("paymento")]:
            for line in slower(table, costs, our):
                reasons.setdefault(remark(table.title, our), []).append(line)
    parts = [f"{reason}\n\n" + "".join(f"- {line}\n" for line in lines) for reason, lines in reasons.items()]
    return "\n".join(parts) or "Nowhere: no peer took less, in any table.\n"


def slower(table: Table, costs: Costs, our: str) -> list[str]:
    """The peers that took less than one of ours, a line for each figure."""
    peers = [name for name in table.rows if not name.startswith("paymento") and name not in table.floors]
    lines = []
    for figure in table.figures:
        times = {peer: ratio(costs[our], costs[peer], figure.metric) for peer in peers}
        late = [f"{shown_ratio(times[peer])} × {peer}" for peer in peers if times[peer].median > 1]
        if late:
            lines.append(f"{table.title}, {figure.unit}: {our} takes {', '.join(late)}")
    return lines


def aligned(rows: list[list[str]]) -> str:
    """A Markdown table that can be read as it is."""
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(rows[0]))]
    return "\n".join(aligned_row(cells, widths) for cells in rows)


def aligned_row(cells: list[str], widths: list[int]) -> str:
    """One line of it: names to the left, figures to the right."""
    if cells[0] == "---":
        cells = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    first, *others = zip(cells, widths, strict=True)
    return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]) + " |"


def shown(value: float) -> str:
    """Three significant digits: the noise hides the others."""
    decimals = max(0, 2 - math.floor(math.log10(value)))
    return f"{round(value, 2 - math.floor(math.log10(value))):,.{decimals}f}"


def shown_ratio(value: Ratio) -> str:
    """The median, and between which two the middle half of the rounds lay."""
    return f"{shown(value.median)} ({shown(value.low)}-{shown(value.high)})"
