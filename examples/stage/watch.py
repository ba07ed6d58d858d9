"""The watch over the demo: prints the steps as they happen, lets others wait for one, and starts killed shops again."""

import os
import selectors
import signal
import threading
import time
from collections import deque

from stage.merge import Merge

START_LIMIT = 20  # seconds; a shop opens in about one
# Longer than the 10 seconds for which a dead process may still hold an order: until then the other shop does it alone.
RESTART_AFTER = 15


class Watch:
    def __init__(self, business, printer, restart_after=RESTART_AFTER):
        self._business, self._print, self._restart_after = business, printer, restart_after
        self._merge = Merge(business.simulator, business.shops)
        self._changed, self._stopped = threading.Condition(threading.RLock()), False
        self._steps = deque(maxlen=10_000)
        self._open, self._lost = set(), set()  # the names of shops that say so, and shops that have ended
        self._restarts = {}  # when each shop that was killed is to be started again
        self.failed = None  # the shop that ended by itself
        self._selector = selectors.DefaultSelector()
        for shop in business.shops:
            self._selector.register(shop.output, selectors.EVENT_READ)
        self._wake_read, self._wake_write = os.pipe()
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._run)]
        for thread in self._threads:
            thread.start()

    def _listen(self):
        last = 0
        while not self._stopped:
            events = self._business.simulator.events_after(last, timeout=0.5)
            if events:
                last = events[-1].sequence
                self._wake()

    def _wake(self):
        os.write(self._wake_write, b".")

    def _run(self):
        while not self._stopped:
            for key, _ in self._selector.select(self._until_restart()):
                if key.fd == self._wake_read:
                    os.read(self._wake_read, 4096)
            self.pump()

    def _until_restart(self):
        with self._changed:
            return max(0, min(self._restarts.values()) - time.monotonic()) if self._restarts else None

    def pump(self):
        """Prints what has happened until now, and sees to shops that have ended."""
        with self._changed:
            for step in self._merge.pull():
                self._steps.append(step)
                if step.text.startswith("open at"):
                    self._open.add(step.by)
                self._print.step(step)
            for shop in self._business.shops:
                if not self._stopped and not shop.is_alive and shop not in self._lost:
                    self._lose(shop)
            for shop in [shop for shop, due in self._restarts.items() if due <= time.monotonic()]:
                self._restart(shop)
            self._changed.notify_all()

    def _lose(self, shop):
        self._selector.unregister(shop.output)
        self._open.discard(shop.name)
        self._lost.add(shop)
        if shop.wait() != -signal.SIGKILL:
            self.failed = shop
            return
        others = [other.name for other in self._business.shops if other.is_alive]
        carries_on = "the other shop carries on" if others else "no shop is left"
        self._print.line(
            f"{shop.name} (pid {shop.pid}) was killed; {carries_on}; restarting in {self._restart_after} seconds"
        )
        self._restarts[shop] = time.monotonic() + self._restart_after
        self._wake()

    def _restart(self, shop):
        del self._restarts[shop]
        self._lost.discard(shop)
        shop.open()
        self._selector.register(shop.output, selectors.EVENT_READ)
        self._print.line(f"{shop.name} is started again (pid {shop.pid})")

    def kill(self, shop):
        """Kills a shop, and waits until that has shown."""
        shop.kill()
        with self._changed:
            self._changed.wait_for(lambda: shop in self._restarts, START_LIMIT)

    def restart_now(self, shop):
        """Starts a killed shop without the wait. Gives whether it opens."""
        with self._changed:
            if shop in self._restarts:
                self._restart(shop)
        return self.wait_until_open(shop)

    def wait_until_open(self, shop):
        """Whether the shop says within a while that it is open."""
        with self._changed:
            self._changed.wait_for(lambda: self.failed or shop.name in self._open, START_LIMIT)
            return shop.name in self._open

    def say(self, text, **style):
        """Prints a line of the demo's own, after everything that has happened until now."""
        with self._changed:
            self.pump()
            self._print.line(text, **style)

    def wait(self, timeout, wanted):
        """Waits for a step that `wanted` takes. None when it does not come, or when a shop fails meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self.failed or self._find(wanted), timeout)
            return self._find(wanted)

    def _find(self, wanted):
        return next((step for step in self._steps if wanted(step)), None)

    def steps(self, wanted):
        """The steps until now that `wanted` takes."""
        with self._changed:
            self.pump()
            return list(filter(wanted, self._steps))

    def count(self, wanted):
        return len(self.steps(wanted))

    def wait_for_failure(self):
        """Waits until a shop ends by itself, which it should not."""
        with self._changed:
            self._changed.wait_for(lambda: self.failed)
            return self.failed

    def stop(self):
        self._stopped = True
        self._wake()
        for thread in self._threads:
            thread.join(timeout=2)
