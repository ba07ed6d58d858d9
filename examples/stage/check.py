"""The demo without a person: pays in each shop, and then tries not to pay."""

import time

from stage import customer, forgeries
from stage.forgeries import FORGERIES, PAID, Target
from stage.printer import BOLD, GREEN, RED

PATIENCE = 10  # seconds, for a step that takes milliseconds


class CheckFailed(Exception):
    """Something came out otherwise than it must."""


def check(shops, watch):
    """Gives whether everything came out as it must, and says so."""
    began = time.monotonic()
    try:
        for shop in shops:
            pay_once(shop, watch)
            cancel(shop, watch)
            for forgery in FORGERIES:
                forge(shop, watch, *forgery)
    except (CheckFailed, OSError, RuntimeError) as error:
        watch.say(f"failed: {error}", style=BOLD + RED)
        return False
    seconds = time.monotonic() - began
    watch.say(f"\nboth shops fulfilled what was paid, once, and nothing else ({seconds:.1f} s)", style=BOLD + GREEN)
    return True


def pay_once(shop, watch):
    watch.say(f"\n{shop.name}: buy, pay, come back", style=BOLD)
    page = customer.order_tea_or_coffee(shop)
    token = page.token
    order_page = customer.pay(page)
    order_id = order_page.order_id
    expect_step(watch, order_id, "fulfilled")
    expect_state(order_page.url, "fulfilled")

    watch.say(f"\n{shop.name}: the same callback once more", style=BOLD)
    target = Target(shop, token, order_id)
    body = target.body(PAID)
    # Both callbacks of the simulator's must be answered first, or one of them could be what is seen here.
    shop.simulator.deliveries(token, count=2, timeout=PATIENCE)
    expect(forgeries.post(target, body, forgeries.signature(body, target.secret)) == 200, "it was not answered 200")
    expect_step(watch, order_id, "already fulfilled")
    expect(fulfilled(watch, order_id) == 1, f"order {order_id} was fulfilled twice")


def cancel(shop, watch):
    watch.say(f"\n{shop.name}: cancel on the gateway's page, then try again and pay", style=BOLD)
    page = customer.press(customer.order_tea_or_coffee(shop), id="cancel")
    expect_step(watch, page.order_id, "verified, not settled: verify.closed")
    page = expect_state(page.url, "closed")
    order_page = customer.pay(customer.press(page, id="again"))
    expect_step(watch, order_page.order_id, "fulfilled")
    expect_state(order_page.url, "fulfilled")


def forge(shop, watch, name, attempt, right_answer, code):
    watch.say(f"\n{shop.name}: {name}", style=BOLD)
    page = customer.order_tea_or_coffee(shop)
    target = Target(shop, page.token, shop.simulator.payment(page.token).order_id)
    before = logged(watch, shop, code)
    answer = attempt(target)
    expect(answer == right_answer, f"the answer was {answer}, not {right_answer}")
    expect(code is None or logged(watch, shop, code) == before + 1, f"the shop did not log {code}")
    expect(fulfilled(watch, target.order_id) == 0, "the order was fulfilled")
    expect_state(f"{shop.url}/orders/{target.order_id}", "waiting")
    watch.say(f"answered {answer}, and nothing was fulfilled")


def fulfilled(watch, order_id):
    return watch.count(lambda step: step.order_id == order_id and step.kind == "fulfilled")


def logged(watch, shop, code):
    """How often the shop's log names this error code."""
    return watch.count(lambda step: step.shop == shop.name and step.by == "shop" and step.text.endswith(f": {code}"))


def expect_step(watch, order_id, start):
    found = watch.wait(PATIENCE, lambda step: step.order_id == order_id and step.kind.startswith(start))
    expect(found, f"order {order_id}: no step {start!r} within {PATIENCE} seconds")


def expect_state(url, state):
    page = customer.visit(url)
    expect(page.state == state, f"the order's page says {page.state}, not {state}")
    return page


def expect(truth, otherwise):
    if not truth:
        raise CheckFailed(otherwise)
