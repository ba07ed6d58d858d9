"""`paymento.testing.Simulator`: every option, every method, and what it says of a shop."""

from __future__ import annotations

import json
import math
import typing
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from conftest import Shop

import paymento
from paymento import OrderStatus, _types, testing
from paymento.testing import Simulator, Store

PRICE: dict[str, Any] = {"fiat_amount": "29.99", "fiat_currency": "USD"}


@pytest.fixture
def gateway(shop: Shop) -> Iterator[Simulator]:
    """Time stands still, and callbacks go to the shop."""
    with Simulator.start(callback_url=shop.url, virtual_clock=True, seed=7) as simulator:
        yield simulator


def create(gateway: Simulator, order_id: str = "A-578", store: str | None = None) -> str:
    with gateway.client(store=store) as client:
        return client.create_payment(order_id=order_id, **PRICE).token


def status(gateway: Simulator, token: str) -> OrderStatus:
    payment = gateway.payment(token)
    assert payment
    return payment.status


def post(gateway: Simulator, path: str, body: object, key: str | None = None) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", "Api-Key": key or gateway.api_key}
    request = urllib.request.Request(gateway.base_url + path, json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()) if "json" in error.headers["Content-Type"] else None


def test_underpaid_with_a_doubled_callback_then_paid_with_a_late_one(gateway: Simulator, shop: Shop) -> None:
    token = create(gateway)

    gateway.arm("callback.duplicate")
    gateway.underpay(token)
    assert status(gateway, token) is OrderStatus.PARTIAL_PAID
    gateway.deliveries(token, count=2)

    gateway.arm("callback.delay")
    gateway.pay(token)
    gateway.advance("1m")
    gateway.deliveries(token, count=4)
    received = [paymento.authenticate(body, headers, gateway.secret_key) for _, headers, body in shop.take(4)]
    assert [callback.status for callback in received] == [
        OrderStatus.PARTIAL_PAID, OrderStatus.PARTIAL_PAID, OrderStatus.PAID, OrderStatus.WAITING_TO_CONFIRM,
    ]  # fmt: skip

    with gateway.client() as client:
        verification = client.verify_payment(token, order_id="A-578", **PRICE)
    settlement = verification.require_settled()
    assert settlement.received_crypto_amount == settlement.expected_crypto_amount


def test_amounts_are_exact(gateway: Simulator) -> None:
    token = create(gateway)
    gateway.pay_amount(token, "0.00000001")
    gateway.underpay_by(token, Decimal("0.00000002"))
    gateway.overpay(token)
    payment = gateway.payment(token)
    assert payment
    assert payment.crypto_amount
    assert payment.received_amount == sum((transaction.amount for transaction in payment.transactions), Decimal(0))
    # What was still owed was 0.00000002, and a tenth more is rounded up to 8 decimals.
    assert payment.received_amount == payment.crypto_amount + Decimal("0.00000001")
    assert payment.owed_amount is None
    for wrong, code in [(0.1, "input.amount"), (1, "input.amount"), ("-1", "input.amount"), (None, "input.type")]:
        with pytest.raises(paymento.InputError) as caught:
            gateway.pay_amount(create(gateway), wrong)  # type: ignore[arg-type]
        assert caught.value.code == code, wrong


def test_money_is_dropped_confirmed_rejected_and_comes_late(shop: Shop) -> None:
    with Simulator.start(virtual_clock=True, manual_confirmation=True, callback_url=shop.url) as gateway:
        token = create(gateway)
        gateway.pay(token)
        gateway.drop_transaction(token)
        assert status(gateway, token) is OrderStatus.PENDING
        gateway.pay(token)
        gateway.confirm(token)
        assert status(gateway, token) is OrderStatus.PAID
        payment = gateway.payment(token)
        assert payment
        assert [(t.state, t.confirmations) for t in payment.transactions] == [("dropped", 0), ("completed", 2)]
        gateway.reject(token)
        assert status(gateway, token) is OrderStatus.REJECT

        token = create(gateway)
        gateway.cancel(token)
        assert status(gateway, token) is OrderStatus.USER_CANCELED
        token = create(gateway)
        gateway.expire(token)
        assert status(gateway, token) is OrderStatus.TIMEOUT
        gateway.pay(token)
        gateway.confirm(token)
        assert status(gateway, token) is OrderStatus.PAID
        assert "paid_late" in [event.kind for event in gateway.events()]


def test_a_method_that_makes_no_sense_says_so(gateway: Simulator) -> None:
    names = ("pay", "underpay", "overpay", "confirm", "drop_transaction", "cancel", "expire", "reject")
    for name in names:
        with pytest.raises(paymento.ApiError) as caught:
            getattr(gateway, name)(testing.TOKEN)
        assert caught.value.code == "api.rejected", name
        with pytest.raises(paymento.InputError, match="token must be a string"):
            getattr(gateway, name)(None)


@pytest.mark.parametrize("by", ["20m", 1200, 1200.0, timedelta(minutes=20)])
def test_the_clock_is_moved_by_seconds_a_timedelta_or_a_text(gateway: Simulator, by: Any) -> None:
    token = create(gateway)
    gateway.advance(by)
    assert (gateway.now(), status(gateway, token)) == (1200.0, OrderStatus.INITIALIZE)
    gateway.advance("10m")
    assert (gateway.now(), status(gateway, token)) == (1800.0, OrderStatus.TIMEOUT)
    assert gateway.started_at == datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ("20 minutes", "input.duration"),
        ("20", "input.duration"),
        (-1, "input.duration"),
        (math.nan, "input.duration"),
        (10**40, "input.duration"),
        (timedelta(seconds=-1), "input.duration"),
        (True, "input.type"),
        (None, "input.type"),
        (b"20m", "input.type"),
    ],
)
def test_anything_else_is_no_duration(gateway: Simulator, by: Any, code: str) -> None:
    with pytest.raises(paymento.InputError) as caught:
        gateway.advance(by)
    assert caught.value.code == code


def test_options_of_time_and_chain_take_effect(shop: Shop) -> None:
    options: dict[str, Any] = {
        "virtual_clock": True,
        "payment_window": "5m",
        "partial_window": timedelta(hours=1),
        "verify_deadline": math.inf,
        "confirmation_time": 60,
        "required_confirmations": 3,
        "retry_schedule": ["1s", 2, timedelta(seconds=3)],
    }
    with Simulator.start(callback_url=shop.url, **options) as gateway:
        paid, partial, unpaid = (create(gateway, order_id) for order_id in ("1", "2", "3"))
        gateway.underpay(partial)
        gateway.pay(paid)
        gateway.advance("30s")
        payment = gateway.payment(paid)
        assert payment
        assert (payment.required_confirmations, payment.confirmations < 3) == (3, True)
        assert (payment.created_at, payment.window_ends_at) == (0.0, 300.0)
        gateway.advance("30s")
        assert status(gateway, paid) is OrderStatus.PAID
        gateway.advance("2h")
        assert status(gateway, unpaid) is OrderStatus.TIMEOUT
        assert status(gateway, partial) is OrderStatus.REJECT
        gateway.advance("1000d")
        assert status(gateway, paid) is OrderStatus.PAID
        shop.answers = [500, 500, 500, 500]
        gateway.advance(0)
        gateway.send_callback(paid, 7)
        gateway.advance("1m")
        last = gateway.deliveries(paid)[-1]
        assert [round(attempt.offset) for attempt in last.attempts] == [0, 1, 3, 6]
        assert (last.finished, last.is_delivered) == (True, False)


def test_switches_take_effect() -> None:
    path, verify = "/v1/payment/request", {"token": testing.TOKEN}
    with Simulator.start() as gateway:
        assert post(gateway, path, {}, key="wrong")[0] == 401
        assert post(gateway, "/v1/payment/verify", verify)[1].get("body") is None
    options: dict[str, Any] = {
        "profile": "published",
        "bad_key_answer": "refused",
        "business_error_status": 400,
        "unknown_token_answer": "default_body",
    }
    with Simulator.start(**options) as gateway:
        assert post(gateway, path, {}, key="wrong")[0] == 200
        order = {"orderId": "1", "fiatAmount": "1", "fiatCurrency": "USD", "riskSpeed": 1}
        assert post(gateway, path, {**order, "returnUrl": "http://shop.example/"})[0] == 400
        assert post(gateway, "/v1/payment/verify", verify)[1]["body"]["orderStatus"] == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"profile": "old"}, "input.fault"),
        ({"bad_key_answer": "maybe"}, "input.fault"),
        ({"business_error_status": 500}, "input.fault"),
        ({"business_error_status": "200"}, "input.type"),
        ({"callback_method": "GET"}, "input.method"),
        ({"callback_url": "ftp://shop.example"}, "input.callback_url"),
        ({"payment_window": "soon"}, "input.duration"),
        ({"retry_schedule": "1s"}, "input.type"),
        ({"seed": -1}, "input.type"),
        ({"seed": 2**64}, "input.type"),
        ({"strict": 1}, "input.type"),
        ({"address": "localhost"}, "input.type"),
        ({"port": 65_536}, "config.port"),
        ({"stores": [Store("A", coins=["gold"])]}, "input.coin"),
        ({"stores": ["A"]}, "input.type"),
        ({"stores": [Store("A", api_key="k-1"), Store("B", api_key="k-1")]}, "config.api_key"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], code: str) -> None:
    with pytest.raises(paymento.PaymentoError) as caught:
        Simulator.start(**options)
    assert caught.value.code == code


def test_it_listens_elsewhere_when_told_to() -> None:
    with Simulator.start(address="::1") as gateway:
        assert gateway.base_url == f"http://[::1]:{gateway.port}"
        create(gateway)


def test_several_stores_have_keys_callbacks_and_payments_of_their_own(shop: Shop) -> None:
    stores = [
        Store("A", callback_url=shop.url, callback_method="PUT"),
        Store("B", api_key="an-api-key-of-b", secret_key="the-secret-of-b", coins=["bitcoin"]),
    ]
    with Simulator.start(stores=stores, store_name="A and more", seed=7) as gateway:
        first, second = gateway.stores()
        assert (first.name, first.callback_url, first.callback_method) == ("A and more", shop.url, "PUT")
        assert (first.api_key, first.secret_key) == (gateway.api_key, gateway.secret_key)
        assert (second.api_key, second.secret_key) == ("an-api-key-of-b", "the-secret-of-b")
        assert [coin.lower() for coin in second.coins] == ["bitcoin"]
        assert len(first.coins) > 1
        token = create(gateway, store="B")
        payment = gateway.payment(token)
        assert payment
        assert payment.store_name == "B"
        with gateway.client() as client:
            assert client.verify_payment(token, order_id="A-578").outcome is paymento.Outcome.INVALID_TOKEN
        gateway.set_callback_url(shop.url, store="B")
        gateway.pay(token)
        delivery = gateway.deliveries(token, count=1)[0]
        assert paymento.sign(delivery.body, "the-secret-of-b") == delivery.signature
        with pytest.raises(paymento.ConfigError) as caught:
            gateway.client(store="C")
        assert caught.value.code == "config.missing"


def test_keys_are_shown_nowhere() -> None:
    store = Store("A", api_key="an-api-key-to-hide", secret_key="a-secret-to-hide")
    with Simulator.start(stores=[store]) as gateway:
        shown = f"{store!r} {gateway!r} {gateway.stores()!r}"
        assert "to-hide" not in shown
        assert "'A'" in shown
        with pytest.raises(paymento.InputError) as caught:
            store.__reduce__()
        assert caught.value.code == "input.not_picklable"


def test_the_same_seed_gives_the_same_run() -> None:
    def run() -> list[object]:
        with Simulator.start(seed=7, virtual_clock=True) as gateway:
            token = create(gateway)
            gateway.pay(token)
            return [gateway.api_key, gateway.secret_key, token, [event.to_dict() for event in gateway.events()]]

    assert run() == run()


def test_a_fault_strikes_as_often_as_it_is_armed(gateway: Simulator, shop: Shop) -> None:
    token = create(gateway)
    gateway.arm("callback.wrong_secret", times=2)
    gateway.arm("callback.status_42", times=None, token=token)
    armed = [(fault.fault, fault.times, fault.token) for fault in gateway.faults()]
    assert armed == [("callback.wrong_secret", 2, None), ("callback.status_42", None, token)]
    for _ in range(3):
        gateway.send_callback(token, 7)
    deliveries = gateway.deliveries(token, count=3)
    assert [delivery.is_authentic for delivery in deliveries] == [False, False, True]
    assert [delivery.status for delivery in deliveries] == [42, 42, 42]
    assert deliveries[0].faults == ["callback.wrong_secret", "callback.status_42"]
    gateway.clear_faults()
    assert gateway.faults() == []
    _, headers, body = shop.received.get(timeout=5)
    with pytest.raises(paymento.SignatureError):
        paymento.authenticate(body, headers, gateway.secret_key)
    with pytest.raises(paymento.InputError) as caught:
        gateway.arm("callback.nonsense")  # type: ignore[arg-type]
    assert (caught.value.code, "callback.duplicate" in str(caught.value.hint)) == ("input.fault", True)


def test_chaos_is_the_same_with_the_same_seed(shop: Shop) -> None:
    def run() -> list[list[str]]:
        with Simulator.start(callback_url=shop.url, virtual_clock=True, seed=1) as gateway:
            gateway.chaos(duplicate=0.3, reorder=0.3, drop=0.2, seed=7)
            tokens = [create(gateway, str(number)) for number in range(10)]
            for token in tokens:
                gateway.pay(token)
            gateway.advance("10m")
            return [delivery.faults for token in tokens for delivery in gateway.deliveries(token)]

    first = run()
    assert first == run()
    assert {fault for faults in first for fault in faults} == {
        "callback.drop", "callback.duplicate", "callback.reorder",
    }  # fmt: skip


def test_chaos_ends_and_takes_probabilities_only(gateway: Simulator) -> None:
    gateway.chaos(bad_gateway=1)
    assert post(gateway, "/v1/payment/verify", {"token": testing.TOKEN})[0] == 502
    gateway.calm()
    assert post(gateway, "/v1/payment/verify", {"token": testing.TOKEN})[0] == 200
    for wrong, code in [(1.5, "input.fault"), (math.nan, "input.fault"), (True, "input.type"), ("0.5", "input.type")]:
        with pytest.raises(paymento.InputError) as caught:
            gateway.chaos(drop=wrong)  # type: ignore[arg-type]
        assert caught.value.code == code, wrong


def test_a_shop_that_takes_what_is_forged_is_found_out(gateway: Simulator, shop: Shop) -> None:
    token = create(gateway)
    gateway.pay(token)
    [first, *_] = gateway.deliveries(token, count=2)
    again = gateway.wait_for_delivery(gateway.resend(first.id))
    assert (again.body, again.signature, again.is_authentic) == (first.body, first.signature, True)
    gateway.check_findings()
    tampered = gateway.wait_for_delivery(gateway.tamper(first.id), timeout="5s")
    assert (tampered.is_authentic, tampered.body == first.body) == (False, False)
    probe = gateway.wait_for_delivery(gateway.send_tampered_probe())
    assert probe.attempts[0].answer_status == 200
    [finding] = gateway.findings()
    assert (finding.kind, finding.count, finding.subject) == ("tampered_callback_accepted", 2, shop.url)
    assert "401" in finding.fix
    with pytest.raises(paymento.ConfigError) as caught:
        gateway.check_findings()
    assert (caught.value.code, finding.fix in str(caught.value.hint)) == ("config.findings", True)


def test_probes_are_about_no_payment(gateway: Simulator) -> None:
    test = gateway.wait_for_delivery(gateway.send_test_webhook())
    assert (test.token, test.is_authentic, test.store_name) == ("", True, gateway.store_name)
    triggered = gateway.trigger(OrderStatus.TIMEOUT, token="t" * 32, order_id="B-1", faults=["callback.unknown_fields"])
    delivery = gateway.wait_for_delivery(triggered)
    callback = paymento.authenticate(delivery.body, delivery.headers, gateway.secret_key)
    assert (callback.token, callback.order_id, callback.status) == ("t" * 32, "B-1", OrderStatus.TIMEOUT)
    assert [one.id for one in gateway.recent_deliveries()] == [delivery.id, test.id]
    assert [one.id for one in gateway.recent_deliveries(limit=1)] == [delivery.id]
    assert gateway.delivery(delivery.id) == delivery
    assert gateway.delivery(delivery.id + 1) is None
    for call in (gateway.resend, gateway.tamper, gateway.wait_for_delivery):
        with pytest.raises(paymento.ApiError) as caught:
            call(999)
        assert caught.value.code == "api.rejected"
    with pytest.raises(paymento.ConfigError):
        gateway.send_test_webhook(store="nobody's")


def test_mistakes_are_listed_and_under_strict_refused() -> None:
    order = {"orderId": "1", "fiatAmount": 1.5, "fiatCurrency": "USD", "Speed": 1}
    with Simulator.start() as gateway:
        assert post(gateway, "/v1/payment/request", order)[0] == 200
        assert {finding.kind for finding in gateway.findings()} == {"speed_only", "amount_as_number"}
    with Simulator.start(strict=True) as gateway:
        code, answer = post(gateway, "/v1/payment/request", order)
        assert (code, "riskSpeed" in answer["error"] or "decimal text" in answer["error"]) == (400, True)
        assert gateway.payments() == []


def test_a_stopped_simulator_says_so(gateway: Simulator) -> None:
    assert not gateway.is_stopped
    gateway.stop()
    assert gateway.is_stopped
    for call in (lambda: gateway.pay(testing.TOKEN), lambda: gateway.advance(1), gateway.send_test_webhook):
        with pytest.raises(paymento.ConfigError) as caught:
            call()
        assert caught.value.code == "config.closed"
    assert gateway.forgotten_payments() == 0


def test_the_names_of_faults_are_cores() -> None:
    assert list(typing.get_args(_types.Fault)) == list(testing.FAULTS)
    assert all(about.endswith(".") for about in testing.FAULTS.values())
