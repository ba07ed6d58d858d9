"""`order.once` in the handlers of a Django shop: what `atomic` around them, and within them, comes to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import paymento
import pytest
from frameworks import configure
from paymento.testing import Simulator

ALIAS = "handlers"


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[paymento.Checkout]:
    """With a paid order, and a database of Django's."""
    from django.db import connections

    configure(ALIAS, "sqlite3", str(tmp_path / "shop.db"))
    connections[ALIAS].close()
    connections[ALIAS].settings_dict["NAME"] = str(tmp_path / "shop.db")
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(paymento.once_table_sql("sqlite"))
    database = f"sqlite:{tmp_path}/paymento.db"
    with Simulator.start() as gateway, paymento.Checkout(gateway.client(), database, worker="external") as made:
        payment = made.create_payment(order_id="A-578", fiat_amount="29.99", fiat_currency="USD")
        gateway.pay(payment.token)
        made.visit(f"token={payment.token}")
        yield made
    connections[ALIAS].close()


def failures(checkout: paymento.Checkout) -> list[str]:
    return [entry.detail for entry in checkout.history("A-578") if entry.what == "failed"]


def ship(order: Any) -> None:
    from django.db import transaction

    with transaction.atomic(using=ALIAS):
        assert order.once(ALIAS)


def test_a_handler_with_its_own_atomic_is_done(checkout: paymento.Checkout) -> None:
    checkout.on_paid(ship)
    assert checkout.run_once() == 1
    assert failures(checkout) == []


def test_a_handler_within_an_atomic_request_has_failed(checkout: paymento.Checkout) -> None:
    from django.db import transaction

    checkout.on_paid(ship)
    with transaction.atomic(using=ALIAS):
        assert checkout.run_once() == 1
    [told] = failures(checkout)
    assert "ATOMIC_REQUESTS" in told


def test_within_a_test_case_it_is_done(checkout: paymento.Checkout) -> None:
    """As `TestCase` of Django opens its transaction around each test."""
    from django.db import transaction

    checkout.on_paid(ship)
    around = transaction.atomic(using=ALIAS)
    around._from_testcase = True
    with around:
        assert checkout.run_once() == 1
    assert failures(checkout) == []


def test_a_handler_that_swallows_what_rolls_back_has_failed(checkout: paymento.Checkout) -> None:
    from django.db import transaction

    @checkout.on_paid
    def swallow(order: Any) -> None:
        with suppress(ValueError), transaction.atomic(using=ALIAS):
            assert order.once(ALIAS)
            raise ValueError("out of paper")

    assert checkout.run_once() == 1
    [told] = failures(checkout)
    assert "rolled back" in told
