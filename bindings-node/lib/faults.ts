import { native } from "./binding.js";

/** Every fault, in the order of the core's table; a test holds the two against each other. */
export const FAULT_NAMES = [
  "callback.delay",
  "callback.duplicate",
  "callback.reorder",
  "callback.drop",
  "callback.truncate",
  "callback.wrong_secret",
  "callback.status_6",
  "callback.status_10",
  "callback.status_42",
  "callback.unknown_fields",
  "callback.large_payment_id",
  "callback.text_payment_id",
  "callback.null_additional_data",
  "callback.no_additional_data",
  "callback.byte_order_mark",
  "callback.lower_case_signature",
  "callback.underscore_header",
  "api.bad_gateway",
  "api.rate_limited",
  "api.stalled_body",
  "api.lost_create",
  "api.token_with_space",
  "api.status_integer",
  "api.status_numeric_text",
  "api.status_absent",
  "api.legacy_verify",
  "api.paid_not_approved",
] as const;

/** One way in which the simulated gateway misbehaves. The name's first word says where: `callback` or `api`. */
export type Fault = (typeof FAULT_NAMES)[number];

/** Every fault, and what it does in one sentence. */
export const FAULTS = Object.freeze(Object.fromEntries(native.simulatorFaults())) as Readonly<Record<Fault, string>>;
