// What TypeScript must spell out is the core's list, and what it publishes is explained.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import * as paymento from "paymento";

const require = createRequire(import.meta.url);
const native = require("../native.js");
const inside = require("../dist/modules.js");
const { ERROR_CODES } = inside("./error-code.js");
const { FAULT_NAMES, FAULTS } = inside("./faults.js");

test("the error codes are the core's", () => {
  const codes = native.errorCodes();
  assert.deepEqual(
    ERROR_CODES,
    codes.map(({ code }) => code),
  );
  for (const { kind } of codes) assert.ok(Object.hasOwn(paymento, kind), kind);
});

test("the faults are the core's, each with what it does", () => {
  assert.deepEqual(FAULT_NAMES, Object.keys(FAULTS));
  assert.deepEqual(Object.entries(FAULTS), native.simulatorFaults());
  for (const about of Object.values(FAULTS)) assert.match(about, /\S\.$/);
  assert.ok(Object.isFrozen(FAULTS));
});

test("the statuses and their meanings are the core's", () => {
  const known = native.orderStatuses();
  assert.deepEqual(
    Object.entries(paymento.OrderStatus),
    known.map(({ name, code }) => [name, code]),
  );
  for (const { code, name, meaning } of known) {
    assert.equal(paymento.orderStatusName(code), name);
    assert.equal(paymento.orderStatusMeaning(code), meaning);
  }
  const meanings = new Set([...known.map(({ meaning }) => meaning), "unknown"]);
  assert.deepEqual(new Set(Object.values(paymento.Meaning)), meanings);
});

test("a status that is not documented is unknown, whatever its number", () => {
  for (const code of [6, 10, -1, 2 ** 60, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(paymento.orderStatusName(code), "Unknown");
    assert.equal(paymento.orderStatusMeaning(code), "unknown");
  }
});

test("the other lists are the core's", () => {
  assert.deepEqual(Object.values(paymento.Outcome), native.outcomes());
  assert.deepEqual(Object.values(paymento.Speed), native.speeds());
  assert.deepEqual(Object.values(paymento.CallbackMethod), native.callbackMethods());
  for (const list of [paymento.OrderStatus, paymento.Outcome, paymento.Speed, paymento.CallbackMethod]) {
    assert.ok(Object.isFrozen(list));
  }
});

test("the versions of package and addon are one", () => {
  const { version } = require("../package.json");
  assert.equal(paymento.VERSION, version);
});

/** The declaration files that a user's editor reads, followed from the two entries. */
function declarations(name, seen = new Map()) {
  if (seen.has(name)) return seen;
  const text = readFileSync(new URL(`../dist/${name}.d.ts`, import.meta.url), "utf8");
  seen.set(name, text);
  for (const [, next] of text.matchAll(/^export .* from "\.\/(.*)\.js";$/gms)) declarations(next, seen);
  return seen;
}

test("every public name has a doc comment to hover over", () => {
  const declared = /^export declare (abstract class|class|function|const)|^export (type|interface) \w/;
  const member = /^ {4}(static |readonly |get )*[a-z]\w*[?(:]/;
  const bare = [];
  const entries = declarations("index", declarations("testing"));
  for (const base of ["simulator-drive", "simulator-watch", "simulator-misbehave"]) declarations(base, entries);
  for (const text of entries.values()) {
    const lines = text.split("\n");
    lines.forEach((line, number) => {
      const isPublic = declared.test(line) || (member.test(line) && !/^ {4}(override|token\?: string;)/.test(line));
      if (isPublic && !/\*\/\s*$/.test(lines[number - 1])) bare.push(line.trim());
    });
  }
  assert.deepEqual(bare, []);
});
