import { boolean, text, texts, wholeNumber, wrongType } from "./arguments.js";
import { type Duration, duration, durations } from "./durations.js";
import { InputError } from "./errors.js";
import { type Checked, readOptions } from "./options.js";
import { secretKey } from "./secrets.js";
import type { CallbackMethod } from "./settings.js";

/** A store to have, with a default for everything but its name. */
export interface StoreOptions {
  /** Shown on the checkout page. */
  name: string;
  /** The API key to ask for. Default: made for this run. */
  apiKey?: string | null | undefined;
  /** The secret key to sign callbacks with. Default: made for this run. */
  secretKey?: string | null | undefined;
  /** Where callbacks go. Default: nowhere, until one is set here or over the API. */
  callbackUrl?: string | null | undefined;
  /** How callbacks go. Default `POST`. */
  callbackMethod?: CallbackMethod | null | undefined;
  /** The coins that it takes, by name or shortcut. Default: every coin that the simulator has. */
  coins?: readonly string[] | null | undefined;
}

/** Options of a simulator, each with a default. Durations are milliseconds, or text such as `"20m"`. */
export interface SimulatorOptions {
  /** The store's name on the checkout page. Default `Simulated store`. This and the keys and callbacks are the first store's. */
  storeName?: string | null | undefined;
  /** The port. Default: any free one. */
  port?: number | null | undefined;
  /**
   * Another IP address to listen on than 127.0.0.1. Whoever reaches it can pay, read the keys and make it send callbacks.
   */
  address?: string | null | undefined;
  /** Where callbacks go. Default: nowhere, until one is set here or over the API. */
  callbackUrl?: string | null | undefined;
  /** How callbacks go. Default `POST`. */
  callbackMethod?: CallbackMethod | null | undefined;
  /** The API key to ask for. Default: made for this run. */
  apiKey?: string | null | undefined;
  /** The secret key to sign callbacks with. Default: made for this run. */
  secretKey?: string | null | undefined;
  /** The stores, in place of the one; the options above change the first of them. */
  stores?: readonly StoreOptions[] | null | undefined;
  /** The waits between the attempts at one callback; `[]` for a single attempt. Default 1, 2, 4 and 8 seconds. At most 20. */
  retryScheduleMs?: readonly Duration[] | null | undefined;
  /** How long a payment can be paid. Default 30 minutes. */
  paymentWindowMs?: Duration | null | undefined;
  /** How long the rest of a partial payment may take. Default 24 hours. */
  partialWindowMs?: Duration | null | undefined;
  /** How long a Paid payment waits to be verified before it is Reject. Default 24 hours; `Infinity` for ever. */
  verifyDeadlineMs?: Duration | null | undefined;
  /** How long the chain takes to confirm. Default: until the first attempt at callback 3 has ended. */
  confirmationTimeMs?: Duration | null | undefined;
  /** Whether the chain confirms only by {@link Simulator.confirm}. Default false. */
  manualConfirmation?: boolean | null | undefined;
  /** How many confirmations complete a transaction. Default 2; 0 for a chain so fast that no callback 3 goes out. */
  requiredConfirmations?: number | null | undefined;
  /** Whether time stands still but for {@link Simulator.advance}, and begins at 2026-01-01T00:00:00Z. Default false. */
  virtualClock?: boolean | null | undefined;
  /** Where keys, tokens, addresses, hashes and chaos come from: a whole number from 0 on. Default: chance. */
  seed?: number | null | undefined;
  /** Whether a request with a mistake in it is refused, and not only listed among the findings. Default false. */
  strict?: boolean | null | undefined;
  /** Which edition of the gateway's contract is played: the newer documentation, or the published schema. Default `current`. */
  profile?: "current" | "published" | null | undefined;
  /** How a missing or wrong API key is answered: HTTP 401, or 200 with `success: false`. Default `unauthorized`. */
  badKeyAnswer?: "unauthorized" | "refused" | null | undefined;
  /** The HTTP status of what the gateway understands and refuses. Default 200. */
  businessErrorStatus?: 200 | 400 | null | undefined;
  /** What verify's answer to an unknown token holds. Default `no_body`. */
  unknownTokenAnswer?: "no_body" | "default_body" | null | undefined;
  /** Whether requests are answered whose `Host` is not loopback, for instance behind a tunnel. Default false. */
  anyHost?: boolean | null | undefined;
}

const storeChecks = {
  name: text,
  apiKey: text,
  secretKey,
  callbackUrl: text,
  callbackMethod: text,
  coins: texts,
};

/** A whole number that the addon can count to. */
export function countUpTo(most: number) {
  return (value: unknown, name: string): number => {
    const given = wholeNumber(value, name);
    if (given < 0 || given > most) {
      throw new InputError("input.type", `${name} is a number from 0 to ${most}; got ${given}`);
    }
    return given;
  };
}

export const seed = countUpTo(Number.MAX_SAFE_INTEGER);

function statusText(value: unknown, name: string): string {
  return typeof value === "number" ? String(value) : text(value, name);
}

function stores(value: unknown, name: string) {
  if (!Array.isArray(value)) {
    throw wrongType(name, "an array of stores", value);
  }
  return Array.from(value, (item) => store(readOptions(item ?? {}, storeChecks)));
}

function store({ name, apiKey, secretKey, callbackUrl, callbackMethod, coins }: Checked<typeof storeChecks>) {
  if (name === undefined) {
    throw new InputError("input.type", "a store has a name");
  }
  return { name, apiKey, secretKey, callbackUrl, callbackMethod, coins };
}

const checks = {
  storeName: text,
  port: countUpTo(65_535),
  address: text,
  callbackUrl: text,
  callbackMethod: text,
  apiKey: text,
  secretKey,
  stores,
  retryScheduleMs: durations,
  paymentWindowMs: duration,
  partialWindowMs: duration,
  verifyDeadlineMs: duration,
  confirmationTimeMs: duration,
  manualConfirmation: boolean,
  requiredConfirmations: countUpTo(100),
  virtualClock: boolean,
  seed,
  strict: boolean,
  profile: text,
  badKeyAnswer: text,
  businessErrorStatus: statusText,
  unknownTokenAnswer: text,
  anyHost: boolean,
};

/** Reads the options, under the addon's names. What it gives has no prototype, as what `readOptions` gives. */
export function readSimulatorOptions(options: unknown) {
  const { retryScheduleMs, paymentWindowMs, partialWindowMs, verifyDeadlineMs, confirmationTimeMs, ...others } =
    readOptions(options, checks);
  return {
    __proto__: null,
    ...others,
    retrySchedule: retryScheduleMs,
    paymentWindow: paymentWindowMs,
    partialWindow: partialWindowMs,
    verifyDeadline: verifyDeadlineMs,
    confirmationTime: confirmationTimeMs,
  };
}
