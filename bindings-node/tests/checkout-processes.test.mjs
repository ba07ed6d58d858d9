// Several processes on one database, processes that die and processes that end; worker threads, clusters.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Checkout } from "paymento";
import { buy, DATABASES, freshSqlite, inbox, order, recorder, shopWith, silently } from "./support/checkout.mjs";

/** The environment of a client of this simulator. */
const environmentOf = (simulator) => ({
  PAYMENTO_API_KEY: simulator.apiKey,
  PAYMENTO_SECRET_KEY: simulator.secretKey,
  PAYMENTO_BASE_URL: simulator.baseUrl,
  PAYMENTO_GATEWAY_URL: simulator.gatewayUrl,
});

/** Starts a program; `said(line)` is resolved when it has printed that line. */
function start(t, args, env) {
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname, env: { ...process.env, ...env } });
  t.after(() => child.kill("SIGKILL"));
  const lines = inbox();
  createInterface(child.stdout).on("line", (line) => lines.put(line));
  const errors = text(child.stderr);
  const said = async (wanted) => {
    for (;;) {
      const line = await lines.next();
      if (line === wanted) return;
      assert.ok(!line.startsWith("shipped") || line === wanted, `said ${line} instead of ${wanted}`);
    }
  };
  const ended = once(child, "exit");
  return { child, said, lines, errors, ended };
}

const script = (code) => ["--input-type=module", "-e", code];

/** A shop that creates, and hands nothing over itself. */
const creator = (t, database) => shopWith(t, database, { worker: "external", verifiesPerSecond: 1_000 });

for (const [name, fresh] of Object.entries(DATABASES)) {
  test(`what a killed process was handed is done by another after its lease (${name})`, async (t) => {
    const database = await fresh(t);
    const shop = await creator(t, database);
    const payment = await buy(shop, "E-1");
    const env = { ...environmentOf(shop.simulator), DATABASE: database, TOKEN: payment.token };
    const first = start(t, ["support/shop-process.mjs"], { ...env, MODE: "hang" });
    await first.said("begun E-1");
    const second = start(t, ["support/shop-process.mjs"], { ...env, MODE: "ship" });
    await second.said("ready");
    first.child.kill("SIGKILL");
    const killed = performance.now();
    await second.said("shipped E-1");
    const took = performance.now() - killed;
    assert.ok(took < 13_000, `shipped ${took} ms after the kill`);
    const history = await shop.checkout.history("E-1");
    const handed = history.filter(({ what }) => what === "handed_over").map(({ who }) => who);
    assert.deepEqual(handed, ["hang", "ship"]);
  });
}

test("a handler that blocks the event loop for 15 seconds keeps its lease", async (t) => {
  const database = freshSqlite(t);
  const shop = await creator(t, database);
  const payment = await buy(shop, "F-1");
  const env = { ...environmentOf(shop.simulator), DATABASE: database, TOKEN: payment.token, BLOCK_MS: "15000" };
  const blocked = start(t, ["support/shop-process.mjs"], { ...env, MODE: "block" });
  await blocked.said("begun F-1");
  // Another process waits for the order all the while.
  const other = start(t, ["support/shop-process.mjs"], { ...env, MODE: "ship" });
  await blocked.said("shipped F-1");
  const whats = async () => (await shop.checkout.history("F-1")).map(({ what }) => what);
  while (!(await whats()).includes("completed")) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await whats()).filter((what) => what === "handed_over").length, 1);
  assert.ok(!other.lines.items.includes("shipped F-1"));
});

test("runOnce keeps the lease of a slow handler, although nothing else runs", async (t) => {
  const database = freshSqlite(t);
  const shop = await creator(t, database);
  const { client, checkout } = shop;
  const { token } = await silently(shop, () => buy(shop, "F-2"));
  await checkout.visit({ token });
  const other = new Checkout(client, { database, worker: "external" });
  t.after(() => other.close());
  let handed = 0;
  other.onPaid(() => {
    handed += 1;
  });
  checkout.onPaid(async () => {
    const end = performance.now() + 11_000;
    while (performance.now() < end) await other.runOnce({ maxMs: 100, orderId: "F-2" });
  });
  assert.equal(await checkout.runOnce(), 1);
  assert.equal(handed, 0);
});

test("a process that creates a payment and has nothing else to do, ends", async (t) => {
  const database = freshSqlite(t);
  const { simulator } = await creator(t, database);
  const code = `
    import { Checkout, Client } from "paymento";
    const checkout = new Checkout(Client.fromEnv(), { database: process.env.DATABASE });
    checkout.onPaid(() => {});
    const payment = await checkout.createPayment({ orderId: "G-1", fiatAmount: "5", fiatCurrency: "USD" });
    console.log(payment.orderId);`;
  const { said, ended, errors } = start(t, script(code), { ...environmentOf(simulator), DATABASE: database });
  await said("G-1");
  const before = performance.now();
  assert.deepEqual(await ended, [0, null]);
  assert.ok(performance.now() - before < 2_000);
  assert.equal(await errors, "");
});

test("run keeps a process alive whose handlers wait for what keeps none", async (t) => {
  const database = freshSqlite(t);
  const shop = await creator(t, database);
  const { token } = await silently(shop, () => buy(shop, "Q-1"));
  const code = `
    import { Checkout, Client } from "paymento";
    const checkout = new Checkout(Client.fromEnv(), { database: process.env.DATABASE, worker: "external", concurrency: 1 });
    checkout.onPaid(() => {
      console.log("begun");
      return new Promise(() => {});
    });
    await checkout.visit("token=${token}");
    await checkout.run();`;
  const { child, said, ended } = start(t, script(code), { ...environmentOf(shop.simulator), DATABASE: database });
  await said("begun");
  assert.equal(await Promise.race([ended, pause(500, "it runs")]), "it runs");
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [null, "SIGTERM"]);
});

test("process.exit amid calls and handlers is clean, and loses nothing", async (t) => {
  const database = freshSqlite(t);
  const shop = await creator(t, database);
  const { token } = await buy(shop, "H-1");
  const env = { ...environmentOf(shop.simulator), DATABASE: database };
  const first = start(t, ["support/shop-process.mjs"], { ...env, TOKEN: token, MODE: "exit" });
  await first.said("begun H-1");
  assert.deepEqual(await first.ended, [0, null]);
  assert.equal(await first.errors, "");
  const code = `
    import { Checkout, Client } from "paymento";
    const checkout = new Checkout(Client.fromEnv(), { database: process.env.DATABASE });
    checkout.onPaid(() => {});
    for (let i = 0; i < 20; i += 1) {
      checkout.createPayment({ orderId: "H-2-" + i, fiatAmount: "5", fiatCurrency: "USD" });
    }
    checkout.health().then(() => process.exit(0));`;
  for (let i = 0; i < 3; i += 1) {
    const hasty = start(t, script(code), env);
    assert.deepEqual(await hasty.ended, [0, null]);
    assert.equal(await hasty.errors, "");
  }
  const second = start(t, ["support/shop-process.mjs"], { ...env, MODE: "ship", TOKEN: token });
  await second.said("shipped H-1");
});

function inWorker(code, workerData) {
  const prelude = `
    const { parentPort, workerData } = require("node:worker_threads");
    const load = require("node:module").createRequire(workerData.from);
    const { Checkout, Client } = load("paymento");
    const client = new Client(workerData.apiKey, { secretKey: workerData.secretKey, baseUrl: workerData.baseUrl });
    const checkout = new Checkout(client, { database: workerData.database });`;
  return new Worker(prelude + code, { eval: true, workerData: { from: import.meta.url, ...workerData } });
}

const dataOf = ({ apiKey, secretKey, baseUrl }, database) => ({ apiKey, secretKey, baseUrl, database });

test("a worker thread has a loop of its own, and ends with what it holds", async (t) => {
  const database = freshSqlite(t);
  const shop = await creator(t, database);
  const { token } = await buy(shop, "I-1");
  const code = `
    checkout.onPaid((order) => parentPort.postMessage(order.orderId));
    checkout.visit("token=${token}");
    parentPort.once("message", async () => { await checkout.close(); });`;
  const worker = inWorker(code, dataOf(shop.simulator, database));
  assert.deepEqual(await once(worker, "message"), ["I-1"]);
  worker.postMessage("close");
  assert.deepEqual(await once(worker, "exit"), [0]);
});

test("worker threads are ended amid handlers and calls, and the process goes on", async (t) => {
  const database = freshSqlite(t);
  const shop = await creator(t, database);
  const tokens = await Promise.all(["1", "2", "3"].map(async (i) => (await buy(shop, `J-${i}`)).token));
  const workers = tokens.map((token) =>
    inWorker(
      `checkout.onPaid((order) => { parentPort.postMessage(order.orderId); return new Promise(() => {}); });
       for (let i = 0; i < 10; i += 1) checkout.health();
       checkout.visit("token=${token}");
       setInterval(() => {}, 1000);`,
      dataOf(shop.simulator, database),
    ),
  );
  // Whoever is first may be handed all three.
  await Promise.race(workers.map((worker) => once(worker, "message")));
  await Promise.all(workers.map((worker) => worker.terminate()));
  const done = inbox();
  shop.checkout.onPaid((order) => done.put(order.orderId));
  const controller = new AbortController();
  const running = shop.checkout.run({ signal: controller.signal });
  const orders = new Set();
  while (orders.size < 3) orders.add(await done.next());
  controller.abort();
  await running;
});

test("the processes of a cluster share the work", async (t) => {
  const database = freshSqlite(t);
  const shop = await creator(t, database);
  const tokens = [];
  for (let i = 0; i < 6; i += 1) tokens.push((await buy(shop, `K-${i}`)).token);
  const env = { ...environmentOf(shop.simulator), DATABASE: database, TOKENS: tokens.join(" ") };
  const { lines, ended, errors } = start(t, ["support/checkout-cluster.mjs"], env);
  assert.deepEqual(await ended, [0, null]);
  assert.equal(await errors, "");
  assert.deepEqual(lines.items.sort(), ["K-0", "K-1", "K-2", "K-3", "K-4", "K-5"]);
});

test("several checkouts on one database in one process each do their own, and one closes alone", async (t) => {
  const database = freshSqlite(t);
  const shop = await shopWith(t, database);
  const second = new Checkout(shop.client, { database, account: "second" });
  const [first, other] = [inbox(), inbox()];
  shop.checkout.onPaid((order) => first.put(order.account));
  second.onPaid((order) => other.put(order.account));
  await buy(shop, "L-1");
  await silently(shop, () => buy({ checkout: second, simulator: shop.simulator }, "L-1"));
  const token = (await second.status("L-1")).token;
  await second.visit({ token });
  assert.deepEqual([await first.next(), await other.next()], ["default", "second"]);
  await second.close();
  await buy(shop, "L-2");
  assert.equal(await first.next(), "default");
});

test("a database that is down is waited for, not asked without a pause", async (t) => {
  const { records, logger } = recorder();
  const shop = await shopWith(t, "postgres://shop@127.0.0.1:1/shop?sslmode=disable", {}, { logger });
  shop.checkout.onPaid(() => {});
  const before = process.cpuUsage();
  await assert.rejects(shop.checkout.createPayment(order()), { code: "database.unavailable" });
  const { message } = await records.next();
  assert.match(message, /waits for its database/);
  await shop.checkout.close();
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 1_500_000, `${(user + system) / 1_000} ms of CPU`);
});

test("a callback is handed over soon after it is answered", async (t) => {
  const shop = await shopWith(t, freshSqlite(t), { verifiesPerSecond: 1_000 });
  const handed = inbox();
  shop.checkout.onPaid(() => handed.put(performance.now()));
  const waits = [];
  for (let i = 0; i < 5; i += 1) {
    const { token } = await silently(shop, () => buy(shop, `M-${i}`));
    await shop.simulator.sendCallback(token, 7);
    await shop.answers.next();
    const answered = performance.now();
    waits.push((await handed.next()) - answered);
  }
  // Seconds would mean that it was found by looking now and then.
  const [, , median] = waits.sort((a, b) => a - b);
  assert.ok(median < 400, `${waits}`);
});
