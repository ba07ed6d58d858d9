"""What stands before the shop's processes: takes callbacks and purchases, and gives each to one that lives."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time

from fleet import Fleet, Life
from web import Reply, Request, ask, post, read_request

NOBODY = Reply(503, b"")


class Front:
    def __init__(self, fleet: Fleet, random: random.Random) -> None:
        self.fleet, self.random = fleet, random
        self.acknowledged: dict[str, float] = {}
        """When the callback with this SHA-256 was answered 200 for the first time."""
        self.received = self.unanswered = 0

    async def start(self) -> str:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/callback"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            reply = await self.take(await read_request(reader))
            head = f"HTTP/1.1 {reply.status} x\r\nconnection: close\r\ncontent-length: {len(reply.body)}\r\n\r\n"
            writer.write(head.encode() + reply.body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def take(self, request: Request) -> Reply:
        self.received += 1
        reply, _ = await self.give(request._replace(target="/callback"))
        if reply.status == 200:
            self.acknowledged.setdefault(hashlib.sha256(request.body).hexdigest(), time.time())
        else:
            self.unanswered += 1
        return reply

    async def give(self, request: Request) -> tuple[Reply, Life | None]:
        """To a process that answers, if there is one. Whoever dies has not answered."""
        ready = self.fleet.ready()
        if not ready:
            await asyncio.sleep(0.05)
            return NOBODY, None
        life = self.random.choice(ready)
        try:
            return await ask(life.port or 0, request), life
        except OSError:
            return NOBODY, life

    async def buy(self, order: str, amount: str) -> str:
        """A customer presses the button until there is a payment page; gives its token."""
        while True:
            reply, _ = await self.give(post("/buy", {"order": order, "amount": amount}))
            if reply.status == 200:
                return str(reply.json()["token"])
            code = reply.json().get("code", "") if reply.body else ""
            if code in ("checkout.already_paid", "checkout.payment_in_progress") or code.startswith("input."):
                raise AssertionError(f"{order} could not be bought: {code}")
            await asyncio.sleep(self.random.uniform(0.02, 0.2))
