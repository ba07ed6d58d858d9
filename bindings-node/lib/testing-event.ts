import { amount, priceChecks } from "./amounts.js";
import { boolean, text } from "./arguments.js";
import { native } from "./binding.js";
import { frozenMap, make } from "./data.js";
import { readOptions } from "./options.js";
import { EventKind, OrderEvent, Reason, Shortfall } from "./order-event.js";
import { Price } from "./payment.js";
import { additionalData, type PriceOptions } from "./payment-options.js";
import { Settlement } from "./settlement.js";
import type { Speed } from "./speed.js";
import { filled, instance, oneOf } from "./testing-fields.js";
import { ORDER_ID, priceOrDefault, settlement } from "./testing-payment.js";

/** What a shortfall is made of. */
export interface ShortfallFactoryOptions {
  /** Default `"0.00010000"`. */
  amount?: string;
  /** Default `null`. */
  inMempool?: string;
  /** Default `"Bitcoin"`. */
  coin?: string;
  /** Default `"7.19"`. */
  fiatEstimated?: string;
}

/** What is missing of a payment. */
export function shortfall(options?: ShortfallFactoryOptions): Shortfall {
  const given = readOptions(options, { amount, inMempool: amount, coin: text, fiatEstimated: amount });
  const defaults = { amount: "0.00010000", inMempool: null, coin: "Bitcoin", fiatEstimated: "7.19" };
  return make(Shortfall, filled(defaults, given));
}

/** What an event is made of. */
export interface OrderEventFactoryOptions extends PriceOptions {
  /** Default `paid`. */
  kind?: EventKind;
  /** Default `duplicate_payment` where the kind is `attention`. */
  reason?: Reason;
  /** Default `null`. */
  detail?: string;
  /** Default `"default"`. */
  account?: string;
  /** Default `"A-578"`. */
  orderId?: string;
  /** Default: a token that all factories share. */
  token?: string;
  /** Default `null`. */
  currentPrice?: Price;
  /** Default `low`. */
  speed?: Speed;
  /** Default none. */
  additionalData?: Readonly<Record<string, string>>;
  /** Default false. */
  late?: boolean;
  /** Default `null`. */
  overpaidBy?: string;
  /** Default: one, where the kind is `partially_paid`. */
  shortfall?: Shortfall;
  /** Default: one, where the kind is `paid`. */
  settlement?: Settlement;
  /** Default `null`, which is not known. */
  live?: boolean;
  /** Default: of its usual form, the same for the same order and kind. */
  key?: string;
}

const eventChecks = {
  ...priceChecks,
  kind: oneOf(EventKind),
  reason: oneOf(Reason),
  detail: text,
  account: text,
  orderId: text,
  token: text,
  currentPrice: instance(Price),
  speed: text,
  additionalData,
  late: boolean,
  overpaidBy: amount,
  shortfall: instance(Shortfall),
  settlement: instance(Settlement),
  live: boolean,
  key: text,
};

/**
 * An event as handlers get it, to call a handler with: `await ship(orderEvent({ orderId: "A-1", late: true }))`. Paid by
 * default, 29.99 USD.
 *
 * @throws {InputError} as `createPayment` where the price is wrong
 */
export function orderEvent(options?: OrderEventFactoryOptions): OrderEvent {
  const given = readOptions(options, eventChecks);
  const { kind = "paid", account = "default", orderId = ORDER_ID, token = native.TESTING_TOKEN } = given;
  const reason = kind === "attention" ? "duplicate_payment" : null;
  const rest = kind === "paid" ? "" : `${(given.reason ?? reason) ? `:${given.reason ?? reason}` : ""}/${token}/`;
  const defaults = {
    kind,
    reason,
    detail: null,
    account,
    orderId,
    token,
    price: priceOrDefault(given),
    currentPrice: null,
    speed: "low",
    additionalData: frozenMap([]),
    late: false,
    overpaidBy: null,
    shortfall: kind === "partially_paid" ? shortfall() : null,
    settlement: kind === "paid" ? settlement() : null,
    live: null,
    key: `${account}/${orderId}/${kind}${rest}`,
  };
  return make(OrderEvent, { ...filled(defaults, given), additionalData: frozenMap(given.additionalData ?? []) });
}
