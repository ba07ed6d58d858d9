"""Customers: each buys one thing, and pays in one of the ways in which people pay."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from front import Front
from gateway import Gateway
from web import get

WAYS = {
    "pays": 50,
    "pays late": 8,
    "pays in two parts": 8,
    "pays too little": 6,
    "pays too much": 8,
    "pays an earlier price": 8,
    "pays an earlier price and then the current one": 6,
    "cancels and pays all the same": 3,
    "goes away": 3,
}


@dataclass
class Order:
    id: str
    way: str
    amount: str
    tokens: dict[str, str] = field(default_factory=dict)
    """Every token that was answered, and the price it was answered for."""
    current: str = ""
    waited: float = 0.0
    paid_at: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Customers:
    def __init__(self, front: Front, gateway: Gateway, random: random.Random) -> None:
        self.front, self.gateway, self.random = front, gateway, random
        self.orders: list[Order] = []
        self.living: set[asyncio.Task[None]] = set()

    def send_one(self) -> None:
        way = self.random.choices(list(WAYS), list(WAYS.values()))[0]
        order = Order(f"T-{len(self.orders) + 1}", way, self.price())
        self.orders.append(order)
        task = asyncio.create_task(self.live(order))
        self.living.add(task)
        task.add_done_callback(self.living.discard)

    def price(self) -> str:
        return f"{self.random.randint(100, 99_999) / 100:.2f}"

    async def live(self, order: Order) -> None:
        try:
            await self.shop(order)
        except AssertionError as error:
            order.wrong.append(str(error))

    async def shop(self, order: Order) -> None:
        first = await self.buy(order)
        if "earlier price" in order.way:
            order.amount = self.price()
            await self.buy(order)
        await self.pay(order, first)
        order.paid_at = time.time()
        if self.random.random() < 0.4:
            await self.front.give(get(f"/visit?token={order.current}&orderId={order.id}&status=7"))

    async def buy(self, order: Order) -> str:
        """Some click twice; they must be sent to the same page."""
        since = time.time()
        clicks = 2 if self.random.random() < 0.3 else 1
        tokens = await asyncio.gather(*(self.front.buy(order.id, order.amount) for _ in range(clicks)))
        order.waited = max(order.waited, time.time() - since)
        for token in tokens:
            order.tokens[token] = order.amount
        if len(set(tokens)) > 1:
            order.wrong.append(f"{order.id}: two clicks gave two payments at one price")
        order.current = tokens[0]
        return tokens[0]

    async def pay(self, order: Order, first: str) -> None:
        """What the gateway then says of the payments is what counts."""
        moves = {
            "pays late": [("expire", order.current), ("pay", order.current)],
            "pays in two parts": [("underpay", order.current), ("pay", order.current)],
            "pays too little": [("underpay", order.current)],
            "pays too much": [("overpay", order.current)],
            "pays an earlier price": [("pay", first)],
            "pays an earlier price and then the current one": [("pay", first), ("pay", order.current)],
            "cancels and pays all the same": [("cancel", order.current), ("pay", order.current)],
            "goes away": [],
        }
        for what, token in moves.get(order.way, [("pay", order.current)]):
            await asyncio.sleep(self.random.uniform(0.0, 0.4))
            await self.gateway.control(what, {"token": token})
