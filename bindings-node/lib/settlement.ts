import type { Native } from "./binding.js";
import { Data, make } from "./data.js";

/** One transaction on a chain. */
export class Transaction extends Data {
  /** The transaction's hash on its chain. */
  declare readonly txHash: string | null;
  /** The gateway's JSON, character for character: its other fields are not documented. */
  declare readonly raw: string;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/**
 * What the gateway reports of the money. All amounts may be `null`: older servers send no settlement at all.
 *
 * Nothing here proves a payment; `verification.outcome` does.
 */
export class Settlement extends Data {
  /** What the customer was asked to pay, in the coin chosen. */
  declare readonly expectedCryptoAmount: string | null;
  /** The fiat amount that was asked for, not what arrived. `null` for a price in coins. */
  declare readonly requestedFiatAmount: string | null;
  /** The coins seen so far, those that still wait in the mempool included: no proof of payment. */
  declare readonly receivedCryptoAmount: string | null;
  /** The hash of a transaction that is still expected on the chain. */
  declare readonly pendingTxHash: string | null;
  /** The transactions, in the gateway's order. */
  declare readonly transactions: readonly Transaction[];
  /** The gateway's JSON, character for character; `null` as text where it reported no settlement. */
  declare readonly raw: string;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** @internal */
export function transactionFrom(transaction: Native.Transaction): Transaction {
  return make(Transaction, transaction);
}

/** @internal */
export function settlementFrom(settlement: Native.Settlement): Settlement {
  return make(Settlement, {
    ...settlement,
    transactions: Object.freeze(settlement.transactions.map(transactionFrom)),
  });
}
