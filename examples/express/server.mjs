// A coffee shop with Express that takes crypto through Paymento: the five steps of a payment, each in one function.
//
//     create      startPayment()   asks the gateway for a payment, and keeps its token beside the order
//     redirect    pay()            sends the customer to the gateway's own page
//     callback    callback()       takes the gateway's signed message: a reason to ask, no proof
//     verify      settle()         asks the gateway, about exactly this order and this amount
//     fulfill     fulfill()        ships, once
//
// Environment: PAYMENTO_API_KEY and PAYMENTO_SECRET_KEY, PUBLIC_URL (where the world reaches this shop; https, unless
// the gateway is a simulator on this machine), and if you like PORT and PAYMENTO_BASE_URL.

import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import express from "express";
import { Client, DecodeError, isPaymentoError, Meaning, ReturnVisit, SignatureError, VerifyError } from "paymento";
import { orderPage, shopPage } from "./pages.mjs";

const item = { name: "Ethiopian filter roast", amount: "18.50", currency: "USD" }; // money is text in major units, never a number
const port = Number(process.env.PORT ?? 5001);
const publicUrl = (process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`).replace(/\/+$/, "");
const callbackPath = "/paymento/callback";

// The shop's records. They are gone when the process ends, and known to this one process only: enough to be read, and
// not enough for a shop. There, keep both in a database, as the Flask example does; what must not change is that an
// order is fulfilled by one atomic step.
const orders = new Map(); // id -> { id, item, amount, currency, fulfilledBy, latest }
const payments = new Map(); // token -> { token, order, url, state }

const log = (line) => console.log(line);
const client = Client.fromEnv({ logger: { debug: () => {}, warn: log } }); // one for the whole process

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

app.get("/", (_request, response) => response.send(shopPage(item)));

app.post("/buy", async (_request, response) => {
  // Nobody guesses such an id, so it can stand in the address of the order's page.
  const id = `C-${randomBytes(5).toString("hex")}`;
  const order = { id, item: item.name, amount: item.amount, currency: item.currency, fulfilledBy: null, latest: null };
  orders.set(id, order);
  log(`order ${id}: placed, ${order.amount} ${order.currency}`);
  await pay(order, response);
});

// Also the way to try again: an order may have several payments, and each is known by its own token.
app.post(
  "/orders/:id/pay",
  withOrder((order, response) => pay(order, response)),
);

async function pay(order, response) {
  // A second payable payment for the same order would invite paying twice. Two clicks at the very same moment still
  // make two: if both are paid, the order is fulfilled once and the other payment is reported.
  if (!["unpaid", "closed"].includes(stateOf(order))) return response.redirect(303, `/orders/${order.id}`);
  try {
    response.redirect(303, (await startPayment(order)).url);
  } catch (error) {
    if (!isPaymentoError(error)) throw error;
    // The gateway may have made a payment even so, where error.maybeSent says. Nobody has its token, so nobody can pay
    // it; a callback about it is unknown to our records and changes nothing. Trying again is safe.
    log(`order ${order.id}: no payment: ${error.code}`);
    const notice = "The payment page could not be opened, and nothing was charged. Please try again.";
    response.status(502).send(orderPage(order, stateOf(order), notice));
  }
}

async function startPayment(order) {
  const payment = await client.createPayment({
    orderId: order.id,
    fiatAmount: order.amount,
    fiatCurrency: order.currency,
    returnUrl: `${publicUrl}/back`,
  });
  // Before the customer sees the page: a callback must find its token here.
  order.latest = { token: payment.token, order, url: payment.url, state: "waiting" };
  payments.set(payment.token, order.latest);
  log(`order ${order.id}: payment created`);
  return payment;
}

// Callback, verify, fulfill

// The raw bytes, on this route only: the signature is over these, and JSON that was parsed and written again has
// others. Where the app also uses express.json(), this route must stand before it.
const raw = express.raw({ type: () => true, limit: "64kb" });
app.route(callbackPath).post(raw, callback).put(raw, callback);

async function callback(request, response) {
  let message;
  try {
    // A request without a body has no `request.body` here.
    message = client.authenticate(request.body ?? new Uint8Array(), request.headers);
  } catch (error) {
    // The library logs the code, and never the body or the signature.
    if (error instanceof SignatureError) return response.status(401).send("refused");
    // Signed by the gateway, yet not a callback that we know: the same bytes again would not help.
    if (error instanceof DecodeError) return response.status(200).end();
    throw error;
  }
  // Found by the token, in our own records. Not by the order id: several payments may carry the same one.
  const payment = payments.get(message.token);
  if (!payment) {
    // Another shop's, an attempt that was never recorded, or the dashboard's test message.
    log("callback about an unknown payment, nothing done");
    return response.status(200).end();
  }
  log(`order ${payment.order.id}: callback authenticated, it says ${message.meaning}`);
  if (message.meaning === Meaning.Open || message.meaning === Meaning.Attention) {
    // Nothing to verify yet; another callback follows. Callbacks come late and out of order, so a mere hint does not
    // overwrite what is known.
    if (payment.state === "waiting") payment.state = "confirming";
    return response.status(200).end();
  }
  response.status(await settle(payment)).end();
}

// Asks the gateway about a payment of ours and fulfills it if it is settled. Gives the callback's answer.
async function settle(payment) {
  const { token, order } = payment;
  try {
    const verification = await client.verifyPayment(token, {
      orderId: order.id,
      fiatAmount: order.amount,
      fiatCurrency: order.currency,
    });
    verification.requireSettled();
  } catch (error) {
    if (!isPaymentoError(error)) throw error;
    if (error.code === "verify.closed") payment.state = "closed";
    log(`order ${order.id}: verified, not settled: ${error.code}`);
    // 200 ends the matter, so it is for final answers. Anything else may be different soon, or is for us to repair:
    // 503 makes the gateway call again.
    const isFinal = error instanceof VerifyError && !error.isRetryable;
    return isFinal ? 200 : 503;
  }
  log(`order ${order.id}: verified, settled`);
  fulfill(payment);
  return 200;
}

// Ships, once: of any number of callbacks, at the same time or much later, one finds the order unfulfilled. There is no
// `await` between the look and the change, so nothing comes between them.
function fulfill({ token, order }) {
  if (order.fulfilledBy === null) {
    order.fulfilledBy = token; // what ships the goods goes here
    log(`order ${order.id}: fulfilled`);
  } else if (order.fulfilledBy === token) {
    log(`order ${order.id}: already fulfilled, nothing done`);
  } else {
    log(`order ${order.id}: paid a second time, by another payment: give that money back`);
  }
}

// The customer comes back

app.get("/back", (request, response) => {
  // Anybody can type this address, with any status in it. A ReturnVisit holds hints only, and all that follows from
  // them is which of our own pages to show.
  const payment = payments.get(ReturnVisit.parse(request.originalUrl).token);
  if (!payment) return response.status(404).send("Not found");
  log(`order ${payment.order.id}: the customer is back`);
  response.redirect(303, `/orders/${payment.order.id}`);
});

app.get(
  "/orders/:id",
  withOrder((order, response) => response.send(orderPage(order, stateOf(order)))),
);

app.get("/shop.css", (_request, response) => response.sendFile(fileURLToPath(new URL("../shop.css", import.meta.url))));

function withOrder(handle) {
  return (request, response) => {
    const order = orders.get(request.params.id);
    return order ? handle(order, response) : response.status(404).send("Not found");
  };
}

// What to tell the customer about the order.
function stateOf(order) {
  if (order.fulfilledBy !== null) return "fulfilled";
  return order.latest ? order.latest.state : "unpaid";
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
  log(`open at ${publicUrl}`);
});
