import type { Native } from "./binding.js";
import { frozenMap } from "./data.js";
import type { AnyOrderStatus } from "./order-status.js";
import type { CallbackMethod } from "./settings.js";

/** A payment as it stands in a simulator. */
export interface PaymentSnapshot {
  /** The token, 32 lower-case hexadecimal characters. */
  readonly token: string;
  /** The gateway's own number, which callbacks carry. */
  readonly paymentId: string;
  /** The shop's order id. */
  readonly orderId: string | null;
  /** Where it stands. */
  readonly status: AnyOrderStatus;
  /** The fiat price; `null` when priced in coins. */
  readonly fiatAmount: string | null;
  /** The fiat currency as the shop wrote it. */
  readonly fiatCurrency: string | null;
  /** The chosen coin's name. */
  readonly coin: string | null;
  /** How much of the chosen coin. */
  readonly cryptoAmount: string | null;
  /** Where the customer returns to. */
  readonly returnUrl: string | null;
  /** 0 high, 1 low. */
  readonly riskSpeed: number;
  /** The culture name that the shop sent. */
  readonly language: string | null;
  /** The customer's address that the shop sent. */
  readonly emailAddress: string | null;
  /** What travels with the order, without `OrderId`. */
  readonly additionalData: Readonly<Record<string, string>>;
  /** The checkout page. */
  readonly url: string;
}

/** One attempt to deliver a callback. */
export interface DeliveryAttempt {
  /** When it began, in milliseconds since the callback was due. */
  readonly offsetMs: number;
  /** How long the answer took, or the failure. */
  readonly tookMs: number;
  /** The answer's HTTP status; `null` where there was none. */
  readonly answerStatus: number | null;
  /** Why there was no answer. */
  readonly failure: string | null;
}

/** One callback of a simulator: what was sent, and what came of every attempt. A snapshot. */
export interface Delivery {
  /** The payment whose callback it is. */
  readonly token: string;
  /** The status that it carries; `null` for a forged body. */
  readonly status: AnyOrderStatus | null;
  /** Where it goes. */
  readonly url: string;
  /** How it goes. */
  readonly method: CallbackMethod;
  /** The exact bytes. */
  readonly body: Buffer;
  /** The signature header's value. */
  readonly signature: string | null;
  /** Every attempt so far, oldest first. */
  readonly attempts: readonly DeliveryAttempt[];
  /** Whether it was answered 200, or given up. */
  readonly finished: boolean;
  /** Whether the shop took it: answered 200. */
  readonly isDelivered: boolean;
}

/** One thing that happened in a simulator. */
export interface SimulatorEvent {
  /** Counts up from 1 without gaps. */
  readonly sequence: number;
  /** How long the simulator had been running, in milliseconds. */
  readonly atMs: number;
  /** For instance `payment_created`, `page_opened`, `paid`, `callback_sent`, `callback_answered`, `verified`. */
  readonly kind: string;
  /** The payment's token, or empty. */
  readonly token: string;
  /** The shop's order id, or empty. */
  readonly orderId: string;
  /** The payment's status after it, or the one that a callback carries. */
  readonly status: AnyOrderStatus | null;
  /** The rest, in words. May be empty. */
  readonly detail: string;
}

/** @internal */
export function paymentSnapshotFrom(payment: Native.PaymentSnapshot): PaymentSnapshot {
  return Object.freeze({ ...payment, additionalData: frozenMap(payment.additionalData) });
}

/** @internal */
export function deliveryFrom(delivery: Native.Delivery): Delivery {
  return Object.freeze({ ...delivery, method: delivery.method as CallbackMethod });
}
