"""The shop's processes: started, killed at random moments and at named places, and started again at once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
IN_CORE = ("after_intent", "after_create", "after_commit", "after_verify", "before_complete")
IN_SHOP = ("in_handler", "handler_end")
AT_A_PLACE = 0.4
"""So many of the processes that are started are to die at a named place."""
SPARED = 4.0
"""So many seconds they are left alone to come to it."""


@dataclass
class Life:
    """One process from its start to its end."""

    name: str
    language: str
    place: str | None
    process: asyncio.subprocess.Process
    started: float
    port: int | None = None
    killed: bool = False
    died_at: float | None = None
    how: str = "at the end"

    def is_spared(self) -> bool:
        return self.place is not None and time.monotonic() < self.started + SPARED


def kill(life: Life) -> None:
    """Not by the process's own method, which may take its exit code away from whoever waits for it."""
    with suppress(ProcessLookupError):
        os.kill(life.process.pid, signal.SIGKILL)


@dataclass
class Fleet:
    commands: dict[str, list[str]]
    environment: dict[str, str]
    folder: Path
    random: random.Random
    lives: list[Life] = field(default_factory=list)
    slots: dict[str, Life] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    armed: bool = True
    closing: bool = False
    broken: list[str] = field(default_factory=list)

    def begin(self, counts: dict[str, int]) -> None:
        for language, count in counts.items():
            for number in range(count):
                self.tasks.append(asyncio.create_task(self.keep_alive(language, f"{language}-{number}")))

    async def keep_alive(self, language: str, slot: str) -> None:
        number = 0
        while not self.closing:
            number += 1
            life = await self.start(language, slot, number)
            await self.watch(life)
            if life.how.startswith("ended by itself"):
                self.broken.append(f"{life.name} {life.how}")
                await asyncio.sleep(1)

    async def start(self, language: str, slot: str, number: int) -> Life:
        name = f"{slot}-{number}"
        place = self.draw_place()
        environment = os.environ | self.environment
        environment |= {"TORTURE_NAME": name, "TORTURE_DIARY": str(self.folder / f"{name}.diary")}
        if place is not None:
            variable = "PAYMENTO_FAIL_POINT" if place.partition(":")[0] in IN_CORE else "TORTURE_DIE_AT"
            environment[variable] = place
        with (self.folder / f"{slot}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self.commands[language], env=environment, stdout=asyncio.subprocess.PIPE, stderr=log
            )
        life = Life(name, language, place, process, time.monotonic())
        self.lives.append(life)
        self.slots[slot] = life
        return life

    def draw_place(self) -> str | None:
        if not self.armed or self.random.random() > AT_A_PLACE:
            return None
        return f"{self.random.choice(IN_CORE + IN_SHOP)}:{self.random.randint(1, 4)}"

    async def watch(self, life: Life) -> None:
        assert life.process.stdout is not None
        line = await life.process.stdout.readline()
        if line.startswith(b"ready "):
            life.port = int(line.split()[1])
        code = await life.process.wait()
        life.died_at = life.died_at or time.time()
        if self.closing or life.killed:
            return
        if life.place is not None and code in (-signal.SIGABRT, -signal.SIGKILL):
            life.how = life.place.partition(":")[0]
        else:
            life.how = f"ended by itself with {code}"

    def ready(self) -> list[Life]:
        return [life for life in self.slots.values() if life.port is not None and life.process.returncode is None]

    def kill_one(self) -> None:
        """Kills any process that lives, mostly one that answers."""
        ready = self.ready()
        living = [life for life in self.slots.values() if life.process.returncode is None and not life.killed]
        among = ready if ready and self.random.random() < 0.9 else living
        among = [life for life in among if not life.is_spared()]
        if not among:
            return
        life = self.random.choice(among)
        life.killed = True
        life.how = "at random" if life.port is not None else "while starting"
        life.died_at = time.time()
        kill(life)

    def kills(self) -> int:
        return sum(1 for life in self.lives if life.how != "at the end" and not life.how.startswith("ended"))

    async def end(self) -> None:
        self.closing = True
        for life in self.slots.values():
            if life.process.returncode is None:
                kill(life)
        await asyncio.gather(*self.tasks)
