"""The exceptions: classes, fields, pickling."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

import paymento
from paymento._native import tables


def test_every_code_of_the_core_has_its_class() -> None:
    classes = {class_name for _, class_name, _ in tables()["errors"]}
    assert classes == {name for name in paymento.__all__ if name.endswith("Error")} - {"PaymentoError"}
    for name in classes:
        assert issubclass(getattr(paymento, name), paymento.PaymentoError)
        assert getattr(paymento, name).__module__ == "paymento"


def test_an_error_carries_its_fields() -> None:
    with pytest.raises(paymento.SignatureError) as caught:
        paymento.authenticate(b"{}", None, "k")
    error = caught.value
    assert (error.code, error.http_status, error.retry_after) == ("signature.missing", None, None)
    assert (error.is_retryable, error.maybe_sent) == (False, False)
    assert error.hint is not None
    assert str(error) == f"{error.message} (hint: {error.hint})"


def test_a_wrong_argument_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="raw bytes"):
        paymento.authenticate("{}", None, "k")  # type: ignore[arg-type]


def test_errors_survive_pickling_and_copying() -> None:
    made = paymento.ApiError(
        "too many (hint: wait)", code="api.rate_limited", message="too many", hint="wait", http_status=429,
        retry_after=2.5, is_retryable=True, maybe_sent=False,
    )  # fmt: skip
    copies = [pickle.loads(pickle.dumps(made, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for error in [*copies, copy.copy(made), copy.deepcopy(made)]:
        assert type(error) is paymento.ApiError
        assert (str(error), vars(error)) == (str(made), vars(made))


@pytest.mark.parametrize("secret", [b"s3cr3t", ["s3cr3t"], "s3cr3t\n", "s3cr3t\udc80", {"s3cr3t": 1}, 53])
def test_a_mistyped_secret_is_never_printed(secret: object) -> None:
    with pytest.raises(paymento.PaymentoError) as caught:
        paymento.sign(b"{}", secret)  # type: ignore[arg-type]
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
    assert "s3cr3t" not in text.replace("sign(b", "")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
