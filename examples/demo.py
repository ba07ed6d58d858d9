"""The demo: two shops, each with a simulated gateway, and every payment's steps on the terminal as they happen.

`python examples/demo.py` is for a person with a browser, and Ctrl-C ends it all. With `--check` it pays by itself,
tries to cheat as well, and exits 0 or 1. `--ports A,B,C` are other ports for the simulator, the Flask shop and the
Express shop, where 0 is any free one; `--free-ports` is any free one for each.
"""

import argparse
import signal
import sys
import tempfile
from contextlib import ExitStack

from stage.check import check
from stage.printer import BOLD, RED, Printer
from stage.shops import Shop, StageError, express_command, flask_command
from stage.steps import Watch

PORTS = (4010, 4011, 4012, 4013)
START_LIMIT = 20  # seconds; a shop opens in about one
NAMES = ("Flask", "Express")


def ports(text):
    numbers = text.split(",")
    if len(numbers) not in (3, 4) or not all(number.strip().isdecimal() and int(number) < 65536 for number in numbers):
        raise argparse.ArgumentTypeError(
            "three numbers are expected, like 8001,8002,8003: simulator, Flask shop, Express shop"
        )
    chosen = [int(number) for number in numbers if int(number)]
    if len(chosen) != len(set(chosen)):
        raise argparse.ArgumentTypeError("each port is wanted once")
    # Each shop has a store, and so a simulator, of its own: the second on the fourth port, or on any free one.
    return (*map(int, numbers), 0)[:4]


def main():
    parser = argparse.ArgumentParser(prog="demo", description="Two shops and a simulated gateway, step by step.")
    parser.add_argument("--check", action="store_true", help="pay in both shops, try to cheat, and exit 0 or 1")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--ports", type=ports, default=PORTS, help="simulator, Flask shop, Express shop; 0: any free one"
    )
    choice.add_argument("--free-ports", dest="ports", action="store_const", const=(0, 0, 0, 0), help="any free ones")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return run(options)
    except StageError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        # The demo ends this way, a check does not.
        print("\nended", flush=True)
        return 130 if options.check else 0


def run(options):
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paymento-demo-"))
        shops = build(stack, options.ports)
        for shop in shops:
            shop.open(folder)
        watch = Watch(shops, Printer(NAMES))
        stack.callback(watch.stop)
        stack.callback(ignore_interrupts)  # the first to be called: a second Ctrl-C must not leave half of it behind
        for shop in shops:
            wait_until_open(shop, watch)
        introduce(shops, watch)
        if options.check:
            return 0 if check(shops, watch) else 1
        return watch_until_a_shop_ends(watch)


def build(stack, numbers):
    gateway, flask, express, other_gateway = numbers
    shops = []
    for name, store, command, port, gateway_port in (
        ("Flask", "Tea shop", flask_command(), flask, gateway),
        ("Express", "Coffee shop", express_command(), express, other_gateway),
    ):
        shop = Shop(name, store, command, port, gateway_port)
        stack.callback(shop.close)
        shops.append(shop)
    return shops


def ignore_interrupts():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def wait_until_open(shop, watch):
    opened = watch.wait(START_LIMIT, lambda step: step.shop == shop.name and step.text.startswith("open at"))
    if opened is None:
        raise StageError(f"the {shop.name} shop did not open; its own lines above say why")


def introduce(shops, watch):
    flask, express = shops
    watch.say("")
    watch.say(f"  Flask shop    {flask.url}", style=BOLD)
    watch.say(f"  Express shop  {express.url}", style=BOLD)
    watch.say(
        f"  Simulator     {flask.simulator.base_url} (and {express.simulator.base_url}, the Express shop's store)"
    )
    watch.say("")


def watch_until_a_shop_ends(watch):
    watch.say("Open a shop, buy, and pay with simulated coins. Ctrl-C ends it all.\n")
    shop = watch.wait_for_end()
    watch.say(f"the {shop.name} shop ended by itself; its own lines above say why", style=BOLD + RED)
    return 1


if __name__ == "__main__":
    sys.exit(main())
