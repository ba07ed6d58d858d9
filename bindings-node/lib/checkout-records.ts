import type { Native } from "./binding.js";
import { Data, make } from "./data.js";
import type { ErrorCode } from "./error-code.js";
import { makers } from "./errors.js";
import { type OrderEvent, orderEventFrom, type Shortfall, shortfallFrom } from "./order-event.js";
import type { Outcome } from "./outcome.js";
import { type Price, priceFrom } from "./payment.js";

/** Where an order stands. `paid` is final. */
export type OrderState = "open" | "partially_paid" | "confirming" | "paid" | "closed" | "attention";

/** Where a payment stands by the gateway's last answer. `settled` is final. */
export type PaymentState = "creating" | "open" | "partially_paid" | "confirming" | "closed" | "attention" | "settled";

/** What `health()` may find. */
export type Problem = "no_paid_handler" | "no_runner" | "dead_letters" | "verify_behind";

/** The answer to a callback: send it as it is. */
export class Answer extends Data {
  /** The HTTP status: 200, 401, 405, 413 or 503. */
  declare readonly status: number;
  /** The headers, under lower-case names. */
  declare readonly headers: Readonly<Record<string, string>>;
  /** A short text that says nothing secret. */
  declare readonly body: string;
  /** The payment's token, once the callback is recorded. */
  declare readonly token: string | null;
  /** Why the callback was not taken, where it was not. */
  declare readonly code: ErrorCode | null;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** Where an order stands, by the checkout's own database. Show it only to whom the order belongs. */
export class OrderRecord extends Data {
  /** The shop's order id. */
  declare readonly orderId: string;
  /** Where it stands. */
  declare readonly state: OrderState;
  /** The order's current price. */
  declare readonly price: Price;
  /** The hosted page, while it can be paid. */
  declare readonly url: string | null;
  /** The token of the payment that pays it, has paid it, or was the last attempt. */
  declare readonly token: string | null;
  /** What is missing, where the order is partially paid and the gateway reports amounts. */
  declare readonly shortfall: Shortfall | null;
  /** `false` for a simulator's payment; `null` where it is not known whether the coins are worth anything. */
  declare readonly live: boolean | null;
  /** When it was first seen, by the database's clock, as the other times. */
  declare readonly createdAt: Date;
  /** When anything last changed. */
  declare readonly updatedAt: Date;
  /** When it was found to be paid. */
  declare readonly paidAt: Date | null;
  /** When the shop canceled it. */
  declare readonly canceledAt: Date | null;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** One payment as it is kept. */
export class PaymentRecord extends Data {
  /** The shop's order id. */
  declare readonly orderId: string;
  /** The payment's token. */
  declare readonly token: string;
  /** Where it stands. */
  declare readonly state: PaymentState;
  /** What was asked for. */
  declare readonly price: Price;
  /** The hosted page. */
  declare readonly url: string;
  /** What the gateway's last answer about it came to. */
  declare readonly outcome: Outcome | null;
  /** The gateway's last status of it, as it came. */
  declare readonly status: string | null;
  /** `false` for a simulator's payment; `null` where it is not known whether the coins are worth anything. */
  declare readonly live: boolean | null;
  /** How many callbacks came for it. */
  declare readonly callbacks: number;
  /** When it was made, by the database's clock, as the other times. */
  declare readonly createdAt: Date;
  /** When anything last changed. */
  declare readonly updatedAt: Date;
  /** When the gateway was found to have approved it. */
  declare readonly settledAt: Date | null;
  /** When the gateway is asked about it next. */
  declare readonly nextVerifyAt: Date | null;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** Some payments, and where to go on. */
export class PaymentsPage extends Data {
  /** Oldest first, a hundred at most. */
  declare readonly payments: readonly PaymentRecord[];
  /** What to give as `after` for the next page; `null` at the end. */
  declare readonly next: number | null;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** One thing that happened to an order. */
export class HistoryEntry extends Data {
  /** When, by the database's clock. */
  declare readonly at: Date;
  /**
   * What: `created`, `repriced`, `received`, `verified`, `decided`, `handed_over`, `completed`, `failed`, `dead_letter`,
   * `replayed`, `canceled`, `reopened` or `adopted`.
   */
  declare readonly what: string;
  /** By whom: a process's name, or `gateway` for a callback. */
  declare readonly who: string;
  /** The payment's token, where it is about one. */
  declare readonly token: string | null;
  /** More, in words. */
  declare readonly detail: string;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** An event whose handler has failed for good. */
export class DeadLetter extends Data {
  /** What to give to `checkout.replay`. */
  declare readonly id: number;
  /** The event. */
  declare readonly event: OrderEvent;
  /** How often the handler failed. */
  declare readonly failures: number;
  /** What the handler threw last: the error's name and text. */
  declare readonly error: string;
  /** When it was given up, by the database's clock. */
  declare readonly since: Date;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** How the checkout does: for `/healthz` and for metrics. */
export class Health extends Data {
  /** Whether nothing is wrong. */
  declare readonly ok: boolean;
  /** What is wrong. */
  declare readonly problems: readonly Problem[];
  /** Runners that live. */
  declare readonly runners: number;
  /** Events that are due to be handed over, or being handed over. */
  declare readonly eventsDue: number;
  /** Paid events that are not finished, dead letters aside. */
  declare readonly paidUnfinished: number;
  /** Dead letters. */
  declare readonly deadLetters: number;
  /** Verify calls that are due. */
  declare readonly verifiesDue: number;
  /** How long the oldest of them has been due, in milliseconds. */
  declare readonly verifyLagMs: number;
  /** Payments that settled without any callback: a callback address that is wrong, or callbacks that were lost. */
  declare readonly settledWithoutCallback: number;
  /** Callbacks without a token, as the dashboard's test sends them. */
  declare readonly probes: number;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** @internal */
export function answerFrom({ status, headers, body, token, code }: Native.Answer): Answer {
  return make(Answer, { status, headers: Object.freeze(Object.fromEntries(headers)), body, token, code });
}

/** @internal */
export function orderRecordFrom(record: Native.OrderRecord): OrderRecord {
  return make(OrderRecord, {
    ...record,
    price: priceFrom(record.price),
    shortfall: record.shortfall && shortfallFrom(record.shortfall),
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt),
    paidAt: dateOf(record.paidAt),
    canceledAt: dateOf(record.canceledAt),
  });
}

makers.orderRecord = orderRecordFrom;

/** @internal */
export function paymentRecordFrom(record: Native.PaymentRecord): PaymentRecord {
  return make(PaymentRecord, {
    ...record,
    price: priceFrom(record.price),
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt),
    settledAt: dateOf(record.settledAt),
    nextVerifyAt: dateOf(record.nextVerifyAt),
  });
}

/** @internal */
export function paymentsPageFrom({ payments, next }: Native.PaymentsPage): PaymentsPage {
  return make(PaymentsPage, { payments: Object.freeze(payments.map(paymentRecordFrom)), next });
}

/** @internal */
export function historyEntryFrom(entry: Native.HistoryEntry): HistoryEntry {
  return make(HistoryEntry, { ...entry, at: new Date(entry.at) });
}

/** @internal `forbiddenFiles`: see `orderEventFrom`. */
export function deadLetterFrom(letter: Native.DeadLetter, forbiddenFiles: readonly string[] = []): DeadLetter {
  const event = orderEventFrom(letter.event, forbiddenFiles);
  return make(DeadLetter, { ...letter, event, since: new Date(letter.since) });
}

/** @internal */
export function healthFrom(health: Native.Health): Health {
  return make(Health, { ...health, problems: Object.freeze(health.problems) });
}

function dateOf(milliseconds: number | null): Date | null {
  return milliseconds === null ? null : new Date(milliseconds);
}
