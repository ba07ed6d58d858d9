// Faults by order and by chance, callbacks that nobody asked for, and what the simulator finds wrong with a shop.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { OrderStatus, SIGNATURE_HEADER } from "paymento";
import { FAULTS } from "paymento/testing";
import { refused } from "./support/errors.mjs";
import { gateway } from "./support/gateway.mjs";
import { marketplace, order, started } from "./support/shop.mjs";

const still = { virtualClock: true, seed: 1 };

test("a callback that comes twice is fulfilled once", async (t) => {
  const { simulator, client, callbacks, fulfilled } = await marketplace(t, still);
  await simulator.chaos({ duplicate: 1, seed: 7 });
  const { token } = await client.createPayment(order);
  await simulator.pay(token);
  await simulator.deliveries(token, { count: 4 });
  assert.deepEqual(callbacks, [3, 3, 7, 7]);
  assert.equal(fulfilled.size, 1);
  await simulator.calm();
  const again = await client.createPayment(order);
  await simulator.pay(again.token);
  assert.equal((await simulator.deliveries(again.token, { count: 2 })).length, 2);
});

test("chaos is the same again with the same seed, and another with another", async (t) => {
  const faults = async (seed) => {
    const { simulator, client } = await marketplace(t, still);
    await simulator.chaos({ duplicate: 0.3, reorder: 0.3, drop: 0.2, seed });
    for (let count = 0; count < 8; count++) {
      const { token } = await client.createPayment(order);
      await simulator.pay(token);
    }
    await simulator.advance("1h");
    const deliveries = await simulator.recentDeliveries();
    return deliveries.map(({ paymentId, faults }) => `${paymentId} ${faults}`).toSorted();
  };
  const [once, twice, other] = [await faults(7), await faults(7), await faults(8)];
  assert.deepEqual(once, twice);
  assert.notDeepEqual(once, other);
});

test("an armed fault strikes as often as it was armed, and whom", async (t) => {
  const { simulator, client, failures } = await marketplace(t, still);
  const { token } = await client.createPayment(order);
  await simulator.arm("callback.wrong_secret");
  await simulator.arm("callback.status_42", { times: 2, token });
  await simulator.arm("api.bad_gateway", { times: Number.POSITIVE_INFINITY });
  assert.deepEqual(
    (await simulator.faults()).map((armed) => ({ ...armed })),
    [
      { fault: "callback.wrong_secret", times: 1, token: null },
      { fault: "callback.status_42", times: 2, token },
      { fault: "api.bad_gateway", times: null, token: null },
    ],
  );
  await simulator.clearFaults();
  assert.deepEqual(await simulator.faults(), []);
  await simulator.arm("callback.wrong_secret", { token });
  await simulator.pay(token);
  await simulator.advance("1m");
  const [first, second] = await simulator.deliveries(token, { count: 2 });
  assert.deepEqual([first.faults, first.isAuthentic, first.isDelivered], [["callback.wrong_secret"], false, false]);
  assert.deepEqual([second.faults, second.isAuthentic, second.isDelivered], [[], true, true]);
  assert.deepEqual(failures, Array(first.attempts.length).fill("signature.mismatch"));
  await refused("input.fault", () => simulator.arm("callback.nonsense"));
  await refused("input.type", () => simulator.arm("callback.drop", { times: -1 }));
  assert.match(FAULTS["callback.wrong_secret"], /another secret key/);
});

test("a fault of the API reaches the client", async (t) => {
  const simulator = await started(t, still);
  const client = simulator.client({ maxAttempts: 1 });
  await simulator.arm("api.rate_limited");
  const error = await refused("api.rate_limited", () => client.ping());
  assert.equal(error.retryAfterMs, 1_000);
  await client.ping();
  await refused("input.fault", () => simulator.chaos({ drop: 1.1 }));
});

test("a delivery is sent again, and a tampered one is refused", async (t) => {
  const { simulator, client, callbacks, failures } = await marketplace(t, still);
  const { token } = await client.createPayment(order);
  await simulator.pay(token);
  const [first] = await simulator.deliveries(token, { count: 2 });
  const again = await simulator.waitForDelivery(await simulator.resend(first.id));
  assert.deepEqual(again.body, first.body);
  assert.deepEqual(callbacks, [3, 7, 3]);
  const tampered = await simulator.waitForDelivery(await simulator.tamper(first.id));
  assert.deepEqual([tampered.attempts[0].answerStatus, tampered.isAuthentic], [401, false]);
  assert.deepEqual(failures, ["signature.mismatch"]);
  assert.equal((await simulator.delivery(first.id)).id, first.id);
  assert.equal(await simulator.delivery(999), null);
  await refused("api.rejected", () => simulator.resend(999));
  await simulator.checkFindings();
});

test("probes, forgeries, and callbacks with any status", async (t) => {
  const { simulator, client, callbacks, failures } = await marketplace(t, still);
  const probe = await simulator.waitForDelivery(await simulator.sendTestWebhook());
  assert.deepEqual([probe.token, probe.isDelivered], ["", true]);
  await simulator.waitForDelivery(await simulator.sendTamperedProbe());
  const { token } = await client.createPayment(order);
  await simulator.sendCallback(token, 10);
  await simulator.forgeCallback(token, Buffer.from('{"OrderStatus":7}'), { [SIGNATURE_HEADER]: "AB".repeat(32) });
  await simulator.advance("1m");
  await simulator.waitForDelivery(
    await simulator.trigger(OrderStatus.Paid, { orderId: "B-1", faults: ["callback.status_6"] }),
  );
  assert.deepEqual(callbacks.slice(1), [10, 6]);
  assert.ok(failures.length >= 2 && failures.every((code) => code === "signature.mismatch" || code === "input.token"));
  await refused("input.headers", () => simulator.forgeCallback(token, Buffer.from("{}"), { "a b": "c" }));
});

test("a shop that takes anything is found out, with the fix", async (t) => {
  const { url } = await gateway(t, (request, response) => request.resume().on("end", () => response.end()));
  const simulator = await started(t, { ...still, callbackUrl: `${url}/callback?key=1` });
  await simulator.checkFindings();
  await simulator.waitForDelivery(await simulator.sendTamperedProbe());
  const [finding] = await simulator.findings();
  assert.deepEqual([finding.kind, finding.count], ["tampered_callback_accepted", 1]);
  assert.ok(finding.problem.includes("signature") && finding.fix.includes("401") && !finding.subject.includes("key"));
  const error = await refused("config.findings", () => simulator.checkFindings());
  assert.ok(error.message.includes("tampered_callback_accepted") && error.hint.includes(finding.fix));
});

test("nothing that a failing test prints holds a key, a signature or a body", async (t) => {
  const { simulator, client } = await marketplace(t, { ...still, apiKey: "an-api-key", secretKey: "a-secret-key" });
  const { token } = await client.createPayment(order);
  await simulator.pay(token);
  const deliveries = await simulator.deliveries(token, { count: 2 });
  const stores = await simulator.stores();
  assert.deepEqual([stores[0].apiKey, stores[0].secretKey], ["an-api-key", "a-secret-key"]);
  const shown = inspect([deliveries, stores, simulator], { depth: 9 }) + JSON.stringify([deliveries, stores]);
  assert.ok(deliveries.every(({ signature, body }) => signature.length === 64 && body.includes(token)));
  assert.equal(deliveries[0].headers[SIGNATURE_HEADER.toLowerCase()], deliveries[0].signature);
  for (const secret of ["an-api-key", "a-secret-key", deliveries[0].signature, "AdditionalData"]) {
    assert.ok(!shown.includes(secret), secret);
  }
  for (const value of [deliveries[0], deliveries[0].attempts[0], stores[0], await simulator.payment(token)]) {
    assert.ok(Object.isFrozen(value));
  }
});
