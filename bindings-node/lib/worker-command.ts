import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { types } from "node:util";
import vm from "node:vm";
import { describe } from "./arguments.js";
import { type Checkout, hasHandlers, isCheckout } from "./checkout.js";
import { isPaymentoError } from "./errors.js";

export const WORKER_HELP = `\
paymento worker MODULE[:EXPORT]: run the handlers of a checkout, until SIGTERM or SIGINT

  MODULE    a file such as ./shop.mjs, or a package; ES module or CommonJS
  EXPORT    what it exports: a Checkout, or a function that gives one; default: checkout

A signal ends it when the handlers that run have ended; a second one at once. What it had not begun is handed over to
others. Start as many as you like.

Exits 0 when it was told to end, 1 when the database or the gateway makes work impossible, 2 when there is no such module
or export.
`;

/** What is wrong with the command line, or with what it names. */
class Misuse extends Error {}

/** Runs `paymento worker`, and gives the exit code. */
export async function runWorker(args: readonly string[]): Promise<number> {
  if (args.some((argument) => argument === "--help" || argument === "-h")) {
    process.stdout.write(WORKER_HELP);
    return 0;
  }
  let checkout: Checkout;
  try {
    checkout = await find(args);
  } catch (error) {
    return complain(error, 2);
  }
  return work(checkout);
}

async function work(checkout: Checkout): Promise<number> {
  const stopping = new AbortController();
  abortOnSignals(stopping);
  process.stdout.write(
    `paymento worker: process ${process.pid} works; a signal ends it when its handlers have ended\n`,
  );
  try {
    await checkout.run({ signal: stopping.signal });
    await checkout.close();
    return 0;
  } catch (error) {
    return complain(error, 1);
  }
}

/** At the first signal. From then on each of them ends the process at once, as it does by itself. */
function abortOnSignals(stopping: AbortController): void {
  const signals = ["SIGTERM", "SIGINT"];
  const stop = () => {
    for (const signal of signals) {
      process.off(signal, stop);
    }
    stopping.abort();
  };
  for (const signal of signals) {
    process.on(signal, stop);
  }
}

function complain(error: unknown, code: number): number {
  const isExpected = error instanceof Misuse || isPaymentoError(error);
  const text = isExpected ? textOf(error) : types.isNativeError(error) ? error.stack : String(error);
  process.stderr.write(`paymento worker: ${text}\n`);
  return code;
}

function textOf(error: Error): string {
  return isPaymentoError(error) ? error.toString() : error.message;
}

async function find(args: readonly string[]): Promise<Checkout> {
  const [target, ...more] = args;
  if (target === undefined || target.startsWith("-") || more.length > 0) {
    throw new Misuse("name one module, for instance ./shop.mjs:checkout; `paymento worker --help` explains it");
  }
  const [, specifier = target, name = "checkout"] = /^(.+?)(?::([A-Za-z_$][\w$]*))?$/s.exec(target) ?? [];
  const exported = await load(specifier);
  const { default: main } = exported;
  const found = exported[name] ?? (Object(main) as Record<string, unknown>)[name];
  const checkout: unknown = typeof found === "function" && !types.isProxy(found) ? await found() : found;
  if (!isCheckout(checkout)) {
    const what = typeof found === "function" ? `the function ${name} gives ${describe(checkout)}` : describe(checkout);
    throw new Misuse(`${specifier} exports no Checkout as ${name}: ${found === undefined ? "nothing" : what}`);
  }
  if (!hasHandlers(checkout)) {
    throw new Misuse(`the checkout of ${specifier} has no handler: call its onPaid in that module`);
  }
  return checkout;
}

async function load(specifier: string): Promise<Record<string, unknown>> {
  const file = resolve(specifier);
  if (existsSync(file)) {
    return import(pathToFileURL(file).href);
  }
  if (/^(\.{0,2}\/|[A-Za-z]:\\)/.test(specifier)) {
    throw new Misuse(`there is no file ${specifier}`);
  }
  return importHere(specifier);
}

/** As a module in the working directory would import it. */
async function importHere(specifier: string): Promise<Record<string, unknown>> {
  const filename = join(process.cwd(), "[paymento worker]");
  const loader = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  try {
    // Node.js before 20.10 has no such loader; packages for `import` only are not found there.
    if (loader === undefined) {
      return await import(pathToFileURL(createRequire(filename).resolve(specifier)).href);
    }
    const script = new vm.Script("(specifier) => import(specifier)", { filename, importModuleDynamically: loader });
    return await script.runInThisContext()(specifier);
  } catch (error) {
    const { code } = Object(error) as { code?: unknown };
    const isMissing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    throw isMissing ? new Misuse(`there is no file and no package ${specifier}: ${(error as Error).message}`) : error;
  }
}
