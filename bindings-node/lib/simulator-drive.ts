import { amount } from "./amounts.js";
import { text } from "./arguments.js";
import type { Native } from "./binding.js";
import { requireKey } from "./data.js";
import { type Duration, duration } from "./durations.js";
import { unwrap } from "./errors.js";

/** @internal The addon's simulator behind one of ours. */
export let nativeOf: (simulator: SimulatorDrive) => Native.Simulator;

/** What a test does to the payments of a running simulator, and to its clock. */
export abstract class SimulatorDrive {
  readonly #native: Native.Simulator;

  static {
    nativeOf = (simulator) => simulator.#native;
  }

  /** @internal */
  protected constructor(key: unknown, simulator: Native.Simulator) {
    requireKey(key, new.target);
    this.#native = simulator;
  }

  /**
   * Pays exactly what is still owed: the payment waits for its confirmation when this is resolved, and callback 3 is on
   * its way. Unless the options say otherwise, the payment is Paid as soon as the first attempt at that callback has
   * ended, and callback 7 follows. A payment that has expired or was canceled is paid late, and goes the same way.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown, or the payment is paid or rejected
   */
  async pay(token: string): Promise<void> {
    unwrap(this.#native.pay(text(token, "token")));
  }

  /**
   * Pays this much of the chosen coin, whatever is owed.
   *
   * @throws {ApiError} as {@link pay}
   * @throws {InputError} `input.amount` when it is not a positive decimal
   */
  async payAmount(token: string, cryptoAmount: string): Promise<void> {
    unwrap(this.#native.payAmount(text(token, "token"), amount(cryptoAmount, "cryptoAmount")));
  }

  /**
   * Pays half of what is still owed: the payment is PartialPaid, and callback 2 on its way.
   *
   * @throws {ApiError} as {@link pay}
   */
  async underpay(token: string): Promise<void> {
    unwrap(this.#native.underpay(text(token, "token")));
  }

  /**
   * Pays so much less than what is still owed.
   *
   * @throws {ApiError} as {@link pay}
   * @throws {InputError} `input.amount` when it is not positive or leaves nothing to pay
   */
  async underpayBy(token: string, cryptoAmount: string): Promise<void> {
    unwrap(this.#native.underpayBy(text(token, "token"), amount(cryptoAmount, "cryptoAmount")));
  }

  /**
   * Pays a tenth more than what is still owed.
   *
   * @throws {ApiError} as {@link pay}
   */
  async overpay(token: string): Promise<void> {
    unwrap(this.#native.overpay(text(token, "token")));
  }

  /**
   * The chain confirms all money that it has seen. Callback 7 is on its way where that is enough.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown or nothing waits for the chain
   */
  async confirm(token: string): Promise<void> {
    unwrap(this.#native.confirm(text(token, "token")));
  }

  /**
   * The newest transaction that is in no block disappears from the mempool. For a simulator with `manualConfirmation` or
   * `confirmationTimeMs`: otherwise the chain is faster.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown or nothing is in the mempool
   */
  async dropTransaction(token: string): Promise<void> {
    unwrap(this.#native.dropTransaction(text(token, "token")));
  }

  /**
   * Cancels, as the customer does; callback 5 is on its way when this is resolved.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown or the payment is not open
   */
  async cancel(token: string): Promise<void> {
    unwrap(this.#native.cancel(text(token, "token")));
  }

  /**
   * Ends the time to pay of a payment that has received nothing; callback 4 is on its way when this is resolved.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown or the payment does not wait for its money
   */
  async expire(token: string): Promise<void> {
    unwrap(this.#native.expire(text(token, "token")));
  }

  /**
   * Rejects a payment that is PartialPaid, waits for its confirmation, or is Paid; callback 9 is on its way when this is
   * resolved.
   *
   * @throws {ApiError} `api.rejected` when the token is unknown or the payment is none of these
   */
  async reject(token: string): Promise<void> {
    unwrap(this.#native.reject(text(token, "token")));
  }

  /**
   * Moves the clock on and lets happen, in order, whatever is due by then: payments expire, chains confirm, callbacks are
   * sent again. Resolved when all of it has happened and the callbacks that it caused have been attempted; 0 waits for
   * the callbacks that are under way.
   *
   * @param by milliseconds, or text such as `"20m"`
   * @throws {InputError} `input.duration`
   * @throws {ConfigError} `config.closed` when the simulator is stopped
   */
  async advance(by: Duration): Promise<void> {
    unwrap(await this.#native.advance(duration(by, "by")));
  }

  /** The simulator's clock: milliseconds since its start. */
  async nowMs(): Promise<number> {
    return this.#native.now();
  }
}
