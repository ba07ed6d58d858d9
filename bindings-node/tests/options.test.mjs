// Options: one plain object, of which only its own members count.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, Payment } from "paymento";
import { payment, price, verification } from "paymento/testing";
import { refused } from "./support/errors.mjs";
import { answerJson, bodyOf, gateway } from "./support/gateway.mjs";

const order = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };
const offline = new Client("an-api-key", { baseUrl: "http://127.0.0.1:1", maxAttempts: 1 });

class Options {
  timeoutMs = 50;
}

test("what is no plain object is no options", async () => {
  for (const wrong of [
    new Map(),
    Promise.resolve({}),
    new Options(),
    new Date(),
    new Headers(),
    Object.create(order),
  ]) {
    await refused("input.type", () => offline.ping(wrong));
    await refused("input.type", () => offline.createPayment(wrong));
    await refused("input.type", () => new Client("an-api-key", wrong));
  }
  await refused("input.type", () => offline.verifyPayment(payment().token, payment()));
  assert.ok(payment() instanceof Payment);
});

test("a signal in place of the options is told where it goes", async () => {
  const { signal } = new AbortController();
  assert.equal((await refused("input.type", () => offline.ping(signal))).hint, "pass { signal }");
  assert.equal((await refused("input.type", () => offline.coinPrices(["a"], "USD", signal))).hint, "pass { signal }");
  assert.equal((await refused("input.type", () => new Client("an-api-key", signal))).hint, null);
});

test("an object without a prototype is as good as any", async () => {
  await refused("transport.connect", () => offline.createPayment(Object.assign(Object.create(null), order)));
});

/** What a dependency may have left on every object. None of it can be used. */
const POLLUTION = {
  ...{ baseUrl: "nonsense", gatewayUrl: "nonsense", proxy: "nonsense", maxAttempts: 99, secretKey: "" },
  ...{ connectTimeoutMs: -1, attemptTimeoutMs: -1, timeoutMs: -1, returnUrl: "nonsense", speed: "nonsense" },
  ...{ fiatCurrency: "nonsense", cryptoAmounts: { Bitcoin: 1 }, additionalData: 5, logger: 5, replace: true },
};

test("a polluted prototype changes no option", async (t) => {
  const bodies = [];
  const { url } = await gateway(t, async (request, response) => {
    bodies.push((await bodyOf(request)).toString());
    const [, path] = request.url.split("/v1/");
    answerJson(response, { success: true, body: path.startsWith("payment/request") ? payment().token : [] });
  });
  t.after(() => {
    for (const name of Object.keys(POLLUTION)) delete Object.prototype[name];
  });
  Object.assign(Object.prototype, POLLUTION);
  new Client("an-api-key");
  const client = new Client("an-api-key", { baseUrl: url });
  await client.ping();
  await client.ping({});
  await client.createPayment({ ...order });
  await client.coinPrices(["bitcoin"], "USD", {});
  assert.doesNotMatch(bodies.join(""), /nonsense/);
  await refused("input.price_missing", () => client.createPayment({ orderId: "A-1" }));
  await refused("config.callback_url_taken", () => taken(t, client));
  assert.equal(price().fiatCurrency, "USD");
  assert.ok(verification().isSettled);
});

async function taken(t) {
  const { url } = await gateway(t, (_request, response) => {
    answerJson(response, { success: true, body: { ipN_URL: "https://another.example/", ipN_Method: 1 } });
  });
  return new Client("an-api-key", { baseUrl: url }).ensureCallbackUrl("https://shop.example/callback", {});
}

test("an order id that was not given is called that", async () => {
  const { orderId: _, ...rest } = order;
  for (const call of [
    () => offline.createPayment(rest),
    () => offline.createPayment({ ...rest, orderId: undefined }),
    () => offline.verifyPayment(payment().token, rest),
  ]) {
    assert.equal((await refused("input.order_id", call)).message, "orderId was not given");
  }
});

test("what is no string is no amount, and the error says how amounts are written", async () => {
  for (const amount of [true, [], {}, 5n, 29.99, Symbol("x"), () => {}]) {
    const error = await refused("input.amount", () => offline.createPayment({ ...order, fiatAmount: amount }));
    assert.match(error.message, /^amounts are decimal strings in major units, like "29\.99"/);
    await refused("input.amount", () => price({ cryptoAmounts: { Bitcoin: amount } }));
  }
  const error = await refused("input.amount", () => price({ cryptoAmounts: { Bitcoin: null } }));
  assert.match(error.message, /got null$/);
});

test("a coin id is text, a number or a bigint", async () => {
  for (const id of ["1", 1, 1n, 9_223_372_036_854_775_807n]) {
    await refused("transport.connect", () => offline.lastBlock(id));
  }
  for (const id of ["", "x", "+1", -1, -1n, 2n ** 63n]) {
    await refused("input.coin", () => offline.lastBlock(id));
  }
  await refused("input.type", () => offline.lastBlock(0.5));
});

test("a number of attempts is repeated as it was given", async () => {
  for (const maxAttempts of [-1, 0, 11, 2 ** 40]) {
    const error = await refused("config.timeout", () => new Client("an-api-key", { maxAttempts }));
    assert.match(error.message, new RegExp(`got ${maxAttempts}$`));
  }
});
