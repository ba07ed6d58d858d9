"""The enumerations are core's."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from typing import Any

import pytest

import paymento
from paymento import CallbackMethod, Meaning, OrderStatus, Outcome, Speed
from paymento._native import tables


def test_the_statuses_are_the_cores() -> None:
    known = [(status.name.replace("_", ""), int(status), str(status.meaning)) for status in OrderStatus]
    assert known == [(name.upper(), code, meaning) for name, code, meaning in tables()["statuses"]]


def test_the_outcomes_are_the_cores() -> None:
    assert [(outcome.value,) for outcome in Outcome] == tables()["outcomes"]


@pytest.mark.parametrize(
    ("name", "enumeration"),
    [
        ("event_kinds", paymento.EventKind),
        ("reasons", paymento.Reason),
        ("problems", paymento.Problem),
        ("order_states", paymento.OrderState),
        ("payment_states", paymento.PaymentState),
    ],
)
def test_the_checkouts_names_are_the_cores(name: str, enumeration: Any) -> None:
    assert [(value.value,) for value in enumeration] == tables()[name]
    assert all(value == value.value and str(value) == value.value for value in enumeration)


def test_the_methods_and_speeds_are_taken_by_the_core() -> None:
    client = paymento.Client("an-api-key", base_url="http://127.0.0.1:1", max_attempts=1)
    for method in CallbackMethod:
        with pytest.raises(paymento.TransportError):
            client.set_settings("https://shop.example/", method)
    for speed in Speed:
        with pytest.raises(paymento.TransportError):
            client.create_payment(order_id="1", fiat_amount="1", fiat_currency="USD", speed=speed)


@pytest.mark.parametrize("given", [7, "7", "paid", "PAID", " 7 "])
def test_a_status_is_read_from_a_number_or_a_name(given: Any) -> None:
    assert OrderStatus(given) is OrderStatus.PAID


@pytest.mark.parametrize("number", [6, 10, -1, 2**63 - 1, -(2**63)])
def test_an_undocumented_number_is_kept(number: int) -> None:
    status = OrderStatus(number)
    assert (status, int(status), status.value) == (number, number, number)
    assert status.meaning is Meaning.UNKNOWN
    assert status.name == f"UNKNOWN_{number}"
    assert pickle.loads(pickle.dumps(status)) == status
    assert str(number) in repr(status)


@pytest.mark.parametrize(
    "given", ["Revert", "", 2**63, 1.5, 7.0, 7 + 0j, Decimal(7), True, False, None, b"7", [], object()]
)
def test_what_is_no_status_is_a_value_error(given: Any) -> None:
    with pytest.raises(paymento.InputError) as caught:
        OrderStatus(given)
    assert caught.value.code == "input.type"
    for text_enum in (CallbackMethod, Meaning, Outcome, Speed):
        with pytest.raises(paymento.InputError):
            text_enum(given)


def test_text_enumerations_read_as_their_values() -> None:
    for member in (Outcome.SETTLED, Speed.LOW, CallbackMethod.PUT, Meaning.VERIFY_NOW):
        assert str(member) == f"{member}" == member.value
        assert json.dumps(member) == json.dumps(member.value)
    assert str(OrderStatus.PAID) == f"{OrderStatus.PAID}" == json.dumps(OrderStatus.PAID) == "7"
