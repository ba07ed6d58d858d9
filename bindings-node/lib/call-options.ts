import { types } from "node:util";
import { number, wrongType } from "./arguments.js";
import { type Native, native } from "./binding.js";
import { follow } from "./cancellation.js";
import { isPaymentoError, toError, unwrap } from "./errors.js";
import { resultOf } from "./results.js";

/** What every call over the network takes. */
export interface CallOptions {
  /** Until a connection stands, in milliseconds. Default: the client's. */
  connectTimeoutMs?: number | null | undefined;
  /** For one attempt, its connection and the answer's last byte included, in milliseconds. Default: the client's. */
  attemptTimeoutMs?: number | null | undefined;
  /** For all attempts and the waits between them, in milliseconds. Default: the client's. */
  timeoutMs?: number | null | undefined;
  /**
   * Gives the call up: it is rejected with `transport.canceled`. A request that is under way may have been carried out;
   * see `maybeSent`. The signal's reason is the error's `cause` where it is an error.
   */
  signal?: AbortSignal | null | undefined;
}

/** How long calls may take, by option. */
export const limitChecks = { connectTimeoutMs: number, attemptTimeoutMs: number, timeoutMs: number };

/** Of a call that has no limits of its own. */
export const signalChecks = { signal: abortSignal };

/** The checks of {@link CallOptions}. */
export const callChecks = { ...limitChecks, ...signalChecks };

interface LimitOptions {
  connectTimeoutMs?: number;
  attemptTimeoutMs?: number;
  timeoutMs?: number;
}

/** {@link CallOptions}, checked. */
export interface CheckedCallOptions extends LimitOptions {
  signal?: AbortSignal;
}

export function limitParts({ connectTimeoutMs, attemptTimeoutMs, timeoutMs }: LimitOptions): Native.LimitParts {
  return { connectMs: connectTimeoutMs, attemptMs: attemptTimeoutMs, totalMs: timeoutMs };
}

/** Of any realm: test environments bring an `AbortSignal` of their own. */
function abortSignal(value: unknown, name: string): AbortSignal {
  const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignal>;
  const methods = [addEventListener, removeEventListener];
  if (typeof aborted !== "boolean" || methods.some((method) => typeof method !== "function")) {
    throw wrongType(name, "an AbortSignal", value);
  }
  return value as AbortSignal;
}

/** Starts one call with its own limits and signal, and waits for its result. */
export async function runCall<T>(
  options: CheckedCallOptions,
  start: (call: Native.Call | undefined) => Native.Ticket<T>,
): Promise<T> {
  const { signal } = options;
  const limits = limitParts(options);
  if (signal === undefined) {
    const hasLimits = Object.values(limits).some((limit) => limit !== undefined);
    return unwrap(await resultOf(start(hasLimits ? new native.Call(limits) : undefined)));
  }
  if (signal.aborted) {
    throw withReason(toError(native.canceledBeforeStart()), signal);
  }
  const call = new native.Call(limits);
  const unfollow = follow(signal, call);
  try {
    return unwrap(await resultOf(start(call)));
  } catch (error) {
    throw withReason(error, signal);
  } finally {
    unfollow();
  }
}

/** The error of a canceled call, with the signal's reason as its `cause` where that is an error. */
function withReason(error: unknown, signal: AbortSignal): unknown {
  if (isPaymentoError(error) && error.code === "transport.canceled" && isError(signal.reason)) {
    Object.defineProperty(error, "cause", { value: signal.reason, writable: true, configurable: true });
  }
  return error;
}

/** Of any realm. */
function isError(value: unknown): boolean {
  return value instanceof Error || value instanceof DOMException || types.isNativeError(value);
}
