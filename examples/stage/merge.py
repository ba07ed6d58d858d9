"""The gateway's events and the shops' lines in one stream, each step after what it comes from.

The streams are in order, each for itself, and nothing says when a line was printed. So a line whose cause is among the
events to come lets the events go first, and otherwise lines go first, for a shop prints before it answers.
"""

from collections import Counter, deque

from stage.steps import step_of_event, step_of_line


class Merge:
    def __init__(self, simulator, shops):
        self._simulator, self._last_event = simulator, 0
        self._events, self._lines = deque(), {shop: deque() for shop in shops}
        self._happened, self._told = Counter(), Counter()  # causes and what came of them, for each order

    def pull(self):
        """The steps since the last call. Events come first: what a shop printed before one is then in its pipe."""
        steps = []
        while True:
            self._fetch_events()
            self._fetch_lines()
            step = self._next()
            if step is None:
                return steps
            steps.append(step)

    def _fetch_events(self):
        events = self._simulator.events_after(self._last_event, timeout=0)
        self._events.extend(map(step_of_event, events))
        self._last_event = events[-1].sequence if events else self._last_event

    def _fetch_lines(self):
        for shop, lines in self._lines.items():
            lines.extend(step_of_line(shop.name, line) for line in shop.read_lines() if line)

    def _next(self):
        for lines in self._lines.values():
            if lines and not self._must_wait(lines[0]):
                line = lines.popleft()
                self._told[line.order_id, line.cause] += 1
                return line
        if not self._events:
            return None
        event = self._events.popleft()
        self._happened.update((event.order_id, start) for start in (event.kind, event.kind.partition(" ")[0]))
        return event

    def _must_wait(self, line):
        """Whether the line's cause is among the events to come. Not every line has one: a page can be opened again."""
        if line.cause is None or self._told[line.order_id, line.cause] < self._happened[line.order_id, line.cause]:
            return False
        self._fetch_events()
        return any(event.causes(line) for event in self._events)
