import type { Native } from "./binding.js";
import { type CheckedCallOptions, callChecks, runCall } from "./call-options.js";
import { toError } from "./errors.js";
import { deliver, isHeard, type Logger } from "./log.js";
import { readOptions } from "./options.js";

/** What of the addon keeps log records. */
interface Addon {
  keepLogRecords(): void;
  takeLogRecords(): Native.LogRecord[];
}

/** A client or a checkout of the addon, with what surrounds every call: the end, the signal, the log. */
export class Connection<A extends Addon> {
  readonly addon: A;
  readonly logger: Logger | null;
  readonly #closedError: () => Native.Failure;
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;
  #keepsLog = false;

  constructor(addon: A, logger: Logger | null, closedError: () => Native.Failure) {
    this.addon = addon;
    this.logger = logger;
    this.#closedError = closedError;
  }

  /** A call that takes no options but those of every call. */
  async ask<T>(options: unknown, start: Start<A, T>): Promise<T> {
    return this.run(readOptions(options, callChecks), start);
  }

  /** A call whose options are checked. */
  async run<T>(options: CheckedCallOptions, start: Start<A, T>): Promise<T> {
    this.begin();
    return this.track(runCall(options, (call) => start(this.addon, call)));
  }

  /** A call that has begun. */
  async track<T>(running: Promise<T>): Promise<T> {
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      this.handLogOn();
    }
  }

  /** Before anything is asked. Throws what a closed one throws. */
  begin(): void {
    if (this.#isClosed) {
      throw toError(this.#closedError());
    }
    if (!this.#keepsLog && isHeard(this.logger)) {
      this.keepLog();
    }
  }

  /** Also where nobody listens yet. */
  keepLog(): void {
    this.#keepsLog = true;
    this.addon.keepLogRecords();
  }

  /** Fetches what the core has noted, also where nobody listens any more. */
  handLogOn(): void {
    if (this.#keepsLog) {
      deliver(this.addon.takeLogRecords(), this.logger);
    }
  }

  /** Refuses new calls at once, and waits for those under way. */
  async end(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
  }
}

type Start<A, T> = (addon: A, call: Native.Call | undefined) => Native.Ticket<T>;
