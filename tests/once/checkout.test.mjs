// `order.once` in the handlers of a real checkout, through real drivers: see servers.py.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import BetterSqlite from "better-sqlite3";
import pg from "pg";
import { onPostgres } from "./sessions.mjs";

const require = createRequire(new URL("../../bindings-node/package.json", import.meta.url));
const { Checkout, DatabaseError, onceTableSql } = require("paymento");
const { Simulator } = require("paymento/testing");

const SHIPPED = "CREATE TABLE IF NOT EXISTS shipped_by_checkout (order_id TEXT)";

/** A checkout with a paid order, whose handlers run in `runOnce`. */
async function paidOrder(t, orderId, options) {
  const folder = mkdtempSync(join(tmpdir(), "paymento-once-"));
  const file = join(folder, "paymento.db");
  const simulator = await Simulator.start();
  const checkout = new Checkout(simulator.client(), { database: `sqlite:${file}`, worker: "external", ...options });
  t.after(async () => {
    await checkout.close();
    await simulator.stop();
    rmSync(folder, { recursive: true });
  });
  const { token } = await checkout.createPayment({ orderId, fiatAmount: "29.99", fiatCurrency: "USD" });
  await simulator.pay(token);
  await simulator.advance(0);
  await checkout.visit({ token });
  return { folder, file, checkout };
}

/** Runs the handler, which fails the first time after it has committed: it comes again, and that is recorded. */
async function twice(checkout, handler) {
  let runs = 0;
  checkout.onPaid(async (order) => {
    await handler(order);
    runs += 1;
    if (runs === 1) throw new Error("killed between its commit and its record");
  });
  const end = Date.now() + 30_000;
  while (runs < 2 && Date.now() < end) await checkout.runOnce();
  assert.equal(runs, 2);
}

test("a handler that runs again ships once, with better-sqlite3", async (t) => {
  const { folder, checkout } = await paidOrder(t, "Q-1");
  const shop = new BetterSqlite(join(folder, "shop.db"));
  t.after(() => shop.close());
  shop.exec(`${onceTableSql("sqlite")}; ${SHIPPED}`);
  await twice(checkout, async (order) => {
    shop.exec("BEGIN IMMEDIATE");
    if (order.onceSync(shop)) shop.prepare("INSERT INTO shipped_by_checkout VALUES (?)").run(order.orderId);
    shop.exec("COMMIT");
  });
  assert.deepEqual(shop.prepare("SELECT * FROM shipped_by_checkout").all(), [{ order_id: "Q-1" }]);
});

test("a handler that runs again ships once, in a synchronous transaction of better-sqlite3", async (t) => {
  const { folder, checkout } = await paidOrder(t, "Q-2");
  const shop = new BetterSqlite(join(folder, "shop.db"));
  t.after(() => shop.close());
  shop.exec(`${onceTableSql("sqlite")}; ${SHIPPED}`);
  const ship = shop.transaction((order) => {
    if (order.onceSync(shop)) shop.prepare("INSERT INTO shipped_by_checkout VALUES (?)").run(order.orderId);
  });
  await twice(checkout, (order) => ship(order));
  assert.deepEqual(shop.prepare("SELECT * FROM shipped_by_checkout").all(), [{ order_id: "Q-2" }]);
});

test("a handler that runs again ships once, with pg", async (t) => {
  const { checkout } = await paidOrder(t, "Q-3");
  const shop = new pg.Client(onPostgres("shop"));
  await shop.connect();
  t.after(() => shop.end());
  await shop.query(onceTableSql("postgresql"));
  await shop.query(SHIPPED);
  await shop.query("DELETE FROM shipped_by_checkout");
  await twice(checkout, async (order) => {
    await shop.query("BEGIN");
    if (await order.once(shop)) await shop.query("INSERT INTO shipped_by_checkout VALUES ($1)", [order.orderId]);
    await shop.query("COMMIT");
  });
  assert.deepEqual((await shop.query("SELECT * FROM shipped_by_checkout")).rows, [{ order_id: "Q-3" }]);
});

test("a handler's once on the checkout's own file is refused", async (t) => {
  const { file, checkout } = await paidOrder(t, "Q-4", { maxFailures: 1 });
  let refused;
  checkout.onPaid(async (order) => {
    const own = new BetterSqlite(file);
    try {
      own.exec("BEGIN");
      order.onceSync(own);
    } catch (error) {
      refused = error;
      own.exec("ROLLBACK");
      throw error;
    }
  });
  await checkout.runOnce();
  assert.ok(refused instanceof DatabaseError);
  assert.equal(refused.code, "database.shared_sqlite_file");
  const [letter] = await checkout.deadLetters();
  assert.match(letter.error, /^DatabaseError: /);
});
