// A simulator that nobody stops must not keep the run alive.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "paymento/testing";

test("a simulator is left open", async () => {
  const simulator = await Simulator.start();
  await simulator.client().createPayment({ orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" });
  assert.equal((await simulator.payments()).length, 1);
});
