import { describe, entries, text, wrongType } from "./arguments.js";
import { native } from "./binding.js";
import { toError } from "./errors.js";

/** An exact decimal in major units, like `"29.99"`. The core reads it; here all but text is kept out. */
export function amount(value: unknown, name: string): string {
  if (typeof value !== "string") {
    throw toError(native.refusedNumber(describe(value)));
  }
  return text(value, name);
}

/** An amount for each coin. */
export function cryptoAmounts(value: unknown, name: string): [string, string][] {
  const wrong = () => wrongType(name, "a plain object of coin names and amounts", value);
  return entries(value, wrong).map(([coin, worth]) => [
    text(coin, "a coin name"),
    amount(worth, `an amount in ${name}`),
  ]);
}

/** The options that make a price. */
export const priceChecks = { fiatAmount: amount, fiatCurrency: text, cryptoAmounts };

/** What is given of a price. */
interface PriceOptions {
  fiatAmount?: string;
  fiatCurrency?: string;
  cryptoAmounts?: [string, string][];
}

/** Parts that may all be missing, as the addon takes them. */
export function priceParts({ fiatAmount, fiatCurrency, cryptoAmounts }: PriceOptions): PriceOptions {
  return { fiatAmount, fiatCurrency, cryptoAmounts };
}
