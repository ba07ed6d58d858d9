// A cluster of three whose processes share a checkout's work; prints each order that is shipped, and ends when all are.

import cluster from "node:cluster";
import { Checkout, Client } from "paymento";

const { DATABASE, TOKENS } = process.env;
const tokens = TOKENS.split(" ");

if (cluster.isPrimary) {
  let shipped = 0;
  cluster.on("message", (_worker, orderId) => {
    console.log(orderId);
    shipped += 1;
    if (shipped === tokens.length) for (const worker of Object.values(cluster.workers)) worker.send("end");
  });
  for (let i = 0; i < 3; i += 1) cluster.fork();
} else {
  const checkout = new Checkout(Client.fromEnv(), { database: DATABASE, concurrency: 1 });
  checkout.onPaid((order) => process.send(order.orderId));
  for (const token of tokens) await checkout.visit({ token });
  process.once("message", async () => {
    await checkout.close();
    process.disconnect();
  });
}
