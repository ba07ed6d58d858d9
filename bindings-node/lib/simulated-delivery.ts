import type { Native } from "./binding.js";
import { frozenMap } from "./data.js";
import type { Fault } from "./faults.js";
import type { AnyOrderStatus } from "./order-status.js";
import type { CallbackMethod } from "./settings.js";
import { frozenAndQuiet } from "./simulated.js";

/** One attempt to deliver a callback. Its `answerBody` is not printed. */
export interface DeliveryAttempt {
  /** When it began, in milliseconds since the callback was due, by the simulator's clock. */
  readonly offsetMs: number;
  /** How long the answer took, or the failure. 0 under a virtual clock, which stands still meanwhile. */
  readonly tookMs: number;
  /** The answer's HTTP status; `null` where there was none. */
  readonly answerStatus: number | null;
  /** Why there was no answer. */
  readonly failure: string | null;
  /** The answer's body as text, up to 4 KiB of it; empty when there was none. */
  readonly answerBody: string;
}

/**
 * One callback of a simulator: what was sent, and what came of every attempt. A snapshot. Body, headers and signature are
 * not printed.
 */
export interface Delivery {
  /** Counts up from 1, over all payments. */
  readonly id: number;
  /** The store whose secret key signs it. */
  readonly storeName: string;
  /** The payment whose callback it is; empty for a probe that is about none. */
  readonly token: string;
  /** The payment's number. */
  readonly paymentId: string | null;
  /** The shop's order id. */
  readonly orderId: string | null;
  /** The status that it carries; `null` for a forged body. */
  readonly status: AnyOrderStatus | null;
  /** When it was queued, in milliseconds by the simulator's clock since its start. */
  readonly queuedAtMs: number;
  /** Where it goes. */
  readonly url: string;
  /** How it goes. */
  readonly method: CallbackMethod;
  /** The headers that are about the callback, the signature's included; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact bytes. */
  readonly body: Buffer;
  /** The signature header's value; `null` when a forged callback carries none. */
  readonly signature: string | null;
  /** Whether the signature is the store's own for exactly this body. */
  readonly isAuthentic: boolean;
  /** The faults that befell it. */
  readonly faults: readonly Fault[];
  /** Every attempt so far, oldest first. */
  readonly attempts: readonly DeliveryAttempt[];
  /** Whether it was answered 200, given up, or dropped by a fault: nothing more happens to it. */
  readonly finished: boolean;
  /** Whether the shop took it: answered 200. */
  readonly isDelivered: boolean;
}

/** @internal */
export function deliveryFrom(delivery: Native.Delivery): Delivery {
  const attempts = delivery.attempts.map((attempt) => frozenAndQuiet(attempt, ["answerBody"]));
  const made = {
    ...delivery,
    method: delivery.method as CallbackMethod,
    headers: frozenMap(delivery.headers),
    faults: Object.freeze(delivery.faults as Fault[]),
    attempts: Object.freeze(attempts),
  };
  return frozenAndQuiet(made, ["headers", "body", "signature"]);
}
