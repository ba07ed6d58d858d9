import { types } from "node:util";
import { text, wholeNumber, wrongType } from "./arguments.js";
import type { Native } from "./binding.js";
import { limitChecks, limitParts } from "./call-options.js";
import type { Logger } from "./log.js";
import { type Checked, readOptions } from "./options.js";
import { secretKey } from "./secrets.js";

/** What a client is made of, besides the API key. Everything has a default. */
export interface ClientOptions {
  /** The store's secret key, with which the gateway signs callbacks. Default: none, and nothing can be authenticated. */
  secretKey?: string | null | undefined;
  /** The previous one, while the secret key is being changed. */
  previousSecretKey?: string | null | undefined;
  /** Where the API is. Default `https://api.paymento.io`; https, or http to a loopback address. */
  baseUrl?: string | null | undefined;
  /** The hosted page. Default `https://app.paymento.io/gateway`; with a base URL on loopback, `/gateway` there. */
  gatewayUrl?: string | null | undefined;
  /** Until a connection stands, in milliseconds. Default 5,000. */
  connectTimeoutMs?: number | null | undefined;
  /** For one attempt, its connection and the answer's last byte included, in milliseconds. Default 20,000. */
  attemptTimeoutMs?: number | null | undefined;
  /** For all attempts and the waits between them, in milliseconds. Default 25,000. */
  timeoutMs?: number | null | undefined;
  /** How often one call may be attempted, the first time included. Default 3; 1 to 10. */
  maxAttempts?: number | null | undefined;
  /** A proxy for all requests, instead of the one that the environment names. */
  proxy?: string | null | undefined;
  /** More certificate authorities to trust, as PEM, besides the machine's. */
  caCertificates?: string | Uint8Array | null | undefined;
  /** Where log records go, besides the diagnostics channel `paymento`. `console` will do. */
  logger?: Logger | null | undefined;
}

export const clientChecks = {
  ...limitChecks,
  secretKey: (value: unknown) => secretKey(value),
  previousSecretKey: (value: unknown) => secretKey(value),
  baseUrl: text,
  gatewayUrl: text,
  maxAttempts: wholeNumber,
  proxy: text,
  caCertificates: certificates,
  logger,
};

function certificates(value: unknown, name: string): Uint8Array {
  if (types.isUint8Array(value)) {
    return value;
  }
  if (typeof value !== "string") {
    throw wrongType(name, "PEM as a string or a Uint8Array", value);
  }
  return Buffer.from(value);
}

function logger(value: unknown, name: string): Logger {
  const candidate = value as Partial<Logger>;
  if (typeof value !== "object" || typeof candidate.debug !== "function" || typeof candidate.warn !== "function") {
    throw wrongType(name, "an object with the methods debug and warn", value);
  }
  return value as Logger;
}

/** Reads the options, and gives the logger apart from what goes to the addon. */
export function readClientOptions(apiKey: string | undefined, options: unknown) {
  const checked: Checked<typeof clientChecks> = readOptions(options, clientChecks);
  const { logger, secretKey, previousSecretKey, baseUrl, gatewayUrl, maxAttempts, proxy, caCertificates } = checked;
  const forAddon: Native.ClientOptions = {
    apiKey,
    secretKey,
    previousSecretKey,
    baseUrl,
    gatewayUrl,
    maxAttempts,
    proxy,
    caCertificates,
    limits: limitParts(checked),
    platform: `node/${process.versions.node}`,
  };
  return { logger: logger ?? null, forAddon };
}
