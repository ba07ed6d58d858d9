"""Lines for a person: in color on a terminal, plain anywhere else."""

import os
import sys

from stage.steps import GATEWAY

RESET, BOLD, DIM, RED, GREEN, YELLOW = "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"
SHOP_COLORS = ("\x1b[36m", "\x1b[35m")

# By how a step begins: what matters most to whoever watches.
STYLES = {
    "fulfilled": BOLD + GREEN,
    "closed": YELLOW,
    "attention": BOLD + RED,
    "callback refused": RED,
}


class Printer:
    def __init__(self, names, stream=None):
        self._stream = stream or sys.stdout
        self._width = max(map(len, [*names, GATEWAY])) + 2
        self._colors = dict(zip(names, SHOP_COLORS, strict=False)) if self._in_color() else None

    def _in_color(self):
        return self._stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def step(self, step):
        """Who did it, the order, and what."""
        text = f"{step.order_id}  {visible(step.text)}" if step.order_id else visible(step.text)
        style = next((style for start, style in STYLES.items() if step.text.startswith(start)), "")
        style = style or (DIM if step.by == GATEWAY else "")
        self._write(self._paint(step.by.ljust(self._width), self._color(step.by)) + self._paint(text, style))

    def line(self, text, style=""):
        self._write(self._paint(text, style))

    def _color(self, shop):
        return self._colors.get(shop, "") if self._colors else ""

    def _paint(self, text, style):
        return f"{style}{text}{RESET}" if style and self._colors is not None else text

    def _write(self, line):
        print(line, file=self._stream, flush=True)


def visible(text):
    """A shop's line may hold anything; a terminal must not obey it."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
