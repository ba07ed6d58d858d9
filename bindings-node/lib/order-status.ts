import { number } from "./arguments.js";
import { native } from "./binding.js";

/**
 * A payment's status at the gateway, by name. An open set: a number that is not here may come, and is kept.
 *
 * A status in a callback or a return URL is a reason to verify, never a proof of payment.
 */
export const OrderStatus = Object.freeze({
  /** Created; the customer has not chosen a coin. */
  Initialize: 0,
  /** An address is issued; waiting for the customer. */
  Pending: 1,
  /** Less than the amount owed has arrived. */
  PartialPaid: 2,
  /** Enough has arrived, and the chain has not confirmed it. */
  WaitingToConfirm: 3,
  /** The payment window ended. */
  Timeout: 4,
  /** The customer canceled on the hosted page. */
  UserCanceled: 5,
  /** Confirmed on the chain, and not yet verified by the store. */
  Paid: 7,
  /** Verified by the store. Final. */
  Approve: 8,
  /** No longer watched, or never verified by the store. */
  Reject: 9,
} as const);

/** A documented status. */
export type OrderStatus = (typeof OrderStatus)[keyof typeof OrderStatus];

/** A documented status, or any other number as it came; beyond 2^53 it loses digits, which `statusText` keeps. */
export type AnyOrderStatus = OrderStatus | (number & {});

/** What a status means to a shop. */
export const Meaning = Object.freeze({
  /** Nothing to do: the customer has not paid yet, or the chain has not confirmed. */
  Open: "open",
  /** Still open, and somebody should look: less than the amount owed has arrived. */
  Attention: "attention",
  /** Paid on the chain: ask the gateway to verify, which approves it. */
  VerifyNow: "verify_now",
  /** Approved. Final. */
  Settled: "settled",
  /** Expired, canceled or rejected. Money can still arrive late. */
  Closed: "closed",
  /** Not in the gateway's documentation: never fulfill on it. */
  Unknown: "unknown",
} as const);

/** What a status means to a shop. */
export type Meaning = (typeof Meaning)[keyof typeof Meaning];

/**
 * The documented name of a status, or `Unknown`.
 *
 * @throws {InputError} `input.type` for anything but a number
 */
export function orderStatusName(status: AnyOrderStatus): string {
  return native.orderStatus(number(status, "status")).name;
}

/**
 * What a status means to a shop.
 *
 * @throws {InputError} `input.type` for anything but a number
 */
export function orderStatusMeaning(status: AnyOrderStatus): Meaning {
  return native.orderStatus(number(status, "status")).meaning as Meaning;
}
