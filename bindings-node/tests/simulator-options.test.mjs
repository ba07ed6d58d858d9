// Every option of a simulator has the effect that it promises, and none is misread in silence.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "paymento";
import { refused } from "./support/errors.mjs";
import { answerJson, bodyOf, gateway } from "./support/gateway.mjs";
import { marketplace, order, started } from "./support/shop.mjs";

test("several stores, each with its keys, coins and callbacks", async (t) => {
  const seen = [];
  const { url } = await gateway(t, async (request, response) => {
    seen.push([request.method, request.url]);
    await bodyOf(request);
    response.end();
  });
  const simulator = await started(t, {
    stores: [
      { name: "Tea", apiKey: "tea-api-key", secretKey: "tea-secret" },
      { name: "Cake", apiKey: "cake-api-key", callbackUrl: `${url}/cake`, callbackMethod: "PUT", coins: ["BTC"] },
    ],
    storeName: "Green tea",
  });
  const [tea, cake] = await simulator.stores();
  assert.deepEqual([tea.name, tea.apiKey, tea.callbackUrl], ["Green tea", "tea-api-key", null]);
  assert.deepEqual(
    [simulator.storeName, simulator.apiKey, simulator.secretKey],
    ["Green tea", "tea-api-key", "tea-secret"],
  );
  assert.deepEqual([cake.callbackMethod, cake.coins.length], ["PUT", 1]);
  const client = new Client("cake-api-key", { baseUrl: simulator.baseUrl });
  const { token } = await client.createPayment(order);
  assert.equal((await simulator.client().verifyPayment(token, order)).outcome, "invalid_token");
  await simulator.pay(token);
  const [delivery] = await simulator.deliveries(token, { count: 2 });
  assert.deepEqual([delivery.storeName, delivery.url], ["Cake", `${url}/cake`]);
  await simulator.setCallbackUrl(`${url}/pie`, "POST", "Cake");
  await simulator.waitForDelivery(await simulator.sendTestWebhook("Cake"));
  assert.deepEqual(seen, [
    ["PUT", "/cake"],
    ["PUT", "/cake"],
    ["POST", "/pie"],
  ]);
  await refused("config.missing", () => simulator.sendTestWebhook("Pie"));
  await refused("config.missing", () => simulator.sendTestWebhook());
});

test("the same seed makes the same keys, tokens and numbers", async (t) => {
  const run = async (seed) => {
    const simulator = await started(t, { seed, virtualClock: true });
    const { token } = await simulator.client().createPayment(order);
    await simulator.pay(token);
    const { transactions, address, paymentId } = await simulator.payment(token);
    return [simulator.apiKey, token, transactions[0].hash, address, paymentId];
  };
  assert.deepEqual(await run(7), await run(7));
  assert.notDeepEqual(await run(7), await run(8));
});

test("a virtual clock stands still and begins on the first of January", async (t) => {
  const simulator = await started(t, { virtualClock: true });
  assert.equal(simulator.startedAt.toISOString(), "2026-01-01T00:00:00.000Z");
  assert.equal(await simulator.nowMs(), 0);
  const real = await started(t);
  assert.ok(Math.abs(real.startedAt.getTime() - Date.now()) < 60_000);
  assert.equal(real.port, Number(new URL(real.baseUrl).port));
});

test("callbacks are sent again on the schedule, and no longer", async (t) => {
  const { url } = await gateway(t, (request, response) =>
    answerJson(
      response.on("finish", () => request.resume()),
      {},
      500,
    ),
  );
  const options = { virtualClock: true, callbackUrl: url, retryScheduleMs: [250, "1m"] };
  const simulator = await started(t, options);
  const { token } = await simulator.client().createPayment(order);
  await simulator.cancel(token);
  await simulator.advance("1h");
  const [{ attempts, finished, isDelivered }] = await simulator.deliveries(token);
  assert.deepEqual(
    attempts.map(({ offsetMs, answerStatus }) => [offsetMs, answerStatus]),
    [
      [0, 500],
      [250, 500],
      [60_250, 500],
    ],
  );
  assert.deepEqual([finished, isDelivered], [true, false]);
  const single = await started(t, { ...options, retryScheduleMs: [] });
  const other = await single.client().createPayment(order);
  await single.cancel(other.token);
  await single.advance("1h");
  assert.equal((await single.deliveries(other.token))[0].attempts.length, 1);
});

test("windows, deadlines and confirmations are as long as asked for", async (t) => {
  const { simulator, client } = await marketplace(t, {
    virtualClock: true,
    partialWindowMs: "2h",
    confirmationTimeMs: 6_000,
    requiredConfirmations: 3,
    verifyDeadlineMs: Number.POSITIVE_INFINITY,
  });
  const { token } = await client.createPayment(order);
  await simulator.underpay(token);
  await simulator.advance("1h59m");
  assert.equal((await simulator.payment(token)).status, 2);
  await simulator.advance("1m");
  assert.equal((await simulator.payment(token)).status, 9);
  const second = await client.createPayment(order);
  await simulator.pay(second.token);
  assert.deepEqual([(await simulator.payment(second.token)).status, await simulator.nowMs()], [3, 7_200_000]);
  await simulator.advance("1m");
  const paid = await simulator.payment(second.token);
  assert.deepEqual([paid.status, paid.confirmations, paid.requiredConfirmations], [8, 3, 3]);
  const never = await started(t, { virtualClock: true, verifyDeadlineMs: Number.POSITIVE_INFINITY });
  const third = await never.client().createPayment(order);
  await never.pay(third.token);
  await never.advance("365d");
  assert.equal((await never.payment(third.token)).status, 7);
});

test("the published profile has no settlement, and the switches decide what no source says", async (t) => {
  const simulator = await started(t, {
    profile: "published",
    badKeyAnswer: "refused",
    businessErrorStatus: 400,
    unknownTokenAnswer: "default_body",
  });
  const client = simulator.client();
  const { token } = await client.createPayment(order);
  await simulator.pay(token);
  const verification = await client.verifyPayment(token, order);
  assert.deepEqual([verification.outcome, verification.settlement], ["settled", null]);
  const post = (path, body, key = simulator.apiKey) =>
    fetch(simulator.baseUrl + path, {
      method: "POST",
      headers: { "api-key": key, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  assert.equal((await post("/v1/payment/verify", { token }, "wrong")).status, 200);
  const refusal = await post("/v1/payment/request", { ...order, riskSpeed: 1, returnUrl: "http://shop.test/" });
  assert.equal(refusal.status, 400);
  const unknown = await (await post("/v1/payment/verify", { token: "0".repeat(32) })).json();
  assert.deepEqual([unknown.success, unknown.body.orderStatus], [false, 0]);
});

test("a strict simulator refuses what it otherwise only lists", async (t) => {
  const request = { ...order, fiatAmount: 29.99, riskSpeed: 1 };
  for (const [strict, created] of [
    [false, true],
    [true, false],
  ]) {
    const simulator = await started(t, { strict });
    const answer = await fetch(`${simulator.baseUrl}/v1/payment/request`, {
      method: "POST",
      headers: { "api-key": simulator.apiKey, "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    assert.equal((await answer.json()).success ?? false, created);
    assert.deepEqual(
      (await simulator.findings()).map(({ kind }) => kind),
      ["amount_as_number"],
    );
  }
});

test("an option that cannot be is refused, and says which", async (t) => {
  const wrong = {
    "input.duration": [{ paymentWindowMs: "20" }, { confirmationTimeMs: -1 }, { retryScheduleMs: [Number.NaN] }],
    "input.fault": [{ profile: "nonsense" }, { badKeyAnswer: "" }, { businessErrorStatus: 500 }],
    "input.coin": [{ stores: [{ name: "A", coins: ["Nonsense"] }] }],
    "input.method": [{ callbackMethod: "GET" }],
    "input.type": [
      { seed: -1 },
      { seed: 0.5 },
      { stores: [{}] },
      { stores: "A" },
      { address: "here" },
      { port: 65_536 },
    ],
    "input.unknown_option": [{ paymentWindow: 1 }, { stores: [{ name: "A", key: "k" }] }],
    "config.api_key": [{ stores: ["A", "B"].map((name) => ({ name, apiKey: "the-same-key" })) }],
    "config.secret_is_api_key": [{ apiKey: "the-same-key", secretKey: "the-same-key" }],
  };
  for (const [code, cases] of Object.entries(wrong)) {
    for (const options of cases) await refused(code, () => started(t, options));
  }
});
