"""Every step of every payment, in the order in which it happened: from the simulators' events and the shops' lines."""

import os
import re
import selectors
import threading
from collections import Counter, deque
from dataclasses import dataclass

# A shop's line, and the simulator's event that must have come before it. Both streams are in order, and this is what
# puts them into one: a line whose event is still to come lets the events go first, and otherwise lines go first, for a
# shop prints before it answers.
CAUSES = {
    "payment created": "payment_created",
    "callback authenticated": "callback_sent",
    "verified": "verified",
    "the customer is back": "customer_returned",
}

EVENTS = {
    "payment_created": "payment made, its token goes to the shop",
    "page_opened": "checkout page opened",
    "coin_chosen": "coin chosen: {detail}",
    "paid": "paid, not confirmed yet",
    "confirmed": "confirmed on the chain",
    "canceled": "canceled by the customer",
    "callback_sent": "callback sent, it says {status}",
    "callback_answered": "callback answered: {detail}",
    "callback_failed": "callback failed: {detail}",
    "callback_skipped": "callback not sent: {detail}",
    "verified": "asked to verify, {detail}, now {status}",
    "customer_returned": "customer sent back, {detail}",
    "request_refused": "request refused: {detail}",
}


@dataclass(frozen=True)
class Step:
    shop: str
    by: str  # "shop" or "gateway"
    kind: str  # an event's name, or the beginning of a shop's line
    order_id: str
    text: str
    token: str = ""


def step_of_line(shop, line):
    match = re.fullmatch(r"order (\S+): (.*)", line)
    order_id, text = match.groups() if match else ("", line)
    return Step(shop, "shop", text, order_id, text)


def step_of_event(shop, event):
    status = event.status.name.title().replace("_", "") if event.status is not None else ""  # as the gateway spells it
    text = EVENTS.get(event.kind, event.kind).format(detail=event.detail, status=status)
    return Step(shop, "gateway", event.kind, event.order_id, text, event.token)


class Merge:
    """One shop's two streams."""

    def __init__(self, shop):
        self.shop, self.is_open, self._last_event = shop, True, 0
        self._lines, self._events, self._counts = deque(), deque(), Counter()

    def pull(self):
        """The steps since the last call. Events come first: what a shop printed before one is then in its pipe."""
        steps = []
        while True:
            self._fetch_events()
            lines, self.is_open = self.shop.read_lines() if self.is_open else ([], False)
            self._lines.extend(step_of_line(self.shop.name, line) for line in lines if line)
            if not self._events and not self._lines:
                return steps
            steps.append(self._next())

    def _fetch_events(self):
        events = self.shop.simulator.events_after(self._last_event, timeout=0)
        self._events.extend(step_of_event(self.shop.name, event) for event in events)
        self._last_event = events[-1].sequence if events else self._last_event

    def _next(self):
        if self._lines and not self._must_wait(self._lines[0]):
            line = self._lines.popleft()
            self._counts[line.order_id, "done", self._cause(line)] += 1
            return line
        event = self._events.popleft()
        self._counts[event.order_id, "happened", event.kind] += 1
        return event

    def _must_wait(self, line):
        """Whether the line's cause is among the events to come. Not every callback is the simulator's."""
        cause = self._cause(line)
        if cause is None or self._counts[line.order_id, "done", cause] < self._counts[line.order_id, "happened", cause]:
            return False
        self._fetch_events()
        return any((event.kind, event.order_id) == (cause, line.order_id) for event in self._events)

    @staticmethod
    def _cause(line):
        return next((cause for start, cause in CAUSES.items() if line.kind.startswith(start)), None)


class Watch:
    """Prints the steps as they happen, from a thread of its own, and lets others wait for one."""

    def __init__(self, shops, printer):
        self._merges, self._print = [Merge(shop) for shop in shops], printer
        self._changed, self._ended = threading.Condition(threading.RLock()), False
        self._steps = deque(maxlen=10_000)
        self._selector = selectors.DefaultSelector()
        for shop in shops:
            self._selector.register(shop.process.stdout, selectors.EVENT_READ)
        self._wake_read, self._wake_write = os.pipe()
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._threads = [threading.Thread(target=self._listen, args=(shop.simulator,), daemon=True) for shop in shops]
        self._threads.append(threading.Thread(target=self._run, daemon=True))
        for thread in self._threads:
            thread.start()

    def _listen(self, simulator):
        last = 0
        while not self._ended:
            events = simulator.events_after(last, timeout=0.5)
            if events:
                last = events[-1].sequence
                os.write(self._wake_write, b".")

    def _run(self):
        while not self._ended:
            for key, _ in self._selector.select():
                if key.fd == self._wake_read:
                    os.read(self._wake_read, 4096)
            self.pump()

    def pump(self):
        """Prints what has happened until now."""
        with self._changed:
            for merge in self._merges:
                was_open = merge.is_open
                for step in merge.pull():
                    self._steps.append(step)
                    self._print.step(step)
                if was_open and not merge.is_open:
                    self._selector.unregister(merge.shop.process.stdout)
            self._changed.notify_all()

    def say(self, text, **style):
        """Prints a line of the demo's own, after everything that has happened until now."""
        with self._changed:
            self.pump()
            self._print.line(text, **style)

    def wait(self, timeout, wanted):
        """Waits for a step that `wanted` takes. None when it does not come, or when a shop ends meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended_shop() or self._find(wanted), timeout)
            return self._find(wanted)

    def _find(self, wanted):
        return next((step for step in self._steps if wanted(step)), None)

    def count(self, wanted):
        """How many steps until now `wanted` takes."""
        with self._changed:
            self.pump()
            return sum(map(wanted, self._steps))

    def wait_for_end(self):
        """Waits until a shop ends, which it should not."""
        with self._changed:
            self._changed.wait_for(self.ended_shop)
            return self.ended_shop()

    def ended_shop(self):
        return next((merge.shop for merge in self._merges if not merge.is_open), None)

    def stop(self):
        self._ended = True
        os.write(self._wake_write, b".")
        for thread in self._threads:
            thread.join(timeout=2)
