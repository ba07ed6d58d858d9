import type { Native } from "./binding.js";

/** The calls under way that each signal ends. */
const followers = new WeakMap<AbortSignal, Followers>();

interface Followers {
  readonly calls: Set<Native.Call>;
  readonly cancelAll: () => void;
}

/**
 * Cancels the call when the signal is aborted, until the returned function is called.
 *
 * One listener a signal, however many calls: Node warns of a leak when there are more than ten.
 */
export function follow(signal: AbortSignal, call: Native.Call): () => void {
  const { calls, cancelAll } = followers.get(signal) ?? listen(signal);
  calls.add(call);
  return () => {
    calls.delete(call);
    if (calls.size === 0 && followers.delete(signal)) {
      stopListening(signal, cancelAll);
    }
  };
}

/** A signal of somebody's own making may throw here: the call has ended, and its result counts. */
function stopListening(signal: AbortSignal, listener: () => void): void {
  try {
    signal.removeEventListener("abort", listener);
  } catch {
    // The listener stays, and has no call to cancel any more.
  }
}

function listen(signal: AbortSignal): Followers {
  const calls = new Set<Native.Call>();
  const cancelAll = () => {
    for (const call of calls) {
      call.cancel();
    }
  };
  signal.addEventListener("abort", cancelAll, { once: true });
  followers.set(signal, { calls, cancelAll });
  return { calls, cancelAll };
}
