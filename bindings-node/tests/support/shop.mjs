// A simulator that ends with its test, and a shop for it to call back.

import { Simulator } from "paymento/testing";
import { bodyOf, gateway } from "./gateway.mjs";

export const order = { orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" };

export async function started(t, options) {
  const simulator = await Simulator.start(options);
  t.after(() => simulator.stop());
  return simulator;
}

/** A shop that fulfills once, after a settled verify. `callbacks` are the statuses that it has authenticated. */
export async function shop(t, client) {
  const fulfilled = new Map();
  const callbacks = [];
  const failures = [];
  const { url } = await gateway(t, async (request, response) => {
    try {
      const callback = client.authenticate(await bodyOf(request), request.headers);
      callbacks.push(callback.status);
      if (callback.token !== null) {
        const verification = await client.verifyPayment(callback.token, order);
        if (verification.isSettled) fulfilled.set(callback.orderId, verification.requireSettled());
      }
      response.end();
    } catch (error) {
      failures.push(error.code);
      response.writeHead(error.name === "SignatureError" ? 401 : 500).end();
    }
  });
  return { url: `${url}/callback`, fulfilled, callbacks, failures };
}

/** A simulator whose callbacks go to a shop, and the shop. */
export async function marketplace(t, options) {
  const simulator = await started(t, options);
  const client = simulator.client();
  const shopAtWork = await shop(t, client);
  await simulator.setCallbackUrl(shopAtWork.url);
  return { simulator, client, ...shopAtWork };
}
