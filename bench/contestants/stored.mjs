// The contestant that stores callbacks from Node.js: `stored.mjs DATABASE AT_ONCE`. What it does is told in stored.py.
import { createHmac } from "node:crypto";
import { mkdirSync } from "node:fs";
import { argv, pid } from "node:process";
import { Checkout, Client } from "paymento";
import { SECRET } from "./payloads.mjs";
import { serve } from "./serve.mjs";

const PAYMENTS = 10_000;
// A database may have been filled by an earlier process.
let next = Date.now() * 1_000;

/** As many new callbacks, of ten thousand payments in turns. */
function fresh(count) {
  return Array.from({ length: count }, () => signed(next++));
}

function signed(number) {
  const payment = number % PAYMENTS;
  const token = hex((BigInt(payment) * 2_654_435_761n) % 2n ** 32n, 8) + hex(payment, 24);
  const note = String(number).padStart(90, "0");
  const body = Buffer.from(
    `{"Token":"${token}","PaymentId":${number % 1_000_000},"OrderId":"A-${payment}","OrderStatus":7,` +
      `"AdditionalData":[{"key":"note","value":"${note}"}]}`,
  );
  return { body, signature: createHmac("sha256", SECRET).update(body).digest("hex").toUpperCase() };
}

function hex(number, digits) {
  return number.toString(16).padStart(digits, "0");
}

function databaseUrl(database) {
  if (!database.startsWith("sqlite:")) return `${database}/node_${atOnce}`;
  const folder = `${database.slice("sqlite:".length)}/node${pid}`;
  mkdirSync(folder);
  return `sqlite:${folder}/shop.db`;
}

async function prove() {
  const [{ body, signature }] = fresh(1);
  const forged = await checkout.receive("POST", signature, Buffer.from("{}"));
  const taken = await checkout.receive("POST", signature, body);
  if (forged.status !== 401 || taken.status !== 200) throw new Error(`answered ${forged.status} and ${taken.status}`);
}

async function storeAll(callbacks) {
  const loops = Array.from({ length: atOnce }, async (_, first) => {
    for (let i = first; i < callbacks.length; i += atOnce) {
      const { body, signature } = callbacks[i];
      const answer = await checkout.receive("POST", signature, body);
      if (answer.status !== 200) throw new Error("a callback was not stored");
    }
  });
  await Promise.all(loops);
}

const [database, atOnce] = [argv[2], Number(argv[3])];
// Nobody listens there, and nobody is asked: what is stored is not verified.
const client = new Client("an-api-key", { secretKey: SECRET, baseUrl: "http://127.0.0.1:9" });
const checkout = new Checkout(client, { database: databaseUrl(database), worker: "external" });
await prove();
await serve(storeAll, atOnce, fresh);
