import { entries, isAbsent, number, text, texts, wholeNumber, wrongType } from "./arguments.js";
import { rawBody } from "./body.js";
import { unwrap } from "./errors.js";
import type { Fault } from "./faults.js";
import { type ArmedFault, armedFaultFrom } from "./findings.js";
import { readOptions } from "./options.js";
import type { AnyOrderStatus } from "./order-status.js";
import type { CallbackMethod } from "./settings.js";
import { nativeOf } from "./simulator-drive.js";
import { countUpTo, seed } from "./simulator-options.js";
import { SimulatorWatch } from "./simulator-watch.js";

/** How likely each fault is, from 0, which is never and the default, to 1, which is always. */
export interface ChaosOptions {
  /** A callback is sent twice. */
  duplicate?: number;
  /** A callback is sent after the payment's next one. */
  reorder?: number;
  /** A callback is never sent. */
  drop?: number;
  /** A callback is sent a minute late. */
  delay?: number;
  /** An API answer begins and never ends. */
  stalledBody?: number;
  /** An API answer is HTTP 502 with a page of HTML. */
  badGateway?: number;
  /** What decides: the same number, the same faults. Default: the simulator's own seed, or chance. */
  seed?: number;
}

const chaosChecks = {
  duplicate: number,
  reorder: number,
  drop: number,
  delay: number,
  stalledBody: number,
  badGateway: number,
  seed,
};

/** What a callback says behind which no payment stands, besides its status. */
export interface TriggerOptions {
  /** Default: made up. */
  token?: string;
  /** Default `A-578`. */
  orderId?: string;
  /** What is wrong with it; faults of when and how often a callback is sent have no effect. Default none. */
  faults?: readonly Fault[];
}

const UINT_32 = 0xffff_ffff;

/** How often; `Infinity` until it is cleared, which the addon takes as not given. */
function times(value: unknown, name: string): number | null {
  return value === Number.POSITIVE_INFINITY ? null : countUpTo(UINT_32)(value, name);
}

function headerPairs(headers: unknown): [string, string][] {
  const wrong = () => wrongType("headers", "a plain object of names and values", headers);
  return entries(headers ?? {}, wrong).map(([name, value]) => [name, text(value, "a header's value")]);
}

function storeName(store: unknown): string | undefined {
  return isAbsent(store) ? undefined : text(store, "store");
}

/** Making a running simulator misbehave, by order and by chance. */
export abstract class SimulatorMisbehave extends SimulatorWatch {
  /**
   * Sets where a store's callbacks go; plain http to any host is taken.
   *
   * @param store the store's name; default: the first one
   * @throws {InputError} `input.callback_url`, `input.method`
   * @throws {ConfigError} `config.missing` when no store has this name
   */
  async setCallbackUrl(url: string, method?: CallbackMethod, store?: string): Promise<void> {
    const name = isAbsent(method) ? undefined : text(method, "method");
    unwrap(nativeOf(this).setCallbackUrl(text(url, "url"), name, storeName(store)));
  }

  /**
   * Sends a signed callback with any status, without moving the payment: a repeated, late or undocumented one. Faults
   * that are armed befall it.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown
   * @throws {ConfigError} `config.missing` when no callback URL is set
   */
  async sendCallback(token: string, status: AnyOrderStatus): Promise<void> {
    unwrap(nativeOf(this).sendCallback(text(token, "token"), number(status, "status")));
  }

  /**
   * Sends these bytes with exactly these headers, unsigned unless one holds a signature. Recorded among the payment's
   * deliveries, and retried like any.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown
   * @throws {ConfigError} `config.missing` when no callback URL is set
   * @throws {InputError} `input.headers` for a header that HTTP does not allow; `input.body`
   */
  async forgeCallback(token: string, body: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<void> {
    unwrap(nativeOf(this).forgeCallback(text(token, "token"), rawBody(body), headerPairs(headers)));
  }

  /**
   * Sends the delivery with this id again, byte for byte, to where it went. Gives the new delivery's id.
   *
   * @throws {ApiError} `api.rejected` when there is no such delivery, or it is not kept any more
   */
  async resend(delivery: number): Promise<number> {
    return unwrap(nativeOf(this).resend(wholeNumber(delivery, "delivery")));
  }

  /**
   * Sends the delivery with this id again with its status changed after it was signed, once. Gives the new delivery's id.
   * A shop that answers 2xx is found out; see {@link findings}.
   *
   * @throws {ApiError} `api.rejected` when there is no such delivery, or it is not kept any more
   */
  async tamper(delivery: number): Promise<number> {
    return unwrap(nativeOf(this).tamper(wholeNumber(delivery, "delivery")));
  }

  /**
   * Sends what the dashboard's "Test Webhook" sends, once: signed, and about no payment. Gives the delivery's id.
   *
   * @param store the store's name; default: the first one
   * @throws {ConfigError} `config.missing` when no store has this name, or it has no callback URL
   */
  async sendTestWebhook(store?: string): Promise<number> {
    return unwrap(nativeOf(this).sendTestWebhook(storeName(store)));
  }

  /**
   * Sends what a thief would, once: the newest payment is Paid, under a signature that belongs to other bytes. Gives the
   * delivery's id. A shop that answers 2xx is found out; see {@link findings}.
   *
   * @param store the store's name; default: the first one
   * @throws {ConfigError} `config.missing` when no store has this name, or it has no callback URL
   */
  async sendTamperedProbe(store?: string): Promise<number> {
    return unwrap(nativeOf(this).sendTamperedProbe(storeName(store)));
  }

  /**
   * Sends a signed callback once, behind which no payment stands. Gives the delivery's id.
   *
   * @throws {ConfigError} `config.missing` when the first store has no callback URL
   * @throws {InputError} `input.fault`
   */
  async trigger(status: AnyOrderStatus, options?: TriggerOptions): Promise<number> {
    const checks = { token: text, orderId: text, faults: texts };
    const { token, orderId, faults } = readOptions(options, checks);
    return unwrap(nativeOf(this).trigger({ status: number(status, "status"), token, orderId, faults }));
  }

  /**
   * Arms a fault: it befalls the next callbacks or API answers that it concerns.
   *
   * @param fault its name, for instance `callback.duplicate`; `FAULTS` says what each does
   * @param options `times`: how many of them, default 1, `Infinity` until {@link clearFaults}; `token`: only those of this
   * payment. A create has no token yet, and is befallen only by faults without one.
   * @throws {InputError} `input.fault` when there is no such fault
   */
  async arm(fault: Fault, options?: { times?: number; token?: string }): Promise<void> {
    const given = readOptions(options, { times, token: text });
    unwrap(nativeOf(this).arm(text(fault, "fault"), given.times === undefined ? 1 : given.times, given.token));
  }

  /** The faults that are armed, in the order in which they were. */
  async faults(): Promise<ArmedFault[]> {
    return nativeOf(this).faults().map(armedFaultFrom);
  }

  /** Disarms every fault. Chaos goes on. */
  async clearFaults(): Promise<void> {
    nativeOf(this).clearFaults();
  }

  /**
   * Lets faults strike by chance from now on, in place of the chaos before.
   *
   * @example
   * await simulator.chaos({ duplicate: 0.3, reorder: 0.3, drop: 0.2, seed: 7 });
   * @throws {InputError} `input.fault` when a probability is not from 0 to 1
   */
  async chaos(options: ChaosOptions): Promise<void> {
    const { duplicate, reorder, drop, delay, stalledBody, badGateway, seed } = readOptions(options, chaosChecks);
    unwrap(nativeOf(this).chaos({ duplicate, reorder, drop, delay, stalledBody, badGateway, seed }));
  }

  /** Ends the chaos, and disarms every fault. */
  async calm(): Promise<void> {
    nativeOf(this).calm();
  }
}
