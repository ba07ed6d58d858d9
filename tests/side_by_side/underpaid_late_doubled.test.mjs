// The same test as underpaid_late_doubled.rs and underpaid_late_doubled_test.py.
import assert from "node:assert/strict";
import { test } from "node:test";

import { OrderStatus } from "../../bindings-node/dist/index.mjs";
import { Simulator } from "../../bindings-node/dist/testing.mjs";
import { Shop } from "./shop.mjs";

test("an order that is underpaid and then paid late and announced twice ships once", async (t) => {
  const simulator = await Simulator.start({ virtualClock: true });
  t.after(() => simulator.stop());
  const shop = await Shop.open(simulator.client());
  t.after(() => shop.close());
  await simulator.setCallbackUrl(shop.callbackUrl);
  const order = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };
  const payment = await simulator.client().createPayment(order);
  shop.expects(payment);

  // The customer sends half of it.
  await simulator.underpay(payment.token);
  let deliveries = await simulator.deliveries(payment.token, { count: 1 });
  assert.deepEqual(deliveries[0].status, OrderStatus.PartialPaid);
  assert.deepEqual(shop.shipped, []);

  // The rest comes; what the gateway says of it is a minute late, and said twice.
  await simulator.arm("callback.delay", { times: 2 });
  await simulator.arm("callback.duplicate", { times: 2 });
  await simulator.pay(payment.token);
  assert.deepEqual((await simulator.payment(payment.token)).status, OrderStatus.Paid);
  assert.deepEqual(shop.shipped, []);

  await simulator.advance("2m");
  deliveries = await simulator.deliveries(payment.token, { count: 5 });
  assert(deliveries.every((delivery) => delivery.isDelivered));
  assert.deepEqual(shop.shipped, ["A-578"]);
  await simulator.checkFindings();
});
