"""A shop as a type checker sees it: checked with `mypy --strict`, never run."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from typing_extensions import assert_type

import paymento
from paymento import AsyncCheckout, AsyncClient, Checkout, Client, OrderStatus, Outcome, Speed, testing


def blocking(body: bytes, headers: dict[str, str]) -> None:
    client = Client("key", secret_key="secret", timeout=timedelta(seconds=20), max_attempts=2)
    payment = client.create_payment(
        order_id="A-578", fiat_amount=Decimal("29.99"), fiat_currency="USD", speed=Speed.HIGH, timeout=3
    )
    assert_type(payment, paymento.Payment)
    assert_type(payment.token, str)
    assert_type(payment.price.fiat_amount, Decimal | None)
    assert_type(payment.price.crypto_amounts, dict[str, Decimal])
    callback = client.authenticate(body, headers)
    assert_type(callback.payment_id, int | None)
    assert_type(callback.status, OrderStatus | None)
    verification = client.verify_payment(payment.token, order_id="A-578", crypto_amounts={"Bitcoin": "0.1"})
    assert_type(verification.outcome, Outcome)
    assert_type(verification.require_settled().transactions[0].tx_hash, str | None)
    assert_type(client.coins(), list[paymento.Coin])
    try:
        client.ensure_callback_url("https://shop.example/callback", replace=True)
    except paymento.TransportError as error:
        assert_type(error.retry_after, float | None)
        assert_type(error.maybe_sent, bool)
    except paymento.VerifyError as error:
        assert_type(error.outcome, Outcome | None)
    with Client.from_env() as other:
        assert_type(other, Client)


async def awaited() -> None:
    async with AsyncClient("key") as client:
        assert_type(client, AsyncClient)
        payment = await client.create_payment(order_id="A-578", fiat_amount="29.99", fiat_currency="USD")
        assert_type(payment, paymento.Payment)
        await client.ping(connect_timeout=1)


def headers_of_every_framework(pairs: list[tuple[bytes, bytes]], environ: dict[str, object]) -> None:
    paymento.authenticate(b"", pairs, "secret")
    paymento.authenticate(b"", environ, ["new", "old"])
    paymento.authenticate(b"", "signature", "secret")


def helpers() -> None:
    headers, body = testing.signed_callback(status=OrderStatus.PAID)
    assert_type(headers, dict[str, str])
    assert_type(body, bytes)
    assert_type(paymento.ReturnVisit.parse("a=b").order_id, str | None)
    stores = [testing.Store("A", coins=["bitcoin"]), testing.Store("B", api_key="a-key-of-b")]
    with testing.Simulator.start(stores=stores, payment_window="20m", profile="published") as gateway:
        assert_type(gateway.client(store="B"), Client)
        assert_type(gateway.stores()[0].api_key, str)
        gateway.arm("callback.duplicate", times=None)
        gateway.advance(timedelta(minutes=20))
        assert_type(gateway.deliveries("token", count=1)[0].status, OrderStatus | None)
        assert_type(gateway.findings()[0].fix, str)


async def awaited_helpers(paymento_simulator: testing.Simulator) -> None:
    await paymento_simulator.advanced("20m")
    assert_type(await paymento_simulator.delivered("token", 1), list[testing.Delivery])


def durable(client: Client, connection: sqlite3.Connection) -> None:
    checkout = Checkout(client, "sqlite:paymento.db", worker="inline", max_handler_time=timedelta(minutes=1))

    @checkout.on_paid
    def ship(order: paymento.OrderEvent) -> None:
        assert_type(order.settlement, paymento.Settlement | None)
        assert_type(order.overpaid_by, Decimal | None)
        assert_type(order.kind, paymento.EventKind)
        if order.once(connection):
            assert_type(order.order_id, str)

    @checkout.on("closed")
    def release(order: paymento.OrderEvent) -> bool:
        return order.late

    same: Callable[[paymento.OrderEvent], bool] = checkout.on("attention", release)
    same(testing.order_event())
    assert_type(ship(testing.order_event()), None)
    answer = checkout.receive("POST", {}, b"")
    assert_type((answer.body, answer.status, answer.headers), tuple[bytes, int, dict[str, str]])
    record = checkout.visit({"token": "a"})
    assert_type(record, paymento.OrderRecord | None)
    assert_type(checkout.status("A-578").paid_at, datetime | None)
    assert_type(checkout.payments("settled").payments[0].next_verify_at, datetime | None)
    assert_type(checkout.health().problems, list[paymento.Problem])
    assert_type(checkout.dead_letters()[0].event, paymento.OrderEvent)
    assert_type(checkout.run_once(timedelta(seconds=3)), int)
    checkout.run(threading.Event())
    with Checkout.from_env(keep_decisions=timedelta(days=100)) as other:
        assert_type(other, Checkout)


async def durably(client: AsyncClient) -> None:
    async with AsyncCheckout(client) as checkout:

        @checkout.on_paid
        async def ship(order: paymento.OrderEvent) -> None:
            assert_type(await order.once(object()), bool)

        payment = await checkout.create_payment(order_id="A-578", fiat_amount="1", fiat_currency="USD")
        assert_type(payment, paymento.Payment)
        assert_type(await checkout.receive("POST", {}, b""), paymento.Answer)
        assert_type(await checkout.run_once(), int)
        await checkout.run(asyncio.Event())


def mistakes_with_a_checkout(client: Client, checkout: Checkout) -> None:
    Checkout(client, worker="threads")  # type: ignore[arg-type]
    checkout.receive("POST", {}, "text")  # type: ignore[arg-type]
    checkout.create_payment(order_id="A-578", fiat_amount=29.99)  # type: ignore[arg-type]
    checkout.on("payed", print)  # type: ignore[call-overload]
    checkout.payments("paid")  # type: ignore[arg-type]


def mistakes(client: Client) -> None:
    client.create_payment(order_id="A-578", fiat_amount=29.99)  # type: ignore[arg-type]
    client.create_payment(fiat_amount="1", fiat_currency="USD")  # type: ignore[call-arg]
    client.verify_payment("token")  # type: ignore[call-arg]
    paymento.authenticate("text", {}, "secret")  # type: ignore[arg-type]
    testing.Simulator.start(profile="newest")  # type: ignore[arg-type]
    testing.Simulator.start().arm("callback.nonsense")  # type: ignore[arg-type]
    client.ping().bit_length()  # type: ignore[func-returns-value, attr-defined]


asyncio.run(awaited())
