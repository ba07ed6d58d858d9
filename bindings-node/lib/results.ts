import { setInterval } from "node:timers";
import { type Native, native } from "./binding.js";

/** The calls under way, by ticket. */
const waiting = new Map<number, Waiting>();

interface Waiting {
  // biome-ignore lint/suspicious/noExplicitAny: what the ticket was given for
  readonly resolve: (result: any) => void;
  readonly reject: (error: Error) => void;
  readonly keepsAlive: boolean;
}

/** Where the addon leaves results, until it wakes this thread to take them. */
export const results: Native.Results = new native.Results(settle);

/** Keeps the process alive while a call is under way, and only then. */
const alive = setInterval(() => {}, 2 ** 31 - 1).unref();
let keepingAlive = 0;

/**
 * Waits for the result of a call. Rejected only where the addon ended it without one.
 *
 * `keepsAlive`: whether a process that has nothing else to do waits for it, too.
 */
export function resultOf<T>(ticket: Native.Ticket<T>, keepsAlive = true): Promise<Native.Outcome<T>> {
  if (keepsAlive) {
    keepAlive();
  }
  return new Promise((resolve, reject) => {
    waiting.set(ticket, { resolve, reject, keepsAlive });
  });
}

/** Keeps the process alive, until {@link letEnd} has been called as often. */
export function keepAlive(): void {
  keepingAlive += 1;
  alive.ref();
}

export function letEnd(): void {
  keepingAlive -= 1;
  if (keepingAlive === 0) {
    alive.unref();
  }
}

function settle(): void {
  for (const [ticket, ...result] of JSON.parse(results.take())) {
    const call = waiting.get(ticket);
    waiting.delete(ticket);
    if (call?.keepsAlive) {
      letEnd();
    }
    if (result.length > 0) {
      call?.resolve(result[0]);
    } else {
      call?.reject(new Error("the addon of paymento ended a call without a result"));
    }
  }
}
