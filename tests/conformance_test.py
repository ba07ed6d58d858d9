"""The vectors that three languages must agree on, run against the Python package."""

from __future__ import annotations

import enum
import inspect
import json
import pathlib
from typing import Any

import paymento
import pytest
from paymento import testing

VECTORS = pathlib.Path(__file__).parent / "vectors"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def cases(name: str) -> list[Any]:
    file = vectors(name)
    assert file["cases"], f"{name} has no cases"
    return [pytest.param(file, case, id=f"{name}-{number}") for number, case in enumerate(file["cases"])]


def body(case: dict[str, Any]) -> bytes:
    if "body_hex" in case:
        return bytes.fromhex(case["body_hex"])
    if "body_repeat" in case:
        text, count = case["body_repeat"]
        return text.encode() * count
    return case["body"].encode()


def code_of(call: Any) -> tuple[str | None, Any]:
    """The code of the error that the call raises, or None and its result."""
    try:
        return None, call()
    except paymento.PaymentoError as error:
        return error.code, None


@pytest.mark.parametrize(("file", "case"), cases("signatures.json"))
def test_signatures(file: Any, case: Any) -> None:
    code, _ = code_of(lambda: paymento.authenticate(body(case), case["signature"], file["secret"]))
    assert (None if code == "decode.callback" else code) == case["code"]
    if code is None and len(case["signature"]) == 64:
        assert paymento.sign(body(case), file["secret"]) == case["signature"].upper()


@pytest.mark.parametrize(("file", "case"), cases("headers.json"))
def test_headers(file: Any, case: Any) -> None:
    pairs = [(name, value) for name, value in case["headers"]]
    shapes = [pairs, dict(pairs), [(name.encode(), value.encode()) for name, value in pairs]]
    for headers in shapes:
        code, _ = code_of(lambda: paymento.authenticate(body(case), headers, file["secret"]))  # noqa: B023
        assert code == case["code"]


@pytest.mark.parametrize(("file", "case"), cases("secrets.json"))
def test_secrets(file: Any, case: Any) -> None:
    code, callback = code_of(lambda: paymento.authenticate(body(case), case["signature"], case["secrets"]))
    assert code == case.get("code")
    assert (callback and callback.secret_index) == case.get("secret_index")


def callback_as_json(callback: paymento.Callback) -> dict[str, Any]:
    payment_id = callback.payment_id
    return {
        "token": callback.token,
        "payment_id": None if payment_id is None else str(payment_id),
        "order_id": callback.order_id,
        "status": None if callback.status is None else int(callback.status),
        "status_text": callback.status_text,
        "additional_data": dict(callback.additional_data),
    }


@pytest.mark.parametrize(("file", "case"), cases("callbacks.json"))
def test_callbacks(file: Any, case: Any) -> None:
    code, callback = code_of(lambda: paymento.authenticate(body(case), case["signature"], file["secret"]))
    assert code == case.get("code")
    if callback is not None:
        assert callback_as_json(callback) == case["callback"]
        assert callback.body == body(case)


@pytest.mark.parametrize(("file", "case"), cases("statuses.json"))
def test_statuses(file: Any, case: Any) -> None:
    """A status is read by the core from a callback; the enumeration keeps its number."""
    raw = json.dumps({"OrderStatus": case["text"]}).encode()
    callback = paymento.authenticate(raw, paymento.sign(raw, file.get("secret", "k")), file.get("secret", "k"))
    assert (None if callback.status is None else int(callback.status)) == case["code"]


@pytest.fixture(scope="module")
def outside() -> Any:
    """A client whose gateway does not exist: what is refused must be refused before anything is sent."""
    with paymento.Client("an-api-key", base_url="https://api.invalid") as client:
        yield client


@pytest.fixture(scope="module")
def loopback() -> Any:
    with paymento.Client("an-api-key", base_url="http://127.0.0.1:1") as client:
        yield client


@pytest.mark.parametrize(("file", "case"), cases("amounts.json"))
def test_amounts(file: Any, case: Any) -> None:
    code, price = code_of(lambda: testing.price(crypto_amounts={"Bitcoin": case["input"]}))
    if case["text"] is None:
        assert code == "input.amount"
    else:
        assert code is None
        assert price.to_dict()["crypto_amounts"] == {"Bitcoin": case["text"]}


@pytest.mark.parametrize(("file", "case"), cases("requests.json"))
def test_requests(file: Any, case: Any, outside: paymento.Client, loopback: paymento.Client) -> None:
    client = loopback if case["loopback"] else outside
    code, _ = code_of(lambda: client.create_payment(**case["arguments"]))
    assert code == case["code"]


@pytest.mark.parametrize(("file", "case"), cases("return_visits.json"))
def test_return_visits(file: Any, case: Any) -> None:
    visit = paymento.ReturnVisit.parse(case["query"])
    assert (visit.token, visit.order_id) == (case["token"], case["order_id"])


@pytest.mark.parametrize(("file", "case"), cases("verifications.json"))
def test_verifications(file: Any, case: Any) -> None:
    expected = {"order_id": file["order_id"]} | case["expected"]
    verification = testing.verification(
        success=case["success"], message=case["message"], body=case["body"], token=file["token"], **expected
    )
    assert verification.outcome == case["outcome"]
    code, _ = code_of(verification.require_settled)
    assert code == (None if case["outcome"] == "settled" else f"verify.{case['outcome']}")
    if "status" in case:
        assert verification.status == case["status"]
    if "amount_unchecked" in case:
        assert verification.amount_unchecked is case["amount_unchecked"]
    if "settlement" in case:
        found = verification.settlement.to_dict()
        found["tx_hashes"] = [transaction["tx_hash"] for transaction in found["transactions"]]
        assert {name: found[name] for name in case["settlement"]} == case["settlement"]


SURFACE = vectors("surface.json")
FUNCTIONS = {**SURFACE["functions"], **SURFACE["checkout"]["functions"]}
CHECKOUT_ENUMS = {
    "EventKind": "event_kinds",
    "Reason": "reasons",
    "Problem": "problems",
    "OrderState": "order_states",
    "PaymentState": "payment_states",
}


def parameters(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def public_names(thing: Any) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def test_the_module_has_exactly_the_surface() -> None:
    data = {*SURFACE["data"], *SURFACE["checkout"]["data"]}
    enums = {"OrderStatus", "Outcome", "Speed", "CallbackMethod", "Meaning", *CHECKOUT_ENUMS}
    names = {"Client", "AsyncClient", *FUNCTIONS, *SURFACE["constants"], *SURFACE["error_classes"]}
    assert set(paymento.__all__) - {"__version__"} == names | data | enums | {"Checkout", "AsyncCheckout"}


def test_functions_take_what_the_surface_says() -> None:
    for name, wanted in FUNCTIONS.items():
        assert parameters(getattr(paymento, name)) == wanted


@pytest.mark.parametrize("client", [paymento.Client, paymento.AsyncClient])
def test_clients_have_exactly_the_surface(client: Any) -> None:
    surface = SURFACE["client"]
    assert public_names(client) - {"base_url"} == {*surface["methods"], *surface["local_methods"]}
    for name, wanted in surface["methods"].items():
        assert parameters(getattr(client, name)) == wanted + surface["call_options"], name
    assert set(parameters(client)) == {"api_key", *surface["options"]}


@pytest.mark.parametrize("checkout", [paymento.Checkout, paymento.AsyncCheckout])
def test_checkouts_have_exactly_the_surface(checkout: Any) -> None:
    surface = SURFACE["checkout"]
    assert public_names(checkout) == {*surface["methods"], *surface["local_methods"]}
    for name, wanted in surface["methods"].items():
        assert parameters(getattr(checkout, name)) == wanted, name
    assert parameters(checkout) == ["client", *surface["options"]]
    assert parameters(checkout.from_env) == surface["options"]


@pytest.mark.parametrize("option", ["worker", "migrate", "answer_policy"])
def test_options_of_a_checkout_take_exactly_the_surfaces_values(option: str, outside: paymento.Client) -> None:
    values = {"worker": "workers", "migrate": "migrate", "answer_policy": "answer_policies"}[option]
    for value in SURFACE["checkout"][values]:
        paymento.Checkout(outside, "sqlite:unopened.db", **{option: value})
    code, _ = code_of(lambda: paymento.Checkout(outside, "sqlite:unopened.db", **{option: "another"}))
    assert code == "input.type"


def test_data_classes_have_exactly_the_surface() -> None:
    data, data_methods = ({**SURFACE[part], **SURFACE["checkout"][part]} for part in ("data", "data_methods"))
    for name, fields in data.items():
        methods = data_methods.get(name, [])
        assert public_names(getattr(paymento, name)) == {*fields, *methods, "to_dict"}, name


def values(enumeration: type[enum.Enum]) -> list[Any]:
    return [member.value for member in enumeration]


def test_enumerations_are_the_surfaces() -> None:
    statuses = [(status.name, int(status), status.meaning) for status in paymento.OrderStatus]
    wanted = [(status["code"], status["name"], status["meaning"]) for status in SURFACE["statuses"]]
    assert [(code, name.replace("_", "").lower(), meaning) for name, code, meaning in statuses] == [
        (code, name.lower(), meaning) for code, name, meaning in wanted
    ]
    assert values(paymento.Outcome) == SURFACE["outcomes"]
    assert values(paymento.Speed) == SURFACE["speeds"]
    assert values(paymento.CallbackMethod) == SURFACE["callback_methods"]
    assert values(paymento.Meaning) == SURFACE["meanings"]
    for name, part in CHECKOUT_ENUMS.items():
        assert values(getattr(paymento, name)) == SURFACE["checkout"][part]


def test_errors_carry_the_surfaces_fields() -> None:
    code, _ = code_of(lambda: paymento.sign(b"", ""))
    assert code == "config.secret"
    with pytest.raises(paymento.ConfigError) as caught:
        paymento.sign(b"", "")
    for field in SURFACE["error_fields"]:
        assert hasattr(caught.value, field)
    for name, fields in SURFACE["error_fields_of"].items():
        assert all(hasattr(getattr(paymento, name), field) for field in fields)
    for name in SURFACE["error_classes"]:
        assert issubclass(getattr(paymento, name), paymento.PaymentoError)
    assert issubclass(paymento.InputError, ValueError)


def test_testing_helpers_are_the_surfaces() -> None:
    factories = {name for name in testing.__all__ if name.islower()}
    assert factories == set(SURFACE["testing"])
    assert "Simulator" in testing.__all__


# What waits is awaited as well, and there are two clients.
ALSO_IN_PYTHON = {"advanced", "async_client", "delivered", "delivery_finished", "next_events"}


def test_the_simulator_has_exactly_the_surface() -> None:
    surface = SURFACE["simulator"]
    assert public_names(testing.Simulator) == {*surface["members"], *ALSO_IN_PYTHON}
    assert set(parameters(testing.Simulator.start)) == set(surface["options"])
    assert parameters(testing.Store) == surface["store_options"]
    assert parameters(testing.Simulator.chaos) == surface["chaos_options"]


def test_what_the_simulator_shows_is_the_surfaces() -> None:
    for name, fields in SURFACE["simulator"]["data"].items():
        assert public_names(getattr(testing, name)) - {"to_dict"} == set(fields), name


@pytest.mark.parametrize(
    ("option", "values", "read"),
    [
        ("profile", "profiles", str),
        ("bad_key_answer", "bad_key_answers", str),
        ("business_error_status", "business_error_statuses", int),
        ("unknown_token_answer", "unknown_token_answers", str),
    ],
)
def test_switches_of_the_simulator_take_the_surfaces_values(option: str, values: str, read: Any) -> None:
    for value in SURFACE["simulator"][values]:
        testing.Simulator.start(**{option: read(value)}).stop()
