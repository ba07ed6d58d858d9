// What handlers must not be, and how they and what they wait for end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Checkout } from "paymento";
import { orderEvent } from "paymento/testing";
import { buy, freshSqlite, inbox, recorder, shopWith, silently } from "./support/checkout.mjs";
import { refused } from "./support/errors.mjs";
import { started } from "./support/shop.mjs";

test("a generator function is refused before an order is lost", async (t) => {
  const checkout = new Checkout((await started(t)).client(), { database: freshSqlite(t) });
  await refused("input.type", () => checkout.onPaid(function* () {}));
  await refused("input.type", () => checkout.onPaid(async function* () {}));
});

test("a handler that only gives a generator has not shipped", async (t) => {
  const sync = function* () {};
  const async = async function* () {};
  for (const handler of [() => sync(), async () => sync(), () => async(), sync.bind(null)]) {
    const { logger } = recorder();
    const shop = await shopWith(t, freshSqlite(t), { maxFailures: 1, worker: "external" }, { logger });
    shop.checkout.onPaid(handler);
    const { token } = await silently(shop, () => buy(shop));
    await shop.checkout.visit({ token });
    assert.equal(await shop.checkout.runOnce(), 1);
    const [letter] = await shop.checkout.deadLetters();
    assert.match(letter.error, /nothing of it has run/);
  }
});

test("close waits 10 seconds for a handler that never ends", async (t) => {
  const shop = await shopWith(t, freshSqlite(t));
  const begun = inbox();
  shop.checkout.onPaid(() => {
    begun.put("begun");
    return new Promise(() => {});
  });
  await buy(shop);
  await begun.next();
  const before = performance.now();
  await shop.checkout.close();
  const took = performance.now() - before;
  assert.ok(took > 9_000 && took < 14_000, `${took} ms`);
});

test("a time that is none is refused", async (t) => {
  const checkout = new Checkout((await started(t)).client(), { database: freshSqlite(t) });
  for (const maxMs of [Number.NaN, -1]) {
    await refused("input.duration", () => checkout.runOnce({ maxMs }));
  }
});

/** As node-sqlite3's: it answers later, by callbacks, and does not say whether a transaction is open. */
class Database {
  statements = [];
  prepare(sql) {
    this.statements.push(sql);
    return this;
  }
  exec(sql) {
    this.statements.push(sql);
    return this;
  }
  run() {}
  close() {}
}

test("no transaction is touched of a driver that once does not know", async () => {
  const database = new Database();
  const knex = { raw() {}, transaction() {}, isTransaction: true, client: { acquireConnection: async () => database } };
  for (const connection of [database, knex]) {
    await refused("input.type", () => orderEvent().once(connection));
    assert.deepEqual(database.statements, []);
  }
});

/** Of a shop's own function: it answers when it is let. */
const answering = (answer) => ({ database: "postgresql", query: () => answer });

test("an event whose once nobody has awaited has failed for good", async (t) => {
  const rejected = () => Promise.reject(new Error("no such table"));
  const forgetting = {
    "a pending one": (order) => void order.once(answering(new Promise(() => {}))),
    "one that has answered": async (order) => {
      order.once(answering(1));
      await new Promise(setImmediate);
    },
    "one that has failed": async (order) => {
      order.once(answering(rejected()));
      await new Promise(setImmediate);
    },
    "one that is awaited elsewhere": (order) => void order.once(answering(new Promise(() => {}))).then(() => {}),
  };
  for (const [what, handler] of Object.entries(forgetting)) {
    const { logger } = recorder();
    const shop = await shopWith(t, freshSqlite(t), { worker: "external" }, { logger });
    shop.checkout.onPaid(handler);
    const { token } = await silently(shop, () => buy(shop));
    await shop.checkout.visit({ token });
    assert.equal(await shop.checkout.runOnce(), 1);
    // At the first attempt: a handler that takes a promise for a yes does it all again at each.
    const [letter] = await shop.checkout.deadLetters();
    assert.match(letter.error, /awaited/, what);
  }
});

test("an event whose once is awaited in whatever way is done", async (t) => {
  const awaiting = [
    async (order) => assert.equal(await order.once(answering(1)), true),
    (order) => order.once(answering(1)),
    (order) => order.once(answering(0)).then((isNew) => assert.equal(isNew, false)),
    (order) => Promise.all([order.once(answering(1))]),
    (order) => order.once(answering(Promise.reject(new Error("busy")))).catch(() => {}),
  ];
  for (const handler of awaiting) {
    const shop = await shopWith(t, freshSqlite(t), { maxFailures: 1, worker: "external" });
    shop.checkout.onPaid(handler);
    const { token } = await silently(shop, () => buy(shop));
    await shop.checkout.visit({ token });
    assert.equal(await shop.checkout.runOnce(), 1);
    assert.deepEqual(await shop.checkout.deadLetters(), []);
  }
});

test("a handler that never ends keeps no place, and run ends without it", async (t) => {
  const { logger } = recorder();
  const options = { concurrency: 1, maxHandlerTimeMs: 10_000, worker: "external" };
  const shop = await shopWith(t, freshSqlite(t), options, { logger });
  const heard = inbox();
  let finish;
  shop.checkout.onPaid((order) => {
    heard.put(order.orderId);
    if (order.orderId === "A-578") {
      return new Promise((resolve) => {
        finish = resolve;
      });
    }
  });
  const stopping = new AbortController();
  const running = shop.checkout.run({ signal: stopping.signal });
  await buy(shop);
  assert.equal(await heard.next(), "A-578");
  await buy(shop, "A-579");
  assert.equal(await heard.next(), "A-579");
  stopping.abort();
  await running;
  finish();
});
