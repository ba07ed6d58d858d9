"""`make torture`: a shop of Python, Node.js and Rust processes is killed a thousand times, and loses nothing.

A simulated gateway, which is never killed, says which orders are paid. While customers buy and pay, processes are
killed at random moments and at named places, and PostgreSQL's server with them. In the end every paid order must have
been shipped exactly once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from customers import Customers
from databases import Postgres, Sqlite
from fleet import Fleet
from front import Front
from gateway import KEY, SECRET, Gateway
from report import tell
from verdict import Evidence, judge, owed
from web import ask, get

HERE = Path(__file__).resolve().parent
COUNTS = {"rust": 3, "python": 2, "node": 2}
AT_ONCE = 40
"""Customers in the shop at a time."""
LONGEST = 1_800.0
"""Seconds of killing, at most."""
QUIET_WITHIN = 240.0
"""Seconds until all is done afterwards, at most. A callback that was lost is made up for by the minute."""
RATE = 4.0
"""Kills a second, besides those at named places: every process lives for a second or two."""
SHORT_KILLS = 80
RESTART = 6.0
"""Seconds between two ends of the database's server, about."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgres"], help="default: one after the other")
    parser.add_argument("--kills", type=int, help="on each database; default 1,000")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--short", action="store_true", help="within 3 minutes: fewer kills, both databases at once")
    parser.add_argument("--languages", default="rust,python,node")
    parser.add_argument("--without-once", action="store_true", help="ship at every run of the handler, which must fail")
    asked = parser.parse_args()
    asked.kills = asked.kills or (SHORT_KILLS if asked.short else 1_000)
    return asked


class Torture:
    def __init__(self, asked: argparse.Namespace, database: str, folder: Path) -> None:
        self.asked, self.folder = asked, folder
        self.random = random.Random(asked.seed)
        self.database = Sqlite(folder) if database == "sqlite" else Postgres(folder)
        self.gateway = Gateway(asked.seed)
        commands = {
            "rust": [str(HERE.parents[1] / "target" / "debug" / "examples" / "torture_shop")],
            "python": [sys.executable, str(HERE / "shop.py")],
            "node": ["node", str(HERE / "shop.mjs")],
        }
        self.counts = {language: COUNTS[language] for language in asked.languages.split(",")}
        self.fleet = Fleet({language: commands[language] for language in self.counts}, {}, folder, self.random)
        self.front = Front(self.fleet, self.random)
        self.customers = Customers(self.front, self.gateway, self.random)

    async def run(self) -> bool:
        begun = time.time()
        print(f"torture on {self.database.name}, seed {self.asked.seed}", flush=True)
        self.database.start()
        await self.gateway.start(await self.front.start())
        self.fleet.environment = self.database.environment | {
            "PAYMENTO_API_KEY": KEY,
            "PAYMENTO_SECRET_KEY": SECRET,
            "PAYMENTO_BASE_URL": self.gateway.url,
            "TORTURE_WITHOUT_ONCE": "1" if self.asked.without_once else "",
        }
        self.fleet.begin(self.counts)
        try:
            await self.torment()
            calm = time.time()
            quiet = await self.come_to_rest()
        finally:
            await self.fleet.end()
        payments = await self.gateway.payments()
        await self.gateway.stop()
        verdict = judge(self.evidence(payments))
        verdict.wrong += self.database.damage() + self.fleet.broken + quiet
        self.database.stop()
        tell(
            self.database,
            self.fleet,
            self.front,
            self.customers,
            verdict,
            self.asked.seed,
            time.time() - begun,
            time.time() - calm,
        )
        return not verdict.wrong

    def evidence(self, payments: dict[str, dict[str, object]]) -> Evidence:
        return Evidence(
            orders=self.customers.orders,
            payments=payments,
            tables=self.database.read(),
            lives={life.name: life for life in self.fleet.lives},
            outages=self.database.outages,
            acknowledged=self.front.acknowledged,
            diaries=self.folder,
        )

    async def torment(self) -> None:
        """Customers come, processes are killed, and the server is, until there were enough kills."""
        end = time.monotonic() + LONGEST
        others = [asyncio.create_task(self.sell()), asyncio.create_task(self.hit())]
        try:
            while self.fleet.kills() < self.asked.kills and time.monotonic() < end:
                await asyncio.sleep(self.random.expovariate(RATE))
                if len(self.fleet.ready()) >= 2:
                    self.fleet.kill_one()
        finally:
            self.fleet.armed = False
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    async def sell(self) -> None:
        while True:
            if len(self.customers.living) < AT_ONCE:
                self.customers.send_one()
            await asyncio.sleep(self.random.expovariate(8.0))

    async def hit(self) -> None:
        while True:
            await asyncio.sleep(self.random.uniform(0.5, 1.5) * RESTART)
            await asyncio.shield(asyncio.to_thread(self.database.hit, self.random))

    async def come_to_rest(self) -> list[str]:
        """Nobody is killed any more. What is not shipped after a while is lost."""
        await self.gateway.calm()
        deadline = time.monotonic() + QUIET_WITHIN
        while time.monotonic() < deadline:
            await asyncio.sleep(0.5)
            if not self.customers.living and await self.is_done():
                # What would be shipped although it must not be has a moment for it.
                await asyncio.sleep(2)
                return []
        return [f"not everything was done within {QUIET_WITHIN:.0f} s"]

    async def is_done(self) -> bool:
        ready = self.fleet.ready()
        payments = await self.gateway.payments()
        evidence = Evidence(self.customers.orders, payments, {}, {}, [], {}, self.folder)
        shipped = {row[0] for row in await asyncio.to_thread(self.database.shipped)}
        if not ready or not owed(evidence).keys() <= shipped:
            return False
        try:
            health = (await ask(ready[0].port or 0, get("/health"))).json()
        except OSError:
            return False
        return health.get("events_due") == 0 and health.get("verifies_due") == 0


async def torture_one(asked: argparse.Namespace, database: str) -> bool:
    folder = Path(tempfile.mkdtemp(prefix="paymento-torture-"))
    clean = await Torture(asked, database, folder).run()
    if clean:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"  what there was is in {folder}")
    return clean


async def torture_all(asked: argparse.Namespace) -> bool:
    databases = [asked.database] if asked.database else ["sqlite", "postgres"]
    if asked.short:
        return all(await asyncio.gather(*(torture_one(asked, database) for database in databases)))
    return all([await torture_one(asked, database) for database in databases])


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(torture_all(arguments())) else 1)
