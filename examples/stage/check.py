"""The demo without a person: pays in each shop, tries not to pay, and kills each shop while a customer pays."""

import time

from stage import customer, forgeries
from stage.forgeries import FORGERIES, PAID, Target
from stage.printer import BOLD, GREEN, RED

PATIENCE = 15  # seconds, for a step that takes milliseconds, or five seconds where the gateway has just been asked
LEASE = 10  # seconds for which a dead process may still hold an order; then the other one follows


class CheckFailed(Exception):
    """Something came out otherwise than it must."""


def check(business, watch):
    """Gives whether everything came out as it must, and says so."""
    began = time.monotonic()
    try:
        paid = [order_id for shop in business.shops for order_id in visit_shop(shop, business, watch)]
        flask, express = business.shops
        paid += [kill_while_paying(flask, express, business, watch), kill_while_paying(express, flask, business, watch)]
        expect_each_once(paid, watch)
    except (CheckFailed, OSError, RuntimeError) as error:
        watch.say(f"failed: {error}", style=BOLD + RED)
        return False
    seconds = time.monotonic() - began
    watch.say(
        f"\nwhat was paid was fulfilled, once, and nothing else, through a kill of each shop ({seconds:.1f} s)",
        style=BOLD + GREEN,
    )
    return True


def visit_shop(shop, business, watch):
    """Gives the orders that were paid."""
    paid = [pay_once(shop, business, watch), cancel(shop, watch)]
    for forgery in FORGERIES:
        forge(shop, business, watch, *forgery)
    return paid


def pay_once(shop, business, watch):
    watch.say(f"\n{shop.name}: buy, pay, come back", style=BOLD)
    page = customer.buy(shop)
    token = page.token
    order_page = customer.pay(page)
    order_id = order_page.order_id
    expect_step(watch, order_id, "fulfilled")
    expect_state(order_page.url, "fulfilled")

    watch.say(f"\n{shop.name}: the same callback once more", style=BOLD)
    target = Target(shop, business.simulator, token)
    body = target.body(PAID)
    answer = forgeries.post(target, body, forgeries.signature(body, target.secret))
    expect(answer == 200, f"the answer was {answer}, not 200")
    watch.say("answered 200, and there was nothing left to do")
    return order_id


def cancel(shop, watch):
    watch.say(f"\n{shop.name}: cancel on the gateway's page, then try again and pay", style=BOLD)
    page = customer.press(customer.buy(shop), id="cancel")
    expect_step(watch, page.order_id, "closed")
    page = expect_state(page.url, "closed")
    order_page = customer.pay(customer.press(page, id="again"))
    expect_step(watch, order_page.order_id, "fulfilled")
    expect_state(order_page.url, "fulfilled")
    return order_page.order_id


def forge(shop, business, watch, name, attempt, right_answer, code, makes_ask):
    watch.say(f"\n{shop.name}: {name}", style=BOLD)
    target = Target(shop, business.simulator, customer.buy(shop).token)
    before = logged(watch, shop, code)
    answer = attempt(target)
    expect(answer == right_answer, f"the answer was {answer}, not {right_answer}")
    expect(code is None or logged(watch, shop, code) == before + 1, f"the shop did not log {code}")
    if makes_ask:
        expect_step(watch, target.order_id, "verified")
    expect(not fulfilled(watch, target.order_id), "the order was fulfilled")
    expect_state(f"{shop.url}/orders/{target.order_id}", "waiting")
    watch.say(f"answered {answer}, and nothing was fulfilled")


def kill_while_paying(shop, other, business, watch):
    watch.say(f"\n{shop.name}: killed between the coin and the payment", style=BOLD)
    page = customer.buy(shop)
    order_id = business.simulator.payment(page.token).order_id
    page = customer.press(page, name="coin")
    watch.kill(shop)
    order_page = customer.press(page, id="pay")
    by, limit = other.name, LEASE + PATIENCE
    watch.wait(limit, lambda step: step.order_id == order_id and step.text == "fulfilled")
    expect(
        [step.by for step in fulfilled(watch, order_id)] == [by],
        f"{shop.name} was killed, and within {limit} seconds {by} did not fulfill the order {order_id}, or not once",
    )
    expect_state(order_page.url, "fulfilled")
    expect(watch.restart_now(shop), f"the {shop.name} shop did not open again")
    return order_id


def expect_each_once(paid, watch):
    orders = [step.order_id for step in watch.steps(lambda step: step.text == "fulfilled")]
    expect(sorted(orders) == sorted(paid), f"fulfilled were {sorted(orders)}, and paid {sorted(paid)}")


def fulfilled(watch, order_id):
    return watch.steps(lambda step: step.order_id == order_id and step.text == "fulfilled")


def logged(watch, shop, code):
    """How often the shop's log names this error code."""
    return watch.count(lambda step: step.by == shop.name and step.text.endswith(f": {code}"))


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
