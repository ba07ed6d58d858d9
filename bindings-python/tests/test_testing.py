"""`paymento.testing`: factories for every type, and the simulator from end to end."""

from __future__ import annotations

import inspect
import re
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from conftest import Shop

import paymento
from paymento import OrderStatus, Outcome, testing
from paymento.testing import Simulator

PRICE: dict[str, Any] = {"fiat_amount": "29.99", "fiat_currency": "USD"}


def test_a_payment_from_end_to_end(shop: Shop) -> None:
    with Simulator.start(store_name="A store", callback_url=shop.url) as gateway, gateway.client() as client:
        payment = client.create_payment(order_id="A-578", **PRICE, additional_data={"cart": "7"})
        gateway.pay(payment.token)
        deliveries = gateway.deliveries(payment.token, count=2, timeout=10)
        assert [delivery.status for delivery in deliveries] == [OrderStatus.WAITING_TO_CONFIRM, OrderStatus.PAID]
        assert all(delivery.is_delivered for delivery in deliveries)
        for _ in deliveries:
            method, headers, body = shop.received.get(timeout=5)
            callback = client.authenticate(body, headers)
            assert (method, callback.token, callback.order_id) == ("POST", payment.token, "A-578")
            assert callback.additional_data == {"cart": "7"}
        assert callback.status is OrderStatus.PAID
        verification = client.verify_payment(payment.token, order_id="A-578", **PRICE)
        assert verification.require_settled().requested_fiat_amount == Decimal("29.99")
        snapshot = gateway.payment(payment.token)
        assert snapshot is not None
        assert (snapshot.status, snapshot.url) == (OrderStatus.APPROVE, payment.url)
        assert "verified" in [event.kind for event in gateway.events()]


def test_callbacks_are_put_canceled_repeated_and_forged(shop: Shop) -> None:
    with Simulator.start(retry_schedule=[0.01]) as gateway, gateway.client() as client:
        gateway.set_callback_url(shop.url, "PUT")
        payment = client.create_payment(order_id="A-579", **PRICE)
        shop.answers = [500, 200]
        gateway.cancel(payment.token)
        [delivery] = gateway.deliveries(payment.token, count=1)
        assert [attempt.answer_status for attempt in delivery.attempts] == [500, 200]
        assert (delivery.method, delivery.attempts[0].failure) == ("PUT", None)
        gateway.send_callback(payment.token, 42)
        gateway.forge_callback(payment.token, b"{}", {paymento.SIGNATURE_HEADER: "0" * 64})
        assert len(gateway.deliveries(payment.token, count=3)) == 3
        received = [shop.received.get(timeout=5) for _ in range(4)]
        assert client.authenticate(received[2][2], received[2][1]).status == 42
        with pytest.raises(paymento.SignatureError):
            client.authenticate(received[3][2], received[3][1])
        with pytest.raises(paymento.ApiError) as caught:
            gateway.pay(testing.TOKEN)
        assert caught.value.code == "api.rejected"


def test_waiting_in_vain_and_after_the_end_is_told() -> None:
    gateway = Simulator.start()
    with pytest.raises(paymento.TransportError) as timeout:
        gateway.deliveries(testing.TOKEN, count=1, timeout=0.01)
    assert timeout.value.code == "transport.timeout"
    assert gateway.events_after(0, timeout=0.01) == []
    gateway.stop()
    gateway.stop()
    with pytest.raises(paymento.ConfigError) as closed:
        gateway.deliveries(testing.TOKEN, count=1)
    assert closed.value.code == "config.closed"


def test_a_port_that_is_taken_is_named() -> None:
    with Simulator.start() as gateway, pytest.raises(paymento.ConfigError, match=str(gateway.port)) as caught:
        Simulator.start(port=gateway.port)
    assert caught.value.code == "config.port"


def test_every_type_without_a_constructor_has_a_factory() -> None:
    made = set()
    for name in testing.__all__:
        factory = getattr(testing, name)
        if inspect.isfunction(factory) and name != "signed_callback":
            made.add(type(factory()).__name__)
    values = {name for name in paymento.__all__ if hasattr(getattr(paymento, name), "to_dict")}
    assert made == values - {"ReturnVisit"}


def test_factories_of_the_checkout_take_every_field() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=timezone.utc)
    for name in (
        "OrderEvent",
        "Shortfall",
        "OrderRecord",
        "PaymentRecord",
        "PaymentsPage",
        "HistoryEntry",
        "DeadLetter",
    ):
        factory = getattr(testing, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
        fields = inspect.signature(factory).parameters
        assert set(fields) == set(factory().to_dict())
        for field in fields:
            if field.endswith("_at") or field in ("at", "since"):
                assert getattr(factory(**{field: now}), field) == now
    event = testing.order_event(kind="partially_paid", shortfall=testing.shortfall(amount="1.50"), overpaid_by="0.10")
    assert event.shortfall
    assert (event.shortfall.amount, event.overpaid_by) == (Decimal("1.50"), Decimal("0.10"))
    assert testing.dead_letter(event=event).event.kind is paymento.EventKind.PARTIALLY_PAID
    assert testing.order_event(reason="mismatch").reason is paymento.Reason.MISMATCH
    page = testing.payments_page(payments=[testing.payment_record(state="settled")], next=7)
    assert (page.payments[0].state, page.next) == ("settled", 7)
    assert testing.health(problems=["no_runner"], verify_lag=1.5).to_dict() | {"ok": True} == {
        **testing.health(verify_lag=1.5).to_dict(), "problems": ["no_runner"],
    }  # fmt: skip
    assert not testing.health(problems=["no_runner"]).ok
    answers = [testing.answer(code=code) for code in (None, "signature.mismatch", "database.unavailable")]
    assert [answer.status for answer in answers] == [200, 401, 503]
    for wrong in ({"kind": "x"}, {"price": 5}, {"live": 5}, {"reason": "x"}, {"shortfall": 5}):
        with pytest.raises(paymento.InputError):
            testing.order_event(**wrong)


def test_factories_take_every_field() -> None:
    assert testing.coin_price(price=Decimal("0.1"), change_24h="-1.4200").to_dict() == {
        "id": "1", "name": "Bitcoin", "shortcut": "BTC", "price": "0.1", "currency": "USD", "change_24h": "-1.4200",
    }  # fmt: skip
    assert testing.settings(callback_method="PUT").callback_method is paymento.CallbackMethod.PUT
    change = testing.callback_url_change(current=testing.settings(callback_url="https://x.example"))
    assert (change.previous.callback_url, change.current.callback_url) == (None, "https://x.example")
    assert testing.transaction(tx_hash="0xab", confirmations=3).raw == '{"txHash": "0xab", "confirmations": 3}'
    assert testing.payment(live=True, price=testing.price(crypto_amounts={"Bitcoin": "1"})).live


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({}, Outcome.SETTLED),
        ({"success": False, "body": {"orderStatus": 3}}, Outcome.OPEN),
        ({"success": False, "body": {"orderStatus": "Timeout"}}, Outcome.CLOSED),
        ({"success": False, "body": {"orderStatus": 7}}, Outcome.PAID_NOT_APPROVED),
        ({"success": False, "message": "Invalid Token"}, Outcome.INVALID_TOKEN),
        ({"body": {"token": "another-token-00"}}, Outcome.MISMATCH),
        ({"body": {"orderId": "B-1"}}, Outcome.MISMATCH),
        ({"body": {"orderStatus": 1}}, Outcome.CONTRADICTORY),
        ({"body": {"orderStatus": 42}}, Outcome.UNKNOWN),
        ({"success": False, "body": "null"}, Outcome.MISMATCH),
    ],
)
def test_verifications_are_decided_as_always(answer: dict[str, Any], outcome: Outcome) -> None:
    verification = testing.verification(**answer)
    assert verification.outcome is outcome
    if outcome is Outcome.SETTLED:
        assert verification.require_settled().raw == "null"
    else:
        with pytest.raises(paymento.VerifyError) as caught:
            verification.require_settled()
        assert (caught.value.outcome, caught.value.code) == (outcome, f"verify.{outcome}")


def test_signed_callbacks_are_authentic_for_their_secret_only() -> None:
    headers, body = testing.signed_callback(secret_key="mine", status=5)
    assert paymento.authenticate(body, headers, "mine").status is OrderStatus.USER_CANCELED
    with pytest.raises(paymento.SignatureError):
        paymento.authenticate(body, headers, testing.SECRET_KEY)
