"""Whoever does not pay gets nothing, in either example shop, and the shop's log says why without saying too much."""

import base64
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from stage import customer, forgeries
from stage.forgeries import FORGERIES, PAID, Target, post, signature
from stage.shops import Shop, express_command, flask_command
from stage.steps import Watch

SOON = 10  # seconds
COMMANDS = {"Flask": flask_command, "Express": express_command}


class Record:
    """Keeps what the shop printed instead of printing it."""

    def __init__(self):
        self.lines = []

    def step(self, step):
        if step.by == "shop":
            self.lines.append(step.text)

    def text(self):
        return "\n".join(self.lines)


class Scene:
    def __init__(self, shop, watch, record):
        self.shop, self.watch, self.record = shop, watch, record

    def unpaid_order(self):
        token = customer.order_tea_or_coffee(self.shop).token
        return Target(self.shop, token, self.shop.simulator.payment(token).order_id)

    def state(self, target):
        return customer.visit(f"{self.shop.url}/orders/{target.order_id}").state

    def wait_for(self, target, start):
        return self.watch.wait(SOON, lambda step: step.order_id == target.order_id and step.text.startswith(start))

    def fulfilled(self, target):
        return self.watch.count(lambda step: step.order_id == target.order_id and step.text == "fulfilled")


@pytest.fixture(scope="module", params=COMMANDS)
def scene(request, tmp_path_factory):
    shop = Shop(request.param, "A store", COMMANDS[request.param](), port=0, gateway_port=0)
    request.addfinalizer(shop.close)
    shop.open(tmp_path_factory.mktemp("shop"))
    record = Record()
    watch = Watch([shop], record)
    request.addfinalizer(watch.stop)
    assert watch.wait(SOON, lambda step: step.text.startswith("open at")), record.text()
    return Scene(shop, watch, record)


@pytest.fixture
def sent(monkeypatch):
    """Every body, header value and secret that a test sent or used, as text that no log may hold."""
    texts = []

    def send(method, url, body=None, headers=None):
        texts.append(body.decode() if isinstance(body, bytes) else body)
        texts.append((headers or {}).get("X-HMAC-SHA256-SIGNATURE"))
        return customer.send(method, url, body, headers)

    monkeypatch.setattr(forgeries, "send", send)
    return texts


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery[1].__name__)
def test_nothing_is_fulfilled_and_the_log_holds_the_code_and_no_more(scene, sent, forgery):
    _, attempt, right_answer, code = forgery
    target, lines_before = scene.unpaid_order(), len(scene.record.lines)
    assert attempt(target) == right_answer
    assert (scene.fulfilled(target), scene.state(target)) == (0, "waiting")
    log = "\n".join(scene.record.lines[lines_before:])
    assert code is None or f": {code}" in log
    secret = scene.shop.simulator.secret_key
    for text in [*sent, secret, base64.b64decode(secret).decode(), scene.shop.simulator.api_key, target.token]:
        assert not text or text.lower() not in log.lower()


def test_after_all_that_the_order_can_still_be_paid_and_is_fulfilled_once(scene):
    target = scene.unpaid_order()
    for _, attempt, _, _ in FORGERIES:
        attempt(target)
    customer.pay(customer.visit(f"{scene.shop.simulator.gateway_url}?token={target.token}"))
    assert scene.wait_for(target, "fulfilled")
    assert scene.state(target) == "fulfilled"
    scene.shop.simulator.deliveries(target.token, count=2, timeout=SOON)
    body = target.body(PAID)
    for method in ("POST", "PUT"):
        assert post(target, body, signature(body, target.secret), method) == 200
    assert scene.fulfilled(target) == 1


def test_a_late_callback_takes_nothing_away(scene):
    target = scene.unpaid_order()
    scene.shop.simulator.pay(target.token)
    assert scene.wait_for(target, "fulfilled")
    for status in (0, 3, 4, 5, 9, 6, 10):
        body = target.body(status)
        post(target, body, signature(body, target.secret))
    assert (scene.fulfilled(target), scene.state(target)) == (1, "fulfilled")


def test_a_second_payment_of_a_fulfilled_order_is_reported_and_not_fulfilled(scene):
    target = scene.unpaid_order()
    scene.shop.simulator.cancel(target.token)
    assert scene.wait_for(target, "verified, not settled: verify.closed")
    order_page = customer.visit(f"{scene.shop.url}/orders/{target.order_id}")
    again = customer.press(order_page, id="again")
    assert again.token != target.token
    scene.shop.simulator.pay(again.token)
    assert scene.wait_for(target, "fulfilled")
    assert customer.visit(f"{scene.shop.url}/orders/{target.order_id}").state == "fulfilled"


def test_another_orders_token_settles_no_order_but_its_own(scene):
    cheap, dear = scene.unpaid_order(), scene.unpaid_order()
    scene.shop.simulator.pay(cheap.token)
    assert scene.wait_for(cheap, "fulfilled")
    mixed = Target(scene.shop, cheap.token, dear.order_id)
    body = mixed.body(PAID)
    assert post(mixed, body, signature(body, mixed.secret)) == 200
    assert (scene.fulfilled(dear), scene.state(dear)) == (0, "waiting")


def test_an_authentic_callback_about_an_unknown_payment_changes_nothing(scene):
    target = scene.unpaid_order()
    unknown = Target(scene.shop, "0" * 32, target.order_id)
    body = unknown.body(PAID)
    assert post(unknown, body, signature(body, unknown.secret)) == 200
    probe = b"{}"
    assert post(unknown, probe, signature(probe, unknown.secret)) == 200
    assert (scene.fulfilled(target), scene.state(target)) == (0, "waiting")


def test_what_is_no_callback_is_refused_with_an_answer_that_says_little(scene):
    target = scene.unpaid_order()
    large = b"[" * (64 * 1024 + 1)
    assert post(target, large, signature(large, target.secret)) == 413
    odd = b"[]"
    assert post(target, odd, signature(odd, target.secret)) == 200
    assert post(target, b"", "\xe9") == 401
    url = scene.shop.url + forgeries.CALLBACK_PATH
    status, _, text = customer.send("POST", url, b"{}", {"Content-Type": "application/x-www-form-urlencoded"})
    assert (status, text) == (401, "refused")


@pytest.mark.parametrize("query", ["", "token=", "token=%00&status=7", "token=" + "a" * 32, "%ff=%fe", "token=" + "x" * 9000])
def test_a_return_address_that_leads_nowhere_is_not_found(scene, query):
    assert customer.visit(f"{scene.shop.url}/back?{query}").status == 404
