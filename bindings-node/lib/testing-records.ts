import { priceChecks } from "./amounts.js";
import { boolean, number, text, texts, wholeNumber } from "./arguments.js";
import { native } from "./binding.js";
import {
  Answer,
  DeadLetter,
  Health,
  HistoryEntry,
  OrderRecord,
  type OrderState,
  PaymentRecord,
  type PaymentState,
  PaymentsPage,
  type Problem,
} from "./checkout-records.js";
import { frozenMap, make } from "./data.js";
import type { ErrorCode } from "./error-code.js";
import { readOptions } from "./options.js";
import { OrderEvent, Shortfall } from "./order-event.js";
import type { Outcome } from "./outcome.js";
import { additionalData, type PriceOptions } from "./payment-options.js";
import { orderEvent } from "./testing-event.js";
import { date, filled, instance, instances } from "./testing-fields.js";
import { ORDER_ID, priceOrDefault } from "./testing-payment.js";

const MOMENT = new Date("2026-01-01T00:00:00Z");

/** What an answer is made of. */
export interface AnswerFactoryOptions {
  /** Default 200. */
  status?: number;
  /** Default: that of plain text. */
  headers?: Readonly<Record<string, string>>;
  /** Default `"ok"`. */
  body?: string;
  /** Default: a token that all factories share. */
  token?: string;
  /** Default `null`. */
  code?: ErrorCode;
}

/** An answer as `receive` gives it. */
export function answer(options?: AnswerFactoryOptions): Answer {
  const checks = { status: number, headers: additionalData, body: text, token: text, code: text };
  const given = readOptions(options, checks);
  const headers = frozenMap(given.headers ?? [["content-type", "text/plain; charset=utf-8"]]);
  const defaults = { status: 200, headers: {}, body: "ok", token: native.TESTING_TOKEN, code: null };
  return make(Answer, { ...filled(defaults, given), headers });
}

/** What the status of an order is made of. */
export interface OrderRecordFactoryOptions extends PriceOptions {
  /** Default `"A-578"`. */
  orderId?: string;
  /** Default `open`. */
  state?: OrderState;
  /** Default `null`. */
  url?: string;
  /** Default: a token that all factories share. */
  token?: string;
  /** Default `null`. */
  shortfall?: Shortfall;
  /** Default `null`, which is not known. */
  live?: boolean;
  /** Default: the beginning of 2026. */
  createdAt?: Date;
  /** Default: the beginning of 2026. */
  updatedAt?: Date;
  /** Default `null`. */
  paidAt?: Date;
  /** Default `null`. */
  canceledAt?: Date;
}

const orderRecordChecks = {
  ...priceChecks,
  orderId: text,
  state: text,
  url: text,
  token: text,
  shortfall: instance(Shortfall),
  live: boolean,
  createdAt: date,
  updatedAt: date,
  paidAt: date,
  canceledAt: date,
};

/** The status of an order as `status` gives it. */
export function orderRecord(options?: OrderRecordFactoryOptions): OrderRecord {
  const given = readOptions(options, orderRecordChecks);
  const defaults = {
    orderId: ORDER_ID,
    state: "open",
    price: priceOrDefault(given),
    url: null,
    token: native.TESTING_TOKEN,
    shortfall: null,
    live: null,
    createdAt: MOMENT,
    updatedAt: MOMENT,
    paidAt: null,
    canceledAt: null,
  };
  return make(OrderRecord, filled(defaults, given));
}

/** What a payment's record is made of. */
export interface PaymentRecordFactoryOptions extends PriceOptions {
  /** Default `"A-578"`. */
  orderId?: string;
  /** Default: a token that all factories share. */
  token?: string;
  /** Default `open`. */
  state?: PaymentState;
  /** Default: a page of the gateway. */
  url?: string;
  /** Default `null`. */
  outcome?: Outcome;
  /** Default `null`. */
  status?: string;
  /** Default `null`, which is not known. */
  live?: boolean;
  /** Default 0. */
  callbacks?: number;
  /** Default: the beginning of 2026. */
  createdAt?: Date;
  /** Default: the beginning of 2026. */
  updatedAt?: Date;
  /** Default `null`. */
  settledAt?: Date;
  /** Default `null`. */
  nextVerifyAt?: Date;
}

const paymentRecordChecks = {
  ...priceChecks,
  orderId: text,
  token: text,
  state: text,
  url: text,
  outcome: text,
  status: text,
  live: boolean,
  callbacks: wholeNumber,
  createdAt: date,
  updatedAt: date,
  settledAt: date,
  nextVerifyAt: date,
};

/** A payment's record as `payment` gives it. */
export function paymentRecord(options?: PaymentRecordFactoryOptions): PaymentRecord {
  const given = readOptions(options, paymentRecordChecks);
  const { token = native.TESTING_TOKEN } = given;
  const defaults = {
    orderId: ORDER_ID,
    token,
    state: "open",
    price: priceOrDefault(given),
    url: `https://app.paymento.io/gateway?token=${token}`,
    outcome: null,
    status: null,
    live: null,
    callbacks: 0,
    createdAt: MOMENT,
    updatedAt: MOMENT,
    settledAt: null,
    nextVerifyAt: null,
  };
  return make(PaymentRecord, filled(defaults, given));
}

/** What a page of payments is made of. */
export interface PaymentsPageFactoryOptions {
  /** Default: one. */
  payments?: readonly PaymentRecord[];
  /** Default `null`. */
  next?: number;
}

/** A page of payments as `payments` gives it. */
export function paymentsPage(options?: PaymentsPageFactoryOptions): PaymentsPage {
  const given = readOptions(options, { payments: instances(PaymentRecord), next: wholeNumber });
  return make(PaymentsPage, filled({ payments: Object.freeze([paymentRecord()]), next: null }, given));
}

/** What an entry of a history is made of. */
export interface HistoryEntryFactoryOptions {
  /** Default: the beginning of 2026. */
  at?: Date;
  /** Default `"created"`. */
  what?: string;
  /** Default `"node 1@shop"`. */
  who?: string;
  /** Default: a token that all factories share. */
  token?: string;
  /** Default empty. */
  detail?: string;
}

/** An entry as `history` gives it. */
export function historyEntry(options?: HistoryEntryFactoryOptions): HistoryEntry {
  const given = readOptions(options, { at: date, what: text, who: text, token: text, detail: text });
  const token = native.TESTING_TOKEN;
  return make(HistoryEntry, filled({ at: MOMENT, what: "created", who: "node 1@shop", token, detail: "" }, given));
}

/** What a dead letter is made of. */
export interface DeadLetterFactoryOptions {
  /** Default 1. */
  id?: number;
  /** Default: that an order is paid. */
  event?: OrderEvent;
  /** Default 10. */
  failures?: number;
  /** Default `"Error: the handler failed"`. */
  error?: string;
  /** Default: the beginning of 2026. */
  since?: Date;
}

/** A dead letter as `deadLetters` gives it. */
export function deadLetter(options?: DeadLetterFactoryOptions): DeadLetter {
  const checks = { id: wholeNumber, event: instance(OrderEvent), failures: wholeNumber, error: text, since: date };
  const defaults = { id: 1, event: orderEvent(), failures: 10, error: "Error: the handler failed", since: MOMENT };
  return make(DeadLetter, filled(defaults, readOptions(options, checks)));
}

/** What a checkout's health is made of. */
export interface HealthFactoryOptions {
  /** Default: none, and it is `ok`. */
  problems?: readonly Problem[];
  /** Default 1. */
  runners?: number;
  /** Default 0. */
  eventsDue?: number;
  /** Default 0. */
  paidUnfinished?: number;
  /** Default 0. */
  deadLetters?: number;
  /** Default 0. */
  verifiesDue?: number;
  /** Default 0. */
  verifyLagMs?: number;
  /** Default 0. */
  settledWithoutCallback?: number;
  /** Default 0. */
  probes?: number;
}

const NOTHING_DUE = {
  runners: 1,
  eventsDue: 0,
  paidUnfinished: 0,
  deadLetters: 0,
  verifiesDue: 0,
  verifyLagMs: 0,
  settledWithoutCallback: 0,
  probes: 0,
};

const healthChecks = {
  problems: texts,
  runners: number,
  eventsDue: number,
  paidUnfinished: number,
  deadLetters: number,
  verifiesDue: number,
  verifyLagMs: number,
  settledWithoutCallback: number,
  probes: number,
};

/** A checkout's health as `health` gives it. */
export function health(options?: HealthFactoryOptions): Health {
  const given = readOptions(options, healthChecks);
  const problems = Object.freeze(given.problems ?? []);
  return make(Health, { ok: problems.length === 0, problems, ...filled(NOTHING_DUE, given) });
}
