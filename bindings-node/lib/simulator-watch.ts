import { text, wholeNumber } from "./arguments.js";
import { type Duration, duration } from "./durations.js";
import { unwrap } from "./errors.js";
import type { Finding } from "./findings.js";
import { readOptions } from "./options.js";
import {
  type PaymentSnapshot,
  paymentSnapshotFrom,
  type SimulatorEvent,
  type StoreSnapshot,
  storeSnapshotFrom,
} from "./simulated.js";
import { type Delivery, deliveryFrom } from "./simulated-delivery.js";
import { nativeOf, SimulatorDrive } from "./simulator-drive.js";

/** As the addon counts: 32 bits. */
function unsigned(value: number): number {
  return Math.min(Math.max(0, value), 0xffff_ffff);
}

const LONGEST_WAIT_MS = 10_000;
const RECENT = 100;

/** Looking at a running simulator, and waiting for it: payments, callbacks, events, findings. */
export abstract class SimulatorWatch extends SimulatorDrive {
  /** Every store as it stands, the first one first. */
  async stores(): Promise<StoreSnapshot[]> {
    return nativeOf(this).stores().map(storeSnapshotFrom);
  }

  /** The last 10,000 payments, oldest first. */
  async payments(): Promise<PaymentSnapshot[]> {
    return nativeOf(this).payments().map(paymentSnapshotFrom);
  }

  /** The payment with this token; `null` for an unknown one. */
  async payment(token: string): Promise<PaymentSnapshot | null> {
    const payment = nativeOf(this).payment(text(token, "token"));
    return payment && paymentSnapshotFrom(payment);
  }

  /** How many payments came before the last 10,000 and are not kept any more. */
  async forgottenPayments(): Promise<number> {
    return nativeOf(this).forgottenPayments();
  }

  /**
   * The payment's callbacks. With `count`: waits until so many are finished, which is answered 200 or given up, and
   * gives the finished ones. Without: those so far, finished or not.
   *
   * @param options `timeoutMs`: how long to wait, in real time; default 10,000
   * @throws {TransportError} `transport.timeout` when it takes longer
   * @throws {ConfigError} `config.closed` when the simulator is stopped meanwhile
   */
  async deliveries(token: string, options?: { count?: number; timeoutMs?: Duration }): Promise<Delivery[]> {
    const name = text(token, "token");
    const { count, timeoutMs = LONGEST_WAIT_MS } = readOptions(options, { count: wholeNumber, timeoutMs: duration });
    if (count === undefined) {
      return nativeOf(this).deliveries(name).map(deliveryFrom);
    }
    return unwrap(await nativeOf(this).delivered(name, unsigned(count), timeoutMs)).map(deliveryFrom);
  }

  /** The delivery with this id; `null` where there is none, or it is not kept any more. */
  async delivery(id: number): Promise<Delivery | null> {
    const delivery = nativeOf(this).delivery(wholeNumber(id, "id"));
    return delivery && deliveryFrom(delivery);
  }

  /** The last callbacks of all payments and stores, probes included, newest first; at most so many, 100 by default. */
  async recentDeliveries(limit = RECENT): Promise<Delivery[]> {
    return nativeOf(this)
      .recentDeliveries(unsigned(wholeNumber(limit, "limit")))
      .map(deliveryFrom);
  }

  /**
   * Waits until the delivery with this id is finished.
   *
   * @param options `timeoutMs`: how long to wait, in real time; default 10,000
   * @throws {TransportError} `transport.timeout` when it takes longer
   * @throws {ConfigError} `config.closed` when the simulator is stopped meanwhile
   * @throws {ApiError} `api.rejected` when there is no such delivery, or it is not kept any more
   */
  async waitForDelivery(id: number, options?: { timeoutMs?: Duration }): Promise<Delivery> {
    const { timeoutMs = LONGEST_WAIT_MS } = readOptions(options, { timeoutMs: duration });
    return deliveryFrom(unwrap(await nativeOf(this).waitForDelivery(wholeNumber(id, "id"), timeoutMs)));
  }

  /** What happened so far, oldest first: the last 10,000 events. */
  async events(): Promise<SimulatorEvent[]> {
    return nativeOf(this)
      .events()
      .map((event) => Object.freeze(event));
  }

  /**
   * What happened after the event with this sequence number, or the next as soon as something does. Empty after
   * `timeoutMs`, or when the simulator is stopped.
   *
   * @param sequence default 0: from the beginning
   * @param options `timeoutMs`: default 10,000; 0 does not wait
   */
  async eventsAfter(sequence = 0, options?: { timeoutMs?: Duration }): Promise<SimulatorEvent[]> {
    const after = wholeNumber(sequence, "sequence");
    const { timeoutMs = LONGEST_WAIT_MS } = readOptions(options, { timeoutMs: duration });
    return unwrap(await nativeOf(this).eventsAfter(after, timeoutMs)).map((event) => Object.freeze(event));
  }

  /** What is wrong with the shop, as far as it was seen: the first of each kind and place, and how often. */
  async findings(): Promise<Finding[]> {
    return nativeOf(this)
      .findings()
      .map((finding) => Object.freeze(finding));
  }

  /**
   * Fails when there are findings. For the end of a test.
   *
   * @throws {ConfigError} `config.findings`, which lists their kinds; the hint mends the first
   */
  async checkFindings(): Promise<void> {
    unwrap(nativeOf(this).checkFindings());
  }
}
