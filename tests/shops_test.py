"""What the example shops promise to who pays: the order is fulfilled, once, whatever happens to the callbacks."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from shop_scene import SOON, lone_scene_fixture, scene_fixture  # noqa: F401 (used by their names)
from stage import customer
from stage.forgeries import CALLBACK_PATH, PAID, post, signature


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_paid_order_is_fulfilled_by_either_method(scene, method):
    scene.simulator.set_callback_url(scene.business.door.url + CALLBACK_PATH, method)
    target = scene.unpaid_order()
    page = customer.pay(customer.visit(scene.simulator.payment(target.token).url))
    assert page.order_id == target.order_id
    assert scene.wait_for(target, "fulfilled")
    assert scene.state(target) == "fulfilled"


def test_the_same_callback_many_times_at_once_fulfills_once(scene):
    target = scene.unpaid_order()
    scene.simulator.pay(target.token)
    body = target.body(PAID)
    signed = signature(body, target.secret)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(target, body, signed), range(60)))
    assert set(answers) == {200}
    assert scene.wait_for(target, "fulfilled")
    assert post(target, body, signed) == 200
    assert scene.fulfilled(target) == 1


def test_a_late_callback_takes_nothing_away(scene):
    target = scene.unpaid_order()
    scene.simulator.pay(target.token)
    assert scene.wait_for(target, "fulfilled")
    for status in (0, 3, 4, 5, 9, 6, 10):
        body = target.body(status)
        assert post(target, body, signature(body, target.secret)) == 200
    assert (scene.fulfilled(target), scene.state(target)) == (1, "fulfilled")


def test_a_canceled_payment_can_be_followed_by_another_that_fulfills_the_same_order(scene):
    target = scene.unpaid_order()
    scene.simulator.cancel(target.token)
    assert scene.wait_for(target, "closed")
    again = customer.press(scene.order_page(target), id="again")
    assert again.token != target.token
    scene.simulator.pay(again.token)
    assert scene.wait_for(target, "fulfilled")
    assert (scene.fulfilled(target), scene.state(target)) == (1, "fulfilled")


def test_a_button_pressed_twice_makes_one_order_and_one_payment(scene):
    page = customer.visit(scene.shop.url)
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: customer.press(page, id="buy"), range(8)))
    token = pages[0].token
    assert [page.token for page in pages] == [token] * 8
    assert scene.tokens(scene.simulator.payment(token).order_id) == [token]


def test_paying_again_leads_to_the_same_payment(scene):
    target = scene.unpaid_order()
    assert scene.pay_again(target).token == target.token
    assert scene.tokens(target.order_id) == [target.token]


def test_an_order_that_is_paid_cannot_be_paid_again(scene):
    target = scene.unpaid_order()
    scene.simulator.pay(target.token)
    assert scene.wait_for(target, "fulfilled")
    page = scene.pay_again(target)
    assert (page.state, page.order_id) == ("fulfilled", target.order_id)
    assert scene.tokens(target.order_id) == [target.token]


def test_half_of_the_money_is_not_enough_and_the_page_says_what_is_missing(scene):
    target = scene.unpaid_order()
    scene.simulator.underpay(target.token)
    assert scene.wait_for(target, "a part is missing, 0.000")
    page = scene.order_page(target)
    assert (page.state, scene.fulfilled(target)) == ("partially_paid", 0)
    assert "<dt>Missing</dt><dd>0.000" in page.text and 'id="continue"' in page.text
    scene.simulator.pay(target.token)  # the rest
    assert scene.wait_for(target, "fulfilled")


def test_a_payment_of_an_earlier_price_fulfills_nothing(scene):
    order_id = "T-0000000000000001" if scene.shop.name == "Flask" else "C-0000000000000001"
    with scene.shop_database() as db:
        db.execute("INSERT INTO orders (id, item, amount, currency) VALUES (?, 'A cup', '1.00', 'USD')", (order_id,))
    pay = f"{scene.shop.url}/orders/{order_id}/pay"
    cheap = customer.visit(pay, form={}).token
    with scene.shop_database() as db:
        db.execute("UPDATE orders SET amount = '1000.00' WHERE id = ?", (order_id,))
    dear = customer.visit(pay, form={}).token
    assert cheap != dear
    scene.simulator.pay(cheap)
    target = scene.target(cheap)
    assert scene.wait_for(target, "attention, superseded_price")
    assert (scene.fulfilled(target), scene.state(target)) == (0, "attention")
    scene.simulator.pay(dear)
    assert scene.wait_for(target, "fulfilled")


def test_a_second_payment_of_the_same_order_is_told_to_a_person_and_not_fulfilled(scene):
    target = scene.unpaid_order()
    scene.simulator.cancel(target.token)
    assert scene.wait_for(target, "closed")
    second = scene.pay_again(target).token
    scene.simulator.pay(second)
    assert scene.wait_for(target, "fulfilled")
    scene.simulator.pay(target.token)  # late
    assert scene.wait_for(target, "attention, duplicate_payment")
    assert (scene.fulfilled(target), scene.state(target)) == (1, "fulfilled")


def test_a_gateway_that_cannot_be_asked_is_asked_again_when_it_is_back(lone_scene):
    target = lone_scene.unpaid_order()
    lone_scene.simulator.arm("api.bad_gateway", times=None)
    body = target.body(PAID)
    assert post(target, body, signature(body, target.secret)) == 200
    lone_scene.simulator.pay(target.token)
    assert lone_scene.watch.wait(SOON, lambda step: step.text.startswith("POST /v1/payment/verify 502"))
    assert (lone_scene.fulfilled(target), lone_scene.state(target)) == (0, "waiting")
    lone_scene.simulator.clear_faults()
    assert lone_scene.wait_for(target, "fulfilled")
    assert lone_scene.fulfilled(target) == 1


def test_a_gateway_that_does_not_answer_leaves_an_order_that_can_be_paid_later(lone_scene):
    lone_scene.simulator.stop()
    page = customer.buy(lone_scene.shop)
    assert (page.status, page.state) == (502, "unpaid")
    assert "nothing was charged" in page.text
    assert customer.press(page, id="again").status == 502


def test_a_lost_callback_is_made_up_for_when_the_customer_comes_back(lone_scene):
    target = lone_scene.unpaid_order()
    lone_scene.simulator.set_callback_url("http://127.0.0.1:9/lost")
    lone_scene.simulator.pay(target.token)
    assert lone_scene.wait_for(target, "confirmed")
    page = customer.visit(f"{lone_scene.shop.url}/back?token={target.token}")
    assert page.order_id == target.order_id
    assert lone_scene.wait_for(target, "fulfilled")
    assert lone_scene.state(target) == "fulfilled"


@pytest.mark.parametrize("order", ["", "T-1", "../../shop.css", "T-" + "0" * 17, "C-" + "g" * 16])
def test_what_is_no_order_is_not_taken(scene, order):
    page = customer.visit(f"{scene.shop.url}/buy", form={"order": order})
    assert page.status == 400
