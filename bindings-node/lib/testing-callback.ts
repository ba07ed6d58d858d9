import { number, text } from "./arguments.js";
import { native } from "./binding.js";
import { authenticate, type Callback } from "./callback.js";
import { unwrap } from "./errors.js";
import { type Checked, readOptions } from "./options.js";
import type { AnyOrderStatus } from "./order-status.js";
import { additionalData } from "./payment-options.js";
import { secretKey } from "./secrets.js";

/** What a callback says. */
export interface CallbackFactoryOptions {
  /** Default: a token that all factories share. `""` for the dashboard's connection test. */
  token?: string;
  /** Default `"20417"`. */
  paymentId?: string;
  /** Default `"A-578"`. */
  orderId?: string;
  /** Default `OrderStatus.Paid`. */
  status?: AnyOrderStatus;
  /** Default none. */
  additionalData?: Readonly<Record<string, string>>;
}

/** A callback as the gateway sends it. */
export interface SignedCallback {
  /** `content-type` and the signature, under lower-case names as Node has them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The raw bytes. */
  readonly body: Buffer;
}

const callbackChecks = { token: text, paymentId: text, orderId: text, status: number, additionalData };
const signedChecks = { ...callbackChecks, secretKey };

function make(parts: Checked<typeof callbackChecks>, key: string): SignedCallback {
  const { orderId = "A-578", token, paymentId, status, additionalData } = parts;
  const made = unwrap(native.testingSignedCallback({ orderId, token, paymentId, status, additionalData }, key));
  return { headers: Object.fromEntries(made.headers), body: made.body };
}

/**
 * Headers and body of a callback, signed as the gateway signs: to post at your own callback route.
 *
 * @param options `secretKey`, and what the callback says
 * @throws {ConfigError} `config.secret` without a secret key
 */
export function signedCallback(options: CallbackFactoryOptions & { secretKey: string }): SignedCallback {
  const checked = readOptions(options, signedChecks);
  return make(checked, secretKey(checked.secretKey));
}

/** A callback as `authenticate` gives it. */
export function callback(options?: CallbackFactoryOptions): Callback {
  const key = "the factory's secret key";
  const { headers, body } = make(readOptions(options, callbackChecks), key);
  return authenticate(body, headers, key);
}
