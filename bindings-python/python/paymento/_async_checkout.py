"""`AsyncCheckout`, for asyncio and uvloop. Generated from `_checkout.py` by scripts/generate.py; do not edit."""

from __future__ import annotations

from ._loop import finish
from ._native import CheckoutCalls
from ._serving_async import AsyncServing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._async_client import AsyncClient
    from ._client import Client
    from ._native import (
        Answer,
        DeadLetter,
        Health,
        HistoryEntry,
        OrderRecord,
        Payment,
        PaymentRecord,
        PaymentsPage,
    )
    from ._types import Amount, AnswerPolicyName, Headers, MigrateName, PaymentStateName, Query, WorkerName

_ENVIRONMENT: Any = object()
"""Stands for the database that the environment names."""


def _calls_of(client: Any) -> Any:
    return getattr(client, "_calls", client)


class AsyncCheckout(AsyncServing):
    """The durable checkout of one store, in asyncio: no paid order is lost, none is handed over again once it is done.

    `create_payment` records what is sold before the gateway is asked. `receive` is the callback route, which answers
    200 when the callback is synced to disk. A function under `on_paid` fulfills. Whether an order is paid is decided by
    asking the gateway, also about payments whose callback never came.

    Args:
        client: whom to ask, a Client or an AsyncClient; with its secret key.
        database: where the records are kept. "sqlite:paymento.db", the default, is a file in the working directory of
            now; "sqlite:///a/whole/path"; "postgres://user:password@host/database" as libpq reads it.
        listen_url: a direct connection to the same PostgreSQL, where `database` leads to a pooler in transaction mode.
        migrate: "auto" makes the tables at the first use; "check" only looks, see `checkout_schema_sql`.
        worker: who runs the handlers.
            "thread": a task on the event loop of the first `create_payment`, `visit` or `receive` in each process,
            which keeps no loop alive, and on the next loop when that one has ended. A handler that is no `async def`
            runs in a thread of its own.
            "inline": `receive` itself, before it answers, for hosts without background work.
            "external": only `run`, `run_once` and the command `paymento worker`: under gevent and eventlet, and where
            uWSGI runs without `enable-threads`.
        account: the store, where several share a database: 1 to 64 letters, digits, ".", "_" or "-".
        answer_policy: "standard"; "guide" answers 200 also to what is refused, as the gateway's guide wants it.
        require_live: refuse a client that talks to a simulator.
        verifies_per_second: calls to the gateway for this account, by all processes together. 1 to 1,000.
        max_handler_time: how long a handler may run before somebody else may get its order, in seconds or as a
            timedelta. 10 seconds to a day; default 15 minutes.
        max_failures: how often a handler may fail before its event is a dead letter.
        concurrency: how many handlers of one process run at once, each for another order. 1 to 256.
        keep_bodies: how long callback bodies are kept, in seconds or as a timedelta. At least 8 days; default 400.
        keep_decisions: the same for the history of decisions. At least 30 days; None for ever.
        name: the process's name in history and health. Default: program, process id and machine.

    Making one opens nothing. It may be shared by event loops and threads.

    Made before a fork and first used after it, it works in each child. Used before the fork, a SQLite file is refused
    in the children (`database.forked`), unless the parent has called `close` before it forked.

    Raises:
        ConfigError: `config.database_url`, `config.worker`, `config.other_gateway`, `config.closed`.
        DatabaseError: `database.network_file_system`, `database.ephemeral`: a disk that a SQLite file must not be on.
        InputError: `input.type`.
    """

    __slots__ = ()

    def __init__(
        self,
        client: Client | AsyncClient,
        database: str = "sqlite:paymento.db",
        *,
        listen_url: str | None = None,
        migrate: MigrateName = "auto",
        worker: WorkerName = "thread",
        account: str = "default",
        answer_policy: AnswerPolicyName = "standard",
        require_live: bool = False,
        verifies_per_second: int = 2,
        max_handler_time: float | timedelta = 900,
        max_failures: int = 10,
        concurrency: int = 8,
        keep_bodies: float | timedelta | None = None,
        keep_decisions: float | timedelta | None = None,
        name: str | None = None,
    ) -> None:
        calls = CheckoutCalls(
            _calls_of(client),
            database is _ENVIRONMENT,
            database=None if database is _ENVIRONMENT else database,
            listen_url=listen_url,
            migrate=migrate,
            worker=worker,
            account=account,
            answer_policy=answer_policy,
            require_live=require_live,
            verifies_per_second=verifies_per_second,
            max_handler_time=max_handler_time,
            max_failures=max_failures,
            concurrency=concurrency,
            keep_bodies=keep_bodies,
            keep_decisions=keep_decisions,
            name=name,
        )
        super().__init__(calls)

    @classmethod
    def from_env(
        cls,
        *,
        database: str | None = None,
        listen_url: str | None = None,
        migrate: MigrateName = "auto",
        worker: WorkerName = "thread",
        account: str = "default",
        answer_policy: AnswerPolicyName = "standard",
        require_live: bool = False,
        verifies_per_second: int = 2,
        max_handler_time: float | timedelta = 900,
        max_failures: int = 10,
        concurrency: int = 8,
        keep_bodies: float | timedelta | None = None,
        keep_decisions: float | timedelta | None = None,
        name: str | None = None,
    ) -> Self:
        """Make a checkout, and its client, from the environment; the options go before it.

        Reads PAYMENTO_DATABASE_URL and, where it is set, PAYMENTO_LISTEN_URL; the client as `Client.from_env` does.

        Raises:
            ConfigError: `config.missing` names a variable that is not set; `config.` and what cannot be used.
            InputError: `input.type`.
        """
        from ._client import Client

        return cls(
            Client.from_env(),
            _ENVIRONMENT if database is None else database,
            listen_url=listen_url,
            migrate=migrate,
            worker=worker,
            account=account,
            answer_policy=answer_policy,
            require_live=require_live,
            verifies_per_second=verifies_per_second,
            max_handler_time=max_handler_time,
            max_failures=max_failures,
            concurrency=concurrency,
            keep_bodies=keep_bodies,
            keep_decisions=keep_decisions,
            name=name,
        )

    async def create_payment(
        self,
        *,
        order_id: str,
        fiat_amount: Amount | None = None,
        fiat_currency: str | None = None,
        crypto_amounts: Mapping[str, Amount] | None = None,
        return_url: str | None = None,
        speed: str | None = None,
        language: str | None = None,
        email_address: str | None = None,
        additional_data: Mapping[str, str] | None = None,
    ) -> Payment:
        """Ask for a payment of an order, and keep it: send the customer to its `url`.

        The same order at the same price gives the same payment for as long as it can be paid, so that a double click
        costs nothing. A new price supersedes what came before. Ends within 25 seconds.

        Args:
            order_id: the shop's own id of the order, 1 to 128 characters, no control characters.
            fiat_amount: a decimal string or Decimal in major units, like "29.99"; at most 15 significant digits.
            fiat_currency: a three-letter code in any case.
            crypto_amounts: instead of a fiat price, an amount for each coin that is taken.
            return_url: where the browser goes afterwards: https; http only while the client talks to a loopback
                address.
            speed: "low" (wait for confirmations on the chain, the default) or "high".
            language: a culture name such as "en-US", for the hosted page.
            email_address: the customer's.
            additional_data: the shop's own notes, which come back in the event. At most 8 KiB together; the key OrderId
                is the gateway's own.

        Raises:
            CheckoutError: `checkout.already_paid`; `checkout.payment_in_progress` while a payment of the order is being
                confirmed, both with its status as the error's `order`; `checkout.creation_in_progress` where another
                process has no token after 10 seconds; `checkout.superseded` where the order got another price or was
                canceled meanwhile.
            InputError: what is wrong with an argument; nothing was sent.
            TransportError, ApiError, DecodeError: the gateway made no payment that anybody knows of.
            DatabaseError: the database cannot be used, or not now.
            ConfigError: `config.other_gateway`: the database belongs to another gateway, the live one or a simulator.
        """
        self._start()
        payment: Payment = await finish(
            self._calls.create_payment(
                order_id=order_id,
                fiat_amount=fiat_amount,
                fiat_currency=fiat_currency,
                crypto_amounts=crypto_amounts,
                return_url=return_url,
                speed=speed,
                language=language,
                email_address=email_address,
                additional_data=additional_data,
            )
        )
        return payment

    async def receive(self, method: str, headers: Headers, body: bytes) -> Answer:
        """Take a callback of the gateway, and give what to answer: status, headers and body, to be sent as they are.

        200: authentic, recorded, and synced to disk. 401: the signature is wrong or missing. 405: neither POST nor PUT.
        413: over 64 KiB. 503: not recorded within 4 seconds; the gateway sends it again. What a callback says is never
        believed: it is a reason to ask the gateway.

        Args:
            method: the method of the request.
            headers: all headers as a mapping or as pairs, or the value of X-HMAC-SHA256-SIGNATURE.
            body: the raw body of the request, before anything parses it.

        Raises:
            InputError: `input.body` for text or parsed JSON, `input.headers`, `input.type`: a mistake in the shop.
        """
        begun = self._begin()
        answer: Answer = await finish(self._calls.receive(method, headers, body))
        await self._hand_over(answer, begun)
        return answer

    async def visit(self, query: Query) -> OrderRecord | None:
        """Take the browser's return: for a payment of ours that is not settled, the gateway is asked soon.

        Anybody can type a return URL: show the record only to whom the order belongs.

        Args:
            query: the query of the return URL, as `ReturnVisit.parse` takes it: a string, a mapping or pairs.

        Returns:
            Where the order stands; None for a token that is not known here.

        Raises:
            InputError: `input.type`.
            DatabaseError: the database cannot be used, or not now.
        """
        self._start()
        record: OrderRecord | None = await finish(self._calls.visit(query))
        return record

    async def status(self, order_id: str) -> OrderRecord:
        """Where an order stands, by the checkout's own database; the gateway is not asked.

        Raises:
            CheckoutError: `checkout.unknown_order`.
            DatabaseError: the database cannot be used, or not now.
        """
        record: OrderRecord = await finish(self._calls.status(order_id))
        return record

    async def payment(self, token: str) -> PaymentRecord:
        """Give the payment with this token.

        Raises:
            CheckoutError: `checkout.unknown_payment`.
            InputError: `input.token`.
            DatabaseError: the database cannot be used, or not now.
        """
        record: PaymentRecord = await finish(self._calls.payment(token))
        return record

    async def payments(
        self,
        state: PaymentStateName | None = None,
        since: datetime | None = None,
        after: int | None = None,
    ) -> PaymentsPage:
        """List payments, oldest first, a hundred at a time. One without a token yet is on no page.

        Args:
            state: only those in this state, for instance "settled".
            since: only those made at this time or later, an aware datetime.
            after: the last page's `next`.

        Raises:
            InputError: `input.type`.
            DatabaseError: the database cannot be used, or not now.
        """
        page: PaymentsPage = await finish(self._calls.payments(state=state, since=since, after=after))
        return page

    async def history(self, order_id: str) -> list[HistoryEntry]:
        """What happened to an order, when and by whom, oldest first: why was it shipped? Empty for an unknown order.

        Raises:
            DatabaseError: the database cannot be used, or not now.
        """
        entries: list[HistoryEntry] = await finish(self._calls.history(order_id))
        return entries

    async def health(self) -> Health:
        """How the checkout does, for `/healthz` and metrics. Cheap enough for every few seconds.

        Raises:
            DatabaseError: the database cannot be used, or not now: then it does badly.
        """
        health: Health = await finish(self._calls.health())
        return health

    async def adopt(
        self,
        token: str,
        *,
        order_id: str,
        fiat_amount: Amount | None = None,
        fiat_currency: str | None = None,
        crypto_amounts: Mapping[str, Amount] | None = None,
        speed: str | None = None,
    ) -> OrderRecord:
        """Take over a payment that other code has made. The gateway is asked about it first.

        Callbacks that came for it within the last 7 days count. The price becomes the order's where the order is new.
        The amount is held against the gateway's; the currency cannot be, since the gateway names none.

        Args:
            token: the payment's token.
            order_id: the order that it was made for.
            fiat_amount: the price that it was made at, a decimal string or Decimal.
            fiat_currency: a three-letter code in any case.
            crypto_amounts: instead of a fiat price, an amount for each coin that is taken.
            speed: "low", the default, or "high".

        Raises:
            VerifyError: `verify.invalid_token`, `verify.mismatch`: the gateway knows no such payment of this order.
            CheckoutError: `checkout.other_order`: the token is another order's.
            InputError, TransportError, ApiError, DecodeError, DatabaseError.
        """
        record: OrderRecord = await finish(
            self._calls.adopt(
                token,
                order_id=order_id,
                fiat_amount=fiat_amount,
                fiat_currency=fiat_currency,
                crypto_amounts=crypto_amounts,
                speed=speed,
            )
        )
        return record

    async def cancel(self, order_id: str) -> OrderRecord:
        """Cancel an order that is not paid. Its payments stay watched: money that comes is an "attention".

        Raises:
            CheckoutError: `checkout.already_paid`, with the error's `order`; `checkout.unknown_order`.
            DatabaseError: the database cannot be used, or not now.
        """
        record: OrderRecord = await finish(self._calls.cancel(order_id))
        return record

    async def dead_letters(self, after: int | None = None) -> list[DeadLetter]:
        """List events whose handler has failed for good, oldest first, a hundred at most.

        Args:
            after: the last one's id, for those that follow.

        Raises:
            DatabaseError: the database cannot be used, or not now.
        """
        letters: list[DeadLetter] = await finish(self._calls.dead_letters(after))
        return letters

    async def replay(self, id: int) -> None:  # noqa: A002 (the field's name)
        """Hand a dead letter over again. Of a paid order the gateway is asked once more first.

        Args:
            id: the dead letter's.

        Raises:
            CheckoutError: `checkout.not_dead`.
            VerifyError: a paid order that no longer is.
            TransportError, ApiError, DecodeError, DatabaseError.
        """
        await finish(self._calls.replay(id))

    async def __aenter__(self) -> Self:
        """Give the checkout itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()


AsyncCheckout.__module__ = "paymento"
