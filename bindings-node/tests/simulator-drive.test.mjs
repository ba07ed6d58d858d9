// What a test does to payments and to the clock, while this very process answers the callbacks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { OrderStatus } from "paymento";
import { refused } from "./support/errors.mjs";
import { marketplace, order, started } from "./support/shop.mjs";

const { PartialPaid, WaitingToConfirm, Timeout, UserCanceled, Paid, Approve, Reject } = OrderStatus;

const still = { virtualClock: true, seed: 1 };
const statuses = (deliveries) => deliveries.map(({ status }) => status);

test("an underpayment is partial until the remainder comes", async (t) => {
  const { simulator, client, fulfilled, callbacks } = await marketplace(t, still);
  const { token } = await client.createPayment(order);
  await simulator.underpay(token);
  assert.deepEqual(statuses(await simulator.deliveries(token, { count: 1 })), [PartialPaid]);
  const half = await simulator.payment(token);
  assert.equal(half.status, PartialPaid);
  assert.ok(half.owedAmount !== null && half.receivedAmount !== "0");
  assert.equal(fulfilled.size, 0);
  await simulator.payAmount(token, half.owedAmount);
  await simulator.deliveries(token, { count: 3 });
  assert.deepEqual(callbacks, [PartialPaid, WaitingToConfirm, Paid]);
  const whole = await simulator.payment(token);
  assert.deepEqual([whole.status, whole.owedAmount, whole.receivedAmount], [Approve, null, whole.cryptoAmount]);
  assert.deepEqual(
    whole.transactions.map(({ state, confirmations }) => [state, confirmations]),
    [
      ["completed", 2],
      ["completed", 2],
    ],
  );
  assert.equal(fulfilled.get("A-578").receivedCryptoAmount, whole.cryptoAmount);
});

test("amounts are exact, and a number is none", async (t) => {
  const simulator = await started(t, still);
  const { token } = await simulator.client().createPayment({ orderId: "A-1", cryptoAmounts: { Bitcoin: "0.3" } });
  await simulator.payAmount(token, "0.1");
  await simulator.underpayBy(token, "0.1");
  assert.equal((await simulator.payment(token)).receivedAmount, "0.2");
  await refused("input.amount", () => simulator.payAmount(token, 0.1));
  await refused("input.amount", () => simulator.underpayBy(token, "0.1"));
  await simulator.overpay(token);
  assert.equal((await simulator.payment(token)).receivedAmount, "0.31");
});

test("twenty minutes pass at once, and the payment expires on time", async (t) => {
  const { simulator, client, callbacks } = await marketplace(t, { ...still, paymentWindowMs: "20m" });
  const { token } = await client.createPayment(order);
  await simulator.advance("19m59s");
  assert.equal((await simulator.payment(token)).status, OrderStatus.Initialize);
  await simulator.advance(1_000);
  assert.deepEqual([(await simulator.payment(token)).status, await simulator.nowMs()], [Timeout, 1_200_000]);
  assert.deepEqual(callbacks, [Timeout]);
});

test("a late payment is paid all the same", async (t) => {
  const { simulator, client, callbacks, fulfilled } = await marketplace(t, still);
  const { token } = await client.createPayment(order);
  await simulator.expire(token);
  await simulator.pay(token);
  await simulator.deliveries(token, { count: 3 });
  assert.deepEqual(callbacks, [Timeout, WaitingToConfirm, Paid]);
  assert.equal(fulfilled.size, 1);
});

test("the chain confirms when it is told to, and may forget a transaction", async (t) => {
  const { simulator, client } = await marketplace(t, { ...still, manualConfirmation: true });
  const { token } = await client.createPayment(order);
  await simulator.pay(token);
  await simulator.advance("1d");
  assert.equal((await simulator.payment(token)).status, WaitingToConfirm);
  await simulator.dropTransaction(token);
  assert.equal((await simulator.payment(token)).transactions[0].state, "dropped");
  await refused("api.rejected", () => simulator.confirm(token));
  await simulator.pay(token);
  await simulator.confirm(token);
  assert.equal((await simulator.payment(token)).status, Paid);
});

test("a payment is canceled, or rejected", async (t) => {
  const { simulator, client, callbacks } = await marketplace(t, still);
  const { token } = await client.createPayment(order);
  await simulator.cancel(token);
  const second = await client.createPayment(order);
  await simulator.underpay(second.token);
  await simulator.reject(second.token);
  await simulator.advance(0);
  assert.deepEqual(callbacks.toSorted(), [PartialPaid, UserCanceled, Reject]);
});

test("many wait at once, and the loop goes on", async (t) => {
  const { simulator, client, fulfilled } = await marketplace(t);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  t.after(() => clearInterval(ticking));
  const tokens = await Promise.all(Array.from({ length: 20 }, async () => (await client.createPayment(order)).token));
  await Promise.all(tokens.map((token) => simulator.pay(token)));
  const all = await Promise.all(tokens.map((token) => simulator.deliveries(token, { count: 2 })));
  assert.ok(all.every((deliveries) => deliveries.every(({ isDelivered }) => isDelivered)));
  assert.ok(ticks > 0 && fulfilled.size === 1);
});

test("a stopped simulator does nothing more, and says so", async (t) => {
  const simulator = await started(t, still);
  assert.equal(simulator.isStopped, false);
  const waiting = simulator.deliveries("x", { count: 1 });
  const refusal = refused("config.closed", () => waiting);
  await simulator.stop();
  await refusal;
  assert.equal(simulator.isStopped, true);
  await refused("config.closed", () => simulator.advance("1m"));
  await refused("config.closed", () => simulator.chaos({ drop: 1 }));
});
