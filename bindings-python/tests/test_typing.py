"""Types are exact: for a shop's type checker, for the stub of the native module, for `help()`."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import paymento

HERE = Path(__file__).resolve().parent


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, check=False, cwd=HERE.parent
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_shop_is_checked_strictly() -> None:
    run("mypy", "--strict", "--python-version", "3.11", "--cache-dir", "/dev/null", str(HERE / "consumer.py"))


@pytest.mark.slow
def test_the_stub_says_what_the_native_module_has() -> None:
    run("mypy.stubtest", "paymento._native", "--mypy-config-file", "pyproject.toml")


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(paymento.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("client", [paymento.Client, paymento.AsyncClient])
def test_help_reads_well(client: type) -> None:
    text = inspect.getdoc(client.create_payment)  # type: ignore[attr-defined]
    assert text
    for word in ("Args:", "Raises:", "order_id:", '"29.99"', "maybe_sent"):
        assert word in text
    signature = str(inspect.signature(client.create_payment))  # type: ignore[attr-defined]
    assert "*, order_id: 'str', fiat_amount: 'Amount | None' = None" in signature
    verify = inspect.getdoc(client.verify_payment)  # type: ignore[attr-defined]
    assert verify
    assert "moves a Paid payment to Approve" in verify


@pytest.mark.parametrize("checkout", [paymento.Checkout, paymento.AsyncCheckout])
def test_help_of_a_checkout_reads_well(checkout: type) -> None:
    text = inspect.getdoc(checkout)
    assert text
    for word in ("Args:", "Raises:", "worker:", "fork", "database.forked"):
        assert word in text
    assert ("event loop" in text) == (checkout is paymento.AsyncCheckout)
    signature = str(inspect.signature(checkout))
    assert "database: 'str' = 'sqlite:paymento.db', *, listen_url: 'str | None' = None" in signature


def test_every_public_thing_is_described() -> None:
    for name in paymento.__all__:
        thing = getattr(paymento, name)
        if not callable(thing):
            continue
        assert thing.__doc__, name
        for method, value in vars(thing).items() if inspect.isclass(thing) else ():
            if not method.startswith("_") and (inspect.isroutine(value) or inspect.isdatadescriptor(value)):
                assert value.__doc__, f"{name}.{method}"
    assert "body" in str(inspect.signature(paymento.authenticate))
