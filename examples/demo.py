"""The demo: two shops with one checkout, a simulated gateway, and every payment's steps on the terminal as they happen.

`python examples/demo.py` is for a person with a browser, and Ctrl-C ends it all. Kill a shop while you pay, and see the
other one fulfill the order. With `--check` it pays by itself, tries to cheat, kills each shop once, and exits 0 or 1.
`--ports A,B,C,D` are other ports for the simulator, the Flask shop, the Express shop and the front door, where 0 is any
free one; `--free-ports` is any free one for each.
"""

import argparse
import signal
import sys
import tempfile
from contextlib import ExitStack

from stage.business import COMMANDS, Business
from stage.check import check
from stage.printer import BOLD, RED, Printer
from stage.shops import StageError
from stage.watch import Watch

PORTS = (4010, 4011, 4012, 4013)


def ports(text):
    numbers = text.split(",")
    if len(numbers) not in (3, 4) or not all(number.strip().isdecimal() and int(number) < 65536 for number in numbers):
        raise argparse.ArgumentTypeError(
            "three or four numbers are expected, like 8001,8002,8003,8004: "
            "simulator, Flask shop, Express shop, front door"
        )
    chosen = [int(number) for number in numbers if int(number)]
    if len(chosen) != len(set(chosen)):
        raise argparse.ArgumentTypeError("each port is wanted once")
    return (*map(int, numbers), 0)[:4]


def main():
    parser = argparse.ArgumentParser(prog="demo", description="Two shops, one checkout, a simulated gateway.")
    parser.add_argument("--check", action="store_true", help="pay, try to cheat, kill each shop, and exit 0 or 1")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--ports", type=ports, default=PORTS, help="simulator, Flask shop, Express shop, front door; 0: any free one"
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
        business = Business(folder, options.ports)
        stack.callback(business.close)
        business.open()
        watch = Watch(business, Printer(COMMANDS))
        stack.callback(watch.stop)
        stack.callback(ignore_interrupts)  # the first to be called: a second Ctrl-C must not leave half of it behind
        for shop in business.shops:
            if not watch.wait_until_open(shop):
                raise StageError(f"the {shop.name} shop did not open; its own lines above say why")
        introduce(business, watch)
        if options.check:
            return 0 if check(business, watch) else 1
        return watch_until_a_shop_fails(business, watch)


def ignore_interrupts():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def introduce(business, watch):
    watch.say("")
    for shop in business.shops:
        watch.say(f"  {shop.name + ' shop':<14}{shop.url}  pid {shop.pid}", style=BOLD)
    watch.say(f"  Front door    {business.door.url}  where callbacks and customers come back to: a shop that lives")
    watch.say(f"  Simulator     {business.simulator.base_url}  the gateway, and its dashboard")
    watch.say("")


def watch_until_a_shop_fails(business, watch):
    shop = business.shops[0]
    watch.say(
        f"Open a shop, buy, choose a coin. Then kill that shop, here with kill -9 {shop.pid}, and pay all the same:"
    )
    watch.say("the other one fulfills the order and shows its page. Ctrl-C ends it all.\n")
    shop = watch.wait_for_failure()
    watch.say(f"the {shop.name} shop ended by itself; its own lines above say why", style=BOLD + RED)
    return 1


if __name__ == "__main__":
    sys.exit(main())
