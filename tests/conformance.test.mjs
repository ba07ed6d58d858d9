// The vectors that three languages must agree on, run against the npm package.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

const require = createRequire(new URL("../bindings-node/package.json", import.meta.url));
const paymento = require("paymento");
const testing = require("paymento/testing");

const vectors = (name) => JSON.parse(readFileSync(new URL(`vectors/${name}`, import.meta.url), "utf8"));
const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const camelKeys = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [camel(key), value]));

/** One test for each case of a file. */
function each(name, run) {
  const file = vectors(name);
  assert.ok(file.cases.length > 0, `${name} has no cases`);
  describe(name, () => {
    file.cases.forEach((entry, number) => {
      test(entry.name ?? `case ${number}`, () => run(file, entry));
    });
  });
}

function body(entry) {
  if (entry.body_hex !== undefined) return Buffer.from(entry.body_hex, "hex");
  if (entry.body_repeat !== undefined) return Buffer.from(entry.body_repeat[0].repeat(entry.body_repeat[1]));
  return Buffer.from(entry.body);
}

/** The code of the error that the call throws or rejects with; undefined where there is none. */
async function codeOf(call) {
  try {
    await call();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof paymento.PaymentoError, `${error?.stack ?? error}`);
    return error.code;
  }
}

each("signatures.json", async (file, entry) => {
  const code = await codeOf(() => paymento.authenticate(body(entry), entry.signature, file.secret));
  assert.equal(code === "decode.callback" ? null : (code ?? null), entry.code);
  if (code === undefined && entry.signature.length === 64) {
    assert.equal(paymento.sign(body(entry), file.secret), entry.signature.toUpperCase());
  }
});

each("headers.json", async (file, entry) => {
  const lists = {};
  for (const [name, value] of entry.headers) lists[name] = [value];
  const shapes = [entry.headers, Object.fromEntries(entry.headers), lists];
  // `Headers` normalizes names that it may hold; it refuses none of these.
  shapes.push(new Headers(entry.headers));
  for (const headers of shapes) {
    const code = await codeOf(() => paymento.authenticate(body(entry), headers, file.secret));
    assert.equal(code ?? null, entry.code);
  }
});

each("secrets.json", async (_file, entry) => {
  let callback;
  const code = await codeOf(() => {
    callback = paymento.authenticate(body(entry), entry.signature, entry.secrets);
  });
  assert.equal(code, entry.code);
  assert.equal(callback?.secretIndex, entry.secret_index);
});

each("callbacks.json", async (file, entry) => {
  let callback;
  const code = await codeOf(() => {
    callback = paymento.authenticate(body(entry), entry.signature, file.secret);
  });
  assert.equal(code, entry.code);
  if (callback === undefined) return;
  const expected = camelKeys(entry.callback);
  const found = Object.fromEntries(Object.keys(expected).map((key) => [key, callback[key] ?? null]));
  found.additionalData = JSON.parse(JSON.stringify(callback.additionalData));
  assert.deepEqual(found, expected);
  assert.deepEqual(Buffer.from(callback.body), body(entry));
});

each("statuses.json", async (_file, entry) => {
  const raw = Buffer.from(JSON.stringify({ OrderStatus: entry.text }));
  const callback = paymento.authenticate(raw, paymento.sign(raw, "k"), "k");
  assert.equal(callback.status ?? null, entry.code);
});

each("amounts.json", async (_file, entry) => {
  let price;
  const code = await codeOf(() => {
    price = testing.price({ cryptoAmounts: { Bitcoin: entry.input } });
  });
  assert.equal(code, entry.text === null ? "input.amount" : undefined);
  assert.equal(price?.cryptoAmounts.Bitcoin ?? null, entry.text);
});

// Nothing listens on either: what is refused must be refused before anything is sent.
const outside = new paymento.Client("an-api-key", { baseUrl: "https://api.invalid" });
const loopback = new paymento.Client("an-api-key", { baseUrl: "http://127.0.0.1:1" });

each("requests.json", async (_file, entry) => {
  const client = entry.loopback ? loopback : outside;
  assert.equal(await codeOf(() => client.createPayment(camelKeys(entry.arguments))), entry.code);
});

each("return_visits.json", async (_file, entry) => {
  const visit = paymento.ReturnVisit.parse(entry.query);
  assert.deepEqual([visit.token ?? null, visit.orderId ?? null], [entry.token, entry.order_id]);
});

each("verifications.json", async (file, entry) => {
  const expected = camelKeys({ order_id: file.order_id, ...entry.expected });
  const { success, message } = entry;
  const verification = testing.verification({ success, message, body: entry.body, token: file.token, ...expected });
  assert.equal(verification.outcome, entry.outcome);
  const code = await codeOf(() => verification.requireSettled());
  assert.equal(code, entry.outcome === "settled" ? undefined : `verify.${entry.outcome}`);
  if ("status" in entry) assert.equal(verification.status ?? null, entry.status);
  if ("amount_unchecked" in entry) assert.equal(verification.amountUnchecked, entry.amount_unchecked);
  if ("settlement" in entry) {
    const settlement = JSON.parse(JSON.stringify(verification.settlement));
    settlement.txHashes = settlement.transactions.map((transaction) => transaction.txHash ?? null);
    for (const [name, value] of Object.entries(camelKeys(entry.settlement))) {
      assert.deepEqual(settlement[name] ?? null, value, name);
    }
  }
});

describe("surface.json", () => {
  const surface = vectors("surface.json");
  const accessors = (type) =>
    Object.getOwnPropertyNames(type.prototype).filter((name) => name !== "constructor" && !name.startsWith("_"));

  test("the module has exactly the surface", () => {
    const enums = ["OrderStatus", "Outcome", "Speed", "CallbackMethod", "Meaning", "EventKind", "Reason"];
    const helpers = ["VERSION", "isPaymentoError", "orderStatusName", "orderStatusMeaning"];
    const wanted = [
      "Client",
      "Checkout",
      ...Object.keys({ ...surface.functions, ...surface.checkout.functions }).map(camel),
      ...surface.constants,
      ...surface.error_classes,
      ...Object.keys({ ...surface.data, ...surface.checkout.data }),
      ...enums,
      ...helpers,
    ];
    assert.deepEqual(Object.keys(paymento).sort(), wanted.sort());
  });

  test("the client has exactly the surface", () => {
    const { methods, local_methods } = surface.client;
    const wanted = [...Object.keys(methods), ...local_methods].map(camel).filter((name) => name !== "fromEnv");
    const own = accessors(paymento.Client).filter((name) => name !== "baseUrl");
    assert.deepEqual(own.sort(), wanted.sort());
    assert.equal(typeof paymento.Client.fromEnv, "function");
  });

  /** Durations are milliseconds, and say so. */
  const DURATIONS = ["max_handler_time", "keep_bodies", "keep_decisions", "verify_lag"];
  const durable = (name) => (DURATIONS.includes(name) ? `${camel(name)}Ms` : camel(name));
  const inMemory = () => new paymento.Checkout(loopback, { database: `sqlite:${join(tmpdir(), "never-opened.db")}` });

  test("the checkout has exactly the surface", () => {
    const { methods, local_methods } = surface.checkout;
    // What takes a fetch request is JavaScript's own.
    const wanted = [...Object.keys(methods), ...local_methods, "handle"]
      .map(camel)
      .filter((name) => name !== "fromEnv");
    assert.deepEqual(accessors(paymento.Checkout).sort(), wanted.sort());
    assert.equal(typeof paymento.Checkout.fromEnv, "function");
  });

  test("the checkout takes exactly the surface's options", async () => {
    const { options, workers, answer_policies, migrate } = surface.checkout;
    const made = (options) => new paymento.Checkout(loopback, options);
    for (const name of options.map(durable)) made({ [name]: undefined });
    await assert.rejects(async () => made({ nonsense: 1 }), { code: "input.unknown_option" });
    for (const [option, values] of Object.entries({ worker: workers, answerPolicy: answer_policies, migrate })) {
      for (const value of values) made({ [option]: value });
      await assert.rejects(async () => made({ [option]: "nonsense" }), { code: "input.type" });
    }
  });

  test("the checkout's methods take exactly the surface's options", async () => {
    const { methods } = surface.checkout;
    const checkout = inMemory();
    await checkout.close();
    const calls = {
      createPayment: (options) => checkout.createPayment({ orderId: "A-1", ...options }),
      payments: (options) => checkout.payments(options),
      adopt: (options) => checkout.adopt("t".repeat(32), { orderId: "A-1", ...options }),
      deadLetters: (options) => checkout.deadLetters(options),
      runOnce: (options) => checkout.runOnce(options),
      run: (options) => checkout.run(options),
    };
    const named = { max_seconds: "maxMs", stop: "signal" };
    for (const [name, call] of Object.entries(calls)) {
      const options = Object.entries(methods).find(([method]) => camel(method) === name)[1];
      for (const option of options.filter((option) => option !== "token")) {
        const given = { [named[option] ?? camel(option)]: undefined };
        if (option !== "order_id" || name === "runOnce") assert.equal(await codeOf(() => call(given)), "config.closed");
      }
      assert.equal(await codeOf(() => call({ nonsense: 1 })), "input.unknown_option", name);
    }
  });

  test("the checkout's lists are the surface's", async () => {
    const { event_kinds, reasons } = surface.checkout;
    assert.deepEqual(Object.values(paymento.EventKind), event_kinds);
    assert.deepEqual(Object.values(paymento.Reason), reasons);
    const checkout = inMemory();
    for (const kind of event_kinds) checkout.on(kind, () => {});
    for (const kind of event_kinds)
      assert.equal(await codeOf(() => checkout.on(kind, () => {})), "checkout.handler_exists");
    assert.equal(await codeOf(() => checkout.on("nonsense", () => {})), "input.type");
    for (const database of ["sqlite", "postgres"]) {
      assert.match(paymento.checkoutSchemaSql(database), /CREATE TABLE .*paymento_orders/);
    }
  });

  test("data classes have exactly the surface", () => {
    const methodsOf = { ...surface.data_methods, ...surface.checkout.data_methods };
    // What can hold in a synchronous transaction is JavaScript's own.
    methodsOf.OrderEvent = [...methodsOf.OrderEvent, "once_sync"];
    for (const [name, fields] of Object.entries({ ...surface.data, ...surface.checkout.data })) {
      const methods = (methodsOf[name] ?? []).filter((method) => method !== "parse");
      const wanted = [...fields, ...methods].map(durable);
      const made = samples()[name];
      const own = new Set([...Object.keys(made), ...accessors(made.constructor)]);
      own.delete("toJSON");
      assert.deepEqual([...own].sort(), wanted.sort(), name);
      assert.equal(made.constructor, paymento[name]);
    }
  });

  test("enumerations are the surface's", () => {
    const statuses = surface.statuses.map(({ name, code, meaning }) => [name, code, meaning]);
    const ours = Object.entries(paymento.OrderStatus).map(([name, code]) => [
      name,
      code,
      paymento.orderStatusMeaning(code),
    ]);
    assert.deepEqual(ours, statuses);
    assert.deepEqual(Object.values(paymento.Outcome), surface.outcomes);
    assert.deepEqual(Object.values(paymento.Speed), surface.speeds);
    assert.deepEqual(Object.values(paymento.CallbackMethod), surface.callback_methods);
    assert.deepEqual(Object.values(paymento.Meaning), surface.meanings);
  });

  test("errors carry the surface's fields", () => {
    assert.throws(
      () => paymento.sign(new Uint8Array(), ""),
      (error) => {
        const names = surface.error_fields.map((name) => (name === "retry_after" ? "retryAfterMs" : camel(name)));
        for (const name of names) assert.ok(name in error, name);
        return error instanceof paymento.ConfigError && error.code === "config.secret";
      },
    );
    for (const [name, fields] of Object.entries(surface.error_fields_of)) {
      for (const field of fields) assert.ok(camel(field) in paymento[name].prototype, `${name}.${field}`);
    }
    for (const name of surface.error_classes) assert.ok(paymento[name].prototype instanceof Error, name);
  });

  test("testing helpers are the surface's", () => {
    const factories = Object.keys(testing).filter((name) => /^[a-z]/.test(name));
    assert.deepEqual(factories.sort(), surface.testing.map(camel).sort());
    assert.equal(typeof testing.Simulator, "function");
  });

  /** As JavaScript names it: durations and times are milliseconds, and say so. */
  const timed = (name) => (surface.simulator.durations.includes(name) ? `${camel(name)}Ms` : camel(name));

  test("the simulator has exactly the surface", async () => {
    const simulator = await testing.Simulator.start();
    await simulator.stop();
    const own = new Set(["start"]);
    for (let holder = simulator; holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
      for (const name of Object.getOwnPropertyNames(holder)) own.add(name);
    }
    own.delete("constructor");
    assert.deepEqual([...own].sort(), surface.simulator.members.map(timed).sort());
  });

  test("what the simulator shows has exactly the surface's fields", async () => {
    const simulator = await testing.Simulator.start({ callbackUrl: "http://127.0.0.1:9/", retryScheduleMs: [] });
    try {
      const order = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };
      const { token } = await simulator.client().createPayment(order);
      await simulator.arm("callback.delay", { times: 5 });
      await simulator.underpay(token);
      const [delivery] = await simulator.deliveries(token);
      await simulator.advance("2m");
      const [finished] = await simulator.deliveries(token, { count: 1 });
      const payment = await simulator.payment(token);
      const shown = {
        StoreSnapshot: (await simulator.stores())[0],
        PaymentSnapshot: payment,
        TransactionSnapshot: payment.transactions[0],
        Delivery: delivery,
        Attempt: finished.attempts[0],
        Event: (await simulator.events())[0],
        ArmedFault: (await simulator.faults())[0],
        Finding: (await simulator.findings())[0],
      };
      assert.deepEqual(Object.keys(shown), Object.keys(surface.simulator.data));
      for (const [name, fields] of Object.entries(surface.simulator.data)) {
        assert.deepEqual(Object.getOwnPropertyNames(shown[name]).sort(), fields.map(timed).sort(), name);
      }
    } finally {
      await simulator.stop();
    }
  });

  test("the simulator takes exactly the surface's options", async () => {
    const { Simulator } = testing;
    for (const name of surface.simulator.options.map(timed)) {
      await (await Simulator.start({ [name]: undefined })).stop();
    }
    for (const [option, values] of [
      ["profile", surface.simulator.profiles],
      ["badKeyAnswer", surface.simulator.bad_key_answers],
      ["businessErrorStatus", surface.simulator.business_error_statuses.map(Number)],
      ["unknownTokenAnswer", surface.simulator.unknown_token_answers],
    ]) {
      for (const value of values) await (await Simulator.start({ [option]: value })).stop();
    }
    const simulator = await Simulator.start();
    for (const name of surface.simulator.chaos_options) await simulator.chaos({ [camel(name)]: 0 });
    await assert.rejects(simulator.chaos({ nonsense: 0 }), { code: "input.unknown_option" });
    await simulator.stop();
  });

  /** One value of each data class. */
  function samples() {
    const names = ["callback", "payment", "price", "verification", "settlement", "transaction", "settings"];
    names.push("callback_url_change", "accepted_coin", "coin", "last_block", "coin_price", "currency", "language");
    names.push("info", "merchant", "order_event", "shortfall", "answer", "order_record", "payment_record");
    names.push("payments_page", "history_entry", "dead_letter", "health");
    const made = names.map(camel).map((name) => testing[name]());
    const all = [...made, paymento.ReturnVisit.parse("")];
    return Object.fromEntries(all.map((value) => [value.constructor.name, value]));
  }
});
