// Keys: from the environment, from the options, and not at all.

import assert from "node:assert/strict";
import { test } from "node:test";
import { authenticate, Client, ConfigError, sign } from "paymento";
import { signedCallback } from "paymento/testing";
import { refused } from "./support/errors.mjs";

const bytes = Buffer.from("{}");

/** The environment of one test; `undefined` takes a variable away. */
function environment(t, variables) {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    t.after(() => put(name, before));
    put(name, value);
  }
}

function put(name, value) {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

test("a given secret key makes up for one that the environment lacks", async (t) => {
  environment(t, { PAYMENTO_API_KEY: "an-api-key", PAYMENTO_SECRET_KEY: undefined });
  const error = await refused("config.missing", () => Client.fromEnv());
  assert.match(error.message, /PAYMENTO_SECRET_KEY/);
  const { headers, body } = signedCallback({ secretKey: "given" });
  assert.equal(Client.fromEnv({ secretKey: "given" }).authenticate(body, headers).orderId, "A-578");
});

test("a given secret key replaces both of the environment's", async (t) => {
  const names = ["PAYMENTO_SECRET_KEY", "PAYMENTO_SECRET_KEY_PREVIOUS"];
  environment(t, { PAYMENTO_API_KEY: "an-api-key", [names[0]]: "current", [names[1]]: "previous" });
  const client = Client.fromEnv({ secretKey: "given" });
  for (const secretKey of ["current", "previous"]) {
    const { headers, body } = signedCallback({ secretKey });
    assert.ok(Client.fromEnv().authenticate(body, headers));
    await refused("signature.mismatch", () => client.authenticate(body, headers));
  }
});

test("a key that was not given is an error of the configuration, with a hint", async () => {
  for (const none of [undefined, null]) {
    for (const [code, message, call] of [
      ["config.secret", "no secret key was given", () => sign(bytes, none)],
      ["config.secret", "no secret key was given", () => authenticate(bytes, "", none)],
      ["config.api_key", "no API key was given", () => new Client(none)],
    ]) {
      const error = await refused(code, call);
      assert.ok(error instanceof ConfigError);
      assert.equal(error.message, message);
      assert.match(error.hint, /environment variable/);
    }
  }
});

test("a list of secret keys says which of them was not given", async () => {
  for (const none of [undefined, null]) {
    const error = await refused("config.secret", () => authenticate(bytes, "", ["current", none]));
    assert.equal(error.message, "no secret key was given as entry 2 of the list");
    assert.match(error.hint, /environment variable/);
  }
  const error = await refused("config.secret", () => authenticate(bytes, "", new Array(1)));
  assert.match(error.message, /entry 1/);
});
