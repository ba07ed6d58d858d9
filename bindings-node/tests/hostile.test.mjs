// Hostile input to every public function: only our own errors, and none that shows a secret.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { inspect } from "node:util";

const require = createRequire(import.meta.url);
const paymento = require("paymento");
const testing = require("paymento/testing");

const detached = new Uint8Array(8);
structuredClone(detached, { transfer: [detached.buffer] });
const circular = {};
circular.self = circular;
const deep = JSON.parse("[".repeat(5_000) + "]".repeat(5_000));

/** Made anew for each use: an iterator can be read once. */
const hostile = () => [
  ...[undefined, null, true, false, 0, -1, 0.5, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY, 1n, Symbol("s")],
  ...["", " ", "x", "\0", "\ud800", "a\udfff", "é", "٣", "\u202e", "x".repeat(1_000_000), "[".repeat(200_000)],
  ...[[], [[]], [null], [5], ["\ud800"], [["a", "b"]], [["a", 5]], [{}], deep, new Array(3)],
  ...[{}, { a: 1 }, { a: "\ud800" }, { "\ud800": "a" }, { __proto__: null }, JSON.parse('{"__proto__":"x"}'), circular],
  ...[
    () => {},
    class {},
    new Date(Number.NaN),
    /x/,
    new Map([["a", 1]]),
    new Set(["a"]),
    new WeakMap(),
    new Error("x"),
  ],
  ...[new Uint8Array(), new Uint8Array([0xff, 0xfe]), Buffer.alloc(70_000), detached, new Float64Array(2)],
  ...[
    new ArrayBuffer(8),
    new SharedArrayBuffer(8),
    new Uint8Array(new SharedArrayBuffer(8)),
    new DataView(new ArrayBuffer(8)),
  ],
  ...[Object.create(paymento.Callback.prototype), Promise.resolve(), new Proxy({}, {})],
  ...[new Headers(), new URLSearchParams("a=b"), new URL("http://localhost"), globalThis, [1, 2][Symbol.iterator]()],
  ...[Object(1n), Object("boxed"), Object(Symbol("s")), new String("x"), new AbortController().signal],
];

/** Every call that a caller can make, with one place to fill. */
const client = new paymento.Client("an-api-key", { baseUrl: "http://127.0.0.1:1", maxAttempts: 1, secretKey: "k" });
const order = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };
const bytes = Buffer.from("{}");
const simulator = await testing.Simulator.start({ callbackUrl: "http://127.0.0.1:1/" });
await simulator.client().createPayment(order);

const optionsOf = {
  client:
    "secretKey previousSecretKey baseUrl gatewayUrl connectTimeoutMs attemptTimeoutMs timeoutMs maxAttempts proxy caCertificates logger",
  call: "connectTimeoutMs attemptTimeoutMs timeoutMs signal",
  payment: "orderId fiatAmount fiatCurrency cryptoAmounts returnUrl speed language emailAddress additionalData",
  settings: "callbackUrl callbackMethod",
};

const calls = {
  "authenticate body": (value) => paymento.authenticate(value, "", "k"),
  "authenticate headers": (value) => paymento.authenticate(bytes, value, "k"),
  "authenticate header value": (value) => paymento.authenticate(bytes, { "x-hmac-sha256-signature": value }, "k"),
  "authenticate secrets": (value) => paymento.authenticate(bytes, "", value),
  "authenticate list of secrets": (value) => paymento.authenticate(bytes, "", [value]),
  "sign body": (value) => paymento.sign(value, "k"),
  "sign secret": (value) => paymento.sign(bytes, value),
  orderStatusName: (value) => paymento.orderStatusName(value),
  orderStatusMeaning: (value) => paymento.orderStatusMeaning(value),
  isPaymentoError: (value) => paymento.isPaymentoError(value),
  "ReturnVisit.parse": (value) => paymento.ReturnVisit.parse(value),
  "new Client": (value) => new paymento.Client(value),
  "new Client options": (value) => new paymento.Client("an-api-key", value),
  "client.authenticate body": (value) => client.authenticate(value, ""),
  "client.authenticate headers": (value) => client.authenticate(bytes, value),
  "createPayment options": (value) => client.createPayment(value),
  "verifyPayment token": (value) => client.verifyPayment(value, order),
  "verifyPayment expected": (value) => client.verifyPayment(testing.payment().token, value),
  "setSettings url": (value) => client.setSettings(value),
  "setSettings method": (value) => client.setSettings("http://127.0.0.1/", { method: value }),
  "ensureCallbackUrl url": (value) => client.ensureCallbackUrl(value),
  "ensureCallbackUrl options": (value) => client.ensureCallbackUrl("http://127.0.0.1/", value),
  "ensureCallbackUrl replace": (value) => client.ensureCallbackUrl("http://127.0.0.1/", { replace: value }),
  "lastBlock id": (value) => client.lastBlock(value),
  "coinPrices names": (value) => client.coinPrices(value, "USD"),
  "coinPrices a name": (value) => client.coinPrices([value], "USD"),
  "coinPrices currency": (value) => client.coinPrices(["bitcoin"], value),
  "coinPrices includeChange": (value) => client.coinPrices(["bitcoin"], "USD", { includeChange: value }),
  "Simulator.start port": (value) => stopped(testing.Simulator.start({ port: value })),
  "Simulator.start secretKey": (value) => stopped(testing.Simulator.start({ secretKey: value })),
  "Simulator.start callbackUrl": (value) => stopped(testing.Simulator.start({ callbackUrl: value })),
};

for (const name of optionsOf.client.split(" ")) {
  calls[`new Client ${name}`] = (value) => new paymento.Client("an-api-key", { [name]: value });
}
for (const name of optionsOf.call.split(" ")) {
  calls[`ping ${name}`] = (value) => client.ping({ [name]: value });
}
for (const name of optionsOf.payment.split(" ")) {
  calls[`createPayment ${name}`] = (value) => client.createPayment({ ...order, [name]: value });
}
for (const name of ["acceptedCoins", "coins", "currencies", "info", "languages", "merchant", "ping", "settings"]) {
  calls[`${name} options`] = (value) => client[name](value);
}
const simulatorOptions =
  "address stores retryScheduleMs paymentWindowMs partialWindowMs verifyDeadlineMs confirmationTimeMs manualConfirmation " +
  "requiredConfirmations virtualClock seed strict profile badKeyAnswer businessErrorStatus unknownTokenAnswer anyHost";
for (const name of simulatorOptions.split(" ")) {
  calls[`Simulator.start ${name}`] = (value) => stopped(testing.Simulator.start({ [name]: value }));
}
for (const name of ["name", "apiKey", "callbackUrl", "callbackMethod", "coins"]) {
  calls[`Simulator.start store's ${name}`] = (value) =>
    stopped(testing.Simulator.start({ stores: [{ name: "A", [name]: value }] }));
}
for (const name of ["duplicate", "drop", "seed"]) {
  calls[`simulator.chaos ${name}`] = (value) => simulator.chaos({ [name]: value });
}
const ofOneArgument =
  "pay underpay overpay confirm dropTransaction cancel expire reject advance payment deliveries delivery " +
  "recentDeliveries setCallbackUrl resend tamper sendTestWebhook sendTamperedProbe trigger arm chaos eventsAfter";
for (const name of ofOneArgument.split(" ")) {
  calls[`simulator.${name}`] = (value) => simulator[name](value);
}
const ofTwoArguments =
  "payAmount underpayBy deliveries waitForDelivery eventsAfter setCallbackUrl sendCallback forgeCallback trigger arm";
for (const name of ofTwoArguments.split(" ")) {
  calls[`simulator.${name} and more`] = (value) => simulator[name](first(name), value);
}

/** An argument that is right, so that the next one counts. */
function first(name) {
  if (name === "trigger") return 7;
  if (name === "arm") return "callback.drop";
  return ["waitForDelivery", "eventsAfter"].includes(name) ? 0 : "http://127.0.0.1:1/";
}

const factories = Object.entries(testing).filter(([name, make]) => typeof make === "function" && name !== "Simulator");
for (const [name, make] of factories) {
  calls[`testing.${name} options`] = (value) => make(value);
}
for (const [name, type] of Object.entries(paymento)) {
  if (typeof type === "function" && type.prototype && "toJSON" in type.prototype && !name.endsWith("Error")) {
    calls[`new ${name}`] = (value) => new type(value, value);
  }
}

async function stopped(starting) {
  await (await starting).stop();
}

for (const [name, call] of Object.entries(calls)) {
  test(`${name}: only typed errors`, async () => {
    for (const value of hostile()) {
      try {
        await call(value);
      } catch (error) {
        const shown = typeof value === "string" ? `a string of ${value.length}` : inspect(value, { depth: 0 });
        assert.ok(paymento.isPaymentoError(error), `${shown}: ${error?.stack ?? String(error)}`);
        assert.ok(error.message.length < 500, `${shown}: an error of ${error.message.length} characters`);
      }
    }
  });
}

test("an exception of the caller's own object passes through", async () => {
  const own = new Error("the caller's own");
  const trap = () => {
    throw own;
  };
  const proxy = new Proxy({}, { get: trap, ownKeys: trap, has: trap, getPrototypeOf: trap });
  const throwing = Object.defineProperty({}, "orderId", { get: trap, enumerable: true });
  assert.throws(() => paymento.authenticate(bytes, proxy, "k"), own);
  await assert.rejects(client.createPayment(throwing), own);
  await assert.rejects(client.createPayment(proxy), own);
  await assert.rejects(client.createPayment({ ...order, additionalData: proxy }), own);
});

test("what only looks like bytes is no body", () => {
  for (const body of [Object.create(Uint8Array.prototype), Object.setPrototypeOf({}, Buffer.prototype)]) {
    assert.throws(() => paymento.authenticate(body, "", "k"), { code: "input.body" });
  }
});

test("a mistyped secret is never shown", () => {
  const secret = "hunter2-hunter2";
  const wrong = [[[secret]], { key: secret }, [{ secret }], Buffer.from(secret), new String(secret), `\ud800${secret}`];
  wrong.push(() => secret, Symbol(secret), `${secret}\n`, new Map([[secret, secret]]));
  for (const value of wrong) {
    for (const call of [
      () => paymento.sign(bytes, value),
      () => paymento.authenticate(bytes, "", value),
      () => new paymento.Client(value),
      () => new paymento.Client("an-api-key", { secretKey: value }),
      () => testing.signedCallback({ secretKey: value }),
    ]) {
      assert.throws(call, (error) => {
        assert.ok(paymento.isPaymentoError(error), String(error));
        return !inspect(error, { depth: 9 }).includes("hunter2") && !JSON.stringify(error).includes("hunter2");
      });
    }
  }
});

test("options are told from their misspellings", async () => {
  await assert.rejects(client.createPayment({ ...order, order_id: "A-1" }), {
    code: "input.unknown_option",
    hint: "it is called orderId",
  });
  await assert.rejects(client.ping({ timeout: 5 }), { code: "input.unknown_option" });
  await assert.rejects(client.createPayment(JSON.parse('{"__proto__":1}')), { code: "input.unknown_option" });
  await assert.rejects(client.createPayment({ ...order, toString: "x" }), { code: "input.unknown_option" });
});

test("notes keep every key, and lists or classes are no notes", async () => {
  for (const additionalData of [
    [["a", "b"]],
    new Map([["a", "b"]]),
    new URLSearchParams("a=b"),
    { a: 1 },
    "a=b",
    [5],
  ]) {
    await assert.rejects(client.createPayment({ ...order, additionalData }), { code: "input.additional_data" });
  }
  const notes = Object.assign(Object.create(null), { toString: "x" });
  await assert.rejects(client.createPayment({ ...order, additionalData: notes }), { code: "transport.connect" });
});

test("numbers are no amounts, whatever they are worth", async () => {
  for (const fiatAmount of [29.99, 2999, 2999n, Number.NaN]) {
    const error = await client.createPayment({ ...order, fiatAmount }).catch((error) => error);
    assert.equal(error.code, "input.amount");
    assert.match(error.message, /not cents/);
  }
  await assert.rejects(client.createPayment({ orderId: "A-1", cryptoAmounts: { Bitcoin: 1 } }), {
    code: "input.amount",
  });
});
