import type { Native } from "./binding.js";
import { Data, frozenMap, make } from "./data.js";

/** What an order costs: an amount of a currency, or an amount for each coin that is taken. */
export class Price extends Data {
  /** In major units, for instance `"29.99"`; `null` for a price in coins. */
  declare readonly fiatAmount: string | null;
  /** Three letters, upper case; `null` for a price in coins. */
  declare readonly fiatCurrency: string | null;
  /** An amount for each coin that is taken; empty for a price in fiat money. */
  declare readonly cryptoAmounts: Readonly<Record<string, string>>;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/**
 * A payment that the gateway has made. Send the customer to {@link url}, and keep the token beside the order.
 *
 * Made by `client.createPayment`; for tests by `testing.payment`.
 */
export class Payment extends Data {
  /** The payment's name at the gateway. The key under which to keep it. */
  declare readonly token: string;
  /** The hosted page, where the customer pays. */
  declare readonly url: string;
  /** The shop's order id. */
  declare readonly orderId: string;
  /** What was asked for. */
  declare readonly price: Price;
  /**
   * `false` when a simulator on loopback made it; `null` while it is not known whether the coins are worth anything:
   * test networks are served by the same gateway.
   */
  declare readonly live: boolean | null;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** @internal */
export function priceFrom(price: Native.Price): Price {
  return make(Price, { ...price, cryptoAmounts: frozenMap(price.cryptoAmounts) });
}

/** @internal */
export function paymentFrom(payment: Native.Payment): Payment {
  const { token, url, orderId, price, live } = payment;
  return make(Payment, { token, url, orderId, price: priceFrom(price), live });
}
