// A simulator that nobody stops must not keep the run alive.

import { Simulator } from "paymento/testing";
import { expect, test } from "vitest";

test("a simulator is left open", async () => {
  const simulator = await Simulator.start();
  await simulator.client().createPayment({ orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" });
  expect(await simulator.payments()).toHaveLength(1);
});
