"""Whoever does not pay gets nothing, in either example shop, and the shop's log says why without saying too much."""

import base64

import pytest
from shop_scene import scene_fixture  # noqa: F401 (used by its name)
from stage import customer, forgeries
from stage.forgeries import FORGERIES, PAID, Target, post, signature


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
    _, attempt, right_answer, code, makes_ask = forgery
    target, lines_before = scene.unpaid_order(), len(scene.record.lines)
    assert attempt(target) == right_answer
    assert not makes_ask or scene.wait_for(target, "verified")
    assert (scene.fulfilled(target), scene.state(target)) == (0, "waiting")
    log = "\n".join(scene.record.lines[lines_before:])
    assert code is None or f": {code}" in log
    secret = scene.simulator.secret_key
    for text in [*sent, secret, base64.b64decode(secret).decode(), scene.simulator.api_key, target.token]:
        assert not text or text.lower() not in log.lower()


def test_after_all_that_the_order_can_still_be_paid_and_is_fulfilled_once(scene):
    target = scene.unpaid_order()
    for _, attempt, *_ in FORGERIES:
        attempt(target)
    customer.pay(customer.visit(f"{scene.simulator.gateway_url}?token={target.token}"))
    assert scene.wait_for(target, "fulfilled")
    assert scene.state(target) == "fulfilled"
    body = target.body(PAID)
    for method in ("POST", "PUT"):
        assert post(target, body, signature(body, target.secret), method) == 200
    assert scene.fulfilled(target) == 1


def test_another_orders_token_settles_no_order_but_its_own(scene):
    cheap, dear = scene.unpaid_order(), scene.unpaid_order()
    scene.simulator.pay(cheap.token)
    assert scene.wait_for(cheap, "fulfilled")
    mixed = Target(scene.shop, scene.simulator, cheap.token, dear.order_id)
    body = mixed.body(PAID)
    assert post(mixed, body, signature(body, mixed.secret)) == 200
    assert (scene.fulfilled(dear), scene.state(dear)) == (0, "waiting")


def test_an_authentic_callback_about_an_unknown_payment_changes_nothing(scene):
    target = scene.unpaid_order()
    unknown = Target(scene.shop, scene.simulator, "0" * 32, target.order_id)
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
    assert (status, text) == (401, "unauthorized")


@pytest.mark.parametrize(
    "query", ["", "token=", "token=%00&status=7", "token=" + "a" * 32, "%ff=%fe", "token=" + "x" * 9000]
)
def test_a_return_address_that_leads_nowhere_is_not_found(scene, query):
    assert customer.visit(f"{scene.shop.url}/back?{query}").status == 404
