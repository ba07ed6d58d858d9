"""`python -m measure SERVER CHECKOUT [--quick] [--only TEXT]`: measures, prints, and keeps a full run in RESULTS.md."""

from __future__ import annotations

import argparse
import os
import sys
import time

from .databases import databases
from .record import write
from .report import behind, section
from .server import serving
from .session import FULL, QUICK, take
from .tables import tables


def main() -> None:
    """Take every comparison, and print each when it is done."""
    options = arguments()
    plan = QUICK if options.quick else FULL
    load = os.getloadavg()[0]
    measured = []
    with serving(options.server) as url, databases() as found:
        for table in tables(url, options.checkout, found):
            if options.only not in table.title:
                continue
            began = time.monotonic()
            costs = take(table, plan)
            measured.append((table, costs))
            print(section(table, costs), flush=True)
            print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    print(f"## Where we are behind\n\n{behind(measured)}")
    if not options.quick and not options.only:
        write(measured, plan, load)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("server", help="the program that HTTP contestants ask")
    parser.add_argument("checkout", help="the program that measures the checkout in Rust")
    parser.add_argument("--quick", action="store_true", help="about a minute, and RESULTS.md stays as it is")
    parser.add_argument("--only", default="", metavar="TEXT", help="tables with this in their title")
    return parser.parse_args()


main()
