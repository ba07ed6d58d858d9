// Worker threads, processes that exit in mid-request, clusters.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { answerJson, gateway } from "./support/gateway.mjs";

/** A gateway that answers nothing, and tells each request. */
async function waiting(t) {
  const seen = [];
  let wake = () => {};
  const { url } = await gateway(t, (request) => {
    seen.push(request);
    wake();
  });
  const reached = async (count) => {
    while (seen.length < count) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  };
  return { url, reached };
}

function inWorker(code, workerData) {
  const prelude = `
    const { parentPort, workerData } = require("node:worker_threads");
    const load = require("node:module").createRequire(workerData.from);
    const [paymento, testing] = [load("paymento"), load("paymento/testing")];`;
  return new Worker(prelude + code, { eval: true, workerData: { from: import.meta.url, ...workerData } });
}

const script = (code) => ["--input-type=module", "-e", code];

async function run(commandLine, env = {}) {
  const child = spawn(process.execPath, commandLine, {
    cwd: import.meta.dirname,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
    });
  }
  const [status, signal] = await once(child, "close");
  return { status, signal, output };
}

test("twenty workers are ended in mid-request, and the process goes on", async (t) => {
  const { url, reached } = await waiting(t);
  const workers = Array.from({ length: 20 }, () =>
    inWorker(`new paymento.Client("key", { baseUrl: workerData.url }).ping();`, { url }),
  );
  await reached(workers.length);
  await Promise.all(workers.map((worker) => worker.terminate()));
});

test("a worker authenticates, calls and runs a simulator of its own", async () => {
  const worker = inWorker(`
    (async () => {
      const simulator = await testing.Simulator.start();
      const client = simulator.client();
      const payment = await client.createPayment({ orderId: "A-1", fiatAmount: "5", fiatCurrency: "USD" });
      await simulator.pay(payment.token);
      const verification = await client.verifyPayment(payment.token, { orderId: "A-1", ...payment.price });
      const { headers, body } = testing.signedCallback({ secretKey: "k" });
      parentPort.postMessage([verification.outcome, paymento.authenticate(body, headers, "k").status]);
      await simulator.stop();
    })();`);
  const exited = once(worker, "exit");
  assert.deepEqual((await once(worker, "message"))[0], ["settled", 7]);
  assert.equal((await exited)[0], 0);
});

test("one worker after the other calls, each when the one before has ended with all that it had", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true }));
  for (let i = 0; i < 5; i += 1) {
    const code = `new paymento.Client("key", { baseUrl: workerData.url }).ping().then(() => parentPort.postMessage("done"));`;
    const worker = inWorker(code, { url });
    const ended = once(worker, "exit");
    assert.deepEqual(await once(worker, "message"), ["done"]);
    assert.deepEqual(await ended, [0]);
  }
});

test("a worker that is ended with a simulator running leaves nothing behind", async () => {
  const worker = inWorker(
    `testing.Simulator.start().then((s) => { parentPort.postMessage(s.baseUrl); setInterval(() => {}, 1000); });`,
  );
  const [url] = await once(worker, "message");
  await worker.terminate();
  await assert.rejects(fetch(url));
});

test("process.exit in mid-request is clean", async (t) => {
  let requests = 0;
  const { url } = await gateway(t, (_request, response) => {
    requests += 1;
    if (requests % 2 === 0) answerJson(response, { success: true });
  });
  const code = `
    import { Client } from "paymento";
    const client = new Client("key", { baseUrl: process.env.URL });
    Promise.race([client.ping(), client.ping()]).finally(() => process.exit(0));`;
  for (let i = 0; i < 5; i += 1) {
    requests = 0;
    assert.deepEqual(await run(script(code), { URL: url }), { status: 0, signal: null, output: "" });
  }
});

test("nothing of the package keeps a process alive that has nothing else to do", async () => {
  const code = `
    import { Client } from "paymento";
    import { Simulator } from "paymento/testing";
    const simulator = await Simulator.start();
    await simulator.client().ping();
    console.log("done");`;
  assert.deepEqual(await run(script(code)), { status: 0, signal: null, output: "done\n" });
});

test("a call that nobody awaits keeps the process alive until it is answered", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true }));
  const code = `
    import { Client } from "paymento";
    const client = new Client("key", { baseUrl: process.env.URL });
    client.ping().then(() => console.log("one"));
    client.ping().then(() => client.ping()).then(() => console.log("three"));`;
  const { status, output } = await run(script(code), { URL: url });
  assert.deepEqual([status, output.split("\n").sort()], [0, ["", "one", "three"]]);
});

test("the workers of a cluster each have a client that works", async (t) => {
  const { url } = await gateway(t, (_request, response) => answerJson(response, { success: true }));
  const result = await run(["support/cluster.mjs"], { URL: url });
  assert.deepEqual(result, { status: 0, signal: null, output: "0\n0\n0\n" });
});
