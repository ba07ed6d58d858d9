// A shop with Express that takes crypto through Paymento. The checkout does what must not go wrong; the shop says
// what it sells, and what to do when an order is paid.
//
//     create      pay()       asks the checkout for the order's payment
//     redirect                and sends the customer to the gateway's own page
//     callback    app.all()   hands the gateway's signed message to the checkout, and gives back its answer
//     verify                  the checkout does it, also where no callback comes
//     fulfill     onPaid()    called when the order is paid; once() makes it once
//
// Environment: PAYMENTO_API_KEY and PAYMENTO_SECRET_KEY, PUBLIC_URL (where the world reaches this shop; https, unless the
// gateway is a simulator on this machine), and if you like PORT, PAYMENTO_DATABASE_URL (the checkout's database), DATABASE
// (the shop's own, another file) and PAYMENTO_BASE_URL. Any number of processes may share both databases: the demo has
// this one and the Flask example do so, and when one dies the other goes on.

import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import express from "express";
import { Checkout, CheckoutError, Client, isPaymentoError } from "paymento";
import { missing, orderPage, shopPage } from "./pages.mjs";
import { add, database, find, markFulfilled, transaction } from "./records.mjs";

// By the first letter of an order's id: any process sells what any other one shows. Money is text, never a number.
const products = {
  T: { item: "Mountain oolong", amount: "24.00" },
  C: { item: "Ethiopian filter roast", amount: "18.50" },
};
const currency = "USD";
const orderIds = /^[TC]-[0-9a-f]{16}$/;
const port = Number(process.env.PORT ?? 5001);
const publicUrl = (process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`).replace(/\/+$/, "");
const callbackPath = "/paymento/callback";
const noPaymentPage = "The payment page could not be opened, and nothing was charged. Please try again.";

const log = (line) => console.log(line);
// `error` comes with what a handler threw, where one did.
const logger = { debug: () => {}, warn: log, error: (line, { error }) => console.log(line, error ?? "") };
const client = Client.fromEnv({ logger }); // one for the whole process
const checkout = new Checkout(client, { database: process.env.PAYMENTO_DATABASE_URL ?? "sqlite:paymento.db" });

const app = express();
app.disable("x-powered-by");
app.use((_request, response, next) => {
  response.set({
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'",
    "Referrer-Policy": "no-referrer", // the return address holds the payment's token
    "Cache-Control": "no-store",
  });
  next();
});

// Create, and redirect

app.get("/", (_request, response) => {
  // The page carries the id of the order to be: a button that is pressed twice orders once. Nobody guesses such an id, so
  // it can stand in the address of the order's page.
  response.send(shopPage({ ...products.C, currency }, `C-${randomBytes(8).toString("hex")}`));
});

app.post("/buy", express.urlencoded({ extended: false }), async (request, response) => {
  const id = String(request.body?.order);
  if (!orderIds.test(id)) return response.status(400).send("Not an order");
  const product = products[id[0]];
  if (add({ id, ...product, currency })) log(`order ${id}: placed, ${product.amount} ${currency}`);
  await pay(find(id), response);
});

// Also the way to try again: while the order can be paid, the same price gives the same payment.
app.post(
  "/orders/:id/pay",
  withOrder((order, response) => pay(order, response)),
);

async function pay(order, response) {
  try {
    const payment = await checkout.createPayment({
      orderId: order.id,
      fiatAmount: order.amount,
      fiatCurrency: order.currency,
      returnUrl: `${publicUrl}/back`,
    });
    log(`order ${order.id}: sent to the payment page`);
    response.redirect(303, payment.url);
  } catch (error) {
    if (!isPaymentoError(error)) throw error;
    log(`order ${order.id}: no payment: ${error.code}`);
    // It is paid already, or about to be: the order's page says so.
    if (error instanceof CheckoutError) return response.redirect(303, `/orders/${order.id}`);
    response.status(502).send(orderPage(order, { state: "unpaid" }, noPaymentPage));
  }
}

// Callback

// The raw bytes, on this route only: the signature is over these, and JSON that was parsed and written again has
// others. Where the app also uses express.json(), this route must stand before it.
const raw = express.raw({ type: () => true, limit: "64kb" });
app.all(callbackPath, raw, async (request, response) => {
  // A request without a body has no `request.body` here.
  const answer = await checkout.receive(request.method, request.headers, request.body ?? new Uint8Array());
  response.status(answer.status).set(answer.headers).send(answer.body);
});

// What the checkout tells: one process that lives, also about orders that another one has taken

checkout.onPaid((order) => {
  // One transaction: what is written here is written once, however often this runs.
  const first = transaction(() => {
    const isFirst = order.onceSync(database);
    if (isFirst) markFulfilled(order.orderId);
    return isFirst;
  });
  log(`order ${order.orderId}: ${first ? "fulfilled" : "already fulfilled, nothing done"}`);
});

checkout.on("partially_paid", (order) => {
  log(`order ${order.orderId}: a part is missing, ${missing(order.shortfall, currency)}`);
});

checkout.on("closed", (order) => log(`order ${order.orderId}: closed, what was reserved is free again`));

checkout.on("attention", (order) => console.error(`order ${order.orderId}: attention, ${order.reason}`));

// The customer comes back

app.get("/back", async (request, response) => {
  // Anybody can type this address, with any status in it: the checkout believes nothing of it, and asks the gateway.
  const order = await checkout.visit(request.originalUrl);
  if (!order) return response.status(404).send("Not found");
  log(`order ${order.orderId}: the customer is back`);
  response.redirect(303, `/orders/${order.orderId}`);
});

app.get(
  "/orders/:id",
  withOrder(async (order, response) => response.send(orderPage(order, await stateOf(order)))),
);

app.get("/shop.css", (_request, response) => response.sendFile(fileURLToPath(new URL("../shop.css", import.meta.url))));

function withOrder(handle) {
  return (request, response) => {
    const order = find(request.params.id);
    return order ? handle(order, response) : response.status(404).send("Not found");
  };
}

// What to tell the customer: by the shop's own record whether it is on its way, and otherwise by the checkout's.
async function stateOf(order) {
  if (order.fulfilled) return { state: "fulfilled" };
  try {
    const payment = await checkout.status(order.id);
    if (payment.state !== "open") return { state: payment.state, payment };
    return { state: payment.url ? "waiting" : "unpaid", payment };
  } catch (error) {
    if (error instanceof CheckoutError) return { state: "unpaid" }; // no payment was ever asked for
    throw error;
  }
}

// Last: what went wrong stays here. A body over the limit arrives here as well, with its status 413.
app.use((error, _request, response, next) => {
  if (response.headersSent) return next(error);
  const status = error.status >= 400 && error.status < 500 ? error.status : 500;
  log(`a request failed with ${status}: ${status === 500 ? error.stack : error.type}`);
  response.status(status).send("failed");
});

// Once, at the start. Reads first, writes only a difference, and does not take another host's address away.
try {
  await client.ensureCallbackUrl(publicUrl + callbackPath);
} catch (error) {
  if (!isPaymentoError(error)) throw error;
  console.error(`the store's callback URL could not be set: ${error.message}`);
  process.exit(1);
}
app.listen(port, "127.0.0.1", (error) => {
  if (error) throw error;
  log(`open at http://127.0.0.1:${port}, for ${publicUrl}`);
});
