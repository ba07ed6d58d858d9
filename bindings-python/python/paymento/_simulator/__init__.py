"""`Simulator`, the gateway on loopback."""

from __future__ import annotations

from .._native import RunningSimulator, refuse_pickling
from .drive import Driven
from .misbehave import Misbehaving
from .watch import Watched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Any, Literal, NoReturn

    from typing_extensions import Self

    from .._async_client import AsyncClient
    from .._client import Client
    from .._native import Store, StoreSnapshot
    from .._types import Duration


class Simulator(Driven, Watched, Misbehaving):
    """The gateway, played on loopback: the API, a checkout page, and signed callbacks. `Simulator.start()` starts one.

    It listens on 127.0.0.1 unless told otherwise, on a thread of its own, and ends with `stop()`, with the `with`
    block, or when nothing refers to it any more. All its methods may be called from any thread. Those that wait come
    twice: in a coroutine, await `advanced`, `delivered`, `delivery_finished` and `next_events` in place of `advance`,
    `deliveries`, `wait_for_delivery` and `events_after`. A forked child cannot drive its parent's.

    Every duration is seconds, a timedelta, or a text like "20m".
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
        address: str | None = None,
        callback_url: str | None = None,
        callback_method: str | None = None,
        api_key: str | None = None,
        secret_key: str | None = None,
        stores: Sequence[Store] | None = None,
        retry_schedule: Sequence[Duration] | None = None,
        payment_window: Duration | None = None,
        partial_window: Duration | None = None,
        verify_deadline: Duration | None = None,
        confirmation_time: Duration | None = None,
        manual_confirmation: bool = False,
        required_confirmations: int | None = None,
        virtual_clock: bool = False,
        seed: int | None = None,
        strict: bool = False,
        profile: Literal["current", "published"] | None = None,
        bad_key_answer: Literal["unauthorized", "refused"] | None = None,
        business_error_status: Literal[200, 400] | None = None,
        unknown_token_answer: Literal["no_body", "default_body"] | None = None,
        any_host: bool = False,
    ) -> Self:
        """Start one. The port answers when this returns.

        Args:
            store_name: shown on the checkout page. As the API key, the secret key and where callbacks go, the first
                store's.
            port: 0 takes any free one.
            address: another one to listen on than 127.0.0.1. Whoever reaches it can pay, read the keys and make it send
                callbacks.
            callback_url: where callbacks go; without one nowhere, until the shop sets one over the API.
            callback_method: "POST", the default, or "PUT".
            api_key: the key that the API asks for; made for this run by default.
            secret_key: the key that callbacks are signed with; made for this run by default.
            stores: `Store`s to have, in place of the single one; the options above change the first of them.
            retry_schedule: the waits between the attempts at one callback. Default 1, 2, 4 and 8 seconds.
            payment_window: how long a payment can be paid; after that it is Timeout. Default 30 minutes.
            partial_window: how long the rest of a partial payment may take; after that it is Reject. Default 24 hours.
            verify_deadline: how long a Paid payment waits to be verified; after that it is Reject. Default 24 hours;
                `math.inf` for never.
            confirmation_time: the chain confirms money so long after it was seen. Default: as soon as the first attempt
                at callback 3 has ended, or at once where none goes out.
            manual_confirmation: the chain confirms money only by `confirm`. Wins over `confirmation_time`.
            required_confirmations: how many complete a transaction, at most 100. Default 2. With 0 a payment is Paid as
                soon as money is seen, and no callback 3 goes out.
            virtual_clock: time stands still but for `advance`, and begins at 2026-01-01T00:00:00Z.
            seed: where keys, tokens, addresses, hashes and chaos come from, the same ones each time. Default: chance.
            strict: refuse a request with a mistake in it, with what is wrong and how to mend it. By default mistakes
                are only listed among the `findings`.
            profile: the edition of the contract: "current", the default, or "published", the schema and nothing beyond.
            bad_key_answer: to a missing or wrong API key: "unauthorized" (HTTP 401), the default, or "refused" (200).
            business_error_status: the HTTP status of what the gateway understands and refuses: 200, the default, or
                400.
            unknown_token_answer: verify's answer to an unknown token has "no_body", the default, or a "default_body".
            any_host: answer requests whose Host is not loopback, for instance behind a tunnel.

        Raises:
            ConfigError: `config.port` when the port is taken; `config.api_key`, `config.secret`.
            InputError: `input.callback_url`, `input.method`, `input.coin`, `input.duration`, `input.fault` for a switch
                that does not exist, `input.type`.
        """
        running = RunningSimulator(
            store_name=store_name,
            port=port,
            address=address,
            callback_url=callback_url,
            callback_method=callback_method,
            api_key=api_key,
            secret_key=secret_key,
            stores=None if stores is None else list(stores),
            retry_schedule=retry_schedule,
            payment_window=payment_window,
            partial_window=partial_window,
            verify_deadline=verify_deadline,
            confirmation_time=confirmation_time,
            manual_confirmation=manual_confirmation,
            required_confirmations=required_confirmations,
            virtual_clock=virtual_clock,
            seed=seed,
            strict=strict,
            profile=profile,
            bad_key_answer=bad_key_answer,
            business_error_status=business_error_status,
            unknown_token_answer=unknown_token_answer,
            any_host=any_host,
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
        """The key that the API asks for: the first store's, as with the next two."""
        return self._running.api_key

    @property
    def secret_key(self) -> str:
        """The key that callbacks are signed with."""
        return self._running.secret_key

    @property
    def store_name(self) -> str:
        """The store's name, as the checkout page shows it."""
        return self._running.store_name

    @property
    def started_at(self) -> datetime:
        """The date and time at which its clock began: now, or 2026-01-01T00:00:00Z for a virtual one."""
        return self._running.started_at

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped."""
        return self._running.is_stopped

    def stores(self) -> list[StoreSnapshot]:
        """List every store as it stands, the first one first."""
        return self._running.stores()

    def client(self, *, store: str | None = None, **options: Any) -> Client:
        """Make a Client that talks to this simulator, with its keys. Takes the options of `Client`.

        Args:
            store: the name of the store whose keys it has; the first one by default.
            options: see `Client`.
        """
        from .._client import Client

        return Client(**self._options(store, options))

    def async_client(self, *, store: str | None = None, **options: Any) -> AsyncClient:
        """Make an AsyncClient that talks to this simulator, with its keys. As `client`."""
        from .._async_client import AsyncClient

        return AsyncClient(**self._options(store, options))

    def _options(self, store: str | None, options: dict[str, Any]) -> dict[str, Any]:
        keys = self._running if store is None else self._running.store(store)
        urls = {"base_url": self.base_url, "gateway_url": self.gateway_url}
        return {"api_key": keys.api_key, "secret_key": keys.secret_key, **urls, **options}

    def set_callback_url(self, url: str, method: str = "POST", *, store: str | None = None) -> None:
        """Set where callbacks go, as the store's settings would; plain http to any host is taken.

        Args:
            url: http or https.
            method: "POST" or "PUT".
            store: the name of the store; the first one by default.

        Raises:
            InputError: `input.callback_url`, `input.method`.
            ConfigError: `config.missing` when no store has this name.
        """
        self._running.set_callback_url(url, method=method, store=store)

    def stop(self) -> None:
        """End it: the port is free when this returns, and whoever waits is woken. Stopping twice does nothing."""
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
