import type { Native } from "./binding.js";
import { Data, make } from "./data.js";

/** The HTTP method of callbacks. */
export const CallbackMethod = Object.freeze({
  /** The default. */
  Post: "POST",
  /** For hosts that want it. */
  Put: "PUT",
} as const);

/** The HTTP method of callbacks. */
export type CallbackMethod = (typeof CallbackMethod)[keyof typeof CallbackMethod];

/** Where the gateway sends a store's callbacks. */
export class Settings extends Data {
  /** The address; `null` when none is set. */
  declare readonly callbackUrl: string | null;
  /** The method; `null` when none is set. */
  declare readonly callbackMethod: CallbackMethod | null;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** What `client.ensureCallbackUrl` found and did. */
export class CallbackUrlChange extends Data {
  /** Whether anything was written. */
  declare readonly changed: boolean;
  /** The settings before. */
  declare readonly previous: Settings;
  /** The settings now. */
  declare readonly current: Settings;

  private constructor(key: unknown, fields: object) {
    super(key, fields);
  }
}

/** @internal */
export function settingsFrom(settings: Native.Settings): Settings {
  return make(Settings, settings);
}

/** @internal */
export function callbackUrlChangeFrom({ changed, previous, current }: Native.CallbackUrlChange): CallbackUrlChange {
  return make(CallbackUrlChange, { changed, previous: settingsFrom(previous), current: settingsFrom(current) });
}
