"""Looking at a running simulator, and waiting for it: callbacks, events."""

from __future__ import annotations

from .._loop import finish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Delivery, Event, RunningSimulator
    from .._types import Duration


class Watched:
    """Callbacks and events.

    What waits comes twice: `deliveries`, `wait_for_delivery` and `events_after` block the thread; `delivered`,
    `delivery_finished` and `next_events` are awaited, on the running loop and without a thread of their own.
    """

    __slots__ = ()
    _running: RunningSimulator

    def deliveries(self, token: str, count: int | None = None, timeout: Duration = 10.0) -> list[Delivery]:
        """List a payment's callbacks, oldest first.

        Args:
            token: the payment's.
            count: block until so many are finished, which is answered 200 or given up, and give the finished ones.
                Without a count, those so far, finished or not, at once.
            timeout: how long to wait, in real time.

        Raises:
            TransportError: `transport.timeout` when it takes longer.
            ConfigError: `config.closed` when the simulator is stopped meanwhile.
        """
        if count is None:
            return self._running.deliveries(token)
        finished: list[Delivery] = self._running.delivered(token, count, timeout).wait()
        return finished

    async def delivered(self, token: str, count: int, timeout: Duration = 10.0) -> list[Delivery]:
        """Wait as `deliveries` with a count does, while the running loop goes on: `await gateway.delivered(token, 2)`.

        Raises:
            TransportError: `transport.timeout` when it takes longer.
            ConfigError: `config.closed` when the simulator is stopped meanwhile.
        """
        finished: list[Delivery] = await finish(self._running.delivered(token, count, timeout))
        return finished

    def delivery(self, id: int) -> Delivery | None:  # noqa: A002 (the field's own name)
        """Look up one delivery."""
        return self._running.delivery(id)

    def recent_deliveries(self, limit: int = 100) -> list[Delivery]:
        """List the last callbacks of all payments and stores, probes included, newest first."""
        return self._running.recent_deliveries(limit)

    def wait_for_delivery(self, id: int, timeout: Duration = 10.0) -> Delivery:  # noqa: A002
        """Block until this delivery is finished.

        Raises:
            TransportError: `transport.timeout` when it takes longer.
            ConfigError: `config.closed` when the simulator is stopped meanwhile.
            ApiError: `api.rejected` when there is no such delivery, or it is not kept any more.
        """
        finished: Delivery = self._running.delivery_finished(id, timeout).wait()
        return finished

    async def delivery_finished(self, id: int, timeout: Duration = 10.0) -> Delivery:  # noqa: A002
        """Wait as `wait_for_delivery` does, while the running loop goes on."""
        finished: Delivery = await finish(self._running.delivery_finished(id, timeout))
        return finished

    def events(self) -> list[Event]:
        """List what happened so far, the last 10,000 events."""
        return self.events_after(0)

    def events_after(self, sequence: int, timeout: Duration = 0.0) -> list[Event]:
        """List the events after this sequence number, or block until the next ones. Empty after `timeout`."""
        events: list[Event] = self._running.next_events(sequence, timeout).wait()
        return events

    async def next_events(self, sequence: int, timeout: Duration = 10.0) -> list[Event]:
        """Wait as `events_after` does, while the running loop goes on. Empty after `timeout`, or when it is stopped."""
        events: list[Event] = await finish(self._running.next_events(sequence, timeout))
        return events
