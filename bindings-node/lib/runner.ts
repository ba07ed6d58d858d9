import { AsyncResource } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { text, wrongType } from "./arguments.js";
import type { Native } from "./binding.js";
import type { Connection } from "./connection.js";
import { isPaymentoError, toError, unwrap } from "./errors.js";
import { say } from "./log.js";
import { Claims } from "./once-claims.js";
import { type EventKind, type OrderEvent, orderEventFrom } from "./order-event.js";
import { keepAlive, letEnd, resultOf } from "./results.js";
import { refuseGenerator, refuseUnrun } from "./unrun.js";

/** What a shop does on an event. What it throws, or what its promise is rejected with, is a failure: it runs again. */
export type OrderHandler = (order: OrderEvent) => unknown;

/** How long the core waits for work before it comes back without. */
const PATIENCE_MS = 5_000;
/** After a database that does not answer; after what waiting does not cure by itself. */
const AFTER_FAILURE_MS = 1_000;
const AFTER_TROUBLE_MS = 30_000;
/** How often it is said that the database is waited for. */
const REPEATED_AFTER_MS = 60_000;

/** How long `close` waits for handlers: so long their leases would last. */
const AFTER_CLOSE_MS = 10_000;

/** Work is done for nobody in particular: not in the context of the request that happened to start it. */
const outside = new AsyncResource("paymento");

/** Pulls work out of the core and runs the shop's handlers on it. Nothing in the addon calls a handler. */
export class Runner {
  readonly #connection: Connection<Native.Checkout>;
  readonly #forbiddenFiles: readonly string[];
  readonly #concurrency: number;
  readonly #maxHandlerMs: number;
  readonly #handlers = new Map<string, OrderHandler>();
  readonly #running = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  #background: Promise<void> | null = null;
  #isWanted = false;
  #inForeground = 0;
  #quietUntil = 0;

  constructor(connection: Connection<Native.Checkout>) {
    const file = connection.addon.sqliteFile();
    this.#connection = connection;
    this.#forbiddenFiles = file === null ? [] : [file];
    this.#concurrency = connection.addon.concurrency();
    this.#maxHandlerMs = connection.addon.maxHandlerMs();
  }

  /** The checkout's own SQLite file, which no other library of this process may open. */
  get forbiddenFiles(): readonly string[] {
    return this.#forbiddenFiles;
  }

  get hasHandlers(): boolean {
    return this.#handlers.size > 0;
  }

  on(kind: EventKind, handler: OrderHandler): void {
    const name = text(kind, "kind");
    if (typeof handler !== "function") {
      throw wrongType("the handler", "a function", handler);
    }
    refuseGenerator(handler);
    this.#connection.begin();
    const failure = this.#connection.addon.registerHandler(name);
    if (failure !== null) {
      throw toError(failure);
    }
    this.#handlers.set(name, handler);
    this.#startWanted();
  }

  /** Starts the loop of this process, once. It keeps no process alive. */
  startInBackground(): void {
    this.#isWanted = true;
    this.#startWanted();
  }

  #startWanted(): void {
    const isIdle = this.#background === null && this.#inForeground === 0;
    if (this.#isWanted && this.hasHandlers && isIdle && !this.#ending.signal.aborted) {
      this.#background = outside.runInAsyncScope(() => this.#pullOn(this.#ending.signal));
    }
  }

  /** Runs until the signal is aborted, and keeps the process alive. */
  async run(signal: AbortSignal | undefined): Promise<void> {
    const stopping = new AbortController();
    const stop = () => stopping.abort();
    const signals = [this.#ending.signal, ...(signal === undefined ? [] : [signal])];
    for (const one of signals) {
      one.addEventListener("abort", stop);
    }
    this.#inForeground += 1;
    // Also where every slot is taken by a handler that waits for something that keeps no process alive.
    keepAlive();
    try {
      if (!signals.some((one) => one.aborted)) {
        await this.#pull(stopping.signal, true);
      }
    } finally {
      this.#inForeground -= 1;
      for (const one of signals) {
        one.removeEventListener("abort", stop);
      }
      await Promise.allSettled(this.#running);
      letEnd();
      this.#startWanted();
    }
  }

  async runOnce(maxMs: number, orderId: string | undefined): Promise<number> {
    const end = performance.now() + maxMs;
    let handled = 0;
    do {
      const verified = await this.#connection.run({}, (addon) => addon.verifyDue(orderId));
      const [work] = await this.#connection.run({}, (addon) => addon.claim(orderId));
      if (work !== undefined) {
        await this.#begin(work);
        handled += 1;
      } else if (verified === 0) {
        break;
      }
    } while (performance.now() < end);
    return handled;
  }

  /** Runs an order's handlers, and waits for them at most so long. Those that take longer go on. */
  async handOver(orderId: string, forMs: number): Promise<void> {
    await within(forMs, this.#handOver(orderId));
  }

  async #handOver(orderId: string): Promise<void> {
    try {
      for (;;) {
        const [work] = await this.#connection.run({}, (addon) => addon.claim(orderId));
        if (work === undefined) {
          return;
        }
        await this.#begin(work);
      }
    } catch (error) {
      // The callback is recorded: whoever looks for work next finds the order's.
      this.#say("warning", "an order could not be handed over", error);
    }
  }

  /** Takes no more work, and waits for the handlers that run, for as long as their leases would last. */
  async end(): Promise<void> {
    this.#ending.abort();
    await within(AFTER_CLOSE_MS, this.#ended());
  }

  async #ended(): Promise<void> {
    await this.#background;
    await Promise.allSettled(this.#running);
  }

  /** Pulls whatever happens, until it is stopped. */
  async #pullOn(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.#pull(stop, false);
      } catch (error) {
        this.#say("error", "the checkout hands nothing over", error);
        await pause(AFTER_TROUBLE_MS, undefined, { ref: false, signal: stop }).catch(() => {});
      }
    }
  }

  /** Pulls until it is stopped. A database that does not answer is waited for. */
  async #pull(stop: AbortSignal, keepsAlive: boolean): Promise<void> {
    const comeBack = () => this.#connection.addon.callBack();
    stop.addEventListener("abort", comeBack);
    try {
      while (!stop.aborted) {
        const free = this.#concurrency - this.#running.size;
        if (free > 0) {
          await this.#take(free, stop, keepsAlive);
        } else {
          await Promise.race(this.#running);
        }
      }
    } finally {
      stop.removeEventListener("abort", comeBack);
    }
  }

  async #take(most: number, stop: AbortSignal, keepsAlive: boolean): Promise<void> {
    try {
      const ticket = this.#connection.addon.nextMany(most, PATIENCE_MS);
      for (const work of unwrap(await resultOf(ticket, keepsAlive))) {
        if (stop.aborted) {
          await this.#finish(this.#connection.addon.release(work.number));
        } else {
          this.#begin(work);
        }
      }
    } catch (error) {
      if (!isPaymentoError(error) || !error.isRetryable) {
        throw error;
      }
      this.#sayNowAndThen(error);
      await pause(AFTER_FAILURE_MS, undefined, { ref: keepsAlive, signal: stop }).catch(() => {});
    } finally {
      this.#connection.handLogOn();
    }
  }

  /**
   * Never rejected, and resolved when the handler has ended, or has run for as long as it may: it may never end, and its
   * place belongs to others.
   */
  #begin(work: Native.HandedOver): Promise<void> {
    const running = within(this.#maxHandlerMs, this.#handle(work), false).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async #handle({ number, event, isLastAttempt }: Native.HandedOver): Promise<void> {
    const { addon } = this.#connection;
    const claims = new Claims();
    try {
      refuseUnrun(await this.#handlers.get(event.kind)?.(orderEventFrom(event, this.#forbiddenFiles, claims)));
      await claims.verify();
    } catch (error) {
      const what = `the handler of ${event.kind} failed for the order ${JSON.stringify(event.orderId)}`;
      const next = claims.wasIgnored || isLastAttempt ? "it is a dead letter" : "it is tried again";
      say("error", `${what}; ${next}: ${textOf(error)}`, this.#connection.logger, { error });
      return this.#finish(addon.fail(number, textOf(error), claims.wasIgnored));
    } finally {
      claims.end();
    }
    return this.#finish(addon.complete(number));
  }

  async #finish(ticket: Native.Ticket<null>): Promise<void> {
    try {
      unwrap(await resultOf(ticket));
    } catch (error) {
      this.#say("error", "a handler's end could not be recorded", error);
    } finally {
      this.#connection.handLogOn();
    }
  }

  #sayNowAndThen(error: unknown): void {
    if (performance.now() >= this.#quietUntil) {
      this.#quietUntil = performance.now() + REPEATED_AFTER_MS;
      this.#say("warning", "the checkout waits for its database", error);
    }
  }

  #say(level: "warning" | "error", what: string, error: unknown): void {
    const code = isPaymentoError(error) ? error.code : null;
    say(level, `${what}: ${textOf(error)}`, this.#connection.logger, { code });
  }
}

/** Waits for the promise, at most so long. `ref`: whether the process stays alive for that. */
async function within(forMs: number, promise: Promise<void>, ref = true): Promise<void> {
  const enough = new AbortController();
  const late = pause(forMs, undefined, { ref, signal: enough.signal }).catch(() => {});
  try {
    await Promise.race([promise, late]);
  } finally {
    enough.abort();
  }
}

/** An error's name and text, whatever was thrown. */
function textOf(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "something was thrown that has no text";
  }
}
