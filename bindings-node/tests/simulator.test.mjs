// A payment from end to end, against the simulator: create, pay, signed callback, authenticate, verify, fulfill.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { inspect } from "node:util";
import { OrderStatus, ReturnVisit, Settlement, SIGNATURE_HEADER } from "paymento";
import { Simulator } from "paymento/testing";
import { refused } from "./support/errors.mjs";
import { gateway } from "./support/gateway.mjs";
import { order, shop, started } from "./support/shop.mjs";

test("a paid payment is fulfilled by its signed callback", async (t) => {
  const simulator = await started(t);
  const client = simulator.client();
  const { url, fulfilled, failures } = await shop(t, client);
  const change = await client.ensureCallbackUrl(url, { method: "PUT" });
  assert.deepEqual([change.changed, change.current.callbackUrl, change.current.callbackMethod], [true, url, "PUT"]);

  const additionalData = JSON.parse('{"__proto__":"kept","cart":"42"}');
  const returnUrl = "http://127.0.0.1/thanks";
  const payment = await client.createPayment({ ...order, returnUrl, additionalData });
  assert.equal(payment.url, `${simulator.gatewayUrl}?token=${payment.token}`);
  assert.equal(payment.live, false);

  const open = await client.verifyPayment(payment.token, { ...order, ...payment.price });
  assert.equal(open.outcome, "open");
  await refused("verify.open", () => open.requireSettled());

  await simulator.pay(payment.token);
  const deliveries = await simulator.deliveries(payment.token, { count: 2 });
  assert.deepEqual(
    deliveries.map(({ status, method, isDelivered }) => [status, method, isDelivered]),
    [
      [OrderStatus.WaitingToConfirm, "PUT", true],
      [OrderStatus.Paid, "PUT", true],
    ],
  );
  assert.deepEqual(failures, []);
  const [[orderId, settlement]] = [...fulfilled];
  assert.ok(orderId === "A-578" && settlement instanceof Settlement);
  assert.equal(settlement.requestedFiatAmount, "29.99");
  const callback = client.authenticate(deliveries[1].body, deliveries[1].signature);
  assert.deepEqual(Object.entries(callback.additionalData), Object.entries(additionalData));
  assert.equal((await simulator.payment(payment.token)).status, OrderStatus.Approve);
});

test("a forged callback fulfills nothing", async (t) => {
  const simulator = await started(t);
  const client = simulator.client();
  const { url, fulfilled, failures } = await shop(t, client);
  const payment = await client.createPayment(order);
  const body = JSON.stringify({ Token: payment.token, OrderId: "A-578", OrderStatus: 7 });
  for (const headers of [{}, { [SIGNATURE_HEADER]: "AB".repeat(32) }]) {
    const response = await fetch(url, { method: "POST", body, headers });
    assert.equal(response.status, 401);
  }
  assert.deepEqual([fulfilled.size, failures], [0, ["signature.missing", "signature.mismatch"]]);
});

test("another order's token, or another price, is a mismatch", async (t) => {
  const simulator = await started(t);
  const client = simulator.client();
  const { token } = await client.createPayment({ ...order, fiatAmount: "0.01" });
  await simulator.pay(token);
  for (const expected of [order, { ...order, orderId: "B-1", fiatAmount: "0.01" }]) {
    const verification = await client.verifyPayment(token, expected);
    await refused("verify.mismatch", () => verification.requireSettled());
  }
});

test("a price in coins, the directory and the store's settings", async (t) => {
  const simulator = await started(t, { storeName: "The tea shop" });
  const client = simulator.client();
  const payment = await client.createPayment({ orderId: "A-1", cryptoAmounts: { Bitcoin: "0.00041732" } });
  assert.deepEqual(payment.price.cryptoAmounts, { Bitcoin: "0.00041732" });
  assert.equal((await client.merchant()).name, "The tea shop");
  assert.ok((await client.coins()).length > 0 && (await client.acceptedCoins()).length > 0);
  assert.ok((await client.currencies()).some(({ title }) => title === "USD"));
  assert.ok((await client.languages()).some(({ culture }) => culture === "en-US"));
  const [price] = await client.coinPrices(["Bitcoin"], "usd", { includeChange: true });
  assert.equal(typeof price.price, "string");
  assert.equal((await client.lastBlock(price.id)).coinId, price.id);
  assert.equal(typeof (await client.info()).version, "string");
  const settings = await client.setSettings("http://127.0.0.1/callback", { method: "PUT" });
  assert.deepEqual({ ...settings }, { callbackUrl: "http://127.0.0.1/callback", callbackMethod: "PUT" });
  assert.deepEqual({ ...(await client.settings()) }, { ...settings });
});

test("a canceled payment is closed, and the browser's return says nothing of it", async (t) => {
  const simulator = await started(t);
  const client = simulator.client();
  const { token } = await client.createPayment(order);
  await simulator.cancel(token);
  assert.equal((await client.verifyPayment(token, order)).outcome, "closed");
  await refused("api.rejected", () => simulator.cancel(token));
  const visit = ReturnVisit.parse(new URL(`http://127.0.0.1/thanks?token=${token}&orderId=A-578&status=7`));
  assert.deepEqual(visit.toJSON(), { token, orderId: "A-578" });
  const express = ReturnVisit.parse({ token: ["x", token], orderId: "A-578", nested: { a: "b" }, none: undefined });
  assert.deepEqual(express, visit);
  for (const query of [
    new URLSearchParams({ token, orderId: "A-578" }),
    [
      ["token", token],
      ["orderId", "A-578"],
    ],
  ]) {
    assert.deepEqual(ReturnVisit.parse(query), visit);
  }
});

test("events are told as they happen", async (t) => {
  const simulator = await started(t);
  assert.deepEqual(await simulator.eventsAfter(0, { timeoutMs: 0 }), []);
  const next = simulator.eventsAfter();
  const { token } = await simulator.client().createPayment(order);
  const [event] = await next;
  assert.deepEqual([event.kind, event.token, event.orderId], ["payment_created", token, "A-578"]);
  assert.deepEqual(
    (await simulator.payments()).map((payment) => payment.token),
    [token],
  );
});

test("a taken port is an error, and stopping frees it", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  await refused("config.port", () => Simulator.start({ port: server.address().port }));
  const simulator = await started(t);
  const port = Number(new URL(simulator.baseUrl).port);
  await simulator.stop();
  await simulator.stop();
  await refused("config.closed", () => simulator.pay("x"));
  const again = await started(t, { port });
  assert.equal(again.baseUrl, simulator.baseUrl);
});

test("waiting in vain says how many callbacks came", async (t) => {
  const simulator = await started(t);
  const { token } = await simulator.client().createPayment(order);
  const error = await refused("transport.timeout", () => simulator.deliveries(token, { count: 1, timeoutMs: 1 }));
  assert.match(error.message, /1 finished callbacks were awaited, and 0 came/);
});

test("the simulator's keys are given and not printed", async (t) => {
  const simulator = await started(t, { apiKey: "an-api-key", secretKey: "a-secret-key" });
  assert.deepEqual([simulator.apiKey, simulator.secretKey], ["an-api-key", "a-secret-key"]);
  const shown = inspect(simulator, { depth: 9, showHidden: true }) + JSON.stringify(simulator);
  assert.doesNotMatch(shown, /an-api-key|a-secret-key/);
  assert.doesNotMatch(inspect(simulator.client(), { depth: 9, showHidden: true }), /an-api-key|a-secret-key/);
});

test("the gateway is told the version of the package and of Node", async (t) => {
  const agents = [];
  const { url } = await gateway(t, (request, response) => {
    agents.push(request.headers["user-agent"]);
    response.end('{"success":true}');
  });
  const { Client, VERSION } = await import("paymento");
  await new Client("an-api-key", { baseUrl: url }).ping();
  assert.deepEqual(agents, [`paymento/${VERSION} (node/${process.versions.node})`]);
});

test("a simulator's client stays at it, whatever is not given", async (t) => {
  const simulator = await started(t);
  const client = simulator.client({ baseUrl: undefined, gatewayUrl: null, secretKey: undefined });
  await client.ping();
  const { url } = await client.createPayment(order);
  assert.ok(url.startsWith(simulator.gatewayUrl), url);
  await refused("input.type", () => simulator.client(new Map()));
});
