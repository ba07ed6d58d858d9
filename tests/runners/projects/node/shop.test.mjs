// As a shop tests itself with node:test.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { InputError } from "paymento";
import { Simulator } from "paymento/testing";
import { openShop } from "../../shop.cjs";

const order = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };

let simulator;
let shop;

beforeEach(async () => {
  simulator = await Simulator.start({ virtualClock: true, seed: 7 });
  shop = await openShop(simulator.client());
  await simulator.setCallbackUrl(shop.url);
});

afterEach(async () => {
  shop.close();
  await simulator.stop();
});

test("an underpaid order is shipped once the rest has come, late and twice", async () => {
  const { token } = await simulator.client().createPayment(order);
  await simulator.underpay(token);
  await simulator.deliveries(token, { count: 1 });
  assert.deepEqual([...shop.shipped], []);
  await simulator.arm("callback.delay", { times: 2 });
  await simulator.arm("callback.duplicate", { times: 2 });
  await simulator.pay(token);
  await simulator.advance("2m");
  const deliveries = await simulator.deliveries(token, { count: 5 });
  assert.deepEqual(
    deliveries.map(({ isDelivered }) => isDelivered),
    Array(5).fill(true),
  );
  assert.deepEqual([...shop.shipped], ["A-578"]);
  await simulator.checkFindings();
});

test("a forged callback is refused, and a mistake is an error of ours", async () => {
  const { token } = await simulator.client().createPayment(order);
  await simulator.forgeCallback(token, Buffer.from(JSON.stringify({ Token: token, OrderStatus: 7 })));
  await simulator.advance("1m");
  const [delivery] = await simulator.deliveries(token, { count: 1 });
  assert.equal(delivery.attempts[0].answerStatus, 401);
  assert.deepEqual([...shop.shipped], []);
  await assert.rejects(simulator.advance("20"), InputError);
});
