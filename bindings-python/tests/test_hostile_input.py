"""Whatever comes in, a public function gives a typed error, or TypeError for a call of the wrong shape."""

from __future__ import annotations

import collections
import decimal
import functools
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import paymento
from paymento import testing

HIDDEN = {*map(chr, range(32)), "\x7f", "\x1b", "\u202e", "\u2028"}


class Hidden:
    """Its class has no proper name."""


Hidden.__name__ = "\x1b[31m\n" * 50


class Liar(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("not called")

    __repr__ = __str__


DEEP: Any = []
for _ in range(100_000):
    DEEP = [DEEP]

HOSTILE: list[Any] = [
    None, True, 0, -1, 2**64, 10**400, 0.1, float("nan"), 1j, "", " ", "x" * 1_000_000, "\x00", "\udc80", "é", "٣",
    "🦀" * 50, b"", b"\xff", b"x" * 70_000, bytearray(b"x"), memoryview(b"x"), [], {}, (), set(), [None], {None: None},
    {"a": None}, {"a": "b"}, [("a", "b")], {"\udc80": "\udc80"}, {f"k{n}": "1" for n in range(20_000)}, DEEP, object(),
    object, len, Hidden(), Liar("x"), decimal.Decimal("NaN"), decimal.Decimal("sNaN"), decimal.Decimal("1E+999999"),
    range(3), itertools.repeat(("a", "b")), itertools.count(), collections.UserDict({"a": "b"}), ..., NotImplemented,
    Exception("x"),
]  # fmt: skip


@functools.cache
def gateway() -> testing.Simulator:
    return testing.Simulator.start()


client = paymento.Client("an-api-key", base_url="http://127.0.0.1:1", max_attempts=1, timeout=0.5)
ORDER: dict[str, Any] = {"order_id": "1", "fiat_amount": "1", "fiat_currency": "USD"}

CALLS: dict[str, Callable[[Any], object]] = {
    "authenticate body": lambda x: paymento.authenticate(x, {}, "k"),
    "authenticate headers": lambda x: paymento.authenticate(b"{}", x, "k"),
    "authenticate secrets": lambda x: paymento.authenticate(b"{}", {}, x),
    "sign body": lambda x: paymento.sign(x, "k"),
    "sign secret": lambda x: paymento.sign(b"{}", x),
    "parse": paymento.ReturnVisit.parse,
    "client api_key": lambda x: paymento.Client(x),
    "client authenticate body": lambda x: client.authenticate(x, {}),
    "client authenticate headers": lambda x: client.authenticate(b"{}", x),
    "verify token": lambda x: client.verify_payment(x, order_id="1"),
    "set_settings url": lambda x: client.set_settings(x),
    "ensure url": lambda x: client.ensure_callback_url(x),
    "ensure replace": lambda x: client.ensure_callback_url("https://x.example", replace=x),
    "last_block": lambda x: client.last_block(x),
    "coin_prices names": lambda x: client.coin_prices(x, "USD"),
    "coin_prices currency": lambda x: client.coin_prices(["Bitcoin"], x),
    "coin_prices change": lambda x: client.coin_prices(["Bitcoin"], "USD", include_change=x),
    "callback notes": lambda x: testing.callback(additional_data=x),
    "signed_callback secret": lambda x: testing.signed_callback(secret_key=x),
    "testing payment": lambda x: testing.payment(token=x),
    "testing price": lambda x: testing.payment(price=x),
    "testing status": lambda x: testing.callback(status=x),
    "testing payment_id": lambda x: testing.callback(payment_id=x),
    "testing body": lambda x: testing.verification(body=x) if isinstance(x, str) else None,
    "simulator pay": lambda x: gateway().pay(x),
    "simulator cancel": lambda x: gateway().cancel(x),
    "simulator send": lambda x: gateway().send_callback(testing.TOKEN, x),
    "simulator forge": lambda x: gateway().forge_callback(testing.TOKEN, x, x),
    "simulator payment": lambda x: gateway().payment(x),
    "simulator deliveries": lambda x: gateway().deliveries(testing.TOKEN, x, 0.001),
    "simulator timeout": lambda x: gateway().deliveries(testing.TOKEN, 0, x),
    "simulator events": lambda x: gateway().events_after(x),
}
for option in (
    "secret_key", "previous_secret_key", "base_url", "gateway_url", "connect_timeout", "attempt_timeout", "timeout",
    "max_attempts", "proxy", "ca_certificates",
):  # fmt: skip
    CALLS[f"client {option}"] = lambda x, option=option: paymento.Client("k", **{option: x})  # type: ignore[misc]
for option in (
    "order_id", "fiat_amount", "fiat_currency", "crypto_amounts", "return_url", "speed", "language", "email_address",
    "additional_data", "connect_timeout", "attempt_timeout", "timeout",
):  # fmt: skip
    CALLS[f"create {option}"] = lambda x, option=option: client.create_payment(**{**ORDER, option: x})  # type: ignore[misc]
for option in ("order_id", "fiat_amount", "fiat_currency", "crypto_amounts"):
    CALLS[f"verify {option}"] = lambda x, option=option: client.verify_payment(testing.TOKEN, **{**ORDER, option: x})  # type: ignore[misc]
for option in ("store_name", "callback_url", "callback_method", "api_key", "secret_key", "retry_schedule"):
    CALLS[f"simulator {option}"] = lambda x, option=option: testing.Simulator.start(**{option: x}).stop()  # type: ignore[misc]


def told(call: Callable[[Any], object], given: Any) -> None:
    """Fails where anything but a typed error comes out."""
    try:
        call(given)
    except paymento.PaymentoError as error:
        assert error.code
        assert len(str(error)) < 1000
        assert not HIDDEN.intersection(str(error))


@pytest.mark.parametrize("name", CALLS)
def test_hostile_arguments_give_typed_errors(name: str) -> None:
    for hostile in HOSTILE:
        told(CALLS[name], hostile)


@pytest.mark.parametrize("amount", [1, 2999, 29.99, True, 1j])
def test_binary_numbers_are_no_amounts(amount: Any) -> None:
    with pytest.raises(paymento.InputError, match="decimal strings in major units") as caught:
        client.create_payment(order_id="1", fiat_amount=amount, fiat_currency="USD")
    assert caught.value.code == "input.amount"


# Calls that a type checker would refuse.
untyped: Any = paymento
untyped_client: Any = client


NAMED: dict[str, Callable[[], object]] = {
    "order_id": lambda: untyped_client.create_payment(**{**ORDER, "order_id": 578}),
    "token": lambda: untyped_client.verify_payment(7, order_id="1"),
    "coin_names": lambda: untyped_client.coin_prices("Bitcoin", "USD"),
    "coin_id": lambda: untyped_client.last_block("1"),
    "additional_data": lambda: untyped_client.create_payment(**ORDER, additional_data={"a": 1}),
}
NOTES = {
    "a key of additional_data must be a string; got int": {1: "a"},
    "a value of additional_data must be a string; got int": {"a": 1},
    "a value of additional_data must be text; got lone surrogates": {"a": "\udc80"},
    "additional_data must be a mapping of strings to strings; got list": ["a"],
}
MISSHAPEN: list[Callable[[], object]] = [
    lambda: untyped.authenticate(),
    lambda: untyped.Client(),
    lambda: untyped_client.create_payment("A-578"),
    lambda: untyped_client.create_payment(**ORDER, unknown=1),
    lambda: untyped_client.verify_payment(testing.TOKEN),
]


@pytest.mark.parametrize("name", NAMED)
def test_the_errors_name_the_argument(name: str) -> None:
    with pytest.raises(paymento.InputError, match=name):
        NAMED[name]()


@pytest.mark.parametrize("message", NOTES)
def test_notes_that_are_no_text_are_told_what_they_are(message: str) -> None:
    with pytest.raises(paymento.InputError) as caught:
        untyped_client.create_payment(**ORDER, additional_data=NOTES[message])
    assert (caught.value.code, caught.value.message) == ("input.additional_data", message)


def test_a_coin_name_that_is_no_string_is_told_so() -> None:
    with pytest.raises(paymento.InputError) as caught:
        untyped_client.create_payment(order_id="1", crypto_amounts={1: "1"})
    assert caught.value.code == "input.type"
    assert caught.value.message == "a coin name in crypto_amounts must be a string; got int"


@pytest.mark.parametrize("call", MISSHAPEN)
def test_calls_of_the_wrong_shape_are_type_errors(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        call()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.binary(), inner, max_size=4),
    max_leaves=8,
)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)


@many
@given(name=st.sampled_from([name for name in CALLS if not name.startswith("simulator")]), given=anything)
def test_anything_gives_typed_errors(name: str, given: Any) -> None:
    told(CALLS[name], given)


@many
@given(
    body=st.binary()
    | st.builds(
        lambda value: json.dumps(value).encode(), anything.filter(lambda x: "b'" not in repr(x) and 'b"' not in repr(x))
    )
)
def test_any_signed_body_is_read_or_refused(body: bytes) -> None:
    told(lambda signed: paymento.authenticate(signed, paymento.sign(signed, "k"), "k").to_dict(), body)


@many
@given(headers=st.dictionaries(st.text() | st.sampled_from([paymento.SIGNATURE_HEADER]), st.text() | st.binary()))
def test_any_headers_are_read_or_refused(headers: dict[str, str | bytes]) -> None:
    told(lambda given: paymento.authenticate(b"{}", given, "k"), headers)


@many
@given(query=st.text() | st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_any_query_is_read(query: Any) -> None:
    visit = paymento.ReturnVisit.parse(query.encode(errors="replace").decode() if isinstance(query, str) else query)
    assert not hasattr(visit, "status")
