import { priceChecks, priceParts } from "./amounts.js";
import { boolean, entries, text, wrongType } from "./arguments.js";
import type { Native } from "./binding.js";
import { type CallOptions, callChecks } from "./call-options.js";
import { InputError } from "./errors.js";
import { type Checked, readOptions } from "./options.js";
import type { CallbackMethod } from "./settings.js";
import type { Speed } from "./speed.js";

/** A price: `fiatAmount` with `fiatCurrency`, or `cryptoAmounts`. */
export interface PriceOptions {
  /** In major units as a decimal string, like `"29.99"`; at most 15 significant digits. Numbers are refused. */
  fiatAmount?: string | null | undefined;
  /** A three-letter code in any case. */
  fiatCurrency?: string | null | undefined;
  /** An amount, as a decimal string, for each coin that is taken. Names as `client.acceptedCoins` gives them. */
  cryptoAmounts?: Readonly<Record<string, string>> | null | undefined;
}

/** What is sold: an order and its price, and where the customer goes afterwards. */
export interface PurchaseOptions extends PriceOptions {
  /** The shop's own id of the order: 1 to 128 characters, no control characters. */
  orderId: string;
  /** Where the browser goes afterwards: https; http only while the client talks to a loopback address. */
  returnUrl?: string | null | undefined;
  /** Default `low`: wait for confirmations on the chain. */
  speed?: Speed | null | undefined;
  /** A culture name such as `en-US`, for the hosted page. */
  language?: string | null | undefined;
  /** The customer's e-mail address. */
  emailAddress?: string | null | undefined;
  /** The shop's own notes, which come back in callbacks and verify answers. At most 8 KiB; the key `OrderId` is taken. */
  additionalData?: Readonly<Record<string, string>> | null | undefined;
}

/** A payment to ask the gateway for. */
export interface PaymentOptions extends PurchaseOptions, CallOptions {}

/** What the shop recorded of a payment, for the gateway's answer to be held against. */
export interface ExpectedPayment extends PriceOptions, CallOptions {
  /** The shop's own id of the order. */
  orderId: string;
}

/** How the callback address is set. */
export interface SettingsOptions extends CallOptions {
  /** Default `POST`. */
  method?: CallbackMethod | null | undefined;
}

/** How the callback address is made sure of. */
export interface CallbackUrlOptions extends SettingsOptions {
  /** Whether another host's address is replaced. Default false. */
  replace?: boolean | null | undefined;
}

/** What prices are asked for. */
export interface CoinPricesOptions extends CallOptions {
  /** Whether to ask for the change over 24 hours, too. Default false. */
  includeChange?: boolean | null | undefined;
}

const expectedChecks = { ...callChecks, ...priceChecks, orderId: text };
const purchaseChecks = {
  ...priceChecks,
  orderId: text,
  returnUrl: text,
  speed: text,
  language: text,
  emailAddress: text,
  additionalData,
};
const paymentChecks = { ...callChecks, ...purchaseChecks };
export const settingsChecks = { ...callChecks, method: text };
export const callbackUrlChecks = { ...settingsChecks, replace: boolean };
export const coinPricesChecks = { ...callChecks, includeChange: boolean };

/** Checks the shop's own notes. */
export function additionalData(value: unknown, name: string): [string, string][] {
  const wrong = (what: string, got: unknown) =>
    new InputError("input.additional_data", wrongType(what, "a string", got).message);
  const notPlain = () =>
    new InputError("input.additional_data", wrongType(name, "a plain object of strings", value).message);
  return entries(value, notPlain).map(([key, note]) => {
    if (typeof note !== "string") {
      throw wrong(`each value in ${name}`, note);
    }
    return [text(key, `each key in ${name}`), text(note, `each value in ${name}`)];
  });
}

/** What is wrong with an id that is there, the core says. */
export function requireOrderId(orderId: string | undefined): string {
  if (orderId === undefined) {
    throw new InputError("input.order_id", "orderId was not given");
  }
  return orderId;
}

/** Reads the options of a client's `createPayment`. */
export function readPaymentOptions(options: unknown) {
  const checked = readOptions(options, paymentChecks);
  return { request: requestOf(checked), call: checked };
}

/** Reads the options of a checkout's `createPayment`. */
export function readPurchase(options: unknown): Native.PaymentRequest {
  return requestOf(readOptions(options, purchaseChecks));
}

function requestOf(checked: Checked<typeof purchaseChecks>): Native.PaymentRequest {
  const { returnUrl, speed, language, emailAddress, additionalData } = checked;
  const orderId = requireOrderId(checked.orderId);
  const price = priceParts(checked);
  return { price, orderId, returnUrl, speed, language, emailAddress, additionalData };
}

/** Reads the options of `verifyPayment`. */
export function readExpectedPayment(options: unknown) {
  const checked: Checked<typeof expectedChecks> = readOptions(options, expectedChecks);
  const expected: Native.ExpectedPayment = { price: priceParts(checked), orderId: requireOrderId(checked.orderId) };
  return { expected, call: checked };
}
