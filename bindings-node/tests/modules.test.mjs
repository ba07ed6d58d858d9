// ES modules and CommonJS give the same classes.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as esm from "paymento";
import * as esmTesting from "paymento/testing";

const require = createRequire(import.meta.url);
const cjs = require("paymento");
const cjsTesting = require("paymento/testing");

/** A second copy of the package, as two versions in one tree would be. */
function anotherCopy() {
  const kept = { ...require.cache };
  for (const name of Object.keys(require.cache)) {
    if (name.endsWith(".js")) delete require.cache[name];
  }
  const copy = require("paymento");
  Object.assign(require.cache, kept);
  return copy;
}

test("both module systems have the same names and the same values", () => {
  for (const [name, required, imported] of [
    ["paymento", cjs, esm],
    ["paymento/testing", cjsTesting, esmTesting],
  ]) {
    assert.deepEqual(Object.keys(imported).sort(), Object.keys(required).sort(), name);
    for (const key of Object.keys(required)) assert.equal(imported[key], required[key], key);
  }
});

test("an error of one module system is an instance of the other's class", () => {
  assert.throws(() => esm.sign("text", "k"), cjs.InputError);
  assert.throws(() => cjs.sign("text", "k"), esm.InputError);
});

test("an error of another copy is recognized by its brand, and by its class only", () => {
  const copy = anotherCopy();
  assert.notEqual(copy.PaymentoError, cjs.PaymentoError);
  const error = new copy.ApiError("api.rejected", "no");
  assert.ok(cjs.isPaymentoError(error) && error instanceof cjs.PaymentoError && error instanceof cjs.ApiError);
  assert.ok(!(error instanceof cjs.InputError));
  for (const other of [new Error("no"), { code: "api.rejected" }, null, undefined, "api.rejected", 5]) {
    assert.equal(cjs.isPaymentoError(other), false);
  }
});

test("a subclass of a shop's own is told from ours", () => {
  class ShopError extends cjs.ApiError {}
  const own = new ShopError("api.rejected", "no");
  assert.ok(own instanceof ShopError && own instanceof cjs.ApiError);
  assert.ok(!(new cjs.ApiError("api.rejected", "no") instanceof ShopError));
});

test("a missing addon is an error that names the cures", () => {
  const { spawnSync } = require("node:child_process");
  const script = `
    const { Module } = require("node:module");
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => {
      if (name.endsWith("native.js")) throw new Error("no such file");
      return resolve(name, ...rest);
    };
    const complaint = () => { try { return require("paymento"); } catch (error) { return error.message; } };
    console.log(complaint());
    console.log(complaint());`;
  const { stdout } = spawnSync(process.execPath, ["-e", script], { cwd: import.meta.dirname, encoding: "utf8" });
  const [first, again] = stdout.trim().split("\n");
  assert.equal(again, first);
  for (const word of ["npm run build", "npm/cli#4828", "serverExternalPackages", process.platform]) {
    assert.ok(stdout.includes(word), `${word} in ${stdout}`);
  }
});
