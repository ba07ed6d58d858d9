// One process of the tortured shop, in Node.js. It is killed at any moment; what it did is in its diary.

import { appendFileSync, openSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { Checkout, Client, isPaymentoError } from "../../bindings-node/dist/index.mjs";

const env = process.env;
const require = createRequire(new URL("../once/", import.meta.url));
const name = env.TORTURE_NAME;
const withoutOnce = env.TORTURE_WITHOUT_ONCE === "1";
const isPostgres = env.TORTURE_SHOP_DATABASE.startsWith("postgres");
const driver = require(isPostgres ? "pg" : "better-sqlite3");
const [dieAt, times] = (env.TORTURE_DIE_AT ?? "").split(":");
const passed = new Map();

// Appended to: a line that is written outlives the process.
const diary = openSync(env.TORTURE_DIARY, "a");
const note = (what, order) =>
  appendFileSync(diary, `${what} ${order.kind} ${order.key} ${order.orderId} ${Date.now()}\n`);

/** Dies in the handler, the wanted time it comes here. */
function place(place) {
  passed.set(place, (passed.get(place) ?? 0) + 1);
  if (place === dieAt && passed.get(place) === Number(times)) {
    process.kill(process.pid, "SIGKILL");
  }
}

const client = new Client(env.PAYMENTO_API_KEY, {
  secretKey: env.PAYMENTO_SECRET_KEY,
  baseUrl: env.PAYMENTO_BASE_URL,
});
const checkout = new Checkout(client, { database: env.PAYMENTO_DATABASE_URL, verifiesPerSecond: 1000, name });

checkout.onPaid(async (order) => {
  note("begun", order);
  await (isPostgres ? shipPostgres(order) : shipSqlite(order));
  note("ended", order);
  place("handler_end");
});
for (const kind of ["partially_paid", "closed", "attention"]) {
  checkout.on(kind, (order) => note("told", order));
}

function shipSqlite(order) {
  const connection = new driver(env.TORTURE_SHOP_DATABASE, { timeout: 10_000 });
  try {
    const ship = connection.transaction(() => {
      if (order.onceSync(connection) || withoutOnce) {
        const values = [order.orderId, order.price?.fiatAmount, name];
        connection.prepare("INSERT INTO shipments (order_id, amount, by_whom) VALUES (?, ?, ?)").run(values);
      }
      place("in_handler");
    });
    ship.immediate();
  } finally {
    connection.close();
  }
}

async function shipPostgres(order) {
  const connection = new driver.Client(env.TORTURE_SHOP_DATABASE);
  // A server that goes away is told by the query as well.
  connection.on("error", () => {});
  await connection.connect();
  try {
    await connection.query("BEGIN");
    if ((await order.once(connection)) || withoutOnce) {
      const values = [order.orderId, order.price?.fiatAmount, name];
      await connection.query("INSERT INTO shipments (order_id, amount, by_whom) VALUES ($1, $2, $3)", values);
    }
    place("in_handler");
    await connection.query("COMMIT");
  } finally {
    await connection.end().catch(() => {});
  }
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function buy(body) {
  const { order, amount } = JSON.parse(body.toString());
  const payment = await checkout.createPayment({ orderId: order, fiatAmount: amount, fiatCurrency: "USD" });
  return { token: payment.token };
}

async function health() {
  const { eventsDue, verifiesDue, deadLetters } = await checkout.health();
  return { events_due: eventsDue, verifies_due: verifiesDue, dead_letters: deadLetters };
}

async function visit(query) {
  await checkout.visit(query);
  return {};
}

async function route(request) {
  const [path, query = ""] = request.url.split("?");
  const body = await bodyOf(request);
  if (path === "/callback") {
    return checkout.receive(request.method, request.headers, body);
  }
  try {
    const answer = await (path === "/buy" ? buy(body) : path === "/visit" ? visit(query) : health());
    return { status: 200, headers: {}, body: JSON.stringify(answer) };
  } catch (error) {
    if (!isPaymentoError(error)) {
      throw error;
    }
    return { status: 503, headers: {}, body: JSON.stringify({ code: error.code }) };
  }
}

const server = createServer(async (request, response) => {
  const answer = await route(request);
  response.writeHead(answer.status, answer.headers).end(answer.body);
});
server.listen(0, "127.0.0.1", async () => {
  // What is due is handed over from now on, whether or not somebody buys.
  await checkout.visit("token=none").catch(() => {});
  console.log(`ready ${server.address().port}`);
});
