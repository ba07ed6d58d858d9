import type { Native } from "./binding.js";
import type { OrderRecord } from "./checkout-records.js";
import type { ErrorCode } from "./error-code.js";
import type { Outcome } from "./outcome.js";

/** Marks errors of this package, whichever copy of it made them. */
const BRAND = Symbol.for("paymento.error");

/** What an error tells besides its code and its message. */
export interface ErrorDetails {
  /** The likely cause or cure. */
  readonly hint?: string | null;
  /** The HTTP status of the gateway's answer. */
  readonly httpStatus?: number | null;
  /** How long the gateway asked to wait before the next request, in milliseconds. */
  readonly retryAfterMs?: number | null;
  /** Whether the same call may succeed later. Default false. */
  readonly isRetryable?: boolean;
  /** Whether the gateway may have carried the request out. Default false. */
  readonly maybeSent?: boolean;
  /** Where the order stands, for a `CheckoutError`. */
  readonly order?: OrderRecord | null;
}

/**
 * A failure: its {@link code} says what to do about it, its text says what happened.
 *
 * No error carries a key, a signature or a body.
 */
export class PaymentoError extends Error {
  /** The stable name of what went wrong, for instance `signature.mismatch`. */
  readonly code: ErrorCode;
  /** The likely cause or cure, where there is one. */
  declare readonly hint: string | null;
  /** The HTTP status of the gateway's answer, where there was one. */
  declare readonly httpStatus: number | null;
  /** How long the gateway asked to wait before the next request, in milliseconds. */
  declare readonly retryAfterMs: number | null;
  /**
   * Whether the same call, made again later and unchanged, may succeed and does no harm.
   *
   * False for a `createPayment` that may have been sent: a second request makes a second payable payment.
   */
  declare readonly isRetryable: boolean;
  /** Whether the gateway may have carried the request out although this call failed. */
  declare readonly maybeSent: boolean;

  /** The library makes its errors itself; this is for tests that need one. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.code = code;
    // What does not apply stays on the prototype, so that a printed error shows only what does.
    for (const [name, value] of Object.entries(details)) {
      if (name in DEFAULTS && value !== null && value !== undefined && value !== false) {
        Object.defineProperty(this, name, { value, enumerable: true, writable: true, configurable: true });
      }
    }
  }

  /** The class, the message and the hint in one line. */
  override toString(): string {
    const hint = this.hint === null ? "" : ` (hint: ${this.hint})`;
    return `${this.name}: ${this.message}${hint}`;
  }

  /** The error as plain data. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, hint, httpStatus, retryAfterMs, isRetryable, maybeSent } = this;
    return { name, code, message, hint, httpStatus, retryAfterMs, isRetryable, maybeSent };
  }

  /** True for errors of any copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const own = Object.getOwnPropertyDescriptor(this.prototype, BRAND)?.value;
    if (own === undefined) {
      return Function.prototype[Symbol.hasInstance].call(this, value);
    }
    const brand = brandOf(value);
    return own === "PaymentoError" ? typeof brand === "string" : brand === own;
  }
}

/** The library is set up wrongly; no payment was touched. */
export class ConfigError extends PaymentoError {}

/** An argument is wrong; nothing was sent. */
export class InputError extends PaymentoError {}

/** The gateway could not be reached, or its answer did not arrive. */
export class TransportError extends PaymentoError {}

/** The gateway answered, and refused. */
export class ApiError extends PaymentoError {}

/** Something arrived that is not what the gateway's documentation describes. */
export class DecodeError extends PaymentoError {}

/** A callback is not signed with the store's secret key. */
export class SignatureError extends PaymentoError {}

/** The payment is not settled, or not the one that was asked about. */
export class VerifyError extends PaymentoError {
  /** What the verify answer came to. */
  get outcome(): Exclude<Outcome, "settled"> {
    return this.code.replace("verify.", "") as Exclude<Outcome, "settled">;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), outcome: this.outcome };
  }
}

/** The order does not allow it, or another process is at work on it. */
export class CheckoutError extends PaymentoError {
  /**
   * Where the order stands, with `checkout.already_paid` and `checkout.payment_in_progress`; null where it could not be read.
   * Show it only to whom the order belongs; it is not part of the error's JSON.
   */
  declare readonly order: OrderRecord | null;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
    // Neither printed nor in the JSON: whoever reads the error need not be whom the order belongs to.
    Object.defineProperty(this, "order", { value: details.order ?? null });
  }
}

/** The checkout's database cannot be used, or not now. */
export class DatabaseError extends PaymentoError {}

const DEFAULTS = { hint: null, httpStatus: null, retryAfterMs: null, isRetryable: false, maybeSent: false };
const CLASSES = {
  ConfigError,
  InputError,
  TransportError,
  ApiError,
  DecodeError,
  SignatureError,
  VerifyError,
  CheckoutError,
  DatabaseError,
};

for (const [name, value] of Object.entries(DEFAULTS)) {
  Object.defineProperty(PaymentoError.prototype, name, { value, writable: true, configurable: true });
}
Object.defineProperty(CheckoutError.prototype, "order", { value: null, writable: true, configurable: true });
for (const [name, { prototype }] of Object.entries({ PaymentoError, ...CLASSES })) {
  Object.defineProperty(prototype, "name", { value: name, writable: true, configurable: true });
  Object.defineProperty(prototype, BRAND, { value: name });
}

function brandOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? (value as Record<symbol, unknown>)[BRAND] : undefined;
}

/** Whether this is an error of this package, also of another copy of it. */
export function isPaymentoError(value: unknown): value is PaymentoError {
  return value instanceof PaymentoError;
}

/** Whether a call of the addon failed. */
function isFailure<T>(result: Native.Failure | T): result is Native.Failure {
  return (result as Native.Failure | null | undefined)?.isFailure === true;
}

/** @internal Given by the file that makes them, which itself needs this one. */
export const makers: { orderRecord?: (record: Native.OrderRecord) => OrderRecord } = {};

/** @internal */
export function toError(failure: Native.Failure): PaymentoError {
  const Class = CLASSES[failure.kind as keyof typeof CLASSES];
  const order = (failure.order && makers.orderRecord?.(failure.order)) ?? null;
  return new Class(failure.code as ErrorCode, failure.message, { ...failure, order });
}

/** @internal A failure is a value until here. */
export function unwrap<T>(result: Native.Failure | T): T {
  if (isFailure(result)) {
    throw toError(result);
  }
  return result;
}
