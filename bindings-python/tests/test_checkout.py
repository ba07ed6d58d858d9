"""The durable checkout, blocking: what a small shop does, and what goes wrong in it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Heard

import paymento
from paymento import Checkout, OrderEvent
from paymento.testing import Simulator, order_event, signed_callback

PRICE: Any = {"fiat_amount": "29.99", "fiat_currency": "USD"}


def pay(gateway: Simulator, checkout: Checkout, order_id: str = "A-578", **more: Any) -> paymento.Payment:
    """Create, pay, and come back: from then on everything goes by itself."""
    payment = checkout.create_payment(order_id=order_id, **PRICE, **more)
    gateway.pay(payment.token)
    checkout.visit(f"token={payment.token}")
    return payment


def until(condition: Callable[[], Any]) -> Any:
    """Wait for something that somebody else does."""
    end = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def completed(checkout: Checkout, order_id: str = "A-578") -> bool:
    return "completed" in [entry.what for entry in checkout.history(order_id)]


def test_a_paid_order_ships_by_itself(gateway: Simulator, checkout: Checkout, heard: Heard) -> None:
    payment = pay(gateway, checkout, additional_data={"cart": "17"})
    assert checkout.create_payment(order_id="B-1", **PRICE).token != payment.token
    event = heard.take()
    assert (event.kind, event.order_id, event.token) == (paymento.EventKind.PAID, "A-578", payment.token)
    assert event.kind == "paid"
    assert event.price == payment.price
    assert event.additional_data == {"cart": "17"}
    assert (event.late, event.overpaid_by, event.live, event.key) == (False, None, False, "default/A-578/paid")
    assert event.settlement
    assert event.settlement.requested_fiat_amount == Decimal("29.99")
    record = checkout.status("A-578")
    assert (record.state, record.token, record.url) == ("paid", payment.token, None)
    assert record.paid_at
    assert record.paid_at.tzinfo == timezone.utc
    until(lambda: completed(checkout))
    with pytest.raises(paymento.CheckoutError) as caught:
        checkout.create_payment(order_id="A-578", **PRICE)
    assert caught.value.code == "checkout.already_paid"
    assert caught.value.order
    assert (caught.value.order.state, caught.value.order.token) == ("paid", payment.token)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (copied.code, copied.order, str(copied)) == (caught.value.code, None, str(caught.value))


def test_a_callback_is_answered_as_the_web_framework_sends_it(
    gateway: Simulator, checkout: Checkout, heard: Heard
) -> None:
    payment = checkout.create_payment(order_id="A-578", **PRICE)
    gateway.pay(payment.token)
    headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
    answer = checkout.receive("POST", headers, body)
    assert (answer.status, answer.body, answer.token, answer.code) == (200, b"ok", payment.token, None)
    assert answer.headers == {"content-type": "text/plain; charset=utf-8"}
    assert json.loads(json.dumps(answer.to_dict()))["body"] == "ok"
    assert heard.take().token == payment.token
    assert checkout.payment(payment.token).callbacks == 1


@pytest.mark.parametrize(
    ("method", "body", "status", "code"),
    [
        ("POST", b"{}", 401, "signature.missing"),
        ("GET", b"{}", 405, "input.method"),
        ("no method", b"{}", 405, "input.method"),
        ("PUT", b"x" * 100_000, 413, "input.body_too_large"),
    ],
)
def test_what_is_not_taken_is_answered_and_never_raised(
    checkout: Checkout, method: str, body: bytes, status: int, code: str
) -> None:
    answer = checkout.receive(method, {}, body)
    assert (answer.status, answer.code, answer.token) == (status, code, None)


def test_all_shapes_of_headers_are_taken(gateway: Simulator, checkout: Checkout) -> None:
    headers, body = signed_callback(secret_key=gateway.secret_key)
    [signature] = [value for name, value in headers.items() if name.lower() == "x-hmac-sha256-signature"]
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    for shape in (headers, list(headers.items()), raw, signature):
        assert checkout.receive("POST", shape, body).status == 200


@pytest.mark.parametrize("body", ["{}", {}, bytearray(b"{}"), None])
def test_a_body_that_is_not_raw_is_the_same_mistake_everywhere(checkout: Checkout, body: Any) -> None:
    errors = []
    for call in (lambda: checkout.receive("POST", {}, body), lambda: paymento.authenticate(body, {}, "a-secret")):
        with pytest.raises(paymento.InputError) as caught:
            call()
        errors.append((caught.value.code, str(caught.value)))
    assert errors[0] == errors[1]
    assert errors[0][0] == "input.body"


@pytest.mark.parametrize(("method", "headers", "code"), [(None, {}, "input.type"), ("POST", 5, "input.headers")])
def test_other_wrong_arguments_of_receive_are_input_errors(
    checkout: Checkout, method: Any, headers: Any, code: str
) -> None:
    with pytest.raises(paymento.InputError) as caught:
        checkout.receive(method, headers, b"")
    assert caught.value.code == code


def test_a_return_is_read_like_everywhere_and_shows_only_our_own(checkout: Checkout) -> None:
    payment = checkout.create_payment(order_id="A-578", **PRICE)
    for query in (f"?token={payment.token}", {"token": payment.token}, [("token", payment.token)]):
        record = checkout.visit(query)
        assert record
        assert (record.order_id, record.state, record.url) == ("A-578", "open", payment.url)
    assert checkout.visit(f"token={'0' * 32}") is None
    assert checkout.visit("") is None
    with pytest.raises(paymento.InputError):
        checkout.visit(5)  # type: ignore[arg-type]


def test_a_double_click_gives_the_same_payment_and_a_new_price_another(checkout: Checkout) -> None:
    first = checkout.create_payment(order_id="A-578", **PRICE)
    assert checkout.create_payment(order_id="A-578", **PRICE).token == first.token
    second = checkout.create_payment(order_id="A-578", fiat_amount=Decimal(1000), fiat_currency="USD")
    assert second.token != first.token
    assert checkout.status("A-578").price.fiat_amount == Decimal(1000)


def test_each_event_has_one_handler(checkout: Checkout) -> None:
    @checkout.on("closed")
    def closed(event: OrderEvent) -> None:
        pass

    def looked_at(event: OrderEvent) -> None:
        pass

    assert closed.__name__ == "closed"
    assert checkout.on("attention", looked_at) is looked_at
    for kind in ("paid", "closed", paymento.EventKind.ATTENTION):
        with pytest.raises(paymento.CheckoutError) as caught:
            checkout.on(kind, looked_at)  # type: ignore[call-overload]
        assert caught.value.code == "checkout.handler_exists"
    assert checkout.on(paymento.EventKind.PARTIALLY_PAID, looked_at) is looked_at  # type: ignore[call-overload]


@pytest.mark.parametrize("kind", ["payed", "", "PAID", None, 5, b"paid"])
def test_a_kind_that_does_not_exist_is_an_input_error(checkout: Checkout, kind: Any) -> None:
    with pytest.raises(paymento.InputError):
        checkout.on(kind, print)


@pytest.mark.parametrize("handler", [5, "ship"])
def test_a_handler_is_a_function(client: paymento.Client, database: str, handler: Any) -> None:
    with pytest.raises(paymento.InputError):
        Checkout(client, database).on_paid(handler)


def test_a_coroutine_function_is_refused_before_an_order_is_lost(client: paymento.Client, database: str) -> None:
    async def ship(event: OrderEvent) -> None:
        pass

    class Shipping:
        async def __call__(self, event: OrderEvent) -> None:
            pass

        async def ship(self, event: OrderEvent) -> None:
            pass

    from functools import partial

    checkout = Checkout(client, database)
    for handler in (ship, partial(ship), Shipping(), Shipping().ship):
        with pytest.raises(paymento.InputError, match="AsyncCheckout"):
            checkout.on_paid(handler)


def test_a_handler_that_fails_is_tried_again_and_logged(
    gateway: Simulator, client: paymento.Client, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[str] = []
    shipped = threading.Event()
    with Checkout(client, database) as checkout:

        @checkout.on_paid
        def ship(event: OrderEvent) -> None:
            tries.append(event.key)
            secret = "no-local-is-told"
            if len(tries) == 1:
                raise RuntimeError(f"the printer is out of paper {len(secret)}")
            shipped.set()

        pay(gateway, checkout)
        assert shipped.wait(20)
        until(lambda: completed(checkout))
        [failed] = [entry for entry in checkout.history("A-578") if entry.what == "failed"]
    assert tries == ["default/A-578/paid"] * 2
    assert failed.detail == "RuntimeError: the printer is out of paper 16"
    [record] = [record for record in caplog.records if record.exc_info]
    assert (record.name, record.levelno) == ("paymento", logging.ERROR)
    assert "RuntimeError" in caplog.text
    assert "no-local-is-told" not in failed.detail


@pytest.mark.parametrize("ending", [SystemExit(1), KeyboardInterrupt(), GeneratorExit()])
def test_a_handler_that_ends_itself_ends_no_runner(
    gateway: Simulator, client: paymento.Client, database: str, ending: BaseException
) -> None:
    tries: list[str] = []
    heard = Heard()
    with Checkout(client, database, concurrency=1) as checkout:

        @checkout.on_paid
        def ship(event: OrderEvent) -> None:
            tries.append(event.key)
            if len(tries) == 1:
                raise ending
            heard(event)

        pay(gateway, checkout)
        assert heard.take().order_id == "A-578"
        assert type(ending).__name__ in [entry.detail.split(":")[0] for entry in checkout.history("A-578")]


def test_a_handler_that_only_makes_a_coroutine_has_not_shipped(
    gateway: Simulator, client: paymento.Client, database: str
) -> None:
    async def ship(event: OrderEvent) -> None:
        pass

    with Checkout(client, database, worker="external") as checkout:
        checkout.on_paid(lambda event: ship(event))
        pay(gateway, checkout)
        assert checkout.run_once() == 1
        assert "failed" in [entry.what for entry in checkout.history("A-578")]


def test_a_handler_that_fails_for_good_is_a_dead_letter_and_is_replayed(
    gateway: Simulator, client: paymento.Client, database: str
) -> None:
    broken = True
    with Checkout(client, database, worker="external", max_failures=1) as checkout:

        @checkout.on_paid
        def ship(_: OrderEvent) -> None:
            if broken:
                raise ValueError

        payment = pay(gateway, checkout)
        assert checkout.run_once() == 1
        [letter] = checkout.dead_letters()
        assert (letter.event.token, letter.failures, letter.error) == (payment.token, 1, "ValueError")
        assert letter.since.tzinfo == timezone.utc
        assert json.loads(json.dumps(letter.to_dict()))["event"]["order_id"] == "A-578"
        assert checkout.dead_letters(after=letter.id) == []
        health = checkout.health()
        assert (health.ok, health.problems, health.dead_letters) == (False, [paymento.Problem.DEAD_LETTERS], 1)
        broken = False
        checkout.replay(letter.id)
        assert checkout.run_once(order_id="A-578") == 1
        assert checkout.dead_letters() == []
        with pytest.raises(paymento.CheckoutError) as caught:
            checkout.replay(letter.id)
        assert caught.value.code == "checkout.not_dead"
    assert checkout.health().ok


def test_inline_the_handler_has_run_when_the_callback_is_answered(
    gateway: Simulator, client: paymento.Client, database: str, heard: Heard
) -> None:
    before = threading.active_count()
    with Checkout(client, database, worker="inline") as checkout:
        threads = []

        @checkout.on_paid
        def ship(event: OrderEvent) -> None:
            threads.append(threading.current_thread())
            heard(event)

        payment = checkout.create_payment(order_id="A-578", **PRICE)
        gateway.pay(payment.token)
        headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
        assert checkout.receive("POST", headers, body).status == 200
        assert heard.events.get_nowait().order_id == "A-578"
        assert threads == [threading.current_thread()]
        assert checkout.status("A-578").state == "paid"
        assert completed(checkout)
    assert threading.active_count() == before


def test_inline_the_answer_is_200_when_the_handler_fails(
    gateway: Simulator, client: paymento.Client, database: str
) -> None:
    with Checkout(client, database, worker="inline") as checkout:

        @checkout.on_paid
        def ship(_: OrderEvent) -> None:
            raise RuntimeError

        payment = checkout.create_payment(order_id="A-578", **PRICE)
        gateway.pay(payment.token)
        headers, body = signed_callback(secret_key=gateway.secret_key, token=payment.token)
        assert checkout.receive("POST", headers, body).status == 200
        assert "failed" in [entry.what for entry in checkout.history("A-578")]


def test_external_nothing_runs_but_where_it_is_told_to(
    gateway: Simulator, client: paymento.Client, database: str, heard: Heard
) -> None:
    before = threading.active_count()
    with Checkout(client, database, worker="external") as checkout:
        checkout.on_paid(heard)
        pay(gateway, checkout, "A-1")
        pay(gateway, checkout, "A-2")
        assert threading.active_count() == before
        assert heard.events.empty()
        assert checkout.run_once(max_seconds=timedelta(seconds=10), order_id="A-2") == 1
        assert checkout.run_once() == 1
        assert [heard.take().order_id, heard.take().order_id] == ["A-2", "A-1"]
        assert checkout.run_once() == 0
    for wrong in ("10", True, None):
        with pytest.raises(paymento.InputError):
            checkout.run_once(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["event", "function"])
def test_run_hands_over_until_it_is_told_to_stop_and_lets_handlers_finish(
    gateway: Simulator, client: paymento.Client, database: str, how: str
) -> None:
    stop, begun, finish = threading.Event(), threading.Event(), threading.Event()
    finished: list[str] = []
    with Checkout(client, database, worker="external") as checkout:

        @checkout.on_paid
        def ship(event: OrderEvent) -> None:
            begun.set()
            assert finish.wait(20)
            finished.append(event.order_id)

        running = threading.Thread(target=checkout.run, args=(stop if how == "event" else stop.is_set,))
        running.start()
        pay(gateway, checkout)
        assert begun.wait(20)
        stop.set()
        running.join(0.5)
        assert running.is_alive()
        finish.set()
        running.join(20)
        assert not running.is_alive()
        assert finished == ["A-578"]
        assert completed(checkout)


def test_run_raises_what_waiting_does_not_cure(client: paymento.Client, database: str) -> None:
    with (
        Checkout(client, database, migrate="check", worker="external") as checkout,
        pytest.raises(paymento.DatabaseError) as caught,
    ):
        checkout.run()
    assert caught.value.code == "database.schema"


def test_several_orders_are_handled_at_once_and_not_more_than_allowed(
    gateway: Simulator, client: paymento.Client, database: str
) -> None:
    together = threading.Barrier(3)
    most: list[int] = []
    running = 0
    lock = threading.Lock()
    with Checkout(client, database, concurrency=3, verifies_per_second=1000) as checkout:

        @checkout.on_paid
        def ship(_: OrderEvent) -> None:
            nonlocal running
            with lock:
                running += 1
                most.append(running)
            together.wait(20)
            with lock:
                running -= 1

        for number in range(6):
            pay(gateway, checkout, f"A-{number}")
        for number in range(6):
            until(lambda order=f"A-{number}": completed(checkout, order))  # type: ignore[misc]
    assert max(most) == 3


def test_a_handler_may_close_the_checkout(gateway: Simulator, client: paymento.Client, database: str) -> None:
    checkout = Checkout(client, database)
    closed = threading.Event()

    @checkout.on_paid
    def ship(_: OrderEvent) -> None:
        checkout.close()
        closed.set()

    pay(gateway, checkout)
    assert closed.wait(20)
    checkout.close()


def test_asking_what_happened(gateway: Simulator, checkout: Checkout, heard: Heard) -> None:
    payment = pay(gateway, checkout)
    heard.take()
    until(lambda: completed(checkout))
    checkout.create_payment(order_id="B-1", **PRICE)
    entries = checkout.history("A-578")
    for what in ("created", "verified", "decided", "handed_over", "completed"):
        assert what in [entry.what for entry in entries]
    assert entries[0].at <= entries[-1].at
    assert checkout.history("nothing") == []
    page = checkout.payments()
    assert ([record.order_id for record in page.payments], page.next) == (["A-578", "B-1"], None)
    [settled] = checkout.payments("settled", page.payments[0].created_at).payments
    assert (settled.token, settled.outcome, settled.state) == (payment.token, "settled", "settled")
    assert settled.settled_at
    assert settled.next_verify_at is None
    assert checkout.payments(since=datetime.now(timezone.utc) + timedelta(days=1)).payments == []
    assert checkout.payments(after=10**6).payments == []
    health = checkout.health()
    assert (health.ok, health.problems, health.events_due, health.verify_lag) == (True, [], 0, 0.0)
    for thing in (checkout.status("A-578"), settled, page, entries[0], health):
        json.dumps(thing.to_dict())
        assert thing.to_dict().keys() == {name for name in dir(thing) if name[0] != "_" and name != "to_dict"}


def test_asking_for_what_is_not_there(checkout: Checkout) -> None:
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: checkout.status("nothing"), "checkout.unknown_order"),
        (lambda: checkout.payment("0" * 32), "checkout.unknown_payment"),
        (lambda: checkout.cancel("nothing"), "checkout.unknown_order"),
        (lambda: checkout.payment("?"), "input.token"),
        (lambda: checkout.payments("paid"), "input.type"),  # type: ignore[arg-type]
        (lambda: checkout.payments(since=datetime.now()), "input.type"),
        (lambda: checkout.payments(since=5), "input.type"),  # type: ignore[arg-type]
        (lambda: checkout.dead_letters(after="x"), "input.type"),  # type: ignore[arg-type]
        (lambda: checkout.adopt("0" * 32, order_id="A-1"), "input.price_missing"),
    ]
    for call, error in calls:
        with pytest.raises(paymento.PaymentoError) as caught:
            call()
        assert caught.value.code == error


def test_a_payment_of_other_code_is_adopted(
    gateway: Simulator, client: paymento.Client, checkout: Checkout, heard: Heard
) -> None:
    payment = client.create_payment(order_id="A-578", **PRICE)
    gateway.pay(payment.token)
    assert checkout.adopt(payment.token, order_id="A-578", **PRICE).state == "paid"
    # Adopting by itself starts no runner: a shop that serves does.
    checkout.visit("")
    assert heard.take().token == payment.token
    with pytest.raises(paymento.VerifyError) as caught:
        checkout.adopt("0" * 32, order_id="A-578", **PRICE)
    assert caught.value.code == "verify.invalid_token"


def test_a_canceled_order_is_closed(checkout: Checkout) -> None:
    checkout.create_payment(order_id="A-578", **PRICE)
    record = checkout.cancel("A-578")
    assert (record.state, record.url) == ("closed", None)
    assert record.canceled_at


def test_from_env_names_the_database(
    gateway: Simulator, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        "API_KEY": gateway.api_key,
        "SECRET_KEY": gateway.secret_key,
        "BASE_URL": gateway.base_url,
    }.items():
        monkeypatch.setenv(f"PAYMENTO_{name}", value)
    monkeypatch.delenv("PAYMENTO_DATABASE_URL", raising=False)
    with pytest.raises(paymento.ConfigError, match="PAYMENTO_DATABASE_URL") as caught:
        Checkout.from_env()
    assert caught.value.code == "config.missing"
    monkeypatch.setenv("PAYMENTO_DATABASE_URL", database)
    with Checkout.from_env(worker="external") as checkout:
        checkout.create_payment(order_id="A-578", **PRICE)
    assert (tmp_path / "paymento.db").exists()
    other = f"sqlite:{tmp_path}/other.db"
    with Checkout.from_env(database=other) as checkout, pytest.raises(paymento.CheckoutError):
        checkout.status("A-578")


def test_making_one_opens_nothing_and_shows_nothing(client: paymento.Client, database: str, tmp_path: Path) -> None:
    before = threading.active_count()
    checkout = Checkout(client, database)
    url = "postgres://shop:a-password@127.0.0.1:1/shop"
    assert repr(checkout) == "<paymento.Checkout>"
    assert "a-password" not in repr(Checkout(client, url, listen_url=url))
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before
    with pytest.raises(paymento.InputError) as caught:
        pickle.dumps(checkout)
    assert caught.value.code == "input.not_picklable"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"worker": "threads"}, "input.type"),
        ({"migrate": "never"}, "input.type"),
        ({"answer_policy": "lax"}, "input.type"),
        ({"account": "a b"}, "config.worker"),
        ({"account": 5}, "input.type"),
        ({"require_live": True}, "config.other_gateway"),
        ({"require_live": 1}, "input.type"),
        ({"verifies_per_second": 0}, "config.worker"),
        ({"max_handler_time": 1}, "config.worker"),
        ({"max_handler_time": timedelta(days=2)}, "config.worker"),
        ({"max_handler_time": float("nan")}, "config.worker"),
        ({"max_handler_time": "15m"}, "input.type"),
        ({"max_failures": 0}, "config.worker"),
        ({"concurrency": 0}, "config.worker"),
        ({"concurrency": 10**12}, "config.worker"),
        ({"keep_bodies": timedelta(days=1)}, "config.worker"),
        ({"keep_decisions": timedelta(days=1)}, "config.worker"),
        ({"database": "mysql://shop"}, "config.database_url"),
        ({"database": 5}, "input.type"),
        ({"client": "an-api-key"}, "input.type"),
    ],
)
def test_what_it_cannot_be_made_with_is_told(
    client: paymento.Client, database: str, options: dict[str, Any], code: str
) -> None:
    with pytest.raises(paymento.PaymentoError) as caught:
        Checkout(**{"client": client, "database": database, **options})
    assert caught.value.code == code


def test_what_it_can_be_made_with_is_taken(client: paymento.Client, database: str) -> None:
    Checkout(
        client,
        database,
        account="store-2",
        answer_policy="guide",
        verifies_per_second=100,
        max_handler_time=timedelta(minutes=1),
        keep_bodies=timedelta(days=30),
        keep_decisions=86400 * 40.5,
        name="web-1",
    )


def test_an_event_is_the_librarys() -> None:
    event = order_event()
    assert copy.deepcopy(event) is event
    for made in (OrderEvent, paymento.Answer, paymento.OrderRecord, paymento.Health):
        with pytest.raises(paymento.InputError) as caught:
            made()
        assert caught.value.code == "input.not_constructible"
    with pytest.raises(AttributeError):
        event.order_id = "B-1"  # type: ignore[misc]
    with pytest.raises(paymento.InputError):
        pickle.dumps(event)


QUIET = """
import paymento, sys, threading
from paymento.testing import Simulator
gateway = Simulator.start()
checkout = paymento.Checkout(gateway.client(), sys.argv[1])
tried = threading.Event()
@checkout.on_paid
def ship(event):
    tried.set()
    raise RuntimeError("nobody has set up logging")
payment = checkout.create_payment(order_id="A-578", fiat_amount="1", fiat_currency="USD")
gateway.pay(payment.token)
checkout.visit(f"token={payment.token}")
assert tried.wait(20)
checkout.close()
"""


def test_a_failing_handler_is_seen_where_nobody_set_up_logging(database: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIET, database], capture_output=True, text=True, timeout=60, check=True
    )
    assert "RuntimeError: nobody has set up logging" in done.stderr
    assert "in ship" in done.stderr


def test_a_database_that_is_down_is_waited_for_and_not_hammered(
    gateway: Simulator, client: paymento.Client, heard: Heard
) -> None:
    with Checkout(client, "postgres://shop@127.0.0.1:1/shop") as checkout:
        checkout.on_paid(heard)
        headers, body = signed_callback(secret_key=gateway.secret_key)
        answer = checkout.receive("POST", headers, body)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "database.unavailable", "10")
        spent = time.process_time()
        # The gateway sends it again; meanwhile the runner tries once a second.
        assert checkout.receive("POST", headers, body).status == 503
        assert time.process_time() - spent < 0.5


@pytest.mark.parametrize(
    ("module", "question"), [("gevent.monkey", "is_module_patched"), ("eventlet.patcher", "is_monkey_patched")]
)
def test_green_threads_are_refused_and_not_blocked(
    client: paymento.Client, database: str, monkeypatch: pytest.MonkeyPatch, module: str, question: str
) -> None:
    monkeypatch.setitem(sys.modules, module, SimpleNamespace(**{question: lambda _: True}))
    with Checkout(client, database) as checkout, pytest.raises(paymento.ConfigError, match="external") as caught:
        checkout.create_payment(order_id="A-578", **PRICE)
    assert caught.value.code == "config.worker"
    with Checkout(client, database, worker="external") as checkout:
        checkout.create_payment(order_id="A-578", **PRICE)


INTERRUPTED = """
import pathlib, sys, threading, paymento
from paymento.testing import Simulator
gateway = Simulator.start()
checkout = paymento.Checkout(gateway.client(), sys.argv[1], worker="external")
@checkout.on_paid
def ship(event):
    print("begun", flush=True)
    sys.stdin.readline()
    print("finished", flush=True)
payment = checkout.create_payment(order_id="A-578", fiat_amount="1", fiat_currency="USD")
gateway.pay(payment.token)
checkout.visit(f"token={payment.token}")
try:
    checkout.run()
except KeyboardInterrupt:
    print("completed" in [entry.what for entry in checkout.history("A-578")], flush=True)
"""


def test_ctrl_c_ends_run_when_the_handlers_have_finished(database: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == "begun\n"
        child.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)
        child.stdin.write("\n")
        child.stdin.flush()
        assert [child.stdout.readline(), child.stdout.readline()] == ["finished\n", "True\n"]
        assert child.wait(20) == 0


def test_it_works_on_postgres(gateway: Simulator, client: paymento.Client, postgres: str, heard: Heard) -> None:
    with Checkout(client, postgres, account="test-checkout") as checkout:
        checkout.on_paid(heard)
        payment = pay(gateway, checkout)
        assert heard.take().token == payment.token
        until(lambda: completed(checkout))
        assert checkout.health().ok


def test_the_schema_is_given_for_a_role_that_may(client: paymento.Client, tmp_path: Path, database: str) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "paymento.db")
    connection.executescript(paymento.checkout_schema_sql("sqlite"))
    connection.close()
    with Checkout(client, database, migrate="check") as checkout:
        assert checkout.health().ok
    with pytest.raises(paymento.ConfigError):
        paymento.checkout_schema_sql("oracle")


def test_a_listen_url_that_wakes_nobody_is_told_of(
    client: paymento.Client, postgres: str, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = postgres.rsplit("/", 1)[0] + "/postgres"
    with Checkout(client, postgres, listen_url=elsewhere, account="test-listen") as checkout:
        checkout.create_payment(order_id="A-578", **PRICE)
        until(lambda: any("listen_url wakes nobody" in record.getMessage() for record in caplog.records))
