/// <reference lib="esnext.disposable" preserve="true" />
import { number, text, wholeNumber } from "./arguments.js";
import { type Native, native } from "./binding.js";
import { Client } from "./client.js";
import { type ClientOptions, clientChecks } from "./client-options.js";
import { make as makeInstance, requireKey } from "./data.js";
import { dropUnnamedDispose } from "./dispose.js";
import { InputError, unwrap } from "./errors.js";
import { readOptions } from "./options.js";
import { secretKey } from "./secrets.js";
import type { CallbackMethod } from "./settings.js";
import {
  type Delivery,
  deliveryFrom,
  type PaymentSnapshot,
  paymentSnapshotFrom,
  type SimulatorEvent,
} from "./simulated.js";

/** Options of a simulator, each with a default. */
export interface SimulatorOptions {
  /** The store's name on the checkout page. Default `Simulated store`. */
  storeName?: string;
  /** The port on 127.0.0.1. Default: any free one. */
  port?: number;
  /** Where callbacks go. Default: nowhere, until one is set here or over the API. */
  callbackUrl?: string;
  /** How callbacks go. Default `POST`. */
  callbackMethod?: CallbackMethod;
  /** The API key to ask for. Default: made for this run. */
  apiKey?: string;
  /** The secret key to sign callbacks with. Default: made for this run. */
  secretKey?: string;
}

const optionChecks = {
  storeName: text,
  port,
  callbackUrl: text,
  callbackMethod: text,
  apiKey: text,
  secretKey,
};

function port(value: unknown, name: string): number {
  const given = wholeNumber(value, name);
  if (given < 0 || given > 65_535) {
    throw new InputError("input.type", `${name} is a number from 0 to 65535; got ${given}`);
  }
  return given;
}

/** As the addon counts: 32 bits. */
function unsigned(value: number): number {
  return Math.min(Math.max(0, value), 0xffff_ffff);
}

const LONGEST_WAIT_MS = 10_000;

/**
 * The gateway, played on this machine: the API, the checkout page, signed callbacks. Offline.
 *
 * It has a thread of its own, does not keep the process alive, and ends with {@link stop}, with `await using`, or with
 * the process.
 *
 * @example
 * const simulator = await Simulator.start();
 * t.after(() => simulator.stop());
 * const client = simulator.client();
 * const payment = await client.createPayment({ orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" });
 * await simulator.pay(payment.token);
 */
export class Simulator {
  /** The API, for instance `http://127.0.0.1:40213`: the client's `baseUrl`. */
  readonly baseUrl: string;
  /** The checkout page: the client's `gatewayUrl`. */
  readonly gatewayUrl: string;
  readonly #keys: { apiKey: string; secretKey: string };
  readonly #native: Native.Simulator;

  private constructor(key: unknown, simulator: Native.Simulator) {
    requireKey(key, new.target);
    const { baseUrl, gatewayUrl, apiKey, secretKey } = simulator.address();
    this.baseUrl = baseUrl;
    this.gatewayUrl = gatewayUrl;
    this.#keys = { apiKey, secretKey };
    this.#native = simulator;
  }

  /**
   * Starts a simulator. Its port answers when this is resolved.
   *
   * @throws {ConfigError} `config.port` when the port is taken; `config.api_key`, `config.secret`
   * @throws {InputError} `input.callback_url`, `input.method`
   */
  static async start(options?: SimulatorOptions): Promise<Simulator> {
    const { storeName, port, callbackUrl, callbackMethod, apiKey, secretKey } = readOptions(options, optionChecks);
    const started = native.startSimulator({ storeName, port, callbackUrl, callbackMethod, apiKey, secretKey });
    return makeInstance(Simulator, unwrap(await started));
  }

  /** The key that the API asks for. */
  get apiKey(): string {
    return this.#keys.apiKey;
  }

  /** The key that callbacks are signed with. */
  get secretKey(): string {
    return this.#keys.secretKey;
  }

  /** A client that is pointed at this simulator and has its keys. */
  client(options?: ClientOptions): Client {
    const { apiKey, secretKey } = this.#keys;
    const { baseUrl, gatewayUrl } = this;
    return new Client(apiKey, { secretKey, baseUrl, gatewayUrl, ...readOptions(options, clientChecks) });
  }

  /**
   * Sets where callbacks go; plain http to any host is taken.
   *
   * @throws {InputError} `input.callback_url`, `input.method`
   */
  async setCallbackUrl(url: string, method?: CallbackMethod): Promise<void> {
    const name = method === undefined ? undefined : text(method, "method");
    unwrap(this.#native.setCallbackUrl(text(url, "url"), name));
  }

  /**
   * Pays, as the customer does: the payment is Paid when this is resolved, and callbacks are on their way.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown or the payment is not open
   */
  async pay(token: string): Promise<void> {
    unwrap(this.#native.pay(text(token, "token")));
  }

  /**
   * Cancels, as the customer does; the callback is on its way when this is resolved.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown or the payment is not open
   */
  async cancel(token: string): Promise<void> {
    unwrap(this.#native.cancel(text(token, "token")));
  }

  /** The payments, oldest first. */
  async payments(): Promise<PaymentSnapshot[]> {
    return this.#native.payments().map(paymentSnapshotFrom);
  }

  /** The payment with this token; `null` for an unknown one. */
  async payment(token: string): Promise<PaymentSnapshot | null> {
    const payment = this.#native.payment(text(token, "token"));
    return payment && paymentSnapshotFrom(payment);
  }

  /**
   * The payment's callbacks. With `count`: waits until so many are finished, which is answered 200 or given up, and
   * gives the finished ones. Without: those so far, finished or not.
   *
   * @param options `timeoutMs`: default 10,000
   * @throws {TransportError} `transport.timeout` when it takes longer
   * @throws {ConfigError} `config.closed` when the simulator is stopped meanwhile
   */
  async deliveries(token: string, options?: { count?: number; timeoutMs?: number }): Promise<Delivery[]> {
    const name = text(token, "token");
    const { count, timeoutMs = LONGEST_WAIT_MS } = readOptions(options, { count: wholeNumber, timeoutMs: number });
    if (count === undefined) {
      return this.#native.deliveries(name).map(deliveryFrom);
    }
    return unwrap(await this.#native.delivered(name, unsigned(count), timeoutMs)).map(deliveryFrom);
  }

  /**
   * What happened after the event with this sequence number, or the next as soon as something does. Empty after
   * `timeoutMs`, or when the simulator is stopped.
   *
   * @param sequence default 0: from the beginning
   * @param options `timeoutMs`: default 10,000; 0 does not wait
   */
  async eventsAfter(sequence = 0, options?: { timeoutMs?: number }): Promise<SimulatorEvent[]> {
    const after = unsigned(wholeNumber(sequence, "sequence"));
    const { timeoutMs = LONGEST_WAIT_MS } = readOptions(options, { timeoutMs: number });
    return unwrap(await this.#native.eventsAfter(after, timeoutMs));
  }

  /** Ends it: its port is free when this is resolved. Stopping twice does nothing. */
  async stop(): Promise<void> {
    unwrap(await this.#native.stop());
  }

  /** {@link stop}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

dropUnnamedDispose(Simulator);
