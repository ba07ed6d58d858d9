import { channel } from "node:diagnostics_channel";
import { type Native, native } from "./binding.js";
import { isPaymentoError } from "./errors.js";

/**
 * What happened: one attempt to ask the gateway, one refused callback, or what a checkout has to say. Never a body, a
 * key or a signature.
 */
export interface LogFields {
  /**
   * `request`: one attempt of a call to the gateway. `callback`: a callback was refused. `checkout`: a checkout's
   * background work or a handler, see the message.
   */
  readonly event: "request" | "callback" | "checkout";
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
  /** What a handler threw, where one did. */
  readonly error?: unknown;
}

/** Takes log records. `console` is one; so is a logger of winston or, with the arguments turned, of pino. */
export interface Logger {
  /** An attempt that was answered as hoped. */
  debug(message: string, fields: LogFields): void;
  /** A failed attempt or a refused callback. */
  warn(message: string, fields: LogFields): void;
  /** Somebody has to look: an order is paid and nobody ships it, a handler threw. Where it is missing, `warn` is called. */
  error?(message: string, fields: LogFields): void;
}

/** What subscribers of the diagnostics channel `paymento` get. */
export interface LogMessage extends LogFields {
  /** `debug`, `warning` or `error`. */
  readonly level: "debug" | "warning" | "error";
  /** The record in one line. */
  readonly message: string;
}

const subscribers = channel("paymento");

/** Whether anybody listens. */
export function isHeard(logger: Logger | null): boolean {
  return logger !== null || subscribers.hasSubscribers;
}

/** Hands records to the logger and to the channel. */
export function deliver(records: readonly Native.LogRecord[], logger: Logger | null): void {
  for (const record of records) {
    tell(record as unknown as LogMessage, logger);
  }
}

/** Hands on what a checkout has to say. */
export function say(
  level: LogMessage["level"],
  message: string,
  logger: Logger | null,
  { code = null, error }: { code?: string | null; error?: unknown } = {},
): void {
  const nothing = { method: null, path: null, status: null, milliseconds: null, attempt: null };
  tell({ level, message, event: "checkout", ...nothing, code, ...(error !== undefined && { error }) }, logger);
}

/** A payment does not fail for a logger that throws. */
function tell({ level, message, ...fields }: LogMessage, logger: Logger | null): void {
  if (level === "error" && !isHeard(logger)) {
    // A paid order that nobody ships is not kept quiet for want of a logger.
    process.emitWarning(message, { type: "PaymentoWarning", ...detailOf(fields.error) });
    return;
  }
  try {
    // An async function is a logger, too: nobody else would catch what it throws.
    Promise.resolve(call(logger, level, message, fields)).catch(warnOfLogger);
  } catch (error) {
    warnOfLogger(error);
  }
  if (subscribers.hasSubscribers) {
    subscribers.publish({ level, message, ...fields } satisfies LogMessage);
  }
}

function call(logger: Logger | null, level: LogMessage["level"], message: string, fields: LogFields): unknown {
  if (level === "error" && typeof logger?.error === "function") {
    return logger.error(message, fields);
  }
  return logger?.[level === "debug" ? "debug" : "warn"](message, fields);
}

function detailOf(error: unknown): { detail?: string } {
  try {
    const detail = error instanceof Error ? error.stack : undefined;
    return detail === undefined ? {} : { detail };
  } catch {
    // Anything can be thrown, also what throws when it is looked at.
    return {};
  }
}

function warnOfLogger(error: unknown): void {
  process.emitWarning("the logger of a paymento client threw", { type: "PaymentoWarning", ...detailOf(error) });
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
