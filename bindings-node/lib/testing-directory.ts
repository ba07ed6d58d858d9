import { amount } from "./amounts.js";
import { boolean, number, text, wrongType } from "./arguments.js";
import { type Native, native } from "./binding.js";
import { make } from "./data.js";
import { AcceptedCoin, Coin, CoinPrice, Currency, Info, Language, LastBlock, Merchant } from "./directory.js";
import { unwrap } from "./errors.js";
import { type Checks, readOptions } from "./options.js";
import { type CallbackMethod, CallbackUrlChange, Settings, settingsFrom } from "./settings.js";

type FromJson<T> = (json: string) => Native.Outcome<T>;

/** The defaults with the given options over them, as the JSON that the gateway would send, read by the core. */
function read<T>(options: unknown, checks: Checks, defaults: object, fromJson: FromJson<T>): T {
  return unwrap(fromJson(JSON.stringify({ ...defaults, ...readOptions(options, checks) })));
}

/** A coin that the store takes. Default bitcoin. */
export function acceptedCoin(options?: { name?: string; shortcut?: string }): AcceptedCoin {
  const defaults = { name: "bitcoin", shortcut: "btc" };
  return make(AcceptedCoin, read(options, { name: text, shortcut: text }, defaults, native.testingAcceptedCoin));
}

const coinChecks = {
  name: text,
  shortcut: text,
  contractAddress: text,
  chainId: number,
  network: text,
  isTest: boolean,
};

/** A coin that the gateway knows. Default Tether on TRC20. */
export function coin(options?: Partial<Omit<Coin, "toJSON">>): Coin {
  const defaults = { name: "Tether", shortcut: "USDT", network: "TRC20", isTest: false };
  return make(Coin, read(options, coinChecks, defaults, native.testingCoin));
}

/** How far the gateway has read a coin's chain. */
export function lastBlock(options?: Partial<Omit<LastBlock, "toJSON">>): LastBlock {
  const checks = { coinId: text, coinName: text, height: number, time: text };
  const defaults = { coinId: "1", coinName: "Bitcoin", height: 900_000, time: "2026-01-01T00:00:00Z" };
  const json: FromJson<Native.LastBlock> = (text) => native.testingLastBlock(toWire(text));
  return make(LastBlock, read(options, checks, defaults, json));
}

/** The gateway's names for a block's height and time. */
function toWire(json: string): string {
  const { height, time, ...rest } = JSON.parse(json);
  return JSON.stringify({ ...rest, lastReceiveBlockHeight: height, lastReceiveBlockTime: time });
}

const coinPriceChecks = { id: text, name: text, shortcut: text, price: amount, currency: text, change24h: amount };

/** What one coin costs. */
export function coinPrice(options?: Partial<Omit<CoinPrice, "toJSON">>): CoinPrice {
  const defaults = { id: "1", name: "Bitcoin", shortcut: "BTC", price: "64123.5", currency: "USD" };
  return make(CoinPrice, read(options, coinPriceChecks, defaults, native.testingCoinPrice));
}

/** A currency that prices can be given in. Default USD. */
export function currency(options?: { id?: string; title?: string }): Currency {
  const defaults = { id: "1", title: "USD" };
  return make(Currency, read(options, { id: text, title: text }, defaults, native.testingCurrency));
}

/** A language of the hosted page. Default English. */
export function language(options?: Partial<Omit<Language, "toJSON">>): Language {
  const checks = { name: text, displayName: text, culture: text };
  const defaults = { name: "English", displayName: "English", culture: "en-US" };
  return make(Language, read(options, checks, defaults, native.testingLanguage));
}

/** What the gateway says of itself. */
export function info(options?: { version?: string }): Info {
  return make(Info, read(options, { version: text }, { version: "1.0" }, native.testingInfo));
}

/** The merchant that the API key belongs to. */
export function merchant(options?: { name?: string; isActive?: boolean }): Merchant {
  const defaults = { name: "Test store", isActive: true };
  return make(Merchant, read(options, { name: text, isActive: boolean }, defaults, native.testingMerchant));
}

/** Where the gateway sends a store's callbacks. `callbackUrl` has a default, `callbackMethod` is POST. */
export function settings(options?: { callbackUrl?: string; callbackMethod?: CallbackMethod }): Settings {
  const checks = { callbackUrl: text, callbackMethod: text };
  const { callbackUrl = "https://shop.example/paymento/callback", callbackMethod = "POST" } = readOptions(
    options,
    checks,
  );
  const method = native.callbackMethodCode(callbackMethod);
  return settingsFrom(unwrap(native.testingSettings(JSON.stringify({ ipN_URL: callbackUrl, ipN_Method: method }))));
}

/** What `ensureCallbackUrl` gives. Default: nothing was changed. */
export function callbackUrlChange(options?: {
  changed?: boolean;
  previous?: Settings;
  current?: Settings;
}): CallbackUrlChange {
  const checks = { changed: boolean, previous: settingsOf, current: settingsOf };
  const { changed = false, current = settings(), previous = current } = readOptions(options, checks);
  return make(CallbackUrlChange, { changed, previous, current });
}

function settingsOf(value: unknown, name: string): Settings {
  if (!(value instanceof Settings)) {
    throw wrongType(name, "Settings", value);
  }
  return value;
}
