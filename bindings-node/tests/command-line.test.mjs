// The command `paymento` of the package, as a process: what it prints, how it ends.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { buffer, text } from "node:stream/consumers";
import { test } from "node:test";
import { authenticate, Client, SignatureError } from "paymento";
import { gateway } from "./support/gateway.mjs";

const COMMAND = new URL("../dist/cli.js", import.meta.url).pathname;
const SECRET = "the-secret-of-the-shop";

function start(t, args, options) {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("PAYMENTO_"));
  const env = { ...Object.fromEntries(clean), ...options?.env };
  const child = spawn(process.execPath, options?.command ?? [COMMAND, ...args], { env });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

/** What a simulator prints for a shop to be started with. */
async function settings(child) {
  const found = {};
  for await (const line of createInterface(child.stdout)) {
    const [, name, value] = /^\s*export (PAYMENTO_\w+)='(.*)'$/.exec(line) ?? [];
    if (name) found[name] = value;
    if (Object.keys(found).length === 4) return found;
  }
  assert.fail(`the simulator printed ${Object.keys(found)}`);
}

test("a shop is started with what the simulator prints", async (t) => {
  const printed = await settings(start(t, ["simulator", "--port", "0"]));
  Object.assign(process.env, printed);
  const client = Client.fromEnv();
  const payment = await client.createPayment({ orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" });
  assert(payment.url.startsWith(printed.PAYMENTO_GATEWAY_URL));
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  test(`${signal} ends the simulator at once`, async (t) => {
    const child = start(t, ["simulator", "--port", "0"]);
    await settings(child);
    child.kill(signal);
    assert.deepEqual(await once(child, "exit"), [null, signal]);
  });
}

test("it ends with its parent even when that is killed", async (t) => {
  const run = `require("node:child_process").spawn(process.execPath, [${JSON.stringify(COMMAND)}, "simulator", "--port", "0", "--stop-with-parent"], { stdio: "inherit" })`;
  const parent = start(t, [], { command: ["-e", run] });
  // The simulator holds the other end of this pipe as well: its end is the pipe's.
  const closed = once(parent.stdout, "close");
  await settings(parent);
  parent.stdout.resume();
  parent.kill("SIGKILL");
  await closed;
});

test("trigger sends one signed callback and says how it was answered", async (t) => {
  const received = [];
  const answers = [200, 500];
  const { url } = await gateway(t, async (request, response) => {
    received.push({ headers: request.headers, body: await buffer(request) });
    response.writeHead(answers.shift() ?? 200).end();
  });
  const trigger = async (...more) => {
    const child = start(t, ["trigger", "paid", `${url}/callback`, "--order-id", "B-1", "--secret", SECRET, ...more]);
    const [printed, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return { printed, code };
  };
  const first = await trigger();
  assert.equal(first.code, 0);
  assert.match(first.printed, /answered 200/);
  const [{ body, headers }] = received;
  assert.equal(authenticate(body, headers, SECRET).orderId, "B-1");
  assert.equal((await trigger()).code, 1);
  await trigger("--fault", "wrong_secret");
  assert.throws(() => authenticate(received[2].body, received[2].headers, SECRET), SignatureError);
});

test("a wrong command line is explained, without the keys in it, and exits with 2", async (t) => {
  const child = start(t, ["simulator", "--store", "A:SECRETVALUE"]);
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  assert.equal(code, 2);
  assert.match(errors, /NAME:API_KEY:SECRET/);
  assert.doesNotMatch(errors, /SECRETVALUE/);
});
