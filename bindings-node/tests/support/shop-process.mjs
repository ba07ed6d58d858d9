// A shop as a process of its own: a checkout on DATABASE with a handler as MODE says. Prints each step as one line.

import { Checkout, Client } from "paymento";

const { DATABASE, MODE = "ship", WORKER = "thread" } = process.env;
const checkout = new Checkout(Client.fromEnv(), { database: DATABASE, worker: WORKER, name: MODE });
const say = (...words) => console.log(words.join(" "));

const HANDLERS = {
  ship: (order) => say("shipped", order.orderId),
  hang: (order) => {
    say("begun", order.orderId);
    return new Promise(() => {});
  },
  exit: (order) => {
    say("begun", order.orderId);
    setImmediate(() => process.exit(0));
    return new Promise(() => {});
  },
  block: (order) => {
    say("begun", order.orderId);
    const end = Date.now() + Number(process.env.BLOCK_MS);
    while (Date.now() < end);
    say("shipped", order.orderId);
  },
};
checkout.onPaid(HANDLERS[MODE]);
if (process.env.TOKEN) await checkout.visit(`token=${process.env.TOKEN}`);
say("ready");
// The checkout keeps no process alive: this does.
process.stdin.resume();
