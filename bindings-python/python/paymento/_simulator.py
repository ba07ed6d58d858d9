"""`Simulator`, the gateway on loopback."""

from __future__ import annotations

from ._native import RunningSimulator, refuse_pickling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Any, NoReturn

    from typing_extensions import Self

    from ._async_client import AsyncClient
    from ._client import Client
    from ._enums import OrderStatus
    from ._native import Delivery, Event, PaymentSnapshot
    from ._types import Seconds


class Simulator:
    """The gateway, played on loopback: the API, a checkout page, and signed callbacks. `Simulator.start()` starts one.

    It listens on 127.0.0.1 only, on a thread of its own, and ends with `stop()`, with the `with` block, or when nothing
    refers to it any more. All its methods may be called from any thread; in a coroutine, run the two that wait
    (`deliveries` and `events_after`) with `asyncio.to_thread`. A forked child cannot drive its parent's.
    """

    __slots__ = ("__weakref__", "_running")

    def __init__(self, running: RunningSimulator) -> None:
        self._running = running

    @classmethod
    def start(
        cls,
        *,
        store_name: str | None = None,
        port: int = 0,
        callback_url: str | None = None,
        callback_method: str = "POST",
        api_key: str | None = None,
        secret_key: str | None = None,
        retry_schedule: Sequence[Seconds] | None = None,
    ) -> Self:
        """Start one. The port answers when this returns.

        Args:
            store_name: shown on the checkout page.
            port: on 127.0.0.1; 0 takes any free one.
            callback_url: where callbacks go; without one nowhere, until the shop sets one over the API.
            callback_method: "POST" or "PUT".
            api_key: the key that the API asks for; made for this run by default.
            secret_key: the key that callbacks are signed with; made for this run by default.
            retry_schedule: the waits between the attempts at one callback. Default 1, 2, 4 and 8 seconds.

        Raises:
            ConfigError: `config.port` when the port is taken; `config.api_key`, `config.secret`.
            InputError: `input.callback_url`, `input.method`, `input.type`.
        """
        running = RunningSimulator(
            store_name=store_name,
            port=port,
            callback_url=callback_url,
            callback_method=callback_method,
            api_key=api_key,
            secret_key=secret_key,
            retry_schedule=retry_schedule,
        )
        return cls(running)

    @property
    def base_url(self) -> str:
        """The API's base URL, for instance `http://127.0.0.1:40213`."""
        return self._running.base_url

    @property
    def gateway_url(self) -> str:
        """The checkout page's URL, to which `?token=` is appended."""
        return self._running.gateway_url

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._running.port

    @property
    def api_key(self) -> str:
        """The key that the API asks for."""
        return self._running.api_key

    @property
    def secret_key(self) -> str:
        """The key that callbacks are signed with."""
        return self._running.secret_key

    @property
    def store_name(self) -> str:
        """The store's name, as the checkout page shows it."""
        return self._running.store_name

    def client(self, **options: Any) -> Client:
        """Make a Client that talks to this simulator, with its keys. Takes the options of `Client`."""
        from ._client import Client

        return Client(self.api_key, **self._options(options))

    def async_client(self, **options: Any) -> AsyncClient:
        """Make an AsyncClient that talks to this simulator, with its keys. Takes the options of `AsyncClient`."""
        from ._async_client import AsyncClient

        return AsyncClient(self.api_key, **self._options(options))

    def _options(self, options: dict[str, Any]) -> dict[str, Any]:
        mine = {"secret_key": self.secret_key, "base_url": self.base_url, "gateway_url": self.gateway_url}
        return {**mine, **options}

    def set_callback_url(self, url: str, method: str = "POST") -> None:
        """Set where callbacks go, as the store's settings would; plain http to any host is taken."""
        self._running.set_callback_url(url, method=method)

    def pay(self, token: str) -> None:
        """Pay: the payment is Paid when this returns, and callbacks with 3 and then 7 are on their way.

        Raises:
            ApiError: `api.rejected` when the token is unknown or the payment is not open.
        """
        self._running.pay(token)

    def cancel(self, token: str) -> None:
        """Cancel, as the customer does on the checkout page; a callback with 5 is on its way when this returns.

        Raises:
            ApiError: `api.rejected` when the token is unknown or the payment is not open.
        """
        self._running.cancel(token)

    def send_callback(self, token: str, status: OrderStatus | int) -> None:
        """Send a signed callback with any status, without moving the payment: a repeated, late or undocumented one."""
        self._running.send_callback(token, status)

    def forge_callback(self, token: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send these bytes with exactly these headers, unsigned unless one holds a signature."""
        self._running.forge_callback(token, body, {} if headers is None else headers)

    def payments(self) -> list[PaymentSnapshot]:
        """List the last 10,000 payments, oldest first."""
        return self._running.payments()

    def payment(self, token: str) -> PaymentSnapshot | None:
        """Look up one payment."""
        return self._running.payment(token)

    def deliveries(self, token: str, count: int | None = None, timeout: Seconds = 10.0) -> list[Delivery]:
        """List a payment's callbacks, oldest first.

        Args:
            token: the payment's.
            count: wait until so many are finished, which is answered 200 or given up, and give the finished ones.
                Without a count, those so far, finished or not, at once.
            timeout: how long to wait.

        Raises:
            TransportError: `transport.timeout` when it takes longer.
            ConfigError: `config.closed` when the simulator is stopped meanwhile.
        """
        return self._running.deliveries(token, count, timeout)

    def events(self) -> list[Event]:
        """List what happened so far, the last 10,000 events."""
        return self._running.events_after(0, 0)

    def events_after(self, sequence: int, timeout: Seconds = 0.0) -> list[Event]:
        """List the events after this sequence number, or wait for the next ones. Empty after `timeout`."""
        return self._running.events_after(sequence, timeout)

    def stop(self) -> None:
        """End it: the port is free when this returns. Stopping twice does nothing."""
        self._running.stop()

    def __enter__(self) -> Self:
        """Give the simulator itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def __repr__(self) -> str:
        """Show no key."""
        return f"<paymento.testing.Simulator at {self.base_url}>"

    def __reduce__(self) -> NoReturn:
        """Refuse pickling."""
        refuse_pickling(self)


Simulator.__module__ = "paymento.testing"
