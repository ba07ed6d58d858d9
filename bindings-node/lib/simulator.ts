/// <reference lib="esnext.disposable" preserve="true" />
import { type Native, native } from "./binding.js";
import { Client } from "./client.js";
import { type ClientOptions, clientChecks } from "./client-options.js";
import { make as makeInstance } from "./data.js";
import { dropUnnamedDispose } from "./dispose.js";
import { unwrap } from "./errors.js";
import { readOptions } from "./options.js";
import { nativeOf } from "./simulator-drive.js";
import { SimulatorMisbehave } from "./simulator-misbehave.js";
import { readSimulatorOptions, type SimulatorOptions } from "./simulator-options.js";

/**
 * The gateway, played on this machine: the API, the checkout page, signed callbacks. Offline.
 *
 * It has a thread of its own, does not keep the process alive, and ends with {@link stop}, with `await using`, or with
 * the process. Nothing here blocks: what waits is a promise, and callbacks to this very process are answered meanwhile.
 *
 * Durations are milliseconds, or text such as `"20m"`.
 *
 * @example
 * const simulator = await Simulator.start();
 * t.after(() => simulator.stop());
 * const client = simulator.client();
 * const payment = await client.createPayment({ orderId: "A-578", fiatAmount: "29.99", fiatCurrency: "USD" });
 * await simulator.pay(payment.token);
 */
export class Simulator extends SimulatorMisbehave {
  /** The API, for instance `http://127.0.0.1:40213`: the client's `baseUrl`. */
  readonly baseUrl: string;
  /** The checkout page: the client's `gatewayUrl`. */
  readonly gatewayUrl: string;
  /** The port that it listens on. */
  readonly port: number;
  /** The first store's name. */
  readonly storeName: string;
  readonly #keys: { apiKey: string; secretKey: string };
  readonly #startedAtMs: number;

  private constructor(key: unknown, simulator: Native.Simulator) {
    super(key, simulator);
    const { baseUrl, gatewayUrl, port, storeName, apiKey, secretKey, startedAtMs } = simulator.address();
    this.baseUrl = baseUrl;
    this.gatewayUrl = gatewayUrl;
    this.port = port;
    this.storeName = storeName;
    this.#keys = { apiKey, secretKey };
    this.#startedAtMs = startedAtMs;
  }

  /**
   * Starts a simulator. Its port answers when this is resolved.
   *
   * @throws {ConfigError} `config.port` when the port is taken; `config.api_key`, `config.secret`
   * @throws {InputError} `input.callback_url`, `input.method`, `input.duration`, `input.coin`; `input.fault` for a profile
   * or another switch that does not exist
   */
  static async start(options?: SimulatorOptions): Promise<Simulator> {
    const started = native.startSimulator(readSimulatorOptions(options));
    return makeInstance(Simulator, unwrap(await started));
  }

  /** The key that the API asks for: the first store's. */
  get apiKey(): string {
    return this.#keys.apiKey;
  }

  /** The key that callbacks are signed with: the first store's. */
  get secretKey(): string {
    return this.#keys.secretKey;
  }

  /** When its clock began: at the start, or 2026-01-01T00:00:00Z for a virtual one. */
  get startedAt(): Date {
    return new Date(this.#startedAtMs);
  }

  /** Whether it was stopped. */
  get isStopped(): boolean {
    return nativeOf(this).isStopped();
  }

  /** A client that is pointed at this simulator and has its first store's keys. */
  client(options?: ClientOptions): Client {
    const { apiKey, secretKey } = this.#keys;
    const { baseUrl, gatewayUrl } = this;
    return new Client(apiKey, { secretKey, baseUrl, gatewayUrl, ...readOptions(options, clientChecks) });
  }

  /** Ends it: its port is free when this is resolved. Stopping twice does nothing. */
  async stop(): Promise<void> {
    unwrap(await nativeOf(this).stop());
  }

  /** {@link stop}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

dropUnnamedDispose(Simulator);
