// A shop with a checkout: a database of its own, a callback route, a simulator that calls it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Checkout } from "paymento";
import { bodyOf, gateway } from "./gateway.mjs";
import { freshPostgres } from "./postgres.mjs";
import { started } from "./shop.mjs";

/** A folder that goes with its test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), "paymento-node-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const freshSqlite = (t) => `sqlite:${join(folder(t), "paymento.db")}`;

/** Each database, and how a test gets an empty one. */
export const DATABASES = { SQLite: freshSqlite, PostgreSQL: freshPostgres };

/** What has happened, to be waited for. */
export function inbox() {
  const items = [];
  const waiting = [];
  const put = (item) => {
    const next = waiting.shift();
    if (next) next(item);
    else items.push(item);
  };
  const next = () =>
    items.length > 0 ? Promise.resolve(items.shift()) : new Promise((resolve) => waiting.push(resolve));
  return { put, next, items };
}

/** Serves a checkout's callback route, and notes the answers. */
export async function callbackRoute(t, checkout) {
  const answers = inbox();
  const { url } = await gateway(t, async (request, response) => {
    const answer = await checkout.receive(request.method, request.headers, await bodyOf(request));
    response.writeHead(answer.status, answer.headers).end(answer.body);
    answers.put(answer);
  });
  return { url: `${url}/callback`, answers };
}

/** A simulator, a checkout on this database, and its route, which is called. `options` are the checkout's. */
export async function shopWith(t, database, options = {}, clientOptions = {}) {
  // What a test keeps from the shop is not sent again.
  const simulator = await started(t, { retryScheduleMs: [] });
  const client = simulator.client(clientOptions);
  const checkout = new Checkout(client, { database, ...options });
  t.after(() => checkout.close());
  const { url, answers } = await callbackRoute(t, checkout);
  await simulator.setCallbackUrl(url);
  return { simulator, client, checkout, answers, url };
}

export const order = (orderId = "A-578") => ({ orderId, fiatAmount: "29.99", fiatCurrency: "USD" });

/** Creates and pays an order. */
export async function buy({ checkout, simulator }, orderId) {
  const payment = await checkout.createPayment(order(orderId));
  await simulator.pay(payment.token);
  return payment;
}

/** A logger whose records can be waited for. */
export function recorder() {
  const records = inbox();
  const to = (level) => (message, fields) => records.put({ level, message, ...fields });
  return { records, logger: { debug: () => {}, warn: to("warn"), error: to("error") } };
}

/** Meanwhile the shop hears nothing of the gateway. */
export async function silently({ simulator, url }, work) {
  await simulator.setCallbackUrl("http://127.0.0.1:9/");
  const result = await work();
  await simulator.advance(0);
  await simulator.setCallbackUrl(url);
  return result;
}
