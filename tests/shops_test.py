"""What the example shops promise to who pays: the order is fulfilled, once, whatever happens to the callbacks."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from shop_scene import SOON, lone_scene_fixture, scene_fixture  # noqa: F401 (used by their names)
from stage import customer
from stage.forgeries import PAID, post, signature
from stage.shops import EXAMPLES


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_paid_order_is_fulfilled_by_either_method(scene, method):
    scene.simulator.set_callback_url(scene.shop.url + "/paymento/callback", method)
    target = scene.unpaid_order()
    page = customer.pay(customer.visit(scene.simulator.payment(target.token).url))
    assert page.order_id == target.order_id
    assert scene.wait_for(target, "fulfilled")
    assert scene.state(target) == "fulfilled"


def test_the_same_callback_many_times_at_once_fulfills_once(scene):
    target = scene.unpaid_order()
    scene.simulator.pay(target.token)
    scene.simulator.deliveries(target.token, count=1, timeout=SOON)  # confirmed with that
    body = target.body(PAID)
    signed = signature(body, target.secret)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(target, body, signed), range(60)))
    assert set(answers) == {200}
    assert scene.fulfilled(target) == 1


def test_a_late_callback_takes_nothing_away(scene):
    target = scene.unpaid_order()
    scene.simulator.pay(target.token)
    assert scene.wait_for(target, "fulfilled")
    for status in (0, 3, 4, 5, 9, 6, 10):
        body = target.body(status)
        post(target, body, signature(body, target.secret))
    assert (scene.fulfilled(target), scene.state(target)) == (1, "fulfilled")


def test_a_canceled_payment_can_be_followed_by_another_that_fulfills_the_same_order(scene):
    target = scene.unpaid_order()
    scene.simulator.cancel(target.token)
    assert scene.wait_for(target, "verified, not settled: verify.closed")
    again = customer.press(scene.order_page(target), id="again")
    assert again.token != target.token
    scene.simulator.pay(again.token)
    assert scene.wait_for(target, "fulfilled")
    assert (scene.fulfilled(target), scene.state(target)) == (1, "fulfilled")


def test_a_payment_that_can_still_be_made_is_not_made_twice(scene):
    target = scene.unpaid_order()
    page = customer.visit(f"{scene.shop.url}/orders/{target.order_id}/pay", form={})
    assert (page.state, page.order_id) == ("waiting", target.order_id)
    assert [payment.token for payment in scene.simulator.payments() if payment.order_id == target.order_id] == [
        target.token
    ]


def test_a_gateway_that_cannot_be_asked_makes_the_shop_ask_for_the_callback_again(lone_scene):
    target = lone_scene.unpaid_order()
    lone_scene.simulator.stop()
    body = target.body(PAID)
    assert post(target, body, signature(body, target.secret)) == 503
    assert (lone_scene.fulfilled(target), lone_scene.state(target)) == (0, "waiting")


def test_a_gateway_that_does_not_answer_leaves_an_order_that_can_be_paid_later(lone_scene):
    lone_scene.simulator.stop()
    page = customer.order_tea_or_coffee(lone_scene.shop)
    assert (page.status, page.state) == (502, "unpaid")
    assert "nothing was charged" in page.text
    assert customer.press(page, id="again").status == 502


def happened(simulator, kind):
    sequence = 0
    while events := simulator.events_after(sequence, timeout=SOON):
        if any(event.kind == kind for event in events):
            return True
        sequence = events[-1].sequence
    return False


@pytest.mark.parametrize("lone_scene", ["Flask"], indirect=True)
def test_a_lost_callback_is_made_up_for(lone_scene):
    target = lone_scene.unpaid_order()
    lone_scene.simulator.set_callback_url("http://127.0.0.1:9/lost")
    lone_scene.simulator.pay(target.token)
    assert happened(lone_scene.simulator, "confirmed")
    command = [sys.executable, "-m", "flask", "--app", "shop", "reconcile"]
    environment = lone_scene.shop.environment(lone_scene.folder)
    for _ in range(2):
        subprocess.run(command, cwd=EXAMPLES / "flask", env=environment, check=True, timeout=30)
    assert lone_scene.state(target) == "fulfilled"


@pytest.mark.parametrize("lone_scene", ["Flask"], indirect=True)
def test_a_second_payment_of_the_same_order_is_reported_and_not_fulfilled(lone_scene):
    target = lone_scene.unpaid_order()
    with lone_scene.simulator.client() as client:
        second = client.create_payment(order_id=target.order_id, fiat_amount="24.00", fiat_currency="USD")
    with closing(sqlite3.connect(lone_scene.folder / "flask.db")) as db, db:
        db.execute(
            "INSERT INTO payments (token, order_id, url) VALUES (?, ?, ?)", (second.token, target.order_id, second.url)
        )
    for token in (target.token, second.token):
        lone_scene.simulator.pay(token)
        lone_scene.simulator.deliveries(token, count=2, timeout=SOON)
    assert lone_scene.wait_for(target, "paid a second time, by another payment")
    assert (lone_scene.fulfilled(target), lone_scene.state(target)) == (1, "fulfilled")
