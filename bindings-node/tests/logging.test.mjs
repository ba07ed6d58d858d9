// Seeing what happens: the logger option and the diagnostics channel.

import assert from "node:assert/strict";
import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { test } from "node:test";
import { authenticate, Client } from "paymento";
import { signedCallback } from "paymento/testing";
import { refused } from "./support/errors.mjs";
import { answerJson, gateway, silentGateway } from "./support/gateway.mjs";

function recorder() {
  const records = [];
  const to = (level) => (message, fields) => records.push({ level, message, ...fields });
  return { records, logger: { debug: to("debug"), warn: to("warn") } };
}

function subscribed(t) {
  const messages = [];
  const listen = (message) => messages.push(message);
  subscribe("paymento", listen);
  t.after(() => unsubscribe("paymento", listen));
  return messages;
}

test("each attempt is a record with the fields that all languages have", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true }));
  const { records, logger } = recorder();
  await new Client("an-api-key", { baseUrl: url, logger }).ping();
  const [{ milliseconds, message, ...record }] = records;
  assert.equal(typeof milliseconds, "number");
  assert.match(message, /^GET \/v1\/ping 200 in \d+ ms, attempt 1$/);
  const expected = { level: "debug", event: "request", method: "GET", path: "/v1/ping" };
  assert.deepEqual(record, { ...expected, status: 200, attempt: 1, code: null });
});

test("retries, failures and canceled calls are records, too", async (t) => {
  const { records, logger } = recorder();
  const down = new Client("an-api-key", { baseUrl: "http://127.0.0.1:1", maxAttempts: 2, logger });
  await refused("transport.connect", () => down.ping());
  assert.deepEqual(
    records.map(({ level, attempt, code }) => [level, attempt, code]),
    [
      ["warn", 1, "transport.connect"],
      ["warn", 2, "transport.connect"],
    ],
  );
  const { url, asked } = await silentGateway(t);
  const controller = new AbortController();
  const call = new Client("an-api-key", { baseUrl: url, logger }).ping({ signal: controller.signal });
  await asked();
  controller.abort();
  await refused("transport.canceled", () => call);
  assert.equal(records.at(-1).code, "transport.canceled");
});

test("the channel has the same records, and those of refused callbacks without a client", async (t) => {
  const messages = subscribed(t);
  const { headers } = signedCallback({ secretKey: "another key" });
  const body = Buffer.from('{"OrderId":"a private order"}');
  await refused("signature.mismatch", () => authenticate(body, headers, "the key"));
  await refused("input.body", () => authenticate({ OrderId: "a private order" }, headers, "the key"));
  assert.deepEqual(
    messages.map(({ level, event, code, message }) => [level, event, code, message]),
    [
      ["warning", "callback", "signature.mismatch", "callback refused: signature.mismatch"],
      ["warning", "callback", "input.body", "callback refused: input.body"],
    ],
  );
  assert.doesNotMatch(JSON.stringify(messages), /private|the key/);
});

test("a refused callback of a client is one record, in logger and channel", async (t) => {
  const messages = subscribed(t);
  const { records, logger } = recorder();
  const client = new Client("an-api-key", { secretKey: "the key", logger });
  const { headers, body } = signedCallback({ secretKey: "another key" });
  await refused("signature.mismatch", () => client.authenticate(body, headers));
  await refused("input.body", () => client.authenticate("text", headers));
  const codes = ["signature.mismatch", "input.body"];
  assert.deepEqual(
    records.map(({ code }) => code),
    codes,
  );
  assert.deepEqual(
    messages.map(({ code }) => code),
    codes,
  );
});

test("a logger that throws fails no payment, and is warned about", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true }));
  const warned = once(process, "warning");
  const logger = {
    debug() {
      throw new Error("the disk is full");
    },
    warn() {},
  };
  await new Client("an-api-key", { baseUrl: url, logger }).ping();
  const [warning] = await warned;
  assert.equal(warning.name, "PaymentoWarning");
});

test("a logger whose promise is rejected is warned about like one that throws", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true }));
  const unhandled = [];
  const note = (reason) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  t.after(() => process.off("unhandledRejection", note));
  const warned = once(process, "warning");
  const logger = { debug: async () => Promise.reject(new Error("the disk is full")), warn() {} };
  await new Client("an-api-key", { baseUrl: url, logger }).ping();
  const [warning] = await warned;
  assert.deepEqual([warning.name, warning.message], ["PaymentoWarning", "the logger of a paymento client threw"]);
  assert.match(warning.detail, /the disk is full/);
  assert.deepEqual(unhandled, []);
});

test("without a listener nothing is kept for a later one", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true }));
  const client = new Client("an-api-key", { baseUrl: url });
  assert.equal(channel("paymento").hasSubscribers, false);
  await client.ping();
  const messages = subscribed(t);
  await client.currencies().catch(() => {});
  assert.deepEqual(
    messages.map(({ path }) => path),
    ["/v1/currencies"],
  );
});

test("a logger is an object with debug and warn", async () => {
  for (const logger of [5, "console", {}, { debug() {} }, () => {}]) {
    await refused("input.type", () => new Client("an-api-key", { logger }));
  }
  assert.ok(new Client("an-api-key", { logger: console }));
});
