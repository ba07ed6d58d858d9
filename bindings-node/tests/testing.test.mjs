// paymento/testing: every type that has no constructor, and callbacks as the gateway sends them.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { inspect, isDeepStrictEqual } from "node:util";
import * as testing from "paymento/testing";
import { refused } from "./support/errors.mjs";

const paymento = createRequire(import.meta.url)("paymento");

const others = ["FAULTS", "Simulator", "signedCallback"];
const factories = Object.entries(testing).filter(([name]) => !others.includes(name));

for (const [name, make] of factories) {
  test(`${name}() makes a frozen value that nobody else can make`, async () => {
    const value = make();
    assert.ok(value instanceof paymento[value.constructor.name]);
    assert.ok(Object.isFrozen(value));
    assert.throws(() => {
      value.token = "another";
    }, TypeError);
    const error = await refused("input.not_constructible", () => new value.constructor());
    assert.match(error.hint, /paymento\/testing/);
    await refused("input.not_constructible", () => new value.constructor(Symbol("made by paymento"), {}));
    await refused("input.not_constructible", () => new (class extends value.constructor {})());
  });

  test(`${name}() is equal to another one, and its JSON holds what it shows`, () => {
    const [a, b] = [make(), make()];
    assert.ok(isDeepStrictEqual(a, b));
    const json = JSON.parse(JSON.stringify(a));
    assert.ok(isDeepStrictEqual(json, JSON.parse(JSON.stringify(a.toJSON()))));
    for (const [field, shown] of Object.entries(json)) assert.deepEqual(JSON.parse(JSON.stringify(a[field])), shown);
    assert.ok(inspect(a).startsWith(`${a.constructor.name} {`));
  });
}

test("a signed callback is authentic for its secret key and for no other", async () => {
  const { headers, body } = testing.signedCallback({
    secretKey: "k",
    token: "0f3b9c6e5a7d4821b6c0d9e8f7a65432",
    paymentId: "9223372036854775807",
    orderId: "№ 7",
    status: paymento.OrderStatus.Approve,
    additionalData: JSON.parse('{"__proto__":"x","constructor":"y"}'),
  });
  const callback = paymento.authenticate(body, headers, ["old", "k"]);
  assert.equal(callback.paymentId, "9223372036854775807");
  assert.equal(callback.orderId, "№ 7");
  assert.equal(callback.status, 8);
  assert.equal(callback.secretIndex, 1);
  assert.deepEqual(Object.entries(callback.additionalData), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
  assert.equal(Object.getPrototypeOf(callback.additionalData), Object.prototype);
  await refused("signature.mismatch", () => paymento.authenticate(body, headers, "other"));
  await refused("config.secret", () => testing.signedCallback({}));
});

test("callbacks are equal where their fields are", () => {
  const [a, b] = ["A-1", "A-2"].map((orderId) => testing.callback({ orderId }));
  assert.ok(!isDeepStrictEqual(a, b));
  assert.match(inspect(a), /^Callback \{.*orderId: 'A-1'/s);
});

test("a callback does not print or serialize its body", () => {
  const made = testing.callback({ orderId: "A-1" });
  assert.ok(made.body instanceof Uint8Array);
  assert.ok(!("body" in made.toJSON()));
  assert.doesNotMatch(inspect(made), /Buffer|Uint8Array/);
});

test("a verification is decided by the core, whatever a test asks for", () => {
  const { OrderStatus } = paymento;
  const settled = testing.verification({ fiatAmount: "29.99", fiatCurrency: "USD" });
  assert.deepEqual([settled.outcome, settled.isSettled, settled.amountUnchecked], ["settled", true, true]);
  assert.ok(settled.requireSettled() instanceof paymento.Settlement);
  assert.equal(testing.verification({ status: OrderStatus.Pending }).outcome, "contradictory");
  assert.equal(testing.verification({ success: false, status: OrderStatus.Timeout }).outcome, "closed");
  assert.equal(testing.verification({ orderId: "A-1", body: '{"token":"x","orderId":"B-2"}' }).outcome, "mismatch");
});

test("a price can be spread into what is expected", () => {
  const price = testing.price({ cryptoAmounts: { Bitcoin: "0.00041732" } });
  assert.deepEqual({ ...price }, { fiatAmount: null, fiatCurrency: null, cryptoAmounts: { Bitcoin: "0.00041732" } });
  assert.equal(testing.verification({ ...price }).outcome, "settled");
  assert.equal(testing.verification({ ...testing.price() }).outcome, "settled");
});

test("factories take options and refuse others", async () => {
  assert.equal(testing.coinPrice({ change24h: "-1.42" }).change24h, "-1.42");
  assert.equal(testing.lastBlock({ height: 5, coinId: "9007199254740993" }).coinId, "9007199254740993");
  assert.equal(testing.settings({ callbackMethod: "PUT" }).callbackMethod, "PUT");
  assert.equal(testing.transaction({ raw: '{"confirmations":3}' }).raw, '{"confirmations":3}');
  assert.equal(testing.transaction({ txHash: "abc" }).txHash, "abc");
  assert.equal(testing.settlement({ requestedFiatAmount: "5.00" }).requestedFiatAmount, "5.00");
  assert.equal(testing.payment({ live: false, token: "0f3b9c6e5a7d4821b6c0d9e8f7a65432" }).live, false);
  const change = testing.callbackUrlChange({ changed: true, previous: testing.settings() });
  assert.equal(change.changed, true);
  for (const [, make] of factories) {
    await refused("input.unknown_option", () => make({ nonsense: 1 }));
    await refused("input.type", () => make(5));
  }
});
