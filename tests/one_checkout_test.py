"""What both example shops promise together, on one checkout: whichever of them dies, the other one goes on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from shop_scene import shared_scene_fixture  # noqa: F401 (used by its name)
from stage import check, customer
from stage.forgeries import PAID, post, signature


def order_page_at(door, target):
    return customer.visit(f"{door.url}/orders/{target.order_id}")


def test_a_shop_is_killed_while_its_customer_pays_and_the_other_fulfills_the_order(shared_scene):
    shop, other = shared_scene.business.shops
    target = shared_scene.unpaid_order()
    page = customer.press(customer.visit(shared_scene.simulator.payment(target.token).url), name="coin")
    shared_scene.watch.kill(shop)
    order_page = customer.press(page, id="pay")
    assert f"served by {other.name}" in order_page.text
    assert shared_scene.wait_for(target, "fulfilled", by=other.name)
    assert customer.visit(order_page.url).state == "fulfilled"
    assert shared_scene.watch.restart_now(shop)
    assert customer.visit(f"{shop.url}/orders/{target.order_id}").state == "fulfilled"
    assert shared_scene.fulfilled(target) == 1


def test_a_shop_that_is_killed_the_moment_the_gateway_says_paid_neither_loses_nor_doubles(shared_scene):
    shop, _ = shared_scene.business.shops
    target = shared_scene.unpaid_order()
    shared_scene.simulator.pay(target.token)
    assert shared_scene.wait_for(target, "verified Approve")
    shared_scene.watch.kill(shop)
    # By whoever was told first. Where it died between its transaction and its line, the other one finds the work done.
    assert shared_scene.wait_for(target, "fulfilled") or shared_scene.wait_for(target, "already fulfilled")
    assert order_page_at(shared_scene.business.door, target).state == "fulfilled"
    assert shared_scene.fulfilled(target) <= 1


def test_orders_of_both_shops_are_fulfilled_once_whichever_shop_is_told(shared_scene):
    targets = [shared_scene.unpaid_order() for _ in range(4)]

    def tell(number):
        shop = shared_scene.business.shops[number % 2]
        target = replace(targets[number // 2 % 4], shop=shop)
        body = target.body(PAID)
        return post(target, body, signature(body, target.secret))

    for target in targets:
        shared_scene.simulator.pay(target.token)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tell, range(32))) == {200}
    for target in targets:
        assert shared_scene.wait_for(target, "fulfilled")
        assert {order_page_at(shared_scene.business.door, target).state for _ in range(2)} == {"fulfilled"}
    assert [shared_scene.fulfilled(target) for target in targets] == [1] * 4


def test_the_front_door_leads_to_each_shop_in_turn_and_only_to_those_that_live(shared_scene):
    door, (shop, other) = shared_scene.business.door, shared_scene.business.shops

    def served_by():
        text = customer.visit(door.url).text
        return next(each.name for each in (shop, other) if f"served by {each.name}" in text)

    assert {served_by() for _ in range(2)} == {shop.name, other.name}
    shared_scene.watch.kill(shop)
    assert {served_by() for _ in range(4)} == {other.name}
    shared_scene.watch.kill(other)
    assert customer.visit(door.url).status == 503
    assert shared_scene.watch.restart_now(shop)
    assert {served_by() for _ in range(4)} == {shop.name}


def test_what_one_shop_shows_can_be_bought_from_the_other(shared_scene):
    door = shared_scene.business.door
    for _ in range(2):
        page = customer.visit(door.url)  # from one shop, and the button leads to the other
        bought = customer.press(page, id="buy")
        target = shared_scene.target(bought.token)
        placed = shared_scene.wait_for(target, "placed")
        assert f"served by {placed.by}" not in page.text
        price = {"T": "24.00 USD", "C": "18.50 USD"}[target.order_id[0]]
        assert price in page.text and price in bought.text
        shared_scene.simulator.pay(target.token)
        assert shared_scene.wait_for(target, "fulfilled")


def test_the_check_fails_with_a_sentence_when_the_other_shop_does_not_fulfill(shared_scene, monkeypatch):
    shop, other = shared_scene.business.shops
    shared_scene.watch.kill(other)
    monkeypatch.setattr(check, "LEASE", 0)
    monkeypatch.setattr(check, "PATIENCE", 1)
    monkeypatch.setattr(check, "visit_shop", lambda *_: [])
    assert not check.check(shared_scene.business, shared_scene.watch)
    sentence = f"failed: {shop.name} was killed, and within 1 seconds {other.name} did not fulfill the order "
    assert shared_scene.record.lines[-1].startswith(sentence)
