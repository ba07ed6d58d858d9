// `paymento worker`: which modules it takes, how it drains, what it says when it cannot begin.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { buy, folder, freshSqlite, inbox, shopWith, silently } from "./support/checkout.mjs";

const ROOT = join(import.meta.dirname, "..");
const COMMAND = join(ROOT, "dist", "cli.js");

/** A project that has the package, and these files. */
function project(t, files) {
  const path = folder(t);
  mkdirSync(join(path, "node_modules"));
  symlinkSync(ROOT, join(path, "node_modules", "paymento"));
  for (const [name, code] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), code);
  }
  return path;
}

function start(t, cwd, args, env = {}) {
  const child = spawn(process.execPath, [COMMAND, "worker", ...args], { cwd, env: { ...process.env, ...env } });
  t.after(() => child.kill("SIGKILL"));
  const lines = inbox();
  createInterface(child.stdout).on("line", (line) => lines.put(line));
  const ended = Promise.all([once(child, "exit"), text(child.stderr)]).then(([[code, signal], errors]) => {
    return { code, signal, errors };
  });
  return { child, lines, ended };
}

const ESM = `
  import { Checkout, Client } from "paymento";
  export const checkout = new Checkout(Client.fromEnv(), { database: process.env.DATABASE });
  checkout.onPaid(async (order) => {
    console.log("begun", order.orderId);
    if (process.env.LONG) await new Promise((resolve) => process.stdin.once("data", resolve));
    console.log("shipped", order.orderId);
  });
  process.once("SIGTERM", () => setImmediate(() => console.log("told")));
  setInterval(() => {}, 1000); // as a server or a pool would keep the process`;
const CJS = `
  const { Checkout, Client } = require("paymento");
  const checkout = new Checkout(Client.fromEnv(), { database: process.env.DATABASE });
  checkout.onPaid((order) => console.log("shipped", order.orderId));
  module.exports = { ["check" + "out"]: checkout, notYet: new Checkout(Client.fromEnv(), { database: process.env.DATABASE }) };
  exports.ignored = 1;`;
const FACTORY = `
  import { checkout } from "../../shop.mjs";
  export const make = async () => checkout;
  export const nothing = () => 5;
  export const broken = () => { throw new Error("no secrets manager"); };`;
const PACKAGE = JSON.stringify({ name: "shop", type: "module", exports: { ".": { import: "./index.js" } } });

async function scene(t) {
  const database = freshSqlite(t);
  const shop = await shopWith(t, database, { worker: "external" });
  const { apiKey, secretKey, baseUrl } = shop.simulator;
  const env = { PAYMENTO_API_KEY: apiKey, PAYMENTO_SECRET_KEY: secretKey, PAYMENTO_BASE_URL: baseUrl };
  const files = { "shop.mjs": ESM, "shop.cjs": CJS, "node_modules/shop/package.json": PACKAGE };
  const cwd = project(t, { ...files, "node_modules/shop/index.js": FACTORY });
  const due = async (orderId) => {
    const { token } = await silently(shop, () => buy(shop, orderId));
    await shop.checkout.visit({ token });
  };
  return { shop, cwd, due, env: { ...env, DATABASE: database } };
}

test("it hands over, and ends on a signal when its handlers have ended", async (t) => {
  const { shop, cwd, due, env } = await scene(t);
  for (const signal of ["SIGTERM", "SIGINT"]) {
    const { child, lines, ended } = start(t, cwd, ["./shop.mjs:checkout"], { ...env, LONG: "1" });
    assert.match(await lines.next(), /works/);
    await due(`N-${signal}`);
    assert.equal(await lines.next(), `begun N-${signal}`);
    child.kill(signal);
    child.stdin.write("go on\n");
    while ((await lines.next()) !== `shipped N-${signal}`);
    assert.deepEqual(await ended, { code: 0, signal: null, errors: "" });
    assert.ok((await shop.checkout.history(`N-${signal}`)).some(({ what }) => what === "completed"));
  }
});

for (const second of ["SIGTERM", "SIGINT"]) {
  test(`a second signal ends it at once: ${second} after SIGTERM`, async (t) => {
    const { cwd, due, env } = await scene(t);
    const { child, lines, ended } = start(t, cwd, ["./shop.mjs"], { ...env, LONG: "1" });
    await lines.next();
    await due("O-1");
    assert.equal(await lines.next(), "begun O-1");
    child.kill("SIGTERM");
    // Until every listener has taken note of the first one, the second is not a second.
    assert.equal(await lines.next(), "told");
    child.kill(second);
    assert.equal((await ended).signal, second);
  });
}

for (const target of ["shop.cjs", "./shop.cjs:checkout", "shop:make"]) {
  test(`it takes ${target}`, async (t) => {
    const { child, cwd, due, env } = await scene(t).then(async (found) => ({
      ...found,
      child: start(t, found.cwd, [target], found.env),
    }));
    assert.match(await child.lines.next(), /works/, cwd);
    await due("P-1");
    while ((await child.lines.next()) !== "shipped P-1");
    child.child.kill("SIGTERM");
    assert.equal((await child.ended).code, 0, env.DATABASE);
  });
}

test("what it cannot begin with is said in a line, and it exits with 2", async (t) => {
  const { cwd, env } = await scene(t);
  for (const [args, wanted] of [
    [[], /name one module/],
    [["--nonsense"], /name one module/],
    [["./shop.mjs", "./shop.cjs"], /name one module/],
    [["./nowhere.mjs"], /no file \.\/nowhere\.mjs/],
    [["no-such-package"], /no file and no package no-such-package/],
    [["./shop.mjs:other"], /exports no Checkout as other: nothing/],
    [["shop:nothing"], /the function nothing gives number/],
    [["shop:broken"], /no secrets manager/],
    [["./shop.cjs:notYet"], /no handler: call its onPaid/],
  ]) {
    const { code, errors } = await start(t, cwd, args, env).ended;
    assert.match(errors, wanted);
    assert.equal(code, 2);
  }
  const unset = { ...env, PAYMENTO_API_KEY: "" };
  const { code, errors } = await start(t, cwd, ["./shop.mjs"], unset).ended;
  assert.match(errors, /^paymento worker: ConfigError: .*PAYMENTO_API_KEY/);
  assert.doesNotMatch(errors, /\n.*\n/);
  assert.equal(code, 2);
});

test("what waiting does not cure ends it with 1", async (t) => {
  const { shop, cwd, env } = await scene(t);
  // The database is a simulator's from now on.
  await shop.checkout.health();
  const elsewhere = { ...env, PAYMENTO_BASE_URL: "https://api.invalid" };
  const { code, errors } = await start(t, cwd, ["./shop.mjs"], elsewhere).ended;
  assert.match(errors, /ConfigError: the database belongs to/);
  assert.equal(code, 1);
});

test("its help is the command line's", async (t) => {
  const { lines, ended } = start(t, folder(t), ["--help"]);
  assert.equal((await ended).code, 0);
  assert.match(lines.items.join("\n"), /MODULE.*EXPORT/s);
});
