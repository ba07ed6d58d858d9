"""The data classes: made by the library only, compared by value, JSON-safe."""

from __future__ import annotations

import copy
import decimal
import json
import pickle
from typing import Any

import pytest

import paymento
from paymento import testing
from paymento.testing import Simulator

VALUES = [
    testing.accepted_coin(),
    testing.answer(),
    testing.dead_letter(),
    testing.health(),
    testing.history_entry(),
    testing.order_event(),
    testing.order_record(),
    testing.payment_record(),
    testing.payments_page(),
    testing.shortfall(),
    testing.callback(),
    testing.callback_url_change(),
    testing.coin(),
    testing.coin_price(change_24h="-1.42"),
    testing.currency(),
    testing.info(),
    testing.language(),
    testing.last_block(),
    testing.merchant(),
    testing.payment(),
    testing.price(),
    testing.settings(),
    testing.settlement(),
    testing.transaction(),
    testing.verification(),
    paymento.ReturnVisit.parse("token=7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a&orderId=1"),
]
each_value = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


def test_every_data_class_is_here() -> None:
    named = {name for name in paymento.__all__ if hasattr(getattr(paymento, name), "to_dict")}
    assert named == {type(value).__name__ for value in VALUES}


@each_value
@pytest.mark.parametrize("arguments", [(), (1, "x")])
def test_only_the_library_makes_values(value: Any, arguments: tuple[object, ...]) -> None:
    with pytest.raises(paymento.InputError, match=type(value).__name__) as caught:
        type(value)(*arguments)
    assert caught.value.code == "input.not_constructible"
    with pytest.raises(TypeError):
        type("Mine", (type(value),), {})


@each_value
def test_values_are_not_pickled_and_are_their_own_copies(value: Any) -> None:
    with pytest.raises(paymento.InputError, match=type(value).__name__) as caught:
        pickle.dumps(value)
    assert caught.value.code == "input.not_picklable"
    assert copy.copy(value) is copy.deepcopy(value) is value


@each_value
def test_values_cannot_be_changed(value: Any) -> None:
    for name in [name for name in dir(value) if not name.startswith("_")] + ["new"]:
        with pytest.raises(AttributeError):
            setattr(value, name, None)


@each_value
def test_values_are_json_safe(value: Any) -> None:
    assert value.to_dict() == json.loads(json.dumps(value.to_dict()))
    assert type(value).__module__ == "paymento"


@each_value
def test_values_are_described(value: Any) -> None:
    assert repr(value).startswith(f"{type(value).__name__}(")
    assert type(value).__doc__


def test_plain_data_is_compared_by_value() -> None:
    assert testing.coin() == testing.coin()
    assert testing.coin() != testing.coin(name="x")
    assert testing.coin() != "x"
    assert testing.payment() == testing.payment()
    assert testing.price(fiat_amount="29.9", fiat_currency="usd") == testing.price(
        fiat_amount="29.90", fiat_currency="USD"
    )


def test_amounts_are_exact_decimals_and_strings_in_json() -> None:
    digits = "123456789012345678901234567890.000000000000000001"
    price = testing.price(crypto_amounts={"Bitcoin": digits, "Tether": decimal.Decimal("1E+2")})
    assert price.crypto_amounts == {"Bitcoin": decimal.Decimal(digits), "Tether": decimal.Decimal(100)}
    assert str(price.crypto_amounts["Bitcoin"]) == digits
    assert price.to_dict()["crypto_amounts"] == {"Bitcoin": digits, "Tether": "100"}


def test_ids_of_64_bits_keep_their_digits() -> None:
    callback = testing.callback(payment_id=9_007_199_254_740_993)
    assert callback.payment_id == 9_007_199_254_740_993
    assert callback.to_dict()["payment_id"] == "9007199254740993"


def test_no_repr_shows_a_body_or_a_note() -> None:
    callback = testing.callback(additional_data={"note": "private"})
    assert callback.additional_data == {"note": "private"}
    assert "private" not in repr(callback)
    assert "body" not in callback.to_dict()
    verification = testing.verification(body={"additionalData": [{"key": "note", "value": "private"}]})
    assert verification.additional_data == {"note": "private"}
    assert "private" not in repr(verification)


def test_notes_keep_their_order() -> None:
    notes = {f"key {number}": str(number) for number in range(50)}
    assert list(testing.callback(additional_data=notes).additional_data.items()) == list(notes.items())


def test_the_simulator_shows_no_key_and_is_not_pickled(gateway: Simulator) -> None:
    assert gateway.secret_key not in repr(gateway)
    with pytest.raises(paymento.InputError):
        pickle.dumps(gateway)
