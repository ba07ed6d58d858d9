// Giving a call up.

import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Client, TransportError } from "paymento";
import { refused } from "./support/errors.mjs";
import { answerJson, gateway, silentGateway } from "./support/gateway.mjs";

const native = createRequire(import.meta.url)("../native.js");
const order = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };

test("a signal aborted before the call sends nothing", async (t) => {
  let requests = 0;
  const { url } = await gateway(t, (_request, response) => {
    requests += 1;
    answerJson(response, { success: true });
  });
  const client = new Client("key", { baseUrl: url });
  const error = await refused("transport.canceled", () => client.ping({ signal: AbortSignal.abort() }));
  const { message, maybeSent, isRetryable } = native.canceledBeforeStart();
  assert.deepEqual([error.maybeSent, error.isRetryable, error.message], [maybeSent, isRetryable, message]);
  assert.deepEqual([maybeSent, isRetryable], [false, true]);
  await client.ping();
  assert.equal(requests, 1);
});

test("aborting drops the request under way, which may have been carried out", async (t) => {
  const { url, asked } = await silentGateway(t);
  const client = new Client("key", { baseUrl: url });
  const controller = new AbortController();
  const call = client.createPayment({ ...order, signal: controller.signal });
  const [request] = await asked();
  controller.abort();
  const error = await refused("transport.canceled", () => call);
  assert.ok(error instanceof TransportError);
  assert.deepEqual([error.maybeSent, error.isRetryable], [true, false]);
  assert.match(error.hint, /may have been made/);
  // The connection is closed: the future was dropped, not left to run.
  await once(request.socket, "close");
});

test("a call that may be repeated says so when it is canceled", async (t) => {
  const { url, asked } = await silentGateway(t);
  const controller = new AbortController();
  const call = new Client("key", { baseUrl: url }).settings({ signal: controller.signal });
  await asked();
  controller.abort();
  const error = await refused("transport.canceled", () => call);
  assert.deepEqual([error.maybeSent, error.isRetryable], [true, true]);
});

test("one signal cancels many calls with one listener, and keeps none afterwards", async (t) => {
  const { url } = await silentGateway(t);
  const client = new Client("key", { baseUrl: url });
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 30 }, () => client.ping({ signal }));
  assert.equal(getEventListeners(signal, "abort").length, 1);
  controller.abort();
  const results = await Promise.allSettled(calls);
  assert.ok(results.every(({ reason }) => reason.code === "transport.canceled"));
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a signal that is used again keeps no listener of calls that ended", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true }));
  const { signal } = new AbortController();
  const client = new Client("key", { baseUrl: url });
  for (let i = 0; i < 3; i += 1) {
    await Promise.all([client.ping({ signal }), client.ping({ signal })]);
    assert.equal(getEventListeners(signal, "abort").length, 0);
  }
});

test("an abort after the answer changes nothing", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true }));
  const controller = new AbortController();
  const client = new Client("key", { baseUrl: url });
  await client.ping({ signal: controller.signal });
  controller.abort();
  await client.ping();
});

test("time limits of one call count for it alone", async (t) => {
  let answers = false;
  const { url } = await gateway(t, (_request, response) => {
    if (answers) answerJson(response, { success: true });
  });
  const client = new Client("key", { baseUrl: url, maxAttempts: 1 });
  const error = await refused("transport.timeout", () => client.ping({ timeoutMs: 50 }));
  assert.equal(error.maybeSent, true);
  answers = true;
  await client.ping();
  for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
    await refused("config.timeout", () => client.ping({ timeoutMs }));
  }
});

test("a signal of its own making does not lose the result of a call that ended", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true, body: [] }));
  const removeEventListener = () => {
    throw new Error("not today");
  };
  const signal = { aborted: false, addEventListener() {}, removeEventListener };
  assert.deepEqual(await new Client("key", { baseUrl: url }).currencies({ signal }), []);
});

test("a canceled call says why its signal was aborted, where that is an error", async (t) => {
  const { url } = await silentGateway(t);
  const client = new Client("key", { baseUrl: url });
  const late = await refused("transport.canceled", () => client.ping({ signal: AbortSignal.timeout(20) }));
  assert.equal(late.cause.name, "TimeoutError");
  const reason = new Error("the user left");
  const early = await refused("transport.canceled", () => client.ping({ signal: AbortSignal.abort(reason) }));
  assert.equal(early.cause, reason);
  assert.ok(!("cause" in early.toJSON()));
  const plain = await refused("transport.canceled", () => client.ping({ signal: AbortSignal.abort({ key: "k" }) }));
  assert.ok(!("cause" in plain));
});

test("closing refuses new calls at once and lets those under way end", async (t) => {
  const { url, server } = await silentGateway(t);
  const client = new Client("key", { baseUrl: url, secretKey: "k" });
  const asked = once(server, "request");
  const call = client.ping();
  const [, response] = await asked;
  const closed = client.close();
  const error = await refused("config.closed", () => client.ping());
  assert.equal(error.message, native.closedError().message);
  await refused("config.closed", () => client.authenticate(Buffer.from("{}"), ""));
  answerJson(response, { success: true });
  await call;
  await closed;
  await client.close();
  await client[Symbol.asyncDispose]();
});
