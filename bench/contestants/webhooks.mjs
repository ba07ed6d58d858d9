// Contestants that check a webhook: `webhooks.mjs check|parse NAME SIZE`.
// Each makes what a shop makes once, and gives the body with a function that throws when a body is not authentic.
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { argv } from "node:process";
import { callback, SECRET, stripeEvent, tampered } from "./payloads.mjs";
import { serve } from "./serve.mjs";

// What a server hands over besides the signature.
const OTHER_HEADERS = {
  host: "shop.example",
  "user-agent": "gateway/1.0",
  "content-type": "application/json",
  "content-length": "220",
  accept: "application/json",
  "accept-encoding": "gzip",
  connection: "keep-alive",
  "x-forwarded-for": "203.0.113.7",
};

async function ours(size, make) {
  const paymento = await import("paymento");
  const body = callback(size);
  const signature = paymento.sign(body, SECRET);
  const headers = { ...OTHER_HEADERS, [paymento.SIGNATURE_HEADER.toLowerCase()]: signature };
  const client = new paymento.Client("an-api-key", { secretKey: SECRET });
  return { body, run: make({ paymento, client, signature, headers }) };
}

function plain(size, then) {
  const body = callback(size);
  const signature = createHmac("sha256", SECRET).update(body).digest("hex").toUpperCase();
  const run = (bytes) => {
    const expected = createHmac("sha256", SECRET).update(bytes).digest();
    if (!timingSafeEqual(expected, Buffer.from(signature, "hex"))) throw new Error("not authentic");
    return then(bytes);
  };
  return { body, run };
}

async function stripe(size, make) {
  const { default: Stripe } = await import("stripe");
  const { webhooks } = new Stripe("sk_test_x");
  const body = stripeEvent(size);
  const header = webhooks.generateTestHeaderString({ payload: body.toString(), secret: SECRET });
  return { body, run: make({ webhooks, header }) };
}

/** svix and standardwebhooks, which differ in the names of their headers. */
function standard(module, prefix, makeRun) {
  return async (size) => {
    const { Webhook } = await import(module);
    const webhook = new Webhook(`whsec_${SECRET}`);
    const [body, id, now] = [callback(size), `msg_${randomUUID()}`, new Date()];
    const headers = {
      ...OTHER_HEADERS,
      [`${prefix}-id`]: id,
      [`${prefix}-timestamp`]: String(Math.floor(now / 1000)),
      [`${prefix}-signature`]: webhook.sign(id, now, body),
    };
    return { body, run: makeRun(webhook, headers) };
  };
}

const ourFields = (event) => [event.token, event.paymentId, event.orderId, event.status];
const jsonFields = (event) => [event.Token, event.PaymentId, event.OrderId, event.OrderStatus];
const stripeFields = (event) => [event.id, event.type, event.created, event.data];
const verify = (webhook, headers) => (body) => webhook.verify(body, headers);
const verifyOnly = (webhook, headers) => (body) => webhook.verify(body, headers, { jsonParse: false });
const verifyAndRead = (webhook, headers) => (body) => jsonFields(webhook.verify(body, headers));

const CHECK = {
  "paymento Client": (size) =>
    ours(
      size,
      ({ client, signature }) =>
        (body) =>
          client.authenticate(body, signature),
    ),
  "paymento Client, all headers": (size) =>
    ours(
      size,
      ({ client, headers }) =>
        (body) =>
          client.authenticate(body, headers),
    ),
  "paymento.authenticate": (size) =>
    ours(
      size,
      ({ paymento, signature }) =>
        (body) =>
          paymento.authenticate(body, signature, SECRET),
    ),
  "node:crypto": (size) => plain(size, () => true),
  stripe: (size) =>
    stripe(
      size,
      ({ webhooks, header }) =>
        (body) =>
          webhooks.signature.verifyHeader(body, header, SECRET, 300),
    ),
  "svix (parses too)": standard("svix", "svix", verify),
  standardwebhooks: standard("standardwebhooks", "webhook", verifyOnly),
};

const PARSE = {
  "paymento Client": (size) =>
    ours(
      size,
      ({ client, signature }) =>
        (body) =>
          ourFields(client.authenticate(body, signature)),
    ),
  "paymento Client, all headers": (size) =>
    ours(
      size,
      ({ client, headers }) =>
        (body) =>
          ourFields(client.authenticate(body, headers)),
    ),
  "paymento.authenticate": (size) =>
    ours(
      size,
      ({ paymento, signature }) =>
        (body) =>
          ourFields(paymento.authenticate(body, signature, SECRET)),
    ),
  "node:crypto, JSON.parse": (size) => plain(size, (body) => jsonFields(JSON.parse(body))),
  stripe: (size) =>
    stripe(
      size,
      ({ webhooks, header }) =>
        (body) =>
          stripeFields(webhooks.constructEvent(body, header, SECRET)),
    ),
  svix: standard("svix", "svix", verifyAndRead),
  standardwebhooks: standard("standardwebhooks", "webhook", verifyAndRead),
};

/** The good body passes and a tampered one is refused, or there is nothing to measure. */
function validate({ body, run }) {
  run(body);
  try {
    run(tampered(body));
  } catch {
    return;
  }
  throw new Error("a tampered body was accepted");
}

const [job, name, size] = argv.slice(2);
const contestant = await { check: CHECK, parse: PARSE }[job][name](Number(size));
validate(contestant);
const { body, run } = contestant;
// Kept, so that no call can be found useless and left out.
let last;
await serve((calls) => {
  for (let i = 0; i < calls; i++) last = run(body);
  return last;
}, 50);
