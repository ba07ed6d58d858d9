// A shop in TypeScript, as CommonJS. The classes are the same declarations as the ES module's.

import paymento = require("paymento");
import testing = require("paymento/testing");

import type { Client as EsmClient, PaymentoError as EsmError } from "paymento" with { "resolution-mode": "import" };

const client: paymento.Client = paymento.Client.fromEnv({ connectTimeoutMs: 1_000 });
const same: EsmClient = client;
const error: EsmError = new paymento.ApiError("api.rejected", "no", { httpStatus: 400 });

export async function prices(): Promise<string[]> {
  const found = await same.coinPrices(["bitcoin"], "USD", { includeChange: true });
  const change = await client.ensureCallbackUrl("https://shop.example/callback", { method: "POST", replace: false });
  const simulator: testing.Simulator = await testing.Simulator.start();
  const [made]: testing.PaymentSnapshot[] = await simulator.payments();
  await client.lastBlock(BigInt(made?.paymentId ?? 1));
  await simulator.stop();
  return [...found.map((price) => price.price), String(change.changed), error.code];
}

const checkout: paymento.Checkout = new paymento.Checkout(client, { database: "sqlite:paymento.db" });
checkout.onPaid((order: paymento.OrderEvent) => order.orderId);

export async function ship(connection: object): Promise<boolean> {
  const order: paymento.OrderEvent = testing.orderEvent();
  return (await order.once(connection)) || order.onceSync(connection);
}
