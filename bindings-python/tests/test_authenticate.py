"""`authenticate` and `sign`: which bodies, headers and secrets are taken, and what the others are told."""

from __future__ import annotations

import email.message
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask, request

import paymento
from paymento import testing

HEADERS, BODY = testing.signed_callback(order_id="A-578")
SIGNATURE = paymento.sign(BODY, testing.SECRET_KEY)
NAME = paymento.SIGNATURE_HEADER


def message() -> email.message.Message:
    made = email.message.Message()
    made[NAME] = SIGNATURE
    return made


@pytest.mark.parametrize(
    "headers",
    [
        HEADERS,
        SIGNATURE,
        {NAME.lower(): SIGNATURE.lower()},
        {NAME.encode(): SIGNATURE.encode()},
        {"HTTP_X_HMAC_SHA256_SIGNATURE": SIGNATURE, "wsgi.input": object(), "wsgi.version": (1, 0)},
        [("host", "x"), (NAME, SIGNATURE)],
        [[b"host", b"x"], [NAME.encode(), SIGNATURE.encode()]],
        iter([(NAME, SIGNATURE)]),
        MappingProxyType({NAME: SIGNATURE}),
        {NAME: [SIGNATURE, SIGNATURE]},
        message(),
    ],
    ids=lambda headers: type(headers).__name__,
)
def test_headers_are_taken_in_every_shape(headers: Any) -> None:
    assert paymento.authenticate(BODY, headers, testing.SECRET_KEY).order_id == "A-578"


def test_a_request_of_flask_is_taken_as_it_is() -> None:
    app = Flask(__name__)
    with app.test_request_context("/", method="POST", data=BODY, headers=HEADERS):
        for headers in (request.headers, request.environ):
            callback = paymento.authenticate(request.get_data(), headers, [testing.SECRET_KEY])
            assert callback.status is paymento.OrderStatus.PAID


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (None, "signature.missing"),
        ({}, "signature.missing"),
        ([], "signature.missing"),
        ({NAME: None}, "signature.missing"),
        ("", "signature.missing"),
        ("é", "signature.malformed"),
        ("\udc80", "signature.malformed"),
        ({NAME: b"\xff" * 64}, "signature.malformed"),
        ({NAME: SIGNATURE, NAME.lower(): "0" * 64}, "signature.conflicting"),
        ([(NAME, SIGNATURE), (NAME, "0" * 64)], "signature.conflicting"),
        ("0" * 64, "signature.mismatch"),
        (7, "input.headers"),
        (b"bytes", "input.headers"),
        (object(), "input.headers"),
        (dict, "input.headers"),
        ([1, 2], "input.headers"),
        (["ab"], "input.headers"),
        ([(1, 2)], "input.headers"),
        ([(NAME, SIGNATURE, 1)], "input.headers"),
        ({1: 2}, "input.headers"),
        ({NAME: 7}, "input.headers"),
    ],
)
def test_other_headers_are_refused_with_their_code(headers: Any, code: str) -> None:
    with pytest.raises(paymento.PaymentoError) as caught:
        paymento.authenticate(BODY, headers, testing.SECRET_KEY)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (BODY.decode(), "decoded"),
        ({"Token": "x"}, "request.get_json()"),
        ([], "await request.json()"),
        (bytearray(BODY), "bytes(body)"),
        (memoryview(BODY), "bytes(body)"),
        (None, "not read"),
        (len, "call it"),
        (7, "parsed"),
    ],
)
def test_another_body_is_told_what_to_pass(body: Any, word: str) -> None:
    for call in (lambda: paymento.authenticate(body, HEADERS, "k"), lambda: paymento.sign(body, "k")):
        with pytest.raises(paymento.InputError) as caught:
            call()
        assert caught.value.code == "input.body"
        assert word in (caught.value.hint or "")


class WithBody:
    def __init__(self) -> None:
        self.body = BODY


class WithBodyMethod:
    async def body(self) -> bytes:
        return BODY


@pytest.mark.parametrize("given", [WithBody(), WithBodyMethod()])
def test_the_request_itself_is_no_body(given: Any) -> None:
    with pytest.raises(paymento.InputError, match=r"that is the request; pass .* await request\.body\(\)"):
        paymento.authenticate(given, HEADERS, "k")


def test_the_request_of_flask_is_no_body() -> None:
    given: Any = request
    with (
        Flask(__name__).test_request_context("/", method="POST", data=BODY),
        pytest.raises(paymento.InputError, match=r"that is the request; pass request\.get_data\(\)"),
    ):
        paymento.authenticate(given, HEADERS, "k")
    with pytest.raises(paymento.InputError, match=r"request\.get_data\(\)"):
        paymento.authenticate(given, HEADERS, "k")


def test_a_signature_in_bytes_is_told_to_be_decoded() -> None:
    signature: Any = SIGNATURE.encode()
    with pytest.raises(paymento.InputError, match=r"got bytes.*decode.*pairs") as caught:
        paymento.authenticate(BODY, signature, "k")
    assert caught.value.code == "input.headers"


def test_a_body_that_was_not_awaited_is_told_so() -> None:
    async def read() -> bytes:
        return BODY

    coroutine: Any = read()
    with pytest.raises(paymento.InputError, match=r"await request\.body"):
        paymento.authenticate(coroutine, HEADERS, "k")
    coroutine.close()


@pytest.mark.parametrize(
    ("secrets", "code"),
    [("", "config.secret"), (" ", "config.secret"), ("k\n", "config.secret"), ([], "config.secret"),
     (None, "config.secret"), ([None], "config.secret"), (b"k", "input.type"), ([b"k"], "input.type"),
     ({"k"}, "input.type"), (7, "input.type")],
)  # fmt: skip
def test_other_secrets_are_refused(secrets: Any, code: str) -> None:
    with pytest.raises(paymento.PaymentoError) as caught:
        paymento.authenticate(BODY, HEADERS, secrets)
    assert caught.value.code == code


def test_a_secret_that_is_not_given_is_told_so() -> None:
    nothing: Any = None
    for call in (lambda: paymento.authenticate(BODY, HEADERS, nothing), lambda: paymento.sign(BODY, nothing)):
        with pytest.raises(paymento.ConfigError, match="no secret key was given") as caught:
            call()
        assert (caught.value.code, "variable" in (caught.value.hint or "")) == ("config.secret", True)


def test_of_several_secrets_it_says_which_was_not_given() -> None:
    secrets: Any = [testing.SECRET_KEY, None]
    with pytest.raises(paymento.ConfigError, match="entry 2 of secrets") as caught:
        paymento.authenticate(BODY, HEADERS, secrets)
    assert (caught.value.code, "variable" in (caught.value.hint or "")) == ("config.secret", True)


def test_it_tells_which_secret_matched() -> None:
    assert paymento.authenticate(BODY, HEADERS, ["new", testing.SECRET_KEY]).secret_index == 1
    assert paymento.authenticate(BODY, HEADERS, (testing.SECRET_KEY,)).secret_index == 0


def test_the_body_is_kept_as_the_object_it_came_in() -> None:
    assert paymento.authenticate(BODY, HEADERS, testing.SECRET_KEY).body is BODY


def test_a_client_authenticates_with_its_own_secret() -> None:
    client = paymento.Client("an-api-key", secret_key=testing.SECRET_KEY)
    assert client.authenticate(BODY, HEADERS).token == testing.TOKEN
    with pytest.raises(paymento.ConfigError) as caught:
        paymento.Client("an-api-key").authenticate(BODY, HEADERS)
    assert caught.value.code == "config.secret"


def test_what_a_hook_of_the_caller_raises_passes_through() -> None:
    class Bad(dict[str, str]):
        def items(self) -> Any:
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        paymento.authenticate(BODY, Bad(), "k")
