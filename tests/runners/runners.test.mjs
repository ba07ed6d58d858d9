// paymento/testing under the test runners that shops use: each runs a small project of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";

const bin = (path) => new URL(`node_modules/${path}`, import.meta.url).pathname;
const JEST = [bin("jest/bin/jest.js"), "--json"];
const VITEST = [bin("vitest/vitest.mjs"), "run", "--reporter=json", "--dir", "."];

/** A run that does not end by itself is ended by this, and fails. */
const PATIENCE_MS = 60_000;

async function run(project, args) {
  // What this very runner sets would make node:test report to it.
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  const cwd = new URL(`projects/${project}/`, import.meta.url).pathname;
  const child = spawn(process.execPath, args, { cwd, env, timeout: PATIENCE_MS });
  const [output, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  const shown = `${output}\n${errors}`;
  assert.deepEqual([code, signal], [0, null], shown);
  assert.doesNotMatch(shown, /did not exit|failed to exit|close timed out|hanging/i);
  return output;
}

test("node:test", async () => {
  const output = await run("node", ["--test", "--test-reporter=tap"]);
  assert.match(output, /^# pass 3$/m);
  assert.match(output, /^# fail 0$/m);
});

for (const pool of ["threads", "forks", "vmThreads"]) {
  test(`Vitest, with its pool ${pool}`, async () => {
    const report = JSON.parse(await run("vitest", [...VITEST, `--pool=${pool}`]));
    assert.deepEqual([report.numPassedTests, report.numTotalTests, report.success], [3, 3, true]);
  });
}

for (const [name, option] of [
  ["in one process", "--runInBand"],
  ["with workers", "--maxWorkers=2"],
]) {
  test(`Jest, ${name}`, async () => {
    const report = JSON.parse(await run("jest", [...JEST, option]));
    assert.deepEqual([report.numPassedTests, report.numTotalTests, report.success], [3, 3, true]);
  });
}
