import type { Native } from "./binding.js";
import type { Fault } from "./faults.js";

/** A fault that is armed. */
export interface ArmedFault {
  /** What happens. */
  readonly fault: Fault;
  /** How many times more; `null` until it is cleared. */
  readonly times: number | null;
  /** The payment that it befalls; `null` for any. */
  readonly token: string | null;
}

/** What the simulator noticed is wrong with its client, and how to mend it. */
export interface Finding {
  /** The stable name, for instance `speed_only`. */
  readonly kind: string;
  /** What is wrong, in one sentence. */
  readonly problem: string;
  /** How to mend it. */
  readonly fix: string;
  /** What it was first seen on, for instance `POST /v1/payment/request` or the callback URL without its query. */
  readonly subject: string;
  /** The payment it was first seen on, or empty. */
  readonly token: string;
  /** How often it was seen. */
  readonly count: number;
  /** When it was first seen, in milliseconds by the simulator's clock since its start. */
  readonly atMs: number;
}

/** @internal */
export function armedFaultFrom(armed: Native.ArmedFault): ArmedFault {
  return Object.freeze({ ...armed, fault: armed.fault as Fault });
}
