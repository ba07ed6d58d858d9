import { types } from "node:util";
import { priceChecks } from "./amounts.js";
import { boolean, number, text, wholeNumber, wrongType } from "./arguments.js";
import type { Native } from "./binding.js";
import type { PaymentState } from "./checkout-records.js";
import { InputError } from "./errors.js";
import { readOptions } from "./options.js";
import type { PriceOptions } from "./payment-options.js";
import type { Speed } from "./speed.js";

/** What a checkout is made of, besides its client. Everything has a default. */
export interface CheckoutOptions {
  /**
   * Where the records are kept. Default `sqlite:paymento.db`, in the working directory of now; `sqlite:///a/whole/path`;
   * `postgres://user:password@host/database?sslmode=verify-full&sslrootcert=/a/path`, as libpq reads it.
   */
  database?: string | null | undefined;
  /**
   * A direct connection to the same PostgreSQL, for LISTEN, where the database's URL leads to a pooler: with it a process
   * is woken at once, without it looks four times a second.
   */
  listenUrl?: string | null | undefined;
  /** `auto`, the default: tables are made and brought up to date. `check`: nothing is changed; see `checkoutSchemaSql`. */
  migrate?: "auto" | "check" | null | undefined;
  /**
   * Who does the work between a callback and the handlers.
   *
   * `thread`, the default: each process that calls `createPayment`, `visit` or `receive`, from the first such call on.
   * It does not keep the process alive. `inline`: `receive`, before it answers, for hosts without background work; callbacks
   * can be lost, so have something call `runOnce` every minute as well.
   * `external`: only `run`, `runOnce` and `npx paymento worker`.
   */
  worker?: "thread" | "inline" | "external" | null | undefined;
  /**
   * The store, where several share a database: 1 to 64 letters, digits, `.`, `_` or `-`. Default `default`. Give each
   * store its own callback path and its own client.
   */
  account?: string | null | undefined;
  /**
   * What callbacks are answered with: `standard`, the default, 401, 405 and 413 for what is not taken; `guide`, 200 for
   * these as well. A database that is down is 503 either way.
   */
  answerPolicy?: "standard" | "guide" | null | undefined;
  /** Refuses a client that talks to a simulator. Default false. */
  requireLive?: boolean | null | undefined;
  /** Verify calls a second for this account, by all processes together. Default 2; 1 to 1,000. */
  verifiesPerSecond?: number | null | undefined;
  /** How long a handler may run before its lease is no longer renewed, in milliseconds. Default 900,000; 10,000 to a day. */
  maxHandlerTimeMs?: number | null | undefined;
  /** How often a handler may fail before its event is a dead letter. Default 10; at least 1. */
  maxFailures?: number | null | undefined;
  /** How many handlers run at once. Default 8; 1 to 256. */
  concurrency?: number | null | undefined;
  /** How long callback bodies are kept, in milliseconds. Default 400 days; at least 8 days. */
  keepBodiesMs?: number | null | undefined;
  /** How long the history of decisions is kept, in milliseconds. Default: for ever; at least 30 days. */
  keepDecisionsMs?: number | null | undefined;
  /** The process's name in history and health. Default: program, process id and machine. */
  name?: string | null | undefined;
}

const checkoutChecks = {
  database: text,
  listenUrl: text,
  migrate: text,
  worker: text,
  account: text,
  answerPolicy: text,
  requireLive: boolean,
  verifiesPerSecond: wholeNumber,
  maxHandlerTimeMs: number,
  maxFailures: wholeNumber,
  concurrency: wholeNumber,
  keepBodiesMs: number,
  keepDecisionsMs: number,
  name: text,
};

/** Reads the options of a checkout. */
export function readCheckoutOptions(options: unknown, fromEnv: boolean): Native.CheckoutOptions {
  return Object.assign(readOptions(options, checkoutChecks), { fromEnv });
}

/** What every call of a checkout takes. */
export interface CheckoutCallOptions {
  /**
   * Gives the call up: it is rejected with `transport.canceled`. What was begun is recorded all the same, so that the same
   * call made again finds it.
   */
  signal?: AbortSignal | null | undefined;
}

/** Which payments. */
export interface PaymentsFilter {
  /** Default: in any state. */
  state?: PaymentState | null | undefined;
  /** Made then or later. Default: ever. */
  since?: Date | null | undefined;
  /** The last page's `next`. Default: from the first. */
  after?: number | null | undefined;
}

export const paymentsChecks = { state: text, since: time, after: wholeNumber };

/** Which dead letters. */
export interface DeadLettersFilter {
  /** The last one's id, for those that follow. Default: from the first. */
  after?: number | null | undefined;
}

export const deadLettersChecks = { after: wholeNumber };

/** What is taken over. */
export interface AdoptOptions extends PriceOptions {
  /** The shop's own id of the order. */
  orderId: string;
  /** How sure the payment has to be. Default `low`. */
  speed?: Speed | null | undefined;
}

export const adoptChecks = { ...priceChecks, orderId: text, speed: text };

/** How long `run` runs. */
export interface RunOptions {
  /** Ends it: no new work is taken, and it is resolved when the handlers that run have ended. Default: it runs on. */
  signal?: AbortSignal | null | undefined;
}

/** How much `runOnce` does. */
export interface RunOnceOptions {
  /** No new work is begun after so many milliseconds. Default 10,000. */
  maxMs?: number | null | undefined;
  /** Only of this order. Default: of any. */
  orderId?: string | null | undefined;
}

export const runOnceChecks = { maxMs: milliseconds, orderId: text };

/** A time that there is; infinity is for as long as it takes. */
function milliseconds(value: unknown, name: string): number {
  const time = number(value, name);
  if (time >= 0) {
    return time;
  }
  throw new InputError("input.duration", `${name} must not be negative; got ${time}`);
}

/** Milliseconds since 1970 of a `Date` of any realm. */
function time(value: unknown, name: string): number {
  if (!types.isDate(value) || Number.isNaN(value.getTime())) {
    throw wrongType(name, "a valid Date", value);
  }
  return value.getTime();
}
