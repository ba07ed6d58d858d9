// A cluster of three whose processes each ask the gateway at URL; prints how they end.

import cluster from "node:cluster";
import { Client } from "paymento";

const client = new Client("an-api-key", { baseUrl: process.env.URL });
await client.ping();
if (cluster.isPrimary) {
  for (let i = 0; i < 3; i += 1) cluster.fork();
  cluster.on("exit", (_worker, code) => console.log(code));
} else {
  process.disconnect();
}
