import type { Native } from "./binding.js";
import { frozenMap } from "./data.js";
import type { AnyOrderStatus } from "./order-status.js";
import type { CallbackMethod } from "./settings.js";

/** Money on its way to a payment's address. */
export interface TransactionSnapshot {
  /** 64 lower-case hexadecimal characters. */
  readonly hash: string;
  /** How much of the coin. */
  readonly amount: string;
  /** `mempool`, `in_block`, `completed` or `dropped`. */
  readonly state: string;
  /** Blocks on top of it, its own included. */
  readonly confirmations: number;
  /** When it was seen, in milliseconds by the simulator's clock since its start. */
  readonly receivedAtMs: number;
}

/** A payment as it stands in a simulator. Times are milliseconds by the simulator's clock, since its start. */
export interface PaymentSnapshot {
  /** The token, 32 lower-case hexadecimal characters. */
  readonly token: string;
  /** The gateway's own number, which callbacks carry. */
  readonly paymentId: string;
  /** The store that it belongs to. */
  readonly storeName: string;
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
  /** The network of the chosen coin. */
  readonly network: string | null;
  /** Where the customer sends the coins. */
  readonly address: string | null;
  /** How much of the chosen coin is asked for. */
  readonly cryptoAmount: string | null;
  /** How much came: the exact sum of all transactions that were not dropped. */
  readonly receivedAmount: string;
  /** How much is still to pay; `null` when no coin is chosen or enough has come. */
  readonly owedAmount: string | null;
  /** The money that came, oldest first, dropped transactions included. */
  readonly transactions: readonly TransactionSnapshot[];
  /** The fewest confirmations among the transactions that were not dropped. */
  readonly confirmations: number;
  /** How many confirmations complete a transaction. */
  readonly requiredConfirmations: number;
  /** When the shop asked for it. */
  readonly createdAtMs: number;
  /** When the time to pay ends. */
  readonly windowEndsAtMs: number;
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

/** A simulator's store as it stands. Its keys are not printed. */
export interface StoreSnapshot {
  /** Shown on the checkout page. */
  readonly name: string;
  /** The key that the API asks for. */
  readonly apiKey: string;
  /** The key that callbacks are signed with. */
  readonly secretKey: string;
  /** Where callbacks go. */
  readonly callbackUrl: string | null;
  /** How they go. */
  readonly callbackMethod: CallbackMethod;
  /** The names of the coins that it takes. */
  readonly coins: readonly string[];
}

/** One thing that happened in a simulator. */
export interface SimulatorEvent {
  /** Counts up from 1 without gaps. */
  readonly sequence: number;
  /** When, in milliseconds by the simulator's clock since its start. */
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

/** Frozen, with these fields readable and not enumerable, so that a failing test does not print them into a log. */
export function frozenAndQuiet<T extends object>(value: T, quiet: readonly (keyof T)[]): T {
  for (const name of quiet) {
    Object.defineProperty(value, name, { enumerable: false });
  }
  return Object.freeze(value);
}

/** @internal */
export function paymentSnapshotFrom(payment: Native.PaymentSnapshot): PaymentSnapshot {
  const transactions = Object.freeze(payment.transactions.map((transaction) => Object.freeze(transaction)));
  return Object.freeze({ ...payment, transactions, additionalData: frozenMap(payment.additionalData) });
}

/** @internal */
export function storeSnapshotFrom(store: Native.StoreSnapshot): StoreSnapshot {
  const callbackMethod = store.callbackMethod as CallbackMethod;
  const snapshot = { ...store, callbackMethod, coins: Object.freeze(store.coins) };
  return frozenAndQuiet(snapshot, ["apiKey", "secretKey"]);
}
