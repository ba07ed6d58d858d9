import { channel } from "node:diagnostics_channel";
import { type Native, native } from "./binding.js";
import { isPaymentoError } from "./errors.js";

/** What happened: one attempt to ask the gateway, or one refused callback. Never a body, a key or a signature. */
export interface LogFields {
  /** `request`: one attempt of a call to the gateway. `callback`: a callback was refused. */
  readonly event: "request" | "callback";
  /** The HTTP method of a request. */
  readonly method: string | null;
  /** The path of a request, without the host. */
  readonly path: string | null;
  /** The HTTP status of the answer, where there was one. */
  readonly status: number | null;
  /** How long the attempt took. */
  readonly milliseconds: number | null;
  /** Counted from 1 within one call. */
  readonly attempt: number | null;
  /** The error code, where it failed. */
  readonly code: string | null;
}

/** Takes log records. `console` is one; so is a logger of winston or, with the arguments turned, of pino. */
export interface Logger {
  /** An attempt that was answered as hoped. */
  debug(message: string, fields: LogFields): void;
  /** A failed attempt or a refused callback. */
  warn(message: string, fields: LogFields): void;
}

/** What subscribers of the diagnostics channel `paymento` get. */
export interface LogMessage extends LogFields {
  /** `debug` or `warning`. */
  readonly level: "debug" | "warning";
  /** The record in one line. */
  readonly message: string;
}

const subscribers = channel("paymento");

/** Whether anybody listens. */
export function isHeard(logger: Logger | null): boolean {
  return logger !== null || subscribers.hasSubscribers;
}

/** Hands records to the logger and to the channel. A payment does not fail for a logger that throws. */
export function deliver(records: readonly Native.LogRecord[], logger: Logger | null): void {
  for (const record of records) {
    const { level, message, ...fields } = record as unknown as LogMessage;
    try {
      const result: unknown = logger?.[level === "debug" ? "debug" : "warn"](message, fields);
      // An async function is a logger, too: nobody else would catch what it throws.
      Promise.resolve(result).catch(warnOfLogger);
    } catch (error) {
      warnOfLogger(error);
    }
    if (subscribers.hasSubscribers) {
      subscribers.publish({ level, message, ...fields } satisfies LogMessage);
    }
  }
}

function warnOfLogger(error: unknown): void {
  const detail = error instanceof Error ? error.stack : undefined;
  process.emitWarning("the logger of a paymento client threw", {
    type: "PaymentoWarning",
    ...(detail && { detail }),
  });
}

/** Runs a step of authenticating, and hands on that the callback was refused where it throws. */
export function refusing<T>(logger: Logger | null, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const record = isPaymentoError(error) && isHeard(logger) ? native.refusedCallback(error.code) : null;
    if (record !== null) {
      deliver([record], logger);
    }
    throw error;
  }
}
