// The body of a callback: raw bytes, or a word on who took them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { authenticate, ReturnVisit, sign } from "paymento";
import { signedCallback } from "paymento/testing";
import { refused } from "./support/errors.mjs";

const secretKey = "a secret key";
const { headers, body } = signedCallback({ secretKey });

const cases = [
  ["an object that express.json() parsed", JSON.parse(body.toString()), /express\.raw.*before app\.use\(express\.json/],
  ["an object that NestJS parsed", JSON.parse(body.toString()), /rawBody: true/],
  ["the empty object that express.raw() leaves for another content type", {}, /type: \(\) => true/],
  ["nothing", undefined, /nothing read the body/],
  ["text", body.toString(), /decoded to text/],
  ["an ArrayBuffer", Uint8Array.from(body).buffer, /new Uint8Array\(buffer\)/],
  ["a DataView", new DataView(new ArrayBuffer(8)), /new Uint8Array\(buffer\)/],
  ["a promise", Promise.resolve(body), /await the body/],
  ["a fetch request", new Request("http://localhost", { method: "POST", body }), /that is the request/],
  ["a list", [1, 2], /middleware parsed/],
];

for (const [name, given, hint] of cases) {
  test(`${name} is refused with the likely cause`, async () => {
    const error = await refused("input.body", () => authenticate(given, headers, secretKey));
    assert.match(error.hint, hint);
    assert.ok(!String(error).includes("A-578"), "no error shows a body");
  });
}

test("memory that another thread can change is refused", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(body.length));
  shared.set(body);
  await refused("input.body", () => authenticate(shared, headers, secretKey));
  await refused("input.body", () => sign(shared, secretKey));
});

test("bytes that went to another thread are not taken for an empty body", async () => {
  const gone = Uint8Array.from(body);
  structuredClone(gone, { transfer: [gone.buffer] });
  const error = await refused("input.body", () => authenticate(gone, headers, secretKey));
  assert.match(error.hint, /transferred/);
  await refused("input.body", () => sign(gone, secretKey));
  assert.ok(sign(new Uint8Array(), secretKey));
});

test("a Buffer, a Uint8Array and a view into a larger one are the same bytes", () => {
  const larger = new Uint8Array(body.length + 20);
  larger.set(body, 7);
  for (const bytes of [body, Uint8Array.from(body), larger.subarray(7, 7 + body.length)]) {
    const callback = authenticate(bytes, headers, secretKey);
    assert.equal(callback.orderId, "A-578");
    assert.equal(callback.body, bytes);
  }
});

test("headers may be Node's, a fetch Headers, a Map, pairs, rawHeaders or the one value", () => {
  const raw = Object.entries(headers).flat();
  const value = headers["x-hmac-sha256-signature"];
  const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const shapes = [headers, lists, new Headers(headers), new Map(Object.entries(headers)), Object.entries(headers), raw];
  for (const shape of [...shapes, value]) {
    assert.equal(authenticate(body, shape, secretKey).orderId, "A-578");
  }
});

test("missing headers are a missing signature, and anything else is no headers", async () => {
  for (const none of [undefined, null, {}, [], new Headers(), ""]) {
    await refused("signature.missing", () => authenticate(body, none, secretKey));
  }
  for (const wrong of [5, true, 1n, Symbol("x"), () => headers, new Uint8Array(3), [["a"]], [[1, 2]], [5]]) {
    await refused("input.headers", () => authenticate(body, wrong, secretKey));
  }
  await refused("input.headers", () => authenticate(body, { "x-hmac-sha256-signature": 5 }, secretKey));
  assert.ok(authenticate(body, { ...headers, "x-other": 5 }, secretKey), "headers that do not matter are not read");
});

test("what is like headers and is none is told from a missing signature", async () => {
  const request = new Request("http://localhost", { headers });
  for (const [wrong, hint] of [
    [Promise.resolve(headers), /^await headers\(\) first$/],
    [Object.assign(Promise.resolve(headers), { [Symbol.iterator]: () => [][Symbol.iterator]() }), /^await/],
    [request, /^pass request\.headers$/],
    [{ method: "POST", headers }, /^pass request\.headers$/],
  ]) {
    const error = await refused("input.headers", () => authenticate(body, wrong, secretKey));
    assert.match(error.hint, hint);
  }
  const raw = Object.entries(headers).flat();
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  for (const wrong of [
    raw.slice(1),
    [raw[1]],
    lines,
    [...lines, "host: x"],
    ["host", 5],
    ["host", ["x"]],
    raw.concat(5),
  ]) {
    await refused("input.headers", () => authenticate(body, wrong, secretKey));
  }
  assert.ok(authenticate(body, { ...headers, headers: "x" }, secretKey));
  assert.ok(authenticate(body, [":method", "POST", ...raw], secretKey));
});

test("a query that is not there yet is to be awaited", async () => {
  const error = await refused("input.type", () => ReturnVisit.parse(Promise.resolve("token=x")));
  assert.match(error.hint, /await/);
});

test("a thousand header names do not make the memory of names grow or change an answer", () => {
  for (let i = 0; i < 1_000; i += 1) {
    assert.ok(authenticate(body, { [`x-random-${i}`]: "1", ...headers }, secretKey));
  }
});
