import { amount, priceChecks, priceParts } from "./amounts.js";
import { boolean, number, text } from "./arguments.js";
import { native } from "./binding.js";
import { unwrap } from "./errors.js";
import { readOptions } from "./options.js";
import type { AnyOrderStatus } from "./order-status.js";
import { type Payment, type Price, paymentFrom, priceFrom } from "./payment.js";
import type { PriceOptions } from "./payment-options.js";
import { type Settlement, settlementFrom, type Transaction, transactionFrom } from "./settlement.js";
import { type Verification, verificationFrom } from "./verification.js";

/** The order where none is given. */
export const ORDER_ID = "A-578";

/** 29.99 USD, where no price is given. */
function pricePartsOrDefault(given: Parameters<typeof priceParts>[0]) {
  const parts = priceParts(given);
  const isGiven = Object.values(parts).some((part) => part !== undefined);
  return isGiven ? parts : { ...parts, fiatAmount: "29.99", fiatCurrency: "USD" };
}

/**
 * A price. Default 29.99 USD.
 *
 * @throws {InputError} as `createPayment`
 */
export function price(options?: PriceOptions): Price {
  return priceOrDefault(readOptions(options, priceChecks));
}

/** @internal */
export function priceOrDefault(given: Parameters<typeof priceParts>[0]): Price {
  return priceFrom(unwrap(native.testingPrice(pricePartsOrDefault(given))));
}

/** What a payment is made of. */
export interface PaymentFactoryOptions extends PriceOptions {
  /** Default: a token that all factories share. */
  token?: string;
  /** The hosted page. Default `https://app.paymento.io/gateway`. */
  gatewayUrl?: string;
  /** Default `"A-578"`. */
  orderId?: string;
  /** Default `null`, which is not known. */
  live?: boolean | null;
}

const paymentChecks = { ...priceChecks, token: text, gatewayUrl: text, orderId: text, live: boolean };

/**
 * A payment as `createPayment` gives it.
 *
 * @throws {InputError} as `createPayment`
 */
export function payment(options?: PaymentFactoryOptions): Payment {
  const checked = readOptions(options, paymentChecks);
  const { token = native.TESTING_TOKEN, orderId = ORDER_ID, live } = checked;
  const { gatewayUrl = "https://app.paymento.io/gateway" } = checked;
  return paymentFrom(unwrap(native.testingPayment(token, gatewayUrl, orderId, pricePartsOrDefault(checked), live)));
}

/** What a verification is made of: the gateway's answer, and what the shop expected. */
export interface VerificationFactoryOptions extends PriceOptions {
  /** The answer's `success`. Default true. */
  success?: boolean;
  /** The answer's `message`. Default empty. */
  message?: string;
  /** The JSON text of the answer's `body`. Default: about the expected token and order, with the given status. */
  body?: string;
  /** The status in the default body. Default `OrderStatus.Approve`. */
  status?: AnyOrderStatus;
  /** The token that was asked about. Default: one that all factories share. */
  token?: string;
  /** The expected order. Default `"A-578"`. */
  orderId?: string;
}

const verificationChecks = {
  ...priceChecks,
  success: boolean,
  message: text,
  body: text,
  status: number,
  token: text,
  orderId: text,
};

/**
 * A verification as `verifyPayment` gives it for this answer: the real decision, without the gateway. Settled by
 * default; `{ success: false, status: OrderStatus.Pending }` makes one that is open.
 *
 * @throws {InputError} as `verifyPayment`
 */
export function verification(options?: VerificationFactoryOptions): Verification {
  const checked = readOptions(options, verificationChecks);
  const { success = true, message = "", status = 8, token = native.TESTING_TOKEN, orderId = ORDER_ID } = checked;
  const body = checked.body ?? JSON.stringify({ token, orderId, orderStatus: status, additionalData: [] });
  const expected = { price: priceParts(checked), orderId };
  return verificationFrom(unwrap(native.testingVerification(success, message, body, token, expected)));
}

/** What a settlement is made of. */
export interface SettlementFactoryOptions {
  /** Default `"0.00041732"`. */
  expectedCryptoAmount?: string;
  /** Default `"29.99"`. */
  requestedFiatAmount?: string;
  /** Default `"0.00041732"`. */
  receivedCryptoAmount?: string;
  /** Default none. */
  pendingTxHash?: string;
  /** The gateway's JSON, in place of all others. */
  raw?: string;
}

const settlementChecks = {
  expectedCryptoAmount: amount,
  requestedFiatAmount: amount,
  receivedCryptoAmount: amount,
  pendingTxHash: text,
  raw: text,
};

const SETTLEMENT = {
  expectedCryptoAmount: "0.00041732",
  requestedFiatAmount: "29.99",
  receivedCryptoAmount: "0.00041732",
  pendingTxHash: null,
  transactions: [],
};

/** A settlement as `requireSettled` gives it. */
export function settlement(options?: SettlementFactoryOptions): Settlement {
  const { raw, ...fields } = readOptions(options, settlementChecks);
  return settlementFrom(native.testingSettlement(raw ?? JSON.stringify({ ...SETTLEMENT, ...fields })));
}

/** What a transaction is made of. */
export interface TransactionFactoryOptions {
  /** The hash on its chain. It has a default. */
  txHash?: string;
  /** The gateway's JSON, in place of all others. */
  raw?: string;
}

/** A transaction of a settlement. */
export function transaction(options?: TransactionFactoryOptions): Transaction {
  const { txHash = "9f86d081884c7d659a2feaa0c55ad015", raw } = readOptions(options, { txHash: text, raw: text });
  const json = `{"transactions":[${raw ?? JSON.stringify({ txHash })}]}`;
  const [made] = native.testingSettlement(json).transactions;
  return transactionFrom(made ?? { txHash: null, raw: raw ?? "null" });
}
