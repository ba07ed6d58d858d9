// An event is not done where the transaction of its `once` is not, or where two handlers share one: see servers.py.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import BetterSqlite from "better-sqlite3";
import knex from "knex";
import mysqlCallbacks from "mysql2";
import mysql from "mysql2/promise";
import pg from "pg";
import { onMariadb, onPostgres } from "./sessions.mjs";

const require = createRequire(new URL("../../bindings-node/package.json", import.meta.url));
const { Checkout, onceTableSql } = require("paymento");
const { Simulator } = require("paymento/testing");

/** A checkout with so many paid orders, whose handlers run in `runOnce`. */
async function paidOrders(t, orderIds) {
  const folder = mkdtempSync(join(tmpdir(), "paymento-handlers-"));
  const simulator = await Simulator.start();
  const database = `sqlite:${join(folder, "paymento.db")}`;
  const checkout = new Checkout(simulator.client(), { database, worker: "external" });
  t.after(async () => {
    await checkout.close();
    await simulator.stop();
    rmSync(folder, { recursive: true });
  });
  for (const orderId of orderIds) {
    const { token } = await checkout.createPayment({ orderId, fiatAmount: "29.99", fiatCurrency: "USD" });
    await simulator.pay(token);
    await simulator.advance(0);
    await checkout.visit({ token });
  }
  return { folder, checkout };
}

async function failures(checkout, orderId) {
  const history = await checkout.history(orderId);
  return history.filter(({ what }) => what === "failed").map(({ detail }) => detail);
}

/** Keys of earlier tests are there. */
const freshOrder = () => `H-${randomUUID()}`;

async function pgClient(t) {
  const client = new pg.Client(onPostgres("shop"));
  await client.connect();
  t.after(() => client.end());
  await client.query(onceTableSql("postgresql"));
  return { handle: client, query: (sql) => client.query(sql) };
}

async function pgWithoutStatus(t) {
  const session = await pgClient(t);
  session.handle.getTransactionStatus = undefined;
  return session;
}

async function pgPoolClient(t) {
  const pool = new pg.Pool(onPostgres("shop"));
  const client = await pool.connect();
  t.after(async () => {
    client.release(true);
    await pool.end();
  });
  return { handle: client, query: (sql) => client.query(sql) };
}

async function mysqlPromised(t) {
  const connection = await mysql.createConnection(onMariadb("shop"));
  t.after(() => connection.end());
  await connection.query(onceTableSql("mysql"));
  return { handle: connection, query: (sql) => connection.query(sql) };
}

async function mysqlCallback(t) {
  const connection = mysqlCallbacks.createConnection(onMariadb("shop"));
  t.after(() => connection.promise().end());
  return { handle: connection, query: (sql) => connection.promise().query(sql) };
}

const OPENERS = { pgClient, pgWithoutStatus, pgPoolClient, mysqlPromised, mysqlCallback };

const ENDINGS = { COMMIT: null, ROLLBACK: /rolled back/, "": /still open/ };

for (const [driver, open] of Object.entries(OPENERS)) {
  for (const [ending, message] of Object.entries(ENDINGS)) {
    test(`${driver}: an event whose transaction ends with ${ending || "nothing"}`, async (t) => {
      const orderId = freshOrder();
      const [{ checkout }, session] = [await paidOrders(t, [orderId]), await open(t)];
      checkout.onPaid(async (order) => {
        await session.query("BEGIN");
        assert.equal(await order.once(session.handle), true);
        if (ending) await session.query(ending);
      });
      await checkout.runOnce();
      const told = await failures(checkout, orderId);
      assert.equal(told.length, message === null ? 0 : 1);
      if (message !== null) assert.match(told[0], message);
      await session.query("ROLLBACK");
    });
  }

  test(`${driver}: a handler waits for another one that shares its connection, and both ship`, async (t) => {
    const orderIds = [freshOrder(), freshOrder()];
    const [{ checkout }, session] = [await paidOrders(t, orderIds), await open(t)];
    const said = [];
    let begun = 0;
    let bothHaveBegun;
    const both = new Promise((resolve) => (bothHaveBegun = resolve));
    const ended = new Promise((resolve) => {
      checkout.onPaid(async (order) => {
        await session.query("BEGIN");
        begun += 1;
        if (begun === 2) bothHaveBegun();
        await both;
        const isNew = await order.once(session.handle);
        const isFirst = said.push(isNew) === 1;
        await session.query(isFirst ? "ROLLBACK" : "COMMIT");
        if (isFirst) throw new Error("rolled back");
        if (said.length > 2) resolve();
      });
    });
    const stopping = new AbortController();
    const running = checkout.run({ signal: stopping.signal });
    await ended;
    stopping.abort();
    await running;
    for (const orderId of orderIds) {
      const steps = (await checkout.history(orderId)).map(({ what }) => what);
      assert.ok(steps.includes("completed"), `${orderId}: ${steps}`);
    }
  });
}

test("a connection that a pool has given to somebody else since is not asked, nor waited for", async (t) => {
  const orderIds = [freshOrder(), freshOrder()];
  const { checkout } = await paidOrders(t, orderIds);
  const pool = new pg.Pool({ ...onPostgres("shop"), max: 1 });
  t.after(() => pool.end());
  await pool.query(onceTableSql("postgresql"));
  const ship = async (order) => {
    const client = await pool.connect();
    await client.query("BEGIN");
    assert.equal(await order.once(client), true);
    await client.query("COMMIT");
    client.release();
  };
  let first;
  checkout.onPaid(async (order) => {
    await ship(order);
    if (first === undefined) {
      first = new Promise((resolve) => {
        checkout.runOnce({ orderId: orderIds.find((orderId) => orderId !== order.orderId) }).then(resolve);
      });
      assert.equal(await first, 1);
    }
  });
  const before = performance.now();
  await checkout.runOnce({ orderId: orderIds[0] });
  assert.ok(performance.now() - before < 9_000);
  for (const orderId of orderIds) assert.deepEqual(await failures(checkout, orderId), []);
});

test("a transaction of knex that is left open is told", async (t) => {
  const orderId = freshOrder();
  const { checkout } = await paidOrders(t, [orderId]);
  const database = knex({ client: "pg", connection: onPostgres("shop") });
  t.after(() => database.destroy());
  await database.raw(onceTableSql("postgresql"));
  let transaction;
  checkout.onPaid(async (order) => {
    transaction = await database.transaction();
    assert.equal(await order.once(transaction), true);
  });
  await checkout.runOnce();
  assert.match((await failures(checkout, orderId))[0], /still open/);
  await transaction.rollback();
});

test("a transaction of knex that has ended is not told", async (t) => {
  const orderId = freshOrder();
  const { checkout } = await paidOrders(t, [orderId]);
  const database = knex({ client: "pg", connection: onPostgres("shop") });
  t.after(() => database.destroy());
  await database.raw(onceTableSql("postgresql"));
  checkout.onPaid((order) => database.transaction((transaction) => order.once(transaction)));
  await checkout.runOnce();
  assert.deepEqual(await failures(checkout, orderId), []);
});

function sqliteShop(t, folder) {
  const shop = new BetterSqlite(join(folder, "shop.db"));
  t.after(() => shop.close());
  shop.exec(onceTableSql("sqlite"));
  return shop;
}

for (const [ending, message] of Object.entries(ENDINGS)) {
  test(`better-sqlite3: an event whose transaction ends with ${ending || "nothing"}`, async (t) => {
    const { checkout, folder } = await paidOrders(t, ["S-1"]);
    const shop = sqliteShop(t, folder);
    checkout.onPaid((order) => {
      shop.exec("BEGIN");
      assert.equal(order.onceSync(shop), true);
      if (ending) shop.exec(ending);
    });
    await checkout.runOnce();
    const told = await failures(checkout, "S-1");
    assert.equal(told.length, message === null ? 0 : 1);
    if (message !== null) assert.match(told[0], message);
  });
}

/** The first order's handler ships it, and while it runs that of the second one does; gives what failed of each. */
async function oneWithinTheOther(t, shipFirst) {
  const { checkout, folder } = await paidOrders(t, ["S-1", "S-2"]);
  const shop = sqliteShop(t, folder);
  const ship = shop.transaction((order) => order.onceSync(shop));
  checkout.onPaid(async (order) => {
    if (order.orderId === "S-2") return void ship(order);
    await shipFirst({ shop, ship, order, meanwhile: () => checkout.runOnce({ orderId: "S-2" }) });
  });
  await checkout.runOnce({ orderId: "S-1" });
  return [await failures(checkout, "S-1"), await failures(checkout, "S-2")];
}

test("better-sqlite3: a synchronous transaction is nobody else's", async (t) => {
  const failed = await oneWithinTheOther(t, async ({ ship, order, meanwhile }) => {
    ship(order);
    await meanwhile();
  });
  assert.deepEqual(failed, [[], []]);
});

test("better-sqlite3: a transaction that another handler holds open is refused", async (t) => {
  const [first, second] = await oneWithinTheOther(t, async ({ shop, order, meanwhile }) => {
    shop.exec("BEGIN");
    order.onceSync(shop);
    await meanwhile();
    shop.exec("COMMIT");
  });
  assert.deepEqual(first, []);
  assert.match(second[0], /another handler/);
});
