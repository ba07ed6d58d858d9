"""The simulated gateway, as a process that is never killed: what it says of a payment is the truth."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from web import ask, get, post

SECRET = "torture-secret-5f1d0c7b9a2e"
KEY = "torture-api-key-93c2d1"
CHAOS = {"drop": 0.2, "duplicate": 0.3, "reorder": 0.3, "badGateway": 0.02}


class Gateway:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.port = 0

    async def start(self, callbacks: str) -> None:
        options = ["--port", "0", "--json", "--seed", str(self.seed), "--confirmation-time", "300ms"]
        options += ["--store", f"Torture:{KEY}:{SECRET}", "--ipn-url", callbacks, "--quiet", "--stop-with-parent"]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "paymento",
            "simulator",
            *options,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        first = json.loads(await self.process.stdout.readline())
        self.port = int(str(first["base_url"]).rpartition(":")[2])
        await self.control("chaos", CHAOS | {"seed": str(self.seed)})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def control(self, what: str, fields: dict[str, Any]) -> bool:
        """Whether the payment could be moved so."""
        reply = await ask(self.port, post(f"/simulator/{what}", fields))
        return reply.status == 200

    async def calm(self) -> None:
        await ask(self.port, get("/simulator/chaos")._replace(method="DELETE"))

    async def payments(self) -> dict[str, dict[str, Any]]:
        found = (await ask(self.port, get("/simulator/payments"))).json()
        assert not found["forgotten"], "the simulator has forgotten payments: choose fewer KILLS"
        return {payment["token"]: payment for payment in found["payments"]}

    async def stop(self) -> None:
        self.process.terminate()
        await self.process.wait()
