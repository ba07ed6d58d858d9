// Errors as Node shows them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ApiError, Client, PaymentoError, sign, VerifyError } from "paymento";
import { verification } from "paymento/testing";
import { answerJson, gateway } from "./support/gateway.mjs";

test("an error names its class, its code and its hint when it is printed", () => {
  assert.throws(
    () => sign({}, "k"),
    (error) => {
      const printed = inspect(error);
      return ["InputError", "input.body", "express.raw"].every((word) => printed.includes(word));
    },
  );
});

test("what does not apply is null or false, and is not printed", () => {
  const error = new ApiError("api.rejected", "no");
  const { hint, httpStatus, retryAfterMs, isRetryable, maybeSent } = error;
  assert.deepEqual([hint, httpStatus, retryAfterMs, isRetryable, maybeSent], [null, null, null, false, false]);
  assert.doesNotMatch(inspect(error), /httpStatus|maybeSent/);
});

test("an error is plain data for JSON", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, {}, 429, { "retry-after": "2" }));
  const client = new Client("key", { baseUrl: url, maxAttempts: 1 });
  const error = await client.ping().catch((error) => error);
  assert.ok(error instanceof ApiError);
  const { message, hint, ...rest } = JSON.parse(JSON.stringify(error));
  assert.deepEqual(rest, {
    name: "ApiError",
    code: "api.rate_limited",
    httpStatus: 429,
    retryAfterMs: 2000,
    isRetryable: true,
    maybeSent: false,
  });
});

test("the stack of a rejected call leads to the caller", async () => {
  async function buy() {
    await new Client("key", { baseUrl: "http://127.0.0.1:1", maxAttempts: 1 }).ping();
  }
  const error = await buy().catch((error) => error);
  assert.match(error.stack, /at async buy/);
});

test("a payment that is not settled throws its outcome", () => {
  const open = verification({ success: false, status: 1 });
  assert.throws(
    () => open.requireSettled(),
    (error) => error instanceof VerifyError && error.outcome === "open" && error.toJSON().outcome === "open",
  );
});

test("errors have no cause that could carry a request", async () => {
  const client = new Client("key", { baseUrl: "http://127.0.0.1:1", maxAttempts: 1 });
  const error = await client.ping().catch((error) => error);
  assert.ok(error instanceof PaymentoError);
  assert.equal("cause" in error, false);
});
