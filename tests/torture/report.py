"""What is printed at the end."""

from __future__ import annotations

import statistics
from collections import Counter

from customers import Customers
from databases import Postgres, Sqlite
from fleet import IN_CORE, IN_SHOP, Fleet
from front import Front
from verdict import Verdict

PLACES = ("at random", "while starting", *IN_CORE, *IN_SHOP)


def tell(
    database: Sqlite | Postgres,
    fleet: Fleet,
    front: Front,
    customers: Customers,
    verdict: Verdict,
    seed: int,
    seconds: float,
    calm: float,
) -> None:
    tell_kills(fleet)
    for how, count in sorted(Counter(outage.how for outage in database.outages).items()):
        line(how, count)
    tell_trade(front, customers, verdict)
    for window, count in verdict.again.most_common():
        line(f"handler run again: {window}", count)
    tell_times(customers, verdict)
    line("seconds; of these without kills, until all was done", f"{seconds:.0f}; {calm:.0f}")
    for wrong in verdict.wrong[:20]:
        print(f"  WRONG: {wrong}")
    if len(verdict.wrong) > 20:
        print(f"  … and {len(verdict.wrong) - 20} more")
    print(f"{database.name}, seed {seed}: {'nothing wrong' if not verdict.wrong else f'{len(verdict.wrong)} wrong'}")


def line(what: str, value: object) -> None:
    print(f"  {what:<64}{value!s:>12}")


def tell_kills(fleet: Fleet) -> None:
    counts = Counter((life.how, life.language) for life in fleet.lives)
    languages = list(fleet.commands)
    print("  " + f"{'killed':<28}" + "".join(f"{language:>12}" for language in languages) + f"{'all':>12}")
    for place in PLACES:
        row = [counts[place, language] for language in languages]
        print("  " + f"{place:<28}" + "".join(f"{count:>12}" for count in (*row, sum(row))))
    whole = [sum(counts[place, language] for place in PLACES) for language in languages]
    print("  " + f"{'all':<28}" + "".join(f"{count:>12}" for count in (*whole, sum(whole))))


def tell_trade(front: Front, customers: Customers, verdict: Verdict) -> None:
    line("orders", len(customers.orders))
    line("callbacks taken (attempts; not answered 200)", f"{front.received} ({front.unanswered})")
    line("orders paid at their current price", verdict.expected)
    line("orders shipped", verdict.shipped)
    line("lost", verdict.lost)
    line("shipped twice, with `once`", verdict.doubled)


def tell_times(customers: Customers, verdict: Verdict) -> None:
    tell_time("from the holder's death to the next handing over, s", verdict.recoveries)
    tell_time("the same, with the server away meanwhile, s", verdict.through_outages)
    tell_time("from a recorded callback to the decision, s", verdict.decisions)
    tell_time("from the button to the payment page, s", [order.waited for order in customers.orders if order.waited])


def tell_time(what: str, times: list[float]) -> None:
    if times:
        line(what, f"{statistics.median(times):.1f}, {max(times):.1f}")
        line("    median and worst, of", len(times))
