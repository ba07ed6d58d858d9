import { type Native, native } from "./binding.js";
import { rawBody } from "./body.js";
import { type CheckedCallOptions, callChecks, runCall } from "./call-options.js";
import { type Callback, callbackFrom } from "./callback.js";
import { toError, unwrap } from "./errors.js";
import { signatureHeaders } from "./headers.js";
import { deliver, isHeard, type Logger, refusing } from "./log.js";
import { readOptions } from "./options.js";
import { results } from "./results.js";

type Start<T> = (client: Native.Client, call: Native.Call | undefined) => Native.Ticket<T>;

/** A client of the addon, with what surrounds every call: the end, the signal, the log. */
export class Connection {
  readonly #client: Native.Client;
  readonly #logger: Logger | null;
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;
  #keepsLog = false;

  constructor(options: Native.ClientOptions, logger: Logger | null) {
    this.#client = unwrap(native.openClient(options, results));
    this.#logger = logger;
  }

  /** A call that takes no options but those of every call. */
  async ask<T>(options: unknown, start: Start<T>): Promise<T> {
    return this.run(readOptions(options, callChecks), start);
  }

  /** A call whose options are checked. */
  async run<T>(options: CheckedCallOptions, start: Start<T>): Promise<T> {
    this.#begin();
    const running = runCall(options, (call) => start(this.#client, call));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      this.#handLogOn();
    }
  }

  authenticate(body: unknown, headers: unknown): Callback {
    this.#begin();
    const [bytes, signature] = refusing(this.#logger, () => [rawBody(body), signatureHeaders(headers)] as const);
    const result = this.#client.authenticate(bytes, signature);
    if (typeof result !== "string") {
      this.#handLogOn();
    }
    return callbackFrom(result, bytes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
    this.#client.close();
  }

  #begin(): void {
    if (this.#isClosed) {
      throw toError(native.closedError());
    }
    if (!this.#keepsLog && isHeard(this.#logger)) {
      this.#keepsLog = true;
      this.#client.keepLogRecords();
    }
  }

  /** Fetches what the core has noted, also where nobody listens any more. */
  #handLogOn(): void {
    if (this.#keepsLog) {
      deliver(this.#client.takeLogRecords(), this.#logger);
    }
  }
}
