import assert from "node:assert/strict";
import { PaymentoError } from "paymento";

/** The error that the call throws or rejects with, which must be one of ours with this code. */
export async function refused(code, call) {
  let result;
  try {
    result = await call();
  } catch (error) {
    assert.ok(error instanceof PaymentoError, error?.stack ?? String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`${code} was expected; got ${typeof result}`);
}
