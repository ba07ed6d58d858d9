"""What handlers must not be, and how their end is recorded whatever they and the program's log do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import Enum
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from conftest import Heard
from test_checkout import PRICE, completed, pay, until

import paymento
from paymento import AsyncCheckout, Checkout, OrderEvent
from paymento.testing import Simulator, signed_callback


def generator(_: OrderEvent) -> Iterator[None]:
    yield


async def async_generator(_: OrderEvent) -> Any:
    yield


class Shipping:
    def __call__(self, _: OrderEvent) -> Iterator[None]:
        yield

    async def ship(self, _: OrderEvent) -> Any:
        yield


@pytest.fixture
def broken_log() -> Iterator[None]:
    """Break the program's log: whatever is logged raises. What core logs there goes to `sys.unraisablehook`."""

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError(f"no space left for {record.name}")

    broken, logger = Broken(), logging.getLogger("paymento")
    logger.addHandler(broken)
    yield
    logger.removeHandler(broken)


def whats(checkout: Checkout) -> list[str]:
    return [entry.what for entry in checkout.history("A-578")]


@pytest.mark.parametrize(
    "handler",
    [generator, async_generator, partial(generator), Shipping(), Shipping().ship],
    ids=["generator", "async generator", "partial", "object", "method"],
)
def test_a_generator_function_is_refused_before_an_order_is_lost(
    gateway: Simulator, client: paymento.Client, database: str, handler: Any
) -> None:
    for checkout in (Checkout(client, database), AsyncCheckout(gateway.async_client(), database)):
        with pytest.raises(paymento.InputError, match="yield") as caught:
            checkout.on_paid(handler)
        assert caught.value.code == "input.type"


@pytest.mark.parametrize(
    "handler", [contextmanager(generator), lambda event: generator(event), lambda event: async_generator(event)]
)
def test_a_handler_that_only_makes_a_generator_has_not_shipped(
    gateway: Simulator, client: paymento.Client, database: str, handler: Callable[..., Any]
) -> None:
    with Checkout(client, database, worker="external") as checkout:
        checkout.on_paid(handler)
        pay(gateway, checkout)
        assert checkout.run_once() == 1
        assert not completed(checkout)
        [failed] = [entry for entry in checkout.history("A-578") if entry.what == "failed"]
        assert "nothing of it has run" in failed.detail


def test_a_handler_that_gives_its_work_to_an_executor_has_not_shipped(
    gateway: Simulator, client: paymento.Client, database: str
) -> None:
    with ThreadPoolExecutor() as pool, Checkout(client, database, worker="external") as checkout:
        checkout.on_paid(lambda event: pool.submit(str, event))
        pay(gateway, checkout)
        assert checkout.run_once() == 1
        assert not completed(checkout)


@pytest.mark.parametrize("options", [{"worker": None}, {"concurrency": None}])
def test_an_option_that_is_none_is_the_default(
    gateway: Simulator, client: paymento.Client, database: str, options: dict[str, Any]
) -> None:
    with Checkout(client, database, **options) as checkout:
        heard = Heard()
        checkout.on_paid(heard)
        pay(gateway, checkout)
        heard.take()


def test_a_mock_is_a_handler(client: paymento.Client, database: str) -> None:
    mock = Mock()
    assert Checkout(client, database).on_paid(mock) is mock


def test_a_kind_may_be_of_an_enum_of_the_shops_own(gateway: Simulator, client: paymento.Client, database: str) -> None:
    class Kind(str, Enum):
        PAID = "paid"

    heard = Heard()
    with Checkout(client, database, worker="external") as checkout:
        checkout.on(Kind.PAID, heard)  # type: ignore[call-overload]
        pay(gateway, checkout)
        assert checkout.run_once() == 1
        assert heard.take().kind == "paid"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("broken_log")
def test_a_failure_counts_although_the_log_is_broken(
    gateway: Simulator, client: paymento.Client, database: str
) -> None:
    with Checkout(client, database, max_failures=1) as checkout:
        checkout.on_paid(Mock(side_effect=ValueError("out of paper")))
        pay(gateway, checkout)
        [letter] = until(checkout.dead_letters)
        assert letter.event.order_id == "A-578"
        [given_up] = [entry for entry in checkout.history("A-578") if entry.what == "dead_letter"]
        assert given_up.detail == "ValueError: out of paper"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("broken_log")
def test_a_broken_log_undoes_no_success(gateway: Simulator, client: paymento.Client, database: str) -> None:
    logging.getLogger("paymento").setLevel(logging.INFO)
    with Checkout(client, database, worker="external") as checkout:
        checkout.on_paid(lambda _: None)
        pay(gateway, checkout)
        assert checkout.run_once() == 1
    logging.getLogger("paymento").setLevel(logging.NOTSET)


def test_run_raises_whatever_ends_it(client: paymento.Client, database: str) -> None:
    def pull(*_: object) -> None:
        raise MemoryError

    checkout = Checkout(client, database, worker="external")
    checkout._calls = SimpleNamespace(pull=pull)  # type: ignore[assignment]
    with pytest.raises(MemoryError):
        checkout.run()


@pytest.mark.parametrize("ending", [SystemExit, KeyboardInterrupt])
def test_inline_the_answer_is_200_when_the_handler_wants_to_end_the_program(
    gateway: Simulator, client: paymento.Client, database: str, ending: type[BaseException]
) -> None:
    with Checkout(client, database, worker="inline") as checkout:
        checkout.on_paid(Mock(side_effect=ending))
        payment = checkout.create_payment(order_id="A-578", **PRICE)
        gateway.pay(payment.token)
        headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
        assert checkout.receive("POST", headers, body).status == 200
        assert "failed" in whats(checkout)


def test_run_once_records_what_ends_the_program_and_raises_it(
    gateway: Simulator, client: paymento.Client, database: str
) -> None:
    with Checkout(client, database, worker="external") as checkout:
        checkout.on_paid(Mock(side_effect=SystemExit))
        pay(gateway, checkout)
        with pytest.raises(SystemExit):
            checkout.run_once()
        assert "failed" in whats(checkout)


def test_a_callback_is_recorded_where_no_thread_can_start(
    gateway: Simulator,
    checkout: Checkout,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        payment = checkout.create_payment(order_id="A-578", **PRICE)
        gateway.pay(payment.token)
        headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
        assert checkout.receive("POST", headers, body).status == 200
    assert "can't start new thread" in caplog.text
    checkout.visit("")
    assert heard.take().order_id == "A-578"


def test_close_ends_run_and_lets_its_handlers_finish(
    gateway: Simulator, client: paymento.Client, database: str
) -> None:
    begun, finish, ended = threading.Event(), threading.Event(), threading.Event()
    checkout = Checkout(client, database, worker="external")

    @checkout.on_paid
    def ship(_: OrderEvent) -> None:
        begun.set()
        assert finish.wait(20)

    def run() -> None:
        checkout.run()
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    pay(gateway, checkout)
    assert begun.wait(20)
    closing = threading.Thread(target=checkout.close)
    closing.start()
    assert not ended.wait(0.3)
    finish.set()
    assert ended.wait(20)
    closing.join(20)
    assert completed(checkout)
    checkout.close()


@pytest.mark.parametrize(
    "none", [10**400, float("nan"), -1, timedelta(-1)], ids=["too large", "not a number", "negative", "before"]
)
def test_a_time_that_is_none_is_an_input_error(client: paymento.Client, database: str, none: float | timedelta) -> None:
    with pytest.raises(paymento.InputError) as caught:
        Checkout(client, database).run_once(none)
    assert caught.value.code == "input.duration"


def test_a_handler_that_never_ends_keeps_no_place(gateway: Simulator, client: paymento.Client, database: str) -> None:
    finish = threading.Event()
    heard = Heard()

    def ship(event: OrderEvent) -> None:
        heard(event)
        if event.order_id == "A-578":
            finish.wait(60)

    with Checkout(client, database, concurrency=1, max_handler_time=10) as checkout:
        assert checkout._longest == 10
        checkout._longest = 0.3
        checkout.on_paid(ship)
        pay(gateway, checkout)
        assert heard.take().order_id == "A-578"
        for order_id in ("A-579", "A-580"):
            pay(gateway, checkout, order_id)
            assert heard.take().order_id == order_id
            until(partial(completed, checkout, order_id))
        assert not completed(checkout)
        finish.set()
        until(lambda: completed(checkout))


def test_run_ends_although_a_handler_never_does(gateway: Simulator, client: paymento.Client, database: str) -> None:
    stop, finish, heard = threading.Event(), threading.Event(), Heard()

    def ship(event: OrderEvent) -> None:
        heard(event)
        finish.wait(60)

    with Checkout(client, database, worker="external", concurrency=1) as checkout:
        checkout._longest = 0.3
        checkout.on_paid(ship)
        running = threading.Thread(target=checkout.run, args=(stop,), daemon=True)
        running.start()
        pay(gateway, checkout)
        heard.take()
        stop.set()
        running.join(20)
        assert not running.is_alive()
        finish.set()
        until(lambda: completed(checkout))


def test_an_exception_without_words_counts_like_any(gateway: Simulator, client: paymento.Client, database: str) -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise SystemExit(3)

    def ship(_: OrderEvent) -> None:
        raise OddError

    with Checkout(client, database, worker="external") as checkout:
        checkout.on_paid(ship)
        pay(gateway, checkout)
        # What the program's log does with such an exception is the program's.
        with suppress(SystemExit):
            checkout.run_once()
        [failed] = [entry for entry in checkout.history("A-578") if entry.what == "failed"]
        assert failed.detail == "OddError"


def test_the_log_says_when_a_failure_was_the_last(
    gateway: Simulator, client: paymento.Client, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    def ship(_: OrderEvent) -> None:
        raise ValueError("the printer is out of paper")

    with Checkout(client, database, worker="external", max_failures=1) as checkout:
        checkout.on_paid(ship)
        pay(gateway, checkout)
        checkout.run_once()
    [failed] = [record.getMessage() for record in caplog.records if "failed for order" in record.getMessage()]
    assert failed.endswith("it is a dead letter")
