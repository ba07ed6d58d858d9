import { type InspectOptions, inspect } from "node:util";
import { type Native, native } from "./binding.js";
import { rawBody } from "./body.js";
import { frozenMap, KEY, requireKey } from "./data.js";
import { unwrap } from "./errors.js";
import { type CallbackHeaders, signatureHeaders } from "./headers.js";
import { refusing } from "./log.js";
import type { AnyOrderStatus, Meaning } from "./order-status.js";
import { secretKeys } from "./secrets.js";

/** The fields as the addon gives them: a line of JSON for most, and the notes as they came, which few ask for. */
const PACKED = Symbol("packed");
const MAKE = Symbol("make");

/**
 * A callback that carries the store's signature.
 *
 * It says that the gateway sent these bytes at some time, and no more: callbacks are repeated, late and out of order,
 * and may be replayed. Whether the payment is settled, only `client.verifyPayment` says.
 *
 * Made by {@link authenticate}; for tests by `testing.callback`.
 */
export class Callback {
  readonly #body: Uint8Array;
  #fields: Fields | undefined;
  #additionalData: Readonly<Record<string, string>> | undefined;
  /** @internal An own property, so that callbacks are equal where they say the same. */
  readonly [PACKED]: string;

  private constructor(key: unknown, packed: string, body: Uint8Array) {
    requireKey(key, new.target);
    this[PACKED] = packed;
    this.#body = body;
  }

  /** @internal Half the price of `make`, on the one path where that shows. */
  static [MAKE](packed: string, body: Uint8Array): Callback {
    const callback = new Callback(KEY, packed, body);
    Object.freeze(callback);
    return callback;
  }

  /** The payment's token. `null` in the connection test that the dashboard sends. */
  get token(): string | null {
    return this.#read()[0];
  }

  /** The gateway's number of the payment: 64 bits, hence a string. */
  get paymentId(): string | null {
    return this.#read()[1];
  }

  /** The shop's order id, as it was given to `createPayment`. */
  get orderId(): string | null {
    return this.#read()[2];
  }

  /**
   * The status when the callback was sent: a reason to verify, no proof. `null` where it cannot be read. An undocumented
   * one beyond 2^53 loses digits; {@link statusText} keeps them.
   */
  get status(): AnyOrderStatus | null {
    return this.#read()[3];
  }

  /** The status as it came. */
  get statusText(): string | null {
    return this.#read()[4];
  }

  /** What the status means to a shop: `verify_now` for a paid payment; `unknown` where there is no status. */
  get meaning(): Meaning {
    return this.#read()[5];
  }

  /** The shop's own notes from `createPayment`. */
  get additionalData(): Readonly<Record<string, string>> {
    const packed = this[PACKED];
    this.#additionalData ??= frozenMap(native.readAdditionalData(packed.slice(packed.indexOf("\n") + 1)));
    return this.#additionalData;
  }

  /** Which of the secret keys matched, counted from 0. */
  get secretIndex(): number {
    return this.#read()[6];
  }

  /** The bytes that were authenticated: the very array that was given, not a copy. */
  get body(): Uint8Array {
    return this.#body;
  }

  /** The callback as plain data for `JSON.stringify`, without the body. */
  toJSON(): Record<string, unknown> {
    const { token, paymentId, orderId, status, statusText, meaning, additionalData, secretIndex } = this;
    return { token, paymentId, orderId, status, statusText, meaning, additionalData, secretIndex };
  }

  /** @internal Printed with its fields, without the body. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return #body in this ? `Callback ${inspect(this.toJSON(), options)}` : "Callback";
  }

  /** Read when the first field is asked for. */
  #read(): Fields {
    this.#fields ??= JSON.parse(this[PACKED].slice(0, this[PACKED].indexOf("\n"))) as Fields;
    return this.#fields;
  }
}

/** Token, payment id, order id, status, status as it came, its meaning, which secret matched. */
type Fields = readonly [string | null, string | null, string | null, number | null, string | null, Meaning, number];

/** @internal */
export function callbackFrom(packed: Native.Failure | string, body: Uint8Array): Callback {
  return Callback[MAKE](typeof packed === "string" ? packed : unwrap<string>(packed), body);
}

/**
 * Checks the signature over the raw body of a callback, and only then reads it.
 *
 * @param body the raw bytes of the request body, before any middleware parses them; at most 64 KiB
 * @param headers the request's headers, or the value of `X-HMAC-SHA256-SIGNATURE`
 * @param secrets the store's secret key, or several while it is being changed
 * @throws {SignatureError} `signature.missing`, `signature.malformed`, `signature.conflicting`, `signature.mismatch`:
 * answer 401
 * @throws {InputError} `input.body` and a hint where a middleware took the bytes, `input.body_too_large`,
 * `input.headers`, `input.type`
 * @throws {ConfigError} `config.secret` for an empty secret key, or none
 * @throws {DecodeError} `decode.callback`: the signature is right, and the body cannot be read
 *
 * @example
 * const callback = authenticate(request.body, request.headers, process.env.PAYMENTO_SECRET_KEY);
 * const verification = await client.verifyPayment(callback.token, { orderId: callback.orderId, … });
 */
export function authenticate(
  body: Uint8Array,
  headers: CallbackHeaders,
  secrets: string | readonly string[],
): Callback {
  return refusing(null, () => {
    const bytes = rawBody(body);
    return callbackFrom(native.authenticate(bytes, signatureHeaders(headers), secretKeys(secrets)), bytes);
  });
}
