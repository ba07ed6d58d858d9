// The durable checkout, against the simulator, on both databases.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { Answer, Checkout, CheckoutError, Client, OrderEvent, OrderRecord, Payment, Settlement } from "paymento";
import { signedCallback } from "paymento/testing";
import { buy, DATABASES, freshSqlite, inbox, order, recorder, shopWith, silently } from "./support/checkout.mjs";
import { refused } from "./support/errors.mjs";
import { started } from "./support/shop.mjs";

for (const [name, fresh] of Object.entries(DATABASES)) {
  describe(name, () => {
    test("a paid order is handed over once, however many callbacks come", async (t) => {
      const shop = await shopWith(t, await fresh(t));
      const paid = inbox();
      shop.checkout.onPaid((order) => paid.put(order));
      const payment = await buy(shop);
      assert.ok(payment instanceof Payment);
      const event = await paid.next();
      assert.ok(event instanceof OrderEvent && Object.isFrozen(event));
      assert.ok(event.settlement instanceof Settlement);
      const { kind, orderId, token, price, live, late, key } = event;
      assert.deepEqual([kind, orderId, token, live, late], ["paid", "A-578", payment.token, false, false]);
      assert.equal(price.fiatAmount, "29.99");
      assert.match(key, /A-578/);
      for (let i = 0; i < 3; i += 1) await shop.simulator.sendCallback(payment.token, 7);
      await shop.simulator.advance(0);
      const status = await shop.checkout.status("A-578");
      assert.equal(status.state, "paid");
      assert.ok(status.paidAt instanceof Date);
      assert.equal(await shop.checkout.runOnce(), 0);
      assert.deepEqual(paid.items, []);
      const whats = (await shop.checkout.history("A-578")).map(({ what }) => what);
      for (const what of ["created", "received", "verified", "decided", "handed_over", "completed"]) {
        assert.ok(whats.includes(what), `${what} in ${whats}`);
      }
    });

    test("the same order and price is the same payment, a paid one is an error", async (t) => {
      const shop = await shopWith(t, await fresh(t));
      const [first, second] = await Promise.all([
        shop.checkout.createPayment(order()),
        shop.checkout.createPayment(order()),
      ]);
      assert.equal(first.token, second.token);
      const paid = inbox();
      shop.checkout.onPaid((order) => paid.put(order));
      await shop.simulator.pay(first.token);
      await paid.next();
      await assert.rejects(shop.checkout.createPayment(order()), (error) => {
        assert.equal(error.code, "checkout.already_paid");
        assert.ok(error instanceof CheckoutError && error.order instanceof OrderRecord);
        assert.deepEqual([error.order.state, error.order.token], ["paid", first.token]);
        assert.ok(error.order.paidAt instanceof Date);
        // Whoever logs the error, or sends it as JSON, shows nobody the order.
        assert.ok(!("order" in JSON.parse(JSON.stringify(error))) && !inspect(error).includes(first.token));
        return true;
      });
    });

    test("a closed checkout is made again, and knows what it knew", async (t) => {
      const database = await fresh(t);
      const shop = await shopWith(t, database, { worker: "external" });
      const payment = await silently(shop, () => buy(shop));
      await shop.simulator.sendCallback(payment.token, 7);
      await shop.answers.next();
      await shop.checkout.close();
      await shop.checkout.close();
      await refused("config.closed", () => shop.checkout.status("A-578"));
      await refused("config.closed", () => shop.checkout.onPaid(() => {}));
      await shop.simulator.sendCallback(payment.token, 7);
      const { status, code } = await shop.answers.next();
      assert.deepEqual([status, code], [503, "config.closed"]);
      const again = new Checkout(shop.client, { database });
      t.after(() => again.close());
      const paid = inbox();
      again.onPaid((order) => paid.put(order));
      assert.ok((await again.runOnce()) >= 1);
      assert.equal((await paid.next()).token, payment.token);
    });

    test("with worker inline the handler has run when the callback is answered", async (t) => {
      const shop = await shopWith(t, await fresh(t), { worker: "inline" });
      const done = [];
      shop.checkout.onPaid(async (order) => {
        await new Promise((resolve) => setImmediate(resolve));
        done.push(order.orderId);
      });
      const { token } = await silently(shop, () => buy(shop));
      await shop.simulator.sendCallback(token, 7);
      const answer = await shop.answers.next();
      assert.deepEqual([answer.status, done], [200, ["A-578"]]);
    });

    test("the browser's return tells where the order stands, and makes a verify call due", async (t) => {
      const shop = await shopWith(t, await fresh(t));
      // No callback comes: the visit is all there is.
      await shop.simulator.arm("callback.drop", { times: 100 });
      const paid = inbox();
      shop.checkout.onPaid((order) => paid.put(order));
      const payment = await buy(shop);
      const visit = await shop.checkout.visit(`?token=${payment.token}&orderId=A-578`);
      assert.ok(visit instanceof OrderRecord);
      assert.equal((await paid.next()).orderId, "A-578");
      const query = new URLSearchParams({ token: payment.token });
      assert.equal((await shop.checkout.visit(query)).state, "paid");
      assert.equal((await shop.checkout.visit({ token: payment.token })).state, "paid");
      assert.equal(await shop.checkout.visit({ token: "0".repeat(32) }), null);
      assert.equal(await shop.checkout.visit(""), null);
      await refused("input.type", () => shop.checkout.visit(5));
    });

    test("a handler that throws is logged, tried again, then a dead letter that can be replayed", async (t) => {
      const { records, logger } = recorder();
      const shop = await shopWith(t, await fresh(t), { maxFailures: 1 }, { logger });
      let isMended = false;
      const paid = inbox();
      const attention = inbox();
      shop.checkout.on("attention", (order) => attention.put(order));
      shop.checkout.onPaid(async (order) => {
        if (!isMended) throw new RangeError("the printer is on fire");
        paid.put(order);
      });
      await buy(shop);
      const { reason, detail } = await attention.next();
      assert.equal(reason, "handler_failed");
      assert.match(detail, /RangeError: the printer is on fire/);
      const record = await records.next();
      assert.equal(record.level, "error");
      assert.match(record.message, /handler of paid failed.*A-578.*RangeError: the printer is on fire/);
      assert.ok(record.error instanceof RangeError);
      const [letter] = await shop.checkout.deadLetters();
      assert.equal(letter.event.orderId, "A-578");
      assert.equal(letter.error, "RangeError: the printer is on fire");
      assert.ok(letter.since instanceof Date);
      assert.deepEqual(await shop.checkout.deadLetters({ after: letter.id }), []);
      assert.deepEqual((await shop.checkout.health()).problems, ["dead_letters"]);
      isMended = true;
      await shop.checkout.replay(letter.id);
      assert.equal((await paid.next()).key, letter.event.key);
      await refused("checkout.not_dead", () => shop.checkout.replay(letter.id));
    });

    test("payments are listed, found, adopted and canceled", async (t) => {
      const shop = await shopWith(t, await fresh(t));
      const { checkout, client } = shop;
      const { token } = await checkout.createPayment(order("B-1"));
      const other = await client.createPayment(order("B-2"));
      await refused("checkout.unknown_payment", () => checkout.payment(other.token));
      const adopted = await checkout.adopt(other.token, order("B-2"));
      assert.deepEqual([adopted.orderId, adopted.token, adopted.state], ["B-2", other.token, "open"]);
      const { payments, next } = await checkout.payments({ state: "open", since: new Date(0) });
      assert.deepEqual([payments.map(({ orderId }) => orderId), next], [["B-1", "B-2"], null]);
      assert.equal((await checkout.payment(token)).state, "open");
      assert.equal((await checkout.payment(token)).createdAt.getFullYear(), new Date().getFullYear());
      assert.deepEqual((await checkout.payments({ state: "settled" })).payments, []);
      assert.deepEqual((await checkout.payments({ since: new Date(Date.now() + 3_600_000) })).payments, []);
      const canceled = await checkout.cancel("B-1");
      assert.equal(canceled.state, "closed");
      assert.ok(canceled.canceledAt instanceof Date);
      await refused("checkout.unknown_order", () => checkout.status("B-3"));
      assert.deepEqual(await checkout.history("B-3"), []);
      await refused("input.type", () => checkout.payments({ state: "nonsense" }));
      await refused("input.type", () => checkout.payments({ since: 5 }));
    });

    test("run works until its signal is aborted, and waits for the handlers that run", async (t) => {
      const shop = await shopWith(t, await fresh(t), { worker: "external" });
      const controller = new AbortController();
      const begun = inbox();
      const release = inbox();
      let ended = false;
      shop.checkout.onPaid(async (order) => {
        begun.put(order);
        await release.next();
        ended = true;
      });
      const running = shop.checkout.run({ signal: controller.signal });
      await buy(shop);
      await begun.next();
      controller.abort();
      release.put("go on");
      await running;
      assert.ok(ended);
      assert.ok((await shop.checkout.history("A-578")).some(({ what }) => what === "completed"));
      await shop.checkout.run({ signal: controller.signal });
    });
  });
}

describe("callbacks", () => {
  test("each kind of callback has its answer, and nothing is read before it is authenticated", async (t) => {
    const { checkout, simulator } = await shopWith(t, freshSqlite(t));
    const { headers, body } = signedCallback({ secretKey: simulator.secretKey });
    const answer = await checkout.receive("POST", headers, body);
    assert.ok(answer instanceof Answer);
    assert.deepEqual([answer.status, answer.code, answer.body], [200, null, "ok"]);
    const forged = signedCallback({ secretKey: "another key" });
    for (const [method, given, bytes, status, code] of [
      ["POST", forged.headers, forged.body, 401, "signature.mismatch"],
      ["PUT", {}, body, 401, "signature.missing"],
      ["GET", headers, body, 405, "input.method"],
      ["not a method", headers, body, 405, "input.method"],
      ["POST", headers, Buffer.alloc(65_537), 413, "input.body_too_large"],
    ]) {
      const { status: answered, code: why, token } = await checkout.receive(method, given, bytes);
      assert.deepEqual([answered, why, token], [status, code, null]);
    }
    assert.equal((await checkout.receive("GET", {}, body)).headers.allow, "POST, PUT");
  });

  test("a body that is no bytes gets an error that names the middleware to move", async (t) => {
    const { checkout } = await shopWith(t, freshSqlite(t));
    const { hint } = await refused("input.body", () =>
      checkout.receive("POST", { "content-length": "13" }, { Token: "x" }),
    );
    assert.match(hint, /express\.raw|express\.json/);
    await refused("input.body", () => checkout.receive("POST", { "content-length": "4" }, "text"));
    await refused("input.headers", () => checkout.receive("POST", 5, Buffer.alloc(1)));
    await refused("input.type", () => checkout.receive(undefined, {}, Buffer.alloc(1)));
  });

  test("a request without a body is answered, whatever a framework has in its place", async (t) => {
    const { checkout } = await shopWith(t, freshSqlite(t));
    const none = { host: "shop.example" };
    for (const body of [{}, undefined, null, ""]) {
      for (const headers of [none, { ...none, "content-length": "0" }, new Headers(none), ["Host", "shop.example"]]) {
        assert.equal((await checkout.receive("POST", headers, body)).status, 401);
        assert.equal((await checkout.receive("GET", headers, body)).status, 405);
      }
      assert.equal((await checkout.receive("DELETE", { "Content-Length": "5" }, body)).status, 405);
      for (const headers of [{ "content-length": "5" }, [["Transfer-Encoding", "chunked"]], ["Content-Length", "5"]]) {
        await refused("input.body", () => checkout.receive("POST", headers, body));
      }
    }
    await refused("input.headers", () => checkout.receive("POST", [5], {}));
    // HTTP/2 need not say how long a body is.
    await refused("input.body", () => checkout.receive("POST", { ":method": "POST" }, { Token: "parsed" }));
  });

  test("the policy of the gateway's guide answers 200, but not while the database is down", async (t) => {
    const database = "postgres://shop@127.0.0.1:1/shop?sslmode=disable";
    const { checkout, simulator } = await shopWith(t, database, { answerPolicy: "guide" });
    const { headers, body } = signedCallback({ secretKey: simulator.secretKey });
    assert.equal((await checkout.receive("GET", headers, body)).status, 200);
    const down = await checkout.receive("POST", headers, body);
    assert.deepEqual([down.status, down.code], [503, "database.unavailable"]);
  });

  test("a fetch request is answered with a fetch response", async (t) => {
    const { checkout, simulator } = await shopWith(t, freshSqlite(t));
    const { headers, body } = signedCallback({ secretKey: simulator.secretKey });
    const request = (options) => new Request("https://shop.example/callback", { method: "POST", headers, ...options });
    const response = await checkout.handle(request({ body }));
    assert.deepEqual([response.status, await response.text()], [200, "ok"]);
    assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal((await checkout.handle(request())).status, 401);
    const used = request({ body });
    await used.text();
    assert.match((await refused("input.body", () => checkout.handle(used))).hint, /first/);
    await refused("input.type", () => checkout.handle({ method: "POST", headers }));
    await refused("input.type", () => checkout.handle());
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
    const error = await refused("input.body", () => checkout.handle(request({ body: broken, duplex: "half" })));
    assert.equal(error.cause.message, "reset");
  });

  test("of a body without end no more is read than shows that it is too long", async (t) => {
    const { checkout } = await shopWith(t, freshSqlite(t));
    let read = 0;
    let canceled = false;
    const endless = new ReadableStream({
      pull: (controller) => {
        read += 16_384;
        controller.enqueue(new Uint8Array(16_384));
      },
      cancel: () => {
        canceled = true;
      },
    });
    const request = new Request("https://shop.example/", { method: "POST", body: endless, duplex: "half" });
    assert.equal((await checkout.handle(request)).status, 413);
    assert.ok(canceled && read <= 2 * 65_536, `${read} bytes`);
  });

  test("inline, a handler that takes long does not hold the answer up", async (t) => {
    const shop = await shopWith(t, freshSqlite(t), { worker: "inline" });
    const release = inbox();
    let ended = false;
    shop.checkout.onPaid(async () => {
      await release.next();
      ended = true;
    });
    const { token } = await silently(shop, () => buy(shop));
    const before = performance.now();
    await shop.simulator.sendCallback(token, 7);
    assert.equal((await shop.answers.next()).status, 200);
    const took = performance.now() - before;
    assert.ok(took > 3_000 && took < 5_000, `answered after ${took} ms`);
    assert.ok(!ended);
    release.put("go on");
    await shop.checkout.close();
    assert.ok(ended);
  });
});

describe("handlers", () => {
  test("one handler for each kind", async (t) => {
    const checkout = new Checkout((await started(t)).client(), { database: freshSqlite(t) });
    checkout.on("closed", () => {});
    checkout.onPaid(() => {});
    assert.match((await refused("checkout.handler_exists", () => checkout.onPaid(() => {}))).message, /paid/);
    await refused("checkout.handler_exists", () => checkout.on("closed", () => {}));
    await refused("input.type", () => checkout.on("partially_paid", "no function"));
    await refused("input.type", () => checkout.on("other", () => {}));
  });

  test("a kind that gets its handler later is handed over then", async (t) => {
    const shop = await shopWith(t, freshSqlite(t));
    const partially = inbox();
    const paid = inbox();
    shop.checkout.on("partially_paid", (order) => partially.put(order));
    const { token } = await shop.checkout.createPayment(order());
    await shop.simulator.underpay(token);
    const { shortfall, kind } = await partially.next();
    assert.equal(kind, "partially_paid");
    assert.match(shortfall.amount, /^0\.\d+$/);
    await shop.simulator.pay(token);
    shop.checkout.onPaid((order) => paid.put(order));
    assert.equal((await paid.next()).token, token);
  });

  test("no more handlers run at once than may", async (t) => {
    const shop = await shopWith(t, freshSqlite(t), { concurrency: 2, verifiesPerSecond: 1_000 });
    let [running, most] = [0, 0];
    const done = inbox();
    const second = new AbortController();
    shop.checkout.onPaid(async (order) => {
      running += 1;
      most = Math.max(most, running);
      if (running === 2) second.abort();
      else if (!second.signal.aborted) await once(second.signal, "abort");
      for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      done.put(order.orderId);
    });
    await Promise.all(Array.from({ length: 8 }, (_, i) => buy(shop, `C-${i}`)));
    const orders = new Set();
    while (orders.size < 8) orders.add(await done.next());
    assert.equal(most, 2);
  });

  test("the loop does not run in the context of the request that started it", async (t) => {
    const { AsyncLocalStorage } = await import("node:async_hooks");
    const storage = new AsyncLocalStorage();
    const shop = await shopWith(t, freshSqlite(t));
    const seen = inbox();
    shop.checkout.onPaid(() => seen.put(storage.getStore() ?? "nothing"));
    await storage.run("the first request", () => buy(shop));
    assert.equal(await seen.next(), "nothing");
  });

  test("close waits for the handlers that run, and takes no more work", async (t) => {
    const shop = await shopWith(t, freshSqlite(t), { concurrency: 1 });
    const begun = inbox();
    const release = inbox();
    let ended = 0;
    shop.checkout.onPaid(async () => {
      begun.put("begun");
      await release.next();
      ended += 1;
    });
    await buy(shop, "D-1");
    await begun.next();
    const closing = shop.checkout.close();
    // While it drains it still answers.
    assert.equal((await shop.checkout.status("D-1")).state, "paid");
    release.put("go on");
    await closing;
    assert.equal(ended, 1);
  });

  test("whatever a handler throws, its event is tried again", async (t) => {
    const hostile = new Error("x");
    for (const name of ["stack", "message", "name"]) {
      Object.defineProperty(hostile, name, {
        get: () => {
          throw new TypeError("do not look");
        },
      });
    }
    const thrown = ["text", null, undefined, Symbol("s"), Object.create(null), hostile, 5n];
    for (const what of thrown) {
      const { logger } = recorder();
      const shop = await shopWith(t, freshSqlite(t), { maxFailures: 1, worker: "external" }, { logger });
      shop.checkout.onPaid(() => {
        throw what;
      });
      const { token } = await silently(shop, () => buy(shop));
      await shop.checkout.visit({ token });
      await shop.checkout.runOnce();
      assert.equal((await shop.checkout.deadLetters()).length, 1, typeof what);
    }
  });

  test("without a logger a handler's failure is a warning of the process", async (t) => {
    const shop = await shopWith(t, freshSqlite(t));
    const warned = new Promise((resolve) => process.once("warning", resolve));
    shop.checkout.onPaid(() => {
      throw new Error("out of stock");
    });
    await buy(shop);
    const { name, message } = await warned;
    assert.equal(name, "PaymentoWarning");
    assert.match(message, /handler of paid failed.*out of stock/);
  });
});

describe("options", () => {
  const client = new Client("an-api-key", { baseUrl: "http://127.0.0.1:1" });

  test("what is wrong is said when the checkout is made, and nothing is opened", async (t) => {
    for (const [options, code] of [
      [{ databse: "x" }, "input.unknown_option"],
      [{ database: 5 }, "input.type"],
      [{ database: "mysql://shop:hunter2@host/db" }, "config.database_url"],
      [{ worker: "fork" }, "input.type"],
      [{ concurrency: 0 }, "config.worker"],
      [{ concurrency: -1 }, "config.worker"],
      [{ verifiesPerSecond: 2_000 }, "config.worker"],
      [{ maxHandlerTimeMs: 5 }, "config.worker"],
      [{ maxHandlerTimeMs: Number.NaN }, "config.worker"],
      [{ keepBodiesMs: -1 }, "config.worker"],
      [{ account: "a b" }, "config.worker"],
      [{ requireLive: true }, "config.other_gateway"],
    ]) {
      const error = await refused(code, () => new Checkout(client, options));
      assert.doesNotMatch(inspect(error), /hunter2/);
    }
    await refused("input.type", () => new Checkout({}, {}));
    await refused("input.type", () => new Checkout());
    const database = freshSqlite(t);
    const made = new Checkout(client, { database });
    const { existsSync } = await import("node:fs");
    assert.ok(!existsSync(database.slice("sqlite:".length)));
    await made.close();
  });

  test("nothing secret is shown", () => {
    const database = "postgres://shop:hunter2@db.example/shop";
    const checkout = new Checkout(client, { database, listenUrl: database });
    const shown = inspect(checkout, { depth: 9, showHidden: true }) + JSON.stringify(checkout) + String(checkout);
    assert.doesNotMatch(shown, /hunter2|an-api-key|db\.example/);
  });

  test("the environment gives client and database, and options go before it", async (t) => {
    const clean = { ...process.env };
    t.after(() => {
      for (const name of Object.keys(process.env)) if (!(name in clean)) delete process.env[name];
    });
    process.env.PAYMENTO_API_KEY = "an-api-key";
    process.env.PAYMENTO_SECRET_KEY = "k";
    process.env.PAYMENTO_BASE_URL = "http://127.0.0.1:1";
    assert.match((await refused("config.missing", () => Checkout.fromEnv())).message, /PAYMENTO_DATABASE_URL/);
    await Checkout.fromEnv({ database: freshSqlite(t) }).close();
    process.env.PAYMENTO_DATABASE_URL = "nonsense";
    await refused("config.database_url", () => Checkout.fromEnv());
    process.env.PAYMENTO_DATABASE_URL = freshSqlite(t);
    const checkout = Checkout.fromEnv({ account: "second" });
    t.after(() => checkout.close());
    assert.equal((await checkout.health()).ok, true);
  });

  test("a call is given up by its signal", async (t) => {
    const { checkout } = await shopWith(t, freshSqlite(t));
    const signal = AbortSignal.abort();
    await refused("transport.canceled", () => checkout.health({ signal }));
    await refused("transport.canceled", () => checkout.createPayment(order(), { signal }));
    await refused("input.unknown_option", () => checkout.health({ timeoutMs: 5 }));
  });
});
